"""`condor connect` and `condor keys`: the vault from a terminal. An instance that runs on the home is asked to do it, so that the account is opened or closed at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.venues.dialect import Credentials
from botcore.venues.probe import Probe
from condor.configs import Configs
from condor.control.client import ask_instance
from condor.home import Home, holder_of
from condor.passphrase import ask_hidden, ask_new, passphrase_of
from condor.probing import Probes, refuse_unknown
from condor.services.keys import PARTS, USABLE
from condor.vault import Vault

CONNECT_S = 90.0
"""A venue that does not answer is waited for, for the key's rights and again for its rules."""

Say = Callable[[str], None]
Ask = Callable[[str], Secret]


def connect(home: Home, venue: str, say: Say, ask: Ask = ask_hidden) -> None:
    """Ask for the keys of an account, try them out, and store them.

    Raises
    ------
    UserError
        If the venue is not known, the key is refused, or the vault does not open; nothing was stored then.
    """
    home.make()
    configs = Configs(home)
    spec = refuse_unknown(configs, venue)
    title, vault = spec.title or venue, Vault(home.vault)
    say(f"{title}: a key that may trade and nothing else, best only from this machine's address.")
    given = Credentials(ask("API key: "), ask("API secret: "))
    for part, secret in zip(PARTS, (given.key, given.secret), strict=True):
        if not USABLE.fullmatch(secret.reveal()):
            raise UserError(f"the {part} is no key of a venue: expected 8 to 512 letters, digits and signs without spaces")
    if holder_of(home) is not None:
        values: dict[str, str | Secret] = {"venue": venue, "key": given.key, "secret": given.secret, "passphrase": passphrase_of(vault, ask)}
        say(str(_ask(home, "/connect", values)["said"]))
        return
    probe = asyncio.run(Probes(configs).look(venue, given))
    if probe.refusal:
        raise UserError(f"{title}: {probe.refusal}. Nothing was stored")
    vault.change(passphrase_of(vault, ask), {(venue, "key"): given.key, (venue, "secret"): given.secret})
    say(f"stored: {title}, key {given.key.masked}, {_rights(probe)}")
    for text in probe.advice:
        say(f"  {text}")
    say("nothing runs on this home: the account is connected with the next start")


def _ask(home: Home, path: str, values: Mapping[str, str | Secret]) -> dict[str, Any]:
    """Have the running instance do it: it connects and closes accounts, and writes the vault itself."""
    plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
    return ask_instance(home, path, plain, CONNECT_S)


def list_keys(home: Home, say: Say, *, show: bool = False, ask: Ask = ask_hidden) -> None:
    """Which venues have keys in the vault; with `show`, the ends of these keys."""
    vault = Vault(home.vault)
    venues = sorted({owner for owner, part in vault.names() if part == "key"})
    if not vault.exists or not venues:
        say("the vault has no keys; condor connect VENUE adds some")
        return
    held = vault.open(passphrase_of(vault, ask)) if show else {}
    for venue in venues:
        say(f"{venue}: {held[venue, 'key'].masked}" if show else venue)


def remove_keys(home: Home, venue: str, say: Say, ask: Ask = ask_hidden) -> None:
    """Take a venue's keys out of the vault; UserError if it has none, or bots of the running instance use them."""
    vault = Vault(home.vault)
    if not any(owner == venue for owner, part in vault.names() if part == "key"):
        raise UserError(f"the vault has no keys of {json.dumps(venue)}")
    if holder_of(home) is not None:
        _ask(home, "/disconnect", {"venue": venue, "passphrase": passphrase_of(vault, ask)})
        say(f"the keys of {venue} are gone from the vault, and its account is closed; delete them at the venue too")
        return
    vault.change(passphrase_of(vault, ask), {(venue, part): None for part in PARTS})
    say(f"the keys of {venue} are gone from the vault; delete them at the venue too")


def change_passphrase(home: Home, say: Say, ask: Ask = ask_hidden) -> None:
    """Seal the vault under another passphrase."""
    vault = Vault(home.vault)
    if not vault.exists:
        raise UserError("there is no vault yet; condor connect VENUE makes one")
    old = passphrase_of(vault, ask)
    vault.open(old)
    vault.change_passphrase(old, ask_new(ask))
    say("the passphrase is changed; copies of the vault that were made before still open with the old one")


def _rights(probe: Probe) -> str:
    return "trading only" if probe.can_withdraw is False else "trading"
