"""A Condor with live accounts at a SimVenue, and a person who starts and stops its bots: three processes, two of which nobody may trust."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.crash.ledger import VenueBooks
from tests.crash.venue import Door, VenueProcess
from tests.support.instance import CHECKOUT, DIRECT, Instance, Person

SETTINGS = "clock: {tick_size: 0.25}\nalerts: {unfilled: true}\nruntime: {debuggers: true}\n"
"""Tests look into the process: how many files and threads it has."""
BUSY = (
    ("buy spreads:", "0.02%, 0.05%"),
    ("sell spreads:", "0.02%, 0.05%"),
    ("executor refresh time:", "2s"),
    ("cooldown time:", "1s"),
    ("take profit:", "0.03%"),
    ("stop loss:", "0.06%"),
    ("time limit:", "6s"),
)
"""A market maker that sends, fills, exits and replaces several orders a second."""

PAIR, SYMBOL = "ETH-USDT", "ETHUSDT"
"""The market in which `hold_a_position` has one, as Condor and as the venue calls it."""
HELD = (
    ("buy spreads:", "0.2%"), ("sell spreads:", "30%"), ("executor refresh time:", "1d"), ("take profit:", "10%"), ("stop loss:", "2%"),
    ("time limit:", "off"),
)  # fmt: skip
"""A market maker whose entry is filled once, and whose exits stand far away."""

PERP = "binance_perpetual"
LIVE_S = 60.0
STOP, TAPS = "Stop and close at market", 10
AMOUNT = re.compile(r"amount: \d+, window_s")


def _loosen(home: Path, door: Door) -> None:
    """Put the limits of a venue and of its spec out of the way: nobody but a test starts fifteen times a minute, or sends a thousand orders at once."""
    folder = home / "conf" / "connectors"
    folder.mkdir(parents=True, exist_ok=True)
    shipped = (CHECKOUT / "conf" / "connectors" / f"{door.connector_name}.yml").read_text(encoding="utf-8")
    (folder / f"{door.connector_name}.yml").write_text(AMOUNT.sub("amount: 1000000, window_s", shipped), encoding="utf-8")
    for verb in ("order_limit", "weight_limit"):
        door.control(verb, limit=1_000_000)


class Standing(VenueBooks):
    """What is open and held at one door at this moment, by the venue's own books."""

    def open_ids(self) -> list[str]:
        return sorted(order.client_order_id for order in self.orders() if order.is_open)

    def held(self) -> dict[str, Decimal]:
        """What our own trades have left there."""
        return {pair: amount for pair, amount in self.positions().items() if amount}

    def net(self) -> Decimal:
        """The sum of that, where one market is traded."""
        return sum(self.positions().values(), Decimal(0))


