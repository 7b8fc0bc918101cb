"""The forms of the one-time pages: keys in, keys out, and the owner's authenticator. Each asks for the vault's passphrase, which is kept by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.recorder.journal import Journal
from condor.accounts import TOTP
from condor.authenticators import SEAL, Authenticators
from condor.host import WallClock
from condor.services.access import AccessService
from condor.services.code_forms import CODE, CodeForms, setting_up
from condor.services.keys import KeyService, KeyView, credentials_of
from condor.services.once import Form, FormField, OncePages
from condor.services.personal_pages import PersonalPages
from condor.services.step_up import StepUpService
from condor.users import Actor, Role, require
from condor.vault import LEAST_PASSPHRASE, Vault

WHAT = "keys and codes"
OPEN = FormField("passphrase", "Passphrase of the vault")
NEW = (
    FormField("passphrase", "New passphrase of the vault", hint=f"At least {LEAST_PASSPHRASE} characters. Nobody can open the vault without it."),
    FormField("again", "The same again"),
)


class KeyForms:
    """Opens the pages; who may is asked here, and shown a code for by whoever calls."""

    def __init__(
        self,
        pages: OncePages,
        keys: KeyService,
        step_up: StepUpService,
        vault: Vault,
        journal: Journal,
        wall: WallClock,
        known: Callable[[Secret], None],
        access: AccessService,
        own: Authenticators,
        codes: CodeForms,
    ) -> None:
        self._pages = PersonalPages(pages, access, Role.OWNER, WHAT)
        self._keys = keys
        self._step_up = step_up
        self._vault = vault
        self._journal = journal
        self._wall = wall
        self._known = known
        self._own = own
        self._codes = codes

    def link_of(self, actor: Actor) -> str | None:
        """Address of the page that a person has asked for last, while it can be opened."""
        return self._pages.link_of(actor)

    async def add_keys(self, actor: Actor) -> str:
        """A page where the keys of an account are typed."""
        await self._allow(actor)

        async def submit(values: Mapping[str, str]) -> str:
            view = await self._keys.add(actor, values["venue"], credentials_of(values), self._passphrase(values))
            return said_of(view)

        fields = (
            FormField("venue", "Venue", "choice", tuple(self._keys.venues())),
            FormField("key", "API key", "text"),
            FormField("secret", "API secret"),
            *self._opening(),
        )
        words = (
            "Make a key that may trade and nothing else: no withdrawals, no transfers, and only from this machine's address.",
            "It is tried out before it is stored, and refused if it may withdraw.",
        )
        return self._pages.open(actor, Form("Connect an account", words, fields, "Try out and store", submit))

    async def remove_keys(self, actor: Actor) -> str:
        """A page where keys are taken out of the vault."""
        await self._allow(actor)
        venues = self._keys.stored()
        if not venues:
            raise UserError("the vault has no keys; those of the environment are taken out where they were put in")

        async def submit(values: Mapping[str, str]) -> str:
            await self._keys.remove(actor, values["venue"], self._passphrase(values))
            return f"The keys of {values['venue']} are gone from the vault, and its account is closed. Delete them at the venue too."

        fields = (FormField("venue", "Venue", "choice", tuple(venues)), OPEN)
        return self._pages.open(
            actor,
            Form("Remove keys", ("The account is closed at once. While bots use it, that is refused: stop them first.",), fields, "Remove", submit),
        )

    async def set_up_codes(self, actor: Actor) -> str:
        """A page with the QR code of the owner's own new authenticator; the first one lets everybody set up theirs."""
        await self._allow(actor, with_code=self._step_up.has_one(actor) or bool(self._own.trouble))
        secret = self._codes.drawn()

        async def submit(values: Mapping[str, str]) -> str:
            self._codes.check(secret, values)
            await self._begin(self._passphrase(values))
            await self._own.put(actor.front, actor.user_id, secret)
            self._step_up.forget(actor.front, actor.user_id)
            await self._codes.note(actor, actor.user_id, "on")
            return "Set up. From now on live starts, keys, caps and grants ask you for a code; /codes sets up others'."

        return self._pages.open(actor, setting_up(secret, actor, (CODE, *self._opening()), submit))

    async def end_codes(self, actor: Actor) -> str:
        """A page where all authenticators are taken away again."""
        require(actor, Role.OWNER, WHAT)
        if not self._step_up.is_asked(actor) and not self._own.can_set_up:
            raise UserError("no authenticator is set up")
        # where none can be checked any more the passphrase alone has to do
        await self._allow(actor, with_code=not self._own.trouble)

        async def submit(values: Mapping[str, str]) -> str:
            await asyncio.to_thread(self._vault.change, self._passphrase(values), {TOTP: None, SEAL: None})
            await self._own.end()
            self._step_up.use(None)
            await self._codes.note(actor, 0, "off")
            return "Codes are not asked for any more."

        return self._pages.open(
            actor, Form("Take all authenticators away", ("Nobody is asked for a code after this.",), (OPEN,), "Switch off", submit)
        )

    # ---- parts -----------------------------------------------------------------------------------------------------
    async def _allow(self, actor: Actor, *, with_code: bool = True) -> None:
        self._pages.refuse_elsewhere(actor)
        if with_code:
            await self._step_up.require_fresh(actor)

    async def _begin(self, passphrase: Secret) -> None:
        """Let authenticators be set up: their file first, then its key in the vault; a key without its file would be a loss."""
        if self._own.can_set_up:
            await asyncio.to_thread(self._vault.open, passphrase)
            return
        key = self._own.new_key()
        self._known(key)
        await self._own.begin(key)
        try:
            await asyncio.to_thread(self._vault.change, passphrase, {SEAL: key})
        except UserError:
            await self._own.end()
            raise

    def _opening(self) -> tuple[FormField, ...]:
        return (OPEN,) if self._vault.exists else NEW

    def _passphrase(self, values: Mapping[str, str]) -> Secret:
        if not values.get("passphrase"):
            raise UserError("type the passphrase of the vault")
        if "again" in values and values["again"] != values["passphrase"]:
            raise UserError("the two passphrases differ")
        return Secret(values["passphrase"])


def said_of(view: KeyView) -> str:
    """What was stored, for a page or a terminal."""
    lines = [f"Stored: {view.title}, key {view.masked}, {view.rights}. It is {view.state}{': ' + view.waits if view.waits else ''}."]
    return "\n".join([*lines, *(f"• {text}" for text in view.advice)])
