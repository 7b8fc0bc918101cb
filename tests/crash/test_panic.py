"""`/panic` with real processes and live accounts, while venues fail and the process is killed; the venue's own ledger says whether everything stopped."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.crash.venue import KEY, SECRET, Door
from tests.crash.world import PERP, Standing, World
from tests.support.instance import DIRECT

SPOT = "binance"
THEIRS = "cdr-homezz-3-7-1"
WIDE = (
    ("buy spreads:", "0.02%, 1%, 2%"),
    ("sell spreads:", "2%"),
    ("cooldown time:", "1s"),
    ("take profit:", "30%"),
    ("stop loss:", "30%"),
    ("time limit:", "1d"),
)
"""A market maker that soon holds something, and has orders that rest."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path / "home", 11)) as found:
        found.go_live()
        yield found


def place_elsewhere(door: Door) -> None:
    """An order that another home of the same key has sent."""
    price = int(max(trade.price for trade in Standing(door).trades()) * Decimal("0.97"))
    values = f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={price}"
    values += f"&newClientOrderId={THEIRS}&timestamp={time.time_ns() // 1_000_000}"
    signature = hmac.new(SECRET.encode(), values.encode(), hashlib.sha256).hexdigest()
    request = urllib.request.Request(f"{door.rest}/fapi/v1/order?{values}&signature={signature}", method="POST", headers={"X-MBX-APIKEY": KEY})
    try:
        with DIRECT.open(request, timeout=10) as answer:
            assert json.load(answer)["clientOrderId"] == THEIRS
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from None


def fall_into(door: Door, symbol: str) -> None:
    """The price falls to the best of our bids; the others stay."""
    bids = [Decimal(row["price"]) for row in door.control("ledger")["open_orders"] if row["side"] == "BUY" and row["symbol"] == symbol]
    if len(bids) > 1 and not Standing(door).held():
        door.control("move", symbol=symbol, price=str(max(bids)))


def bots_with_positions(world: World) -> tuple[Door, Door]:
    """A bot at each venue that holds something and has orders that rest."""
    perp, spot = world.venue.doors[PERP], world.venue.doors[SPOT]
    world.start_bot(PERP, "BTC-USDT", WIDE)
    world.start_bot(SPOT, "ETH-USDT", WIDE)

    def trade() -> bool:
        fall_into(perp, "BTCUSDT")
        fall_into(spot, "ETHUSDT")
        return bool(Standing(perp).held() and Standing(spot).held()) and len(Standing(perp).open_ids()) > 1 and len(Standing(spot).open_ids()) > 1

    world.wait(trade, "orders and positions", 60)
    return perp, spot


def panic_of(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.condor.person().call("/chat/panic")
    return found


def phases(world: World) -> dict[str, str]:
    return {account["title"]: account["phase"] for account in panic_of(world)["accounts"] if account["mode"] == "live"}


def disown(world: World, connector_name: str) -> None:
    """Make what bots hold on an account nobody's."""
    with closing(sqlite3.connect(world.condor.home / "data" / "condor.db")) as connection, connection:
        values = ("unowned", connector_name)
        changed = connection.execute("UPDATE holds SET bot_id = '', controller_id = ? WHERE connector_name = ? AND net_amount_base != '0'", values)
        assert changed.rowcount == 1


def test_s36_everything_is_closed_although_cancels_hang_a_venue_is_away_and_the_process_dies(world: World) -> None:
    perp, spot = bots_with_positions(world)
    place_elsewhere(perp)
    # cancels are worked on, but nobody hears of it; the first one comes too late, and its order fills
    perp.control("fault", kind="hang", on="DELETE *", delay_s=30, after=True, times=3)
    perp.control("rule", kind="fill_on_cancel", side="BUY")
    spot.control("fault", kind="status", on="*", status=503)
    spot.control("fault", kind="refuse", on="*", status=503)
    spot.control("drop_sockets")
    person = world.condor.person()
    person.send("/panic", "Stop everything?")
    person.tap("STOP AND CLOSE ALL")
    # well before any of the cancels that hang has been answered
    world.wait(lambda: bool(world.condor.rows("SELECT 1 FROM latches WHERE name = 'panic'")), "the latch", 20)
    person.wait_text("Panic is not done yet", timeout_s=60)
    world.condor.kill()
    world.condor.start()
    assert "everything was stopped" in world.condor.health()["halted"]
    assert not panic_of(world)["is_done"]
    world.venue.heal()
    world.wait(lambda: panic_of(world)["is_done"], "everything to be closed", 90)
    assert set(phases(world).values()) == {"flat"}
    assert Standing(perp).open_ids() == [THEIRS] and Standing(spot).open_ids() == []
    assert Standing(perp).held() == {}
    # what the fee took leaves less than one lot
    assert all(abs(amount) < Decimal("0.0001") for amount in Standing(spot).held().values()), Standing(spot).held()
    told = world.condor.person().wait_text("Panic done: no order is open, everything is closed")
    assert "orders of the home homezz: not ours, left alone" in told["text"]
    assert {row[0] for row in world.condor.rows("SELECT state FROM bots")} == {"stopped"}


def test_s35_frozen_live_positions_are_named_and_closed_when_it_is_asked_for(world: World) -> None:
    """Stops that rest at the venue go too; what is held then is closed by orders that only reduce, killed in between."""
    perp, spot = bots_with_positions(world)
    perp.control("rule", kind="late_fill", side="BUY", delay_s=1.0)
    person = world.condor.person()
    person.send("/panic", "Stop everything?")
    person.tap("STOP EVERYTHING")
    person.wait_text("Panic done: no order is open", timeout_s=60)
    time.sleep(2)
    assert Standing(perp).open_ids() == [] and Standing(spot).open_ids() == []
    amounts = {account["title"]: account["positions"] for account in panic_of(world)["accounts"] if account["mode"] == "live"}
    assert len(amounts) == 2 and all(amounts.values()), amounts
    before = Standing(perp).held()
    assert before and {row[0] for row in world.condor.rows("SELECT state FROM bots")} == {"stopped"}
    world.condor.kill()
    # the records of who had it are lost, as after a repair: what is held on the perpetual belongs to no bot any more
    disown(world, PERP)
    world.condor.start()
    person = world.condor.person()
    person.send("/panic", "Done: everything is stopped")
    person.tap("STOP AND CLOSE ALL")
    world.condor.kill()
    world.condor.start()
    world.wait(lambda: panic_of(world)["goal"] == "flatten" and panic_of(world)["is_done"], "everything to be closed", 60)
    assert Standing(perp).held() == {} and Standing(perp).open_ids() == [] and Standing(spot).open_ids() == []
    assert all(abs(amount) < Decimal("0.0001") for amount in Standing(spot).held().values()), Standing(spot).held()
