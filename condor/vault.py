"""The vault: keys of accounts in one file of the home, each record sealed with AES-256-GCM under a key that Argon2id makes of a passphrase.

A record is bound to its owner and its field, so it can't be moved to another place; a seal over all of them is bound to their list, so none can be taken out, put back
from an older copy or exchanged without that being noticed. Names of owners and fields are no secret: they can be read without the passphrase, for which there is no
default.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from condor.private_file import write_private

FORMAT, VERSION = "condor-vault", 1
LEAST_PASSPHRASE, LEAST_DIFFERENT = 12, 6
MIB = 1024
MEMORY_KIB, PASSES, LANES = 64 * MIB, 3, 4
BOUNDS = {"memory_kib": (64 * MIB, 1024 * MIB), "passes": (1, 10), "lanes": (1, 16)}
"""What a file may ask for: never less than what we write, and no more than a machine has."""

MAX_BYTES = 1 << 20
NONCE = 12

Name = tuple[str, str]
"""(owner, field): the venue of an account and `key` or `secret`."""

Box = tuple[bytes, bytes]
"""(nonce, what it seals)"""


class VaultLocked(UserError):
    """The vault does not open."""


@dataclass(frozen=True, slots=True)
class Kdf:
    """How the passphrase becomes a key."""

    salt: bytes
    memory_kib: int = MEMORY_KIB
    passes: int = PASSES
    lanes: int = LANES

    def derive(self, passphrase: Secret) -> bytes:
        # not `cryptography`'s: that one holds the interpreter's lock while it works, and the clock stands still for so long
        from argon2.low_level import Type, hash_secret_raw

        return hash_secret_raw(passphrase.reveal().encode(), self.salt, self.passes, self.memory_kib, self.lanes, 32, Type.ID)

    def values(self) -> dict[str, Any]:
        return {"name": "argon2id", "salt": _text(self.salt), "memory_kib": self.memory_kib, "passes": self.passes, "lanes": self.lanes}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A vault as it stands in its file."""

    kdf: Kdf
    seal: Box = (b"", b"")
    records: Mapping[Name, Box] = field(default_factory=dict)

    def bound_to(self, *names: str) -> bytes:
        """What a record can't be separated from."""
        return json.dumps([FORMAT, VERSION, self.kdf.values(), *names]).encode()

    def listed(self) -> bytes:
        """What the seal over all records is bound to."""
        digests = [hashlib.sha256(nonce + box).hexdigest() for _, (nonce, box) in sorted(self.records.items())]
        names = [text for name in sorted(self.records) for text in name]
        return self.bound_to("seal", *names, *digests)


