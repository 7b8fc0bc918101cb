"""Rounds of killing: what happens in each is drawn from the seed, so that a report can be played again (as far as three processes ever do the same twice)."""

from __future__ import annotations

import random
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.ledger import Records, VenueBooks
from tests.crash.oracle import judge_at_rest, judge_running, unbooked
from tests.crash.power import cut_power
from tests.crash.world import World

BOTS = (("binance_perpetual", "ETH-USDT"), ("binance", "SOL-USDT"))
SLOW_START_S = 20.0
"""No fault lasts longer than ten seconds."""

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fault", {"kind": "drop_after", "on": "POST */order", "times": 2}),
    ("fault", {"kind": "drop_after", "on": "DELETE */order", "times": 2}),
    ("fault", {"kind": "latency", "on": "*", "delay_s": 1.5, "lasts_s": 5}),
    ("fault", {"kind": "status", "on": "GET *", "p": 0.5, "status": 502, "lasts_s": 4}),
    ("fault", {"kind": "status", "on": "POST */order", "times": 2, "status": 503, "after": True}),
    ("fault", {"kind": "hang", "on": "GET *openOrders*", "times": 1, "delay_s": 8}),
    ("fault", {"kind": "close", "on": "user:*", "times": 1}),
    ("fault", {"kind": "gap", "on": "user:*", "times": 3}),
    ("fault", {"kind": "dup", "on": "user:*", "times": 5}),
    ("fault", {"kind": "refuse", "on": "*", "times": 2, "status": 503}),
    ("drop_sockets", {}),
)
RARE_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fault", {"kind": "drop_before", "on": "POST */order", "times": 1}),
    ("fault", {"kind": "late_accept", "on": "POST */order", "times": 1, "delay_s": 12}),
    ("fault", {"kind": "read_lag", "on": "GET *", "delay_s": 8, "lasts_s": 8}),
    ("expire", {}),
)
"""Those after which it takes a minute until everything is known."""


@dataclass(frozen=True)
class Round:
    """One round as it was drawn.

    Parameters
    ----------
    runs_s : float
        From the start, or from the moment when the accounts are live, until the kill.
    in_start : bool
        Counted from the start of the process.
    freeze_s : float
        For how long it is stopped (SIGSTOP) before it is killed; 0 for not at all.
    cuts_power : bool
        Whether what was not synced is gone afterwards.
    faults : tuple
        (connector, verb, values) at the venues, set when it starts.
    """

    number: int
    runs_s: float
    in_start: bool
    freeze_s: float
    cuts_power: bool
    faults: tuple[tuple[str, str, dict[str, Any]], ...]

    def __str__(self) -> str:
        parts = [f"round {self.number}: killed {self.runs_s:.2f} s after {'its start' if self.in_start else 'it was live'}"]
        parts += [f"frozen for {self.freeze_s:.1f} s"] if self.freeze_s else []
        parts += ["power cut"] if self.cuts_power else []
        parts += [f"{name}: {values.get('kind', verb)} {values.get('on', '')}".strip() for name, verb, values in self.faults]
        return ", ".join(parts)


def draw(seed: int, number: int, *, longest_s: float, rare: float = 0.05) -> Round:
    """A round of a seed."""
    chance = random.Random(f"{seed}/{number}")
    in_start = chance.random() < 0.25
    runs_s = chance.uniform(0, 2.0 if in_start else longest_s)
    pool = FAULTS if chance.random() > rare else RARE_FAULTS
    faults = [(chance.choice(BOTS)[0], *chance.choice(pool)) for _ in range(chance.choice((0, 0, 1, 1, 2)))]
    freeze_s = chance.uniform(2, 8) if chance.random() < rare else 0.0
    return Round(number, runs_s, in_start, freeze_s, chance.random() < max(rare, 0.1), tuple(faults))


@dataclass
class Verdict:
    """What the rounds of one home found.

    Parameters
    ----------
    breaches : list of (round, invariant, text)
    recovery_s : list of float
        From the start of a process to all accounts live.
    """

    seed: int
    rounds: list[Round] = field(default_factory=list)
    breaches: list[tuple[int, str, str]] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def report(self) -> str:
        """For people: what broke, in which round, and how to see it again."""
        lines = [f"seed {self.seed}: {len(self.rounds)} kills, {self.counts}, recovery {_spread(self.recovery_s)}"]
        if self.breaches:
            lines += [f"  {invariant} after round {number}: {text}" for number, invariant, text in self.breaches]
            lines += ["  what was done:", *(f"    {one}" for one in self.rounds)]
            lines += [f"  again: python -m tests.crash --seed {self.seed} --rounds {len(self.rounds)} --keep"]
        return "\n".join(lines)


