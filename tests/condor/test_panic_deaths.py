"""`/panic` while the process dies: the disk is copied behind every commit of a panic, and a new process goes on from each copy that differs from the others."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from botcore.core.points import Points
from botcore.model.events import FactKind
from condor.store.panic import held_rows, panic_row
from condor.wiring import Program
from tests.support.panics import bot_with_position, open_orders, position, read, running
from tests.support.programs import OWNER, no_claim
from tests.support.waiting import until

STATE = """SELECT
  (SELECT json_extract(reason, '$.goal') FROM latches WHERE name = 'panic'),
  (SELECT json_extract(reason, '$.is_told') FROM latches WHERE name = 'panic'),
  (SELECT group_concat(state) FROM bots),
  (SELECT count(*) > 0 FROM orders WHERE state NOT IN ('CANCELED', 'FILLED', 'FAILED', 'EXPIRED')),
  (SELECT count(*) FROM intents WHERE purpose = 'close'),
  (SELECT count(*) FROM executors WHERE status != 'TERMINATED' AND type = 'order_executor'),
  (SELECT count(*) FROM holds WHERE CAST(net_amount_base AS REAL) != 0),
  (SELECT count(*) FROM facts WHERE kind = 'panic_begun'),
  (SELECT count(*) FROM facts WHERE kind = 'panic_report')
"""
"""What a panic has brought about so far, as far as the disk knows."""

FILES = ("home_id", "epoch")
DATABASES = ("condor.db", "paper.db")


class Copies(Points):
    """Copies the records behind each commit, in the only thread that writes them: what a process leaves that is killed there."""

    def __init__(self, home: Path, to: Path) -> None:
        self._data = home / "data"
        self._to = to
        self.taken: dict[tuple[Any, ...], Path] = {}

    def reach(self, label: str) -> None:
        if label != "journal.after_commit":
            return
        with closing(sqlite3.connect(self._data / "condor.db")) as connection:
            state = connection.execute(STATE).fetchone()
        if state[0] is not None and state not in self.taken:
            self.taken[state] = self._to / f"death{len(self.taken)}"
            self._copy(self.taken[state] / "data")

    def _copy(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in FILES:
            if (self._data / name).exists():
                shutil.copy(self._data / name, folder / name)
        for name in DATABASES:
            if (self._data / name).exists():
                with closing(sqlite3.connect(self._data / name)) as source, closing(sqlite3.connect(folder / name)) as target:
                    source.backup(target)


def told(program: Program, kind: str) -> list[dict[str, Any]]:
    rows = read(program, lambda connection: connection.exec_driver_sql("SELECT payload FROM facts WHERE kind = ? ORDER BY event_id", (kind,)).all())
    return [json.loads(row[0]) for row in rows]


async def deaths_of_a_panic(folder: Path) -> dict[tuple[Any, ...], Path]:
    """A bot with quotes that rest and a position, frozen, then closed too; what the disk held in between."""
    async with running(folder / "home") as program:
        await bot_with_position(program)
        program._journal._points = copies = Copies(folder / "home", folder)
        panic = program.services.panic
        await panic.begin(OWNER, no_claim, flatten=False)
        await until(lambda: panic.view().is_done and read(program, panic_row).is_told, "the freeze")
        await panic.begin(OWNER, no_claim, flatten=True)
        await until(lambda: panic.view().is_done, "everything to be flat")
        await until(lambda: read(program, panic_row).is_told, "the report")
    return copies.taken


async def test_a_death_anywhere_in_a_panic_loses_nothing(tmp_path: Path) -> None:
    deaths = await deaths_of_a_panic(tmp_path)
    goals = [state[0] for state in deaths]
    # latched, canceled, verified and told; latched to close, closing, closed, told
    assert goals.count("freeze") >= 3 and goals.count("flatten") >= 4, list(deaths)
    for state, folder in deaths.items():
        await goes_on(folder, state)


async def goes_on(folder: Path, state: tuple[Any, ...]) -> None:
    """A new process ends what the one that died had begun."""
    goal = state[0]
    async with running(folder) as program:
        panic = program.services.panic
        assert program._hosts.halt_reason is not None and program._manager.stopped_all is not None, state
        await until(lambda: panic.view().is_done and read(program, panic_row).is_told, f"its end after {state}")
        assert panic.view().goal == goal and open_orders(program) == [], state
        held = sum(float(row.net_amount_base) for row in read(program, held_rows))
        lots = position(program)
        # closed once, never over to the other side; frozen, all of it stays
        assert (held, lots) == (0, 0) if goal == "flatten" else (held > 0 and lots > 0), (state, held, lots)
        await until(lambda: program._manager.running == {}, f"the bots' end after {state}")
        assert read(program, panic_row).is_begun, state
        assert goal in [payload["goal"] for payload in told(program, FactKind.PANIC_BEGUN)], state
        assert (goal, True) in [(payload["goal"], payload["is_done"]) for payload in told(program, FactKind.PANIC_REPORT)], state
