"""Opening the records of a home: mended if they are damaged, brought to the present schema, and known for what they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from botcore.recorder.forgotten import note_forgotten
from botcore.recorder.migrate import migrate
from botcore.recorder.tables import LIVE_ACCOUNT
from condor.home import Home
from condor.store import MIGRATIONS
from condor.store.backups import Backups
from condor.store.epoch import Epoch, Past, claim_epoch
from condor.store.mending import SEE, Mending, halt_in

TOLD = {
    Past.GONE: f"the records of this home are gone and begin anew: {SEE}",
    Past.OLDER: f"the records are an older copy than the one last used here: {SEE}",
}
"""Pasts in which something may be at a venue that no record knows of."""

FORGETFUL = {Past.GONE, Past.OLDER, Past.COPIED, Past.UNMARKED}
"""Pasts in which the accounts may have traded after the last record: a folder may have been put back whole, its mark included."""

COPIED = "this home was copied from elsewhere: its orders carry a new epoch; make sure that no other instance trades the same accounts"


@dataclass(frozen=True, slots=True)
class Chance:
    """Random things of a start: an id of it, and a source of numbers below a limit."""

    boot: str
    below: Callable[[int], int]


def open_records(
    home: Home,
    version: str,
    wall_ms: Callable[[], int],
    chance: Chance,
    machine: str,
    say: Callable[[str], None],
    faults: Callable[[], list[str]] | None = None,
) -> Epoch:
    """Make the databases of a home, which this process holds, ready to be used.

    Parameters
    ----------
    say : callable
        Told one sentence for each thing that a person must know.
    faults : callable, optional
        What is wrong with the records, where that is being found out already (`EarlyCheck.result`).

    Raises
    ------
    UserError
        If the records were written by a newer program, or can't be opened; nothing was changed then.
    """
    mending = Mending(home, wall_ms, faults=faults)
    told = mending.records()
    migrate(home.database, [MIGRATIONS], Backups(home.backups, version, wall_ms).take)
    told += mending.venues()
    is_mended = bool(told)

    def learned(connection: Connection, past: Past, number: int) -> None:
        if past in FORGETFUL or is_mended:
            note_forgotten(connection, number, LIVE_ACCOUNT, wall_ms())
        if past in TOLD and not is_mended:
            halt_in(connection, TOLD[past], wall_ms())
            told.append(TOLD[past])

    epoch = claim_epoch(home.epoch_file, home.database, chance.boot, chance.below, machine, learned)
    if epoch.past is Past.COPIED:
        told.append(COPIED)
    for sentence in told:
        say(sentence)
    return epoch
