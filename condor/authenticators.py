"""Who has set up an authenticator, and its secret: one file of the home, sealed like the vault under a key that is in the vault.

So nobody but the owner needs the vault's passphrase: whoever sets up their own writes with the key that the program has got at its start. Who has one, and whether
everybody must, can be read without it. While the vault has that key and the file is not as it was left, nobody counts as one who has none.
"""

from __future__ import annotations

import asyncio
from secrets import token_urlsafe

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from condor.vault import Name, Vault, VaultLocked

SEAL = ("totp", "key")
"""Where the vault keeps the key of this file."""

FIELD = "authenticator"
REQUIRED: Name = ("everybody", "required")


class Authenticators:
    """See the module.

    Parameters
    ----------
    file : Vault
    key : Secret, optional
        That seals it; None while the vault is locked, or before anybody has set one up.
    is_used : bool
        Whether the vault has such a key, so that the file must be there.
    """

    def __init__(self, file: Vault, key: Secret | None = None, *, is_used: bool = False) -> None:
        self._file = file
        self._key = key
        self._is_used = is_used or key is not None
        self._held: dict[Name, Secret] = {}
        # a file without its key in the vault is left over from a home that has ended them
        self._names: set[Name] = set(file.names()) if self._is_used else set()
        self.trouble = ""
        if self._is_used and key is not None:
            self._open(key)
        elif self._is_used:
            self.trouble = "the vault is locked, so no code can be checked: start Condor with its passphrase"

    def _open(self, key: Secret) -> None:
        if not self._file.exists:
            self.trouble = (
                "the authenticators of this home are gone (data/codes.json): put the file back, or have the owner take all of them away in /keys"
            )
            return
        try:
            self._held = self._file.open(key)
        except VaultLocked:
            self.trouble = (
                "the authenticators of this home are damaged (data/codes.json): put back a copy, or have the owner take all of them away in /keys"
            )
        else:
            self._names = set(self._held)

    # ---- who has one -----------------------------------------------------------------------------------------------
    @property
    def can_set_up(self) -> bool:
        """Whether somebody may set up one without the passphrase of the vault."""
        return self._key is not None and not self.trouble

    @property
    def is_required(self) -> bool:
        """Whether everybody needs one for what asks for a code."""
        return REQUIRED in self._names

    def has(self, front: str, user_id: int) -> bool:
        return _name(front, user_id) in self._names

    def secret(self, front: str, user_id: int) -> Secret | None:
        """Somebody's secret; None where they have none, or it can't be read."""
        return self._held.get(_name(front, user_id))

    def secrets(self) -> list[Secret]:
        """All that must never be seen in a log."""
        return [*self._held.values(), *([self._key] if self._key is not None else [])]

    # ---- changing --------------------------------------------------------------------------------------------------
    @staticmethod
    def new_key() -> Secret:
        """A key for the vault, for a home that has no authenticators yet."""
        return Secret(token_urlsafe(32))

    async def begin(self, key: Secret) -> None:
        """An empty file under this key, which goes into the vault next."""
        await self.end()
        self._key, self._is_used = key, True
        await self._change({})

    async def put(self, front: str, user_id: int, secret: Secret | None) -> None:
        """Set up somebody's authenticator, or take it away."""
        await self._change({_name(front, user_id): secret})

    async def require(self, is_required: bool) -> None:
        """Ask everybody for one from now on, or only those who have one."""
        await self._change({REQUIRED: Secret("yes") if is_required else None})

    async def end(self) -> None:
        """Nobody has one any more, and nobody needs one; the vault has no key of the file any more."""
        await asyncio.to_thread(self._file.forget)
        self._key, self._is_used, self.trouble = None, False, ""
        self._held, self._names = {}, set()

    async def _change(self, changes: dict[Name, Secret | None]) -> None:
        if self._key is None or self.trouble:
            raise UserError(self.trouble or "the owner sets up the first authenticator, in /keys")
        await asyncio.to_thread(self._file.change, self._key, changes)
        for name, secret in changes.items():
            if secret is None:
                self._held.pop(name, None)
            else:
                self._held[name] = secret
        self._names = set(self._held)


def _name(front: str, user_id: int) -> Name:
    return f"{front} {user_id}", FIELD