def _spread(values: list[float]) -> str:
    found = sorted(values)
    return f"{found[len(found) // 2]:.2f} s in the middle, {found[-1]:.2f} s at most" if found else "-"


class Killing:
    """Kills one home again and again.

    Parameters
    ----------
    longest_s : float
        The longest life of a process after it is live.
    rare : float
        Part of the rounds in which something happens that takes long.
    """

    def __init__(
        self, home: Path, seed: int, rounds: int, *, longest_s: float = 4.0, rare: float = 0.05, say: Callable[[str], None] = lambda text: None
    ) -> None:
        self._seed = seed
        self._plan = [draw(seed, number, longest_s=longest_s, rare=rare) for number in range(1, rounds + 1)]
        self._world = World(home, seed)
        self._verdict = Verdict(seed)
        self._say = say
        self._number = 0
        self._survived = 0
        self._bots: list[str] = []

    def run(self) -> Verdict:
        """All rounds, then rest, then the verdict."""
        world = self._world
        try:
            world.go_live()
            self._bots = [world.start_bot(connector, pair) for connector, pair in BOTS]
            time.sleep(1)
            world.condor.kill()
            for one in self._plan:
                self._number = one.number
                self._verdict.rounds.append(one)
                self._round(one)
            self._rest()
        except (AssertionError, OSError, ValueError) as error:
            ways = [frame for frame in traceback.extract_tb(error.__traceback__) if "crash" in frame.filename]
            self._breach("run", f"{type(error).__name__}: {error} (at {' > '.join(str(frame.line) for frame in ways)}); {world.processes()}")
        finally:
            world.close()
        return self._verdict

    def _breach(self, invariant: str, text: str) -> None:
        self._verdict.breaches.append((self._number, invariant, text))

    def _round(self, one: Round) -> None:
        """A start under whatever happens at the venues, some trading, and the end."""
        world = self._world
        for connector, verb, values in one.faults:
            world.venue.doors[connector].control(verb, **values)
        began = time.monotonic()
        if one.in_start:
            world.condor.launch()
            time.sleep(one.runs_s)
        else:
            waited_s = world.go_live()
            self._verdict.recovery_s.append(time.monotonic() - began)
            if waited_s > SLOW_START_S:
                self._breach("I11", f"live only {waited_s:.1f} s after the chat answered: {world.waited_for}")
            self._look()
            time.sleep(one.runs_s)
        if one.freeze_s:
            world.condor.signal(signal.SIGSTOP)
            time.sleep(one.freeze_s)
            world.condor.signal(signal.SIGCONT)
            time.sleep(0.5)
        world.condor.kill()
        cut = cut_power(world.condor.home, self._survived) if one.cuts_power else None
        if cut is not None:
            self._survived = cut.survived
        world.venue.heal()
        took = "" if one.in_start else f"; live after {self._verdict.recovery_s[-1]:.1f} s"
        self._say(f"{one}{f' ({cut})' if cut is not None else ''}{took}")

    def _books(self) -> list[VenueBooks]:
        return [VenueBooks(door) for door in self._world.venue.doors.values()]

    def _look(self) -> None:
        books = self._books()
        records = Records(self._world.condor.home, self._breach)
        judge_running(records, books, self._breach)
        # what had been traded by the time at which the accounts are live again is booked
        deadline = time.monotonic() + 10
        while missing := unbooked(records, books):
            if time.monotonic() > deadline:
                self._breach("I5", f"not booked 10 s after the accounts were live: {missing[:5]}")
                return
            time.sleep(0.2)
            records = Records(self._world.condor.home, self._breach)

    # ---- the end -----------------------------------------------------------------------------------------------------
    def _rest(self) -> None:
        """Stop both bots through the chat, wait until all is told, and judge."""
        world = self._world
        world.venue.heal()
        world.go_live()
        person = world.condor.person()
        for bot_id in self._bots:
            if world.state_of(bot_id) == "running":
                world.stop_bot(person, bot_id)
        world.wait(lambda: all(world.state_of(bot_id) == "stopped" for bot_id in self._bots), "both bots to stop", 90)
        world.wait(lambda: not world.condor.rows("SELECT 1 FROM v_outbox WHERE state = 'queued'"), "all alerts to be sent", 90)
        world.wait(lambda: not world.condor.rows("SELECT 1 FROM orders WHERE state IN ('UNKNOWN', 'PENDING_CREATE')"), "no order to be unknown", 90)
        time.sleep(1)
        books = self._books()
        records = Records(world.condor.home, self._breach)
        judge_at_rest(records, books, world.condor.home, len(self._plan) + 1, self._breach)
        self._verdict.counts = {
            "orders": len(records.orders),
            "fills": len(records.fills),
            "executors": len(records.executors),
            "unknown": sum(count for (kind, _), count in records.facts.items() if kind == "order_unknown"),
            "alerts": len(records.outbox),
        }
