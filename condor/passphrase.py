"""Where the vault's passphrase comes from: a file descriptor, a variable of the environment that is removed at once, or a person at a terminal."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, MutableMapping

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from condor.vault import Vault, VaultLocked, refuse_weak

VARIABLE, DESCRIPTOR = "CONDOR_PASSPHRASE", "CONDOR_PASSPHRASE_FD"
MAX_BYTES = 4096
TRIES = 3


def given_passphrase(environment: MutableMapping[str, str] | None = None) -> Secret | None:
    """What a program hands over; None when nothing was. Both variables are gone afterwards, so that no child process inherits them.

    Raises
    ------
    UserError
        If the descriptor can't be read.
    """
    source = os.environ if environment is None else environment
    text, number = source.pop(VARIABLE, None), source.pop(DESCRIPTOR, None)
    if number is not None:
        text = _read(number)
    return Secret(text) if text else None


def _read(number: str) -> str:
    try:
        with os.fdopen(int(number), "rb") as file:
            return file.read(MAX_BYTES).partition(b"\n")[0].rstrip(b"\r").decode()
    except (ValueError, OSError):
        raise UserError(
            f"{DESCRIPTOR}: expected the number of an open file descriptor with the passphrase in its first line, found {number!r}"
        ) from None


def ask_hidden(prompt: str) -> Secret:
    """What a person types without seeing it; a line of standard input where that is no terminal.

    Raises
    ------
    UserError
        If nothing was given.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        text = getpass.getpass(prompt)
    else:
        text = sys.stdin.readline() if sys.stdin is not None else ""
    text = text.strip()
    if not text:
        raise UserError(f"{prompt.rstrip(': ')} was not given; nothing was changed")
    return Secret(text)


def ask_new(ask: Callable[[str], Secret] = ask_hidden) -> Secret:
    """A passphrase for a new vault, typed twice."""
    first = ask("New passphrase of the vault: ")
    refuse_weak(first)
    if ask("The same again: ") != first:
        raise UserError("the two passphrases differ; nothing was changed")
    return first


def passphrase_of(vault: Vault, ask: Callable[[str], Secret] = ask_hidden) -> Secret:
    """The passphrase for a command: handed over, or asked for; a new one where there is no vault yet."""
    given = given_passphrase()
    if given is not None:
        return given
    return ask("Passphrase of the vault: ") if vault.exists else ask_new(ask)


def at_start(vault: Vault, say: Callable[[str], None]) -> Secret | None:
    """The passphrase for a start, which goes on without: None when there is no vault, or nobody knows it."""
    given = given_passphrase()
    if given is not None or not vault.exists or sys.stdin is None or not sys.stdin.isatty():
        return given
    for _ in range(TRIES):
        text = getpass.getpass("Passphrase of the vault (empty: go on without its accounts): ").strip()
        if not text:
            return None
        try:
            vault.open(Secret(text))
        except VaultLocked as error:
            say(str(error))
        else:
            return Secret(text)
    return None
