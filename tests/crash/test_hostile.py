"""P16 with real money in real processes: a controller that holds the interpreter ends the process, and is put aside in the end; what other bots hold is watched all the way."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.crash.ledger import VenueBooks
from tests.crash.world import SETTINGS, World

PERP, SYMBOL = "binance_perpetual", "ETHUSDT"
QUIET_S = 4.0
"""More than twice what a step may take before it ends the process."""

FAR = (("buy spreads:", "30%"), ("sell spreads:", "30%"), ("executor refresh time:", "1d"), ("time limit:", "off"))
HELD = (
    ("buy spreads:", "0.2%"), ("sell spreads:", "30%"), ("executor refresh time:", "1d"), ("take profit:", "10%"), ("stop loss:", "2%"),
    ("time limit:", "off"),
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("HOSTILE", str(tmp_path / "how"))
    found = World(tmp_path / "home", 5, settings=SETTINGS + "runtime: {step_budget: 0.5, step_hard: 1.5}\n", still=True, connectors=[PERP])
    found.condor.module = "tests.support.hostile_program"
    try:
        yield found
    finally:
        found.close()


def hold_a_position(world: World) -> Decimal:
    """Have the honest bot's entry filled; its price."""
    world.start_bot(PERP, "ETH-USDT", HELD)
    door = world.venue.doors[PERP]
    buys = lambda: [order for order in door.control("ledger")["open_orders"] if order["symbol"] == SYMBOL and order["side"] == "BUY"]  # noqa: E731
    world.wait(lambda: bool(buys()), "the entry to rest", 20)
    price = Decimal(buys()[0]["price"])
    door.control("move", symbol=SYMBOL, price=str(round(price * Decimal("0.999"), 1)))
    world.wait(lambda: position(world) > 0, "the entry to be filled", 10)
    world.wait(lambda: len(executors(world, "status <> 'TERMINATED' AND exposure_base <> '0'")) == 1, "the position in the records", 10)
    return price


def position(world: World) -> Decimal:
    return sum(VenueBooks(world.venue.doors[PERP]).positions().values(), Decimal(0))


def executors(world: World, which: str) -> list[str]:
    return [str(row[0]) for row in world.condor.rows(f"SELECT close_type FROM v_executors WHERE {which}")]


def faults(world: World, bot_id: str) -> int:
    return int(world.condor.rows("SELECT count(*) FROM facts WHERE kind = 'controller_fault' AND bot_id = ?", bot_id)[0][0])


def ends(world: World) -> list[int]:
    """Let the controller misbehave until it is put aside; how the processes ended that asked it."""
    codes: list[int] = []
    while len(codes) < 3:
        world.wait(lambda: world.condor.ended_with() is not None, "the controller to end the process", 20)
        codes.append(world.condor.ended_with() or 0)
        if len(codes) < 3:
            # it may end again before its chat answers
            world.condor.launch()
    world.condor.start()
    return codes


def test_p16_a_controller_that_holds_the_interpreter_is_put_aside_and_stops_of_other_bots_work(world: World, tmp_path: Path) -> None:
    world.condor.start()
    world.wait_live()
    hostile = world.start_bot(PERP, "BTC-USDT", FAR, controller="hostile_v1")
    entry = hold_a_position(world)
    (tmp_path / "how").write_text("native")
    assert ends(world) == [-signal.SIGPROF] * 3
    began = time.monotonic()
    world.condor.person().wait_text("A controller was stopped by a fault of its own")
    assert faults(world, hostile) == 3
    world.wait_live()
    assert position(world) > 0 and executors(world, "exposure_base <> '0'") == ["None"], "it came back as it was"
    world.venue.doors[PERP].control("move", symbol=SYMBOL, price=str(round(entry * Decimal("0.96"), 1)))
    world.wait(lambda: position(world) == 0, "the stop of the other bot", 10)
    world.wait(lambda: executors(world, "close_type = 'STOP_LOSS'") == ["STOP_LOSS"], "the executor to end by its stop", 10)
    time.sleep(max(0.0, began + QUIET_S - time.monotonic()))
    assert world.condor.ended_with() is None, "it was not asked again, or this process would be gone too"
    assert world.health()["running_bots"] == 2
    assert world.condor.stop() == 0