class World:
    """See the module.

    Parameters
    ----------
    home : Path
        Where Condor writes.
    seed : int
        Of the venue's market.
    """

    def __init__(
        self,
        home: Path,
        seed: int,
        *,
        settings: str = SETTINGS,
        still: bool = False,
        usdm_balances: str = "USDT=200000",
        connectors: Sequence[str] | None = None,
    ) -> None:
        self.venue = VenueProcess(seed, still=still, usdm_balances=usdm_balances)
        for door in self.venue.doors.values():
            _loosen(home, door)
        self.waited_for: list[str] = []
        """Why accounts were not live yet, in the last `wait_live`."""
        self.condor = Instance(home, settings, **self.venue.environment(connectors))

    def close(self) -> None:
        self.condor.kill()
        self.venue.close()

    def at(self, connector_name: str) -> Standing:
        """What stands at a door now."""
        return Standing(self.venue.doors[connector_name])

    def processes(self) -> str:
        """How the two processes are, for a report."""
        return f"the venue {self.venue.state()}, Condor {self.condor.state()}"

    # ---- the process -------------------------------------------------------------------------------------------------
    def health(self) -> dict[str, Any]:
        """What `/healthz` says."""
        base = json.loads((self.condor.home / "data" / "chat.address").read_text())["base"]
        try:
            with DIRECT.open(urllib.request.Request(f"{base}/healthz"), timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        return found

    def metrics(self) -> str:
        """What `/metrics` says."""
        data = self.condor.home / "data"
        base, secret = json.loads((data / "chat.address").read_text())["base"], (data / "chat.token").read_text().strip()
        request = urllib.request.Request(f"{base}/metrics", headers={"Authorization": f"Bearer {secret}"})
        with DIRECT.open(request, timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    def metric(self, name: str) -> float:
        """One of the process's own counters, without the prefix."""
        for line in self.metrics().splitlines():
            if line.startswith(f"condor_{name} "):
                return float(line.split()[1])
        raise AssertionError(f"no metric condor_{name}")

    def go_live(self, timeout_s: float = LIVE_S) -> float:
        """Start Condor and wait until every account may open positions; how many seconds the latter took."""
        self.condor.start()
        return self.wait_live(timeout_s)

    def wait_live(self, timeout_s: float = LIVE_S) -> float:
        """Wait until every account may open positions again; how many seconds that took."""
        began = time.monotonic()
        closed: dict[str, str] = {}
        self.waited_for = []
        while time.monotonic() - began < timeout_s:
            before, closed = closed, {name: reason for name, reason in self.health()["accounts"].items() if reason is not None}
            if not closed:
                return time.monotonic() - began
            if closed != before:
                self.waited_for.append(f"{time.monotonic() - began:.1f} s: {closed}")
            time.sleep(0.1)
        raise AssertionError(f"after {timeout_s:g} s the accounts are not live: {self.waited_for}")

    def wait(self, holds: Callable[[], bool], what: str, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout_s:g} s for {what}")
            time.sleep(0.2)

    # ---- the person --------------------------------------------------------------------------------------------------
    def start_bot(
        self, connector_name: str, pair: str, changes: Sequence[tuple[str, str]] = BUSY, amount: str = "2000", controller: str = "pmm_simple"
    ) -> str:
        """Walk the wizard to a bot that trades for real; returns its id."""
        person = self.condor.person()
        known = {row[0] for row in self.condor.rows("SELECT bot_id FROM bots")}
        person.send("/new", "Which strategy?")
        person.tap(controller)
        if controller != "pmm_simple":
            # its defaults may name a pair that this venue does not have
            person.send(connector_name, "pair")
            person.send(pair)
        person.tap("Review")
        for label, text in (("connector name:", connector_name), ("trading pair:", pair), ("total amount quote:", amount), *changes):
            field = label.rstrip(":").replace(" ", "_")
            person.send(f"{field}={text.replace(', ', ',')}", "review")
        person.tap("Start LIVE")
        person.tap("for real")
        self.wait(lambda: len(self.condor.rows("SELECT bot_id FROM bots")) > len(known), "the bot's row", 20)
        (bot_id,) = {row[0] for row in self.condor.rows("SELECT bot_id FROM bots")} - known
        return str(bot_id)

    def stop_bot(self, person: Person, bot_id: str) -> None:
        """Stop a bot and close its positions; does not wait for the end."""
        # alerts come in between, and they speak of stops too
        card = person.send(f"/stop {bot_id}", "⏹ Stop ", "? (")
        answers = []
        for _ in range(TAPS):
            # prices and positions move: the card may show new numbers first, and asks again
            answers.append(person.tap(STOP, card))
            if self.state_of(bot_id) != "running":
                return
        raise AssertionError(f"{bot_id} was not stopped by {TAPS} taps: {answers}; the card says {person.text(card)!r}")

    def state_of(self, bot_id: str) -> str:
        return str(self.condor.rows("SELECT state FROM bots WHERE bot_id = ?", bot_id)[0][0])


def hold_a_position(world: World) -> Decimal:
    """Have a bot's entry filled on the perpetual, in a market that stands still; its price."""
    world.start_bot(PERP, PAIR, HELD)
    door = world.venue.doors[PERP]
    buys = lambda: [order for order in door.control("ledger")["open_orders"] if order["symbol"] == SYMBOL and order["side"] == "BUY"]  # noqa: E731
    world.wait(lambda: bool(buys()), "the entry to rest", 20)
    price = Decimal(buys()[0]["price"])
    door.control("move", symbol=SYMBOL, price=str(round(price * Decimal("0.999"), 1)))
    world.wait(lambda: position(world) > 0, "the entry to be filled", 10)
    rows = "SELECT 1 FROM v_executors WHERE status <> 'TERMINATED' AND exposure_base <> '0'"
    world.wait(lambda: len(world.condor.rows(rows)) == 1, "the position in the records", 10)
    return price


def position(world: World) -> Decimal:
    """What is held on the perpetual."""
    return world.at(PERP).net()