class Vault:
    """See the module.

    Parameters
    ----------
    path : Path
        The file; 0600 whoever made it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def exists(self) -> bool:
        return self._path.is_file()

    def names(self) -> list[Name]:
        """What is in it, without the passphrase; nothing when it can't be read."""
        try:
            return sorted(self._read().records) if self.exists else []
        except UserError:
            return []

    def open(self, passphrase: Secret) -> dict[Name, Secret]:
        """Everything in it.

        Raises
        ------
        VaultLocked
            If the passphrase is wrong, or the file damaged.
        """
        sealed = self._read()
        return self._opened(sealed, sealed.kdf.derive(passphrase))

    def change(self, passphrase: Secret, changes: Mapping[Name, Secret | None]) -> None:
        """Put records in, or take those out that are None; the first change makes the vault.

        Raises
        ------
        VaultLocked
            If the passphrase is wrong, or the file damaged; the file is as it was then.
        UserError
            If a new vault is to be made with a weak passphrase, or the file can't be written.
        """
        with self._alone():
            held: dict[Name, Secret] = {}
            if self.exists:
                held = self.open(passphrase)
            else:
                refuse_weak(passphrase)
            self._write(passphrase, _changed(held, changes))

    def change_passphrase(self, passphrase: Secret, new: Secret) -> None:
        """Seal everything anew under another passphrase; raises like `change`."""
        refuse_weak(new)
        with self._alone():
            self._write(new, self.open(passphrase))

    def forget(self) -> None:
        """Take the file away."""
        with self._alone():
            self._path.unlink(missing_ok=True)

    # ---- the file --------------------------------------------------------------------------------------------------
    def _read(self) -> Sealed:
        try:
            if self._path.stat().st_size > MAX_BYTES:
                raise ValueError("it is too large")
            if self._path.stat().st_mode & 0o077:
                self._path.chmod(0o600)
            return _parsed(json.loads(self._path.read_bytes()))
        except OSError as error:
            raise VaultLocked(f"the vault {self._path.name} can't be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise VaultLocked(
                f"the vault {self._path.name} is damaged ({error}); put back a copy of it, or move it away and add the keys again"
            ) from None

    def _opened(self, sealed: Sealed, key: bytes) -> dict[Name, Secret]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cipher = AESGCM(key)
        try:
            cipher.decrypt(*sealed.seal, sealed.listed())
            return {name: Secret(cipher.decrypt(*box, sealed.bound_to(*name)).decode()) for name, box in sealed.records.items()}
        except (InvalidTag, ValueError):
            raise VaultLocked(f"the passphrase of the vault is wrong, or somebody has changed {self._path.name}") from None

    def _write(self, passphrase: Secret, held: Mapping[Name, Secret]) -> None:
        """Replace the file as a whole, under a new salt; a process that dies in between leaves the old one."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        bare = Sealed(Kdf(secrets.token_bytes(16)))
        cipher = AESGCM(bare.kdf.derive(passphrase))

        def box(text: bytes, bound: bytes) -> Box:
            nonce = secrets.token_bytes(NONCE)
            return nonce, cipher.encrypt(nonce, text, bound)

        records = {name: box(secret.reveal().encode(), bare.bound_to(*name)) for name, secret in held.items()}
        listed = Sealed(bare.kdf, records=records)
        try:
            write_private(self._path, _stored(Sealed(bare.kdf, box(b"", listed.listed()), records)))
        except OSError as error:
            raise UserError(f"the vault {self._path.name} can't be written: {error.strerror}; it is as it was") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One who writes at a time: the program and the command line share the file."""
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def refuse_weak(passphrase: Secret) -> None:
    """UserError unless a passphrase is worth the name."""
    text = passphrase.reveal()
    if len(text) < LEAST_PASSPHRASE or len(set(text)) < LEAST_DIFFERENT:
        raise UserError(
            f"choose a longer passphrase: at least {LEAST_PASSPHRASE} characters, {LEAST_DIFFERENT} of them different; some words that nobody guesses"
        )


def _changed(held: dict[Name, Secret], changes: Mapping[Name, Secret | None]) -> dict[Name, Secret]:
    merged = {**held, **changes}
    return {name: secret for name, secret in merged.items() if secret is not None}


def _stored(sealed: Sealed) -> str:
    records = [{"owner": owner, "field": name, **_boxed(box)} for (owner, name), box in sorted(sealed.records.items())]
    values = {"format": FORMAT, "version": VERSION, "kdf": sealed.kdf.values(), "seal": _boxed(sealed.seal), "records": records}
    return json.dumps(values, indent=1) + "\n"


def _parsed(values: Any) -> Sealed:
    if values["format"] != FORMAT:
        raise ValueError("it is no vault")
    if values["version"] != VERSION:
        raise ValueError(f"it has version {values['version']}, this program reads {VERSION}")
    kdf = values["kdf"]
    if kdf["name"] != "argon2id":
        raise ValueError("its key is not made by argon2id")
    for name, (least, most) in BOUNDS.items():
        if not (type(kdf[name]) is int and least <= kdf[name] <= most):
            raise ValueError(f"its {name} is not between {least} and {most}")
    made = Kdf(_bytes(kdf["salt"], 16), kdf["memory_kib"], kdf["passes"], kdf["lanes"])
    records = {(str(row["owner"]), str(row["field"])): _unboxed(row) for row in values["records"]}
    return Sealed(made, _unboxed(values["seal"]), records)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


def _bytes(text: str, length: int | None = None) -> bytes:
    raw = b64decode(text, validate=True)
    if length is not None and len(raw) != length:
        raise ValueError("a length does not hold")
    return raw


def _boxed(box: Box) -> dict[str, str]:
    return {"nonce": _text(box[0]), "box": _text(box[1])}


def _unboxed(row: Any) -> Box:
    return _bytes(row["nonce"], NONCE), _bytes(row["box"])
