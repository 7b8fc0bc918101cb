"""`condor panic`: speaks to the instance that holds the home, or latches in its records so that the next start begins stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botcore.model.errors import UserError
from botcore.recorder.migrate import migrate
from condor import __version__
from condor.control.client import ask_instance
from condor.home import Home, InstanceLock, holder_of
from condor.panic.door import NAMES
from condor.store import MIGRATIONS
from condor.store.backups import Backups
from condor.store.panic import PanicRow, latch_on_disk
from condor.users import Actor, Role

WAIT_S = 30.0
PAUSE_S = 0.5


def panic(home: Home, *, flatten: bool, say: Callable[[str], None]) -> bool:
    """Stop everything on a home; says what is left. True when all that was asked for is so.

    Raises
    ------
    UserError
        If an instance holds the home and does not answer, or the home has no records.
    """
    holder = holder_of(home)
    if holder is None:
        _latch(home, flatten=flatten, say=say)
        return True
    try:
        seen = ask_instance(home, "/panic", {"flatten": flatten})
    except UserError as error:
        raise UserError(f"{error}; `kill -USR1` of the {holder} stops everything too") from None
    say("entries are off, orders are being canceled" + (", what bots hold is being closed" if flatten else ""))
    deadline = time.monotonic() + WAIT_S
    while not seen["is_done"] and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
        seen = ask_instance(home, "/panic")
    for text in report(seen):
        say(text)
    if seen["goal"] == "freeze" and any(account["positions"] for account in seen["accounts"]):
        say("positions have no stop now, and nobody watches them: `condor panic --flatten` closes them")
    return bool(seen["is_done"])


def report(seen: dict[str, Any]) -> list[str]:
    """How far it is, one line for each thing."""
    lines = ["done" if seen["is_done"] else "NOT done yet; the instance goes on trying"]
    for account in seen["accounts"]:
        lines.append(f"{account['title']} ({account['mode']}): {account['phase']}{': ' + account['why'] if account['why'] else ''}")
        for word in ("orders", "positions", "left"):
            lines += [f"  {word.removesuffix('s')}: {text}" for text in account[word]]
    return [*lines, *(f"  {text}" for text in seen["troubles"])]


def _latch(home: Home, *, flatten: bool, say: Callable[[str], None]) -> None:
    if not home.database.is_file():
        raise UserError(f"there is nothing to stop: no Condor has ever run on {home.root}")
    lock = InstanceLock(home)
    lock.acquire()
    try:
        with suppress(UserError):
            # records of an older Condor can't take what is written now; those of a newer one are latched as they are
            migrate(home.database, [MIGRATIONS], Backups(home.backups, __version__, lambda: time.time_ns() // 1_000_000).take)
        actor = Actor(0, NAMES["cli"], Role.OWNER, "cli", 0)
        row = latch_on_disk(home.database, PanicRow("flatten" if flatten else "freeze", f"{actor.name} (cli)", time.time_ns() // 1_000_000), actor)
    finally:
        lock.release()
    closes = " and everything that bots hold is closed" if row.goal == "flatten" else ""
    say(f"nothing runs on this home; its records are latched: with the next start no bot opens anything, every order is canceled{closes}")
    say("until then what stands at a venue stays there: start it (`condor run`), or cancel there by hand")
