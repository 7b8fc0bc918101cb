"""The venue's ledger is the oracle: whatever the market does, what the bots say they earned is what the account has gained."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.connectors.paper.books import page_of, restore_account
from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import BackOfQueue, ConstantLatency, FeeModel, TouchQueue
from botcore.controllers.catalog import shipped_controllers
from botcore.controllers.pmm_simple import PMMSimpleConfig
from botcore.model.books import StoredAccount
from botcore.model.enums import PositionMode
from botcore.strategies.recovery import restore_bot
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.paper_bench import PaperBench

OPENING = {"USDT": D(50_000), "ETH": D(0)}

moves = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.integers(-120, 120), st.integers(1, 3000)),
        st.tuples(st.just("quote"), st.integers(-30, 30), st.integers(100, 5000)),
        st.tuples(st.just("trade"), st.integers(-60, 60), st.integers(1, 4000)),
        st.tuples(st.just("wait"), st.integers(1, 40), st.just(0)),
        st.tuples(st.just("halt"), st.just(0), st.just(0)),
        st.tuples(st.just("stop"), st.integers(0, 3), st.integers(0, 1)),
    ),
    min_size=10,
    max_size=80,
)


def maker(connector: str, name: str, mode: PositionMode, **changes: Any) -> Any:
    values = {
        "id": name,
        "connector_name": connector,
        "trading_pair": "ETH-USDT",
        "total_amount_quote": D(800),
        "buy_spreads": "0.002,0.006",
        "sell_spreads": "0.003,0.005",
        "executor_refresh_time": 12,
        "cooldown_time": 5,
        "stop_loss": "0.01",
        "take_profit": "0.004",
        "time_limit": 60,
        "leverage": 2,
        "position_mode": mode,
    }
    return shipped_controllers()["pmm_simple"], PMMSimpleConfig(**(values | changes))


class World:
    """Two bots with three market makers on one account."""

    def __init__(self, connector: str, mode: PositionMode, queue: Any, latency_ns: int, fees: FeeModel) -> None:
        of = instrument(connector=connector, min_notional="5")
        rules = PaperRules(of.kind, fees, ConstantLatency(latency_ns), queue)
        self.make_bench = lambda **options: PaperBench(of, rules=rules, balances=OPENING, **options)
        trailing = {"trailing_stop": "0.002,0.001", "take_profit_order_type": "MARKET"}
        self.seats = {
            "first": [maker(connector, "one", mode), maker(connector, "two", mode, **trailing)],
            "second": [maker(connector, "three", mode, time_limit="", stop_loss="")],
        }
        self.bench = self.make_bench()
        self.bench.exchange.keeps_books = True
        self.bots = [self.bench.bot(*seats, bot_id=bot_id) for bot_id, seats in self.seats.items()]
        self.mid = 10_000
        self.orders: dict[str, Any] = {}
        self.fills: list[Any] = []

    def move(self, what: str, size: int, other: int) -> None:
        bench, of = self.bench, self.bench.instrument
        if what == "quote":
            self.mid = max(8_000, min(12_000, self.mid + size))
            bench.quote(of.price(self.mid - 2), of.price(self.mid + 2), size=of.amount(other))
        elif what == "trade":
            bench.trade(of.price(self.mid + size), of.amount(other), buyer_is_maker=size < 0)
        elif what == "wait":
            bench.settle(size)
        elif what == "halt":
            if bench.runtime.gate.is_halted:
                bench.runtime.gate.release()
            else:
                bench.runtime.gate.halt("of the test")
        else:
            self._stop_one(size, keep=bool(other))
        bench.tick()

    def _stop_one(self, which: int, *, keep: bool) -> None:
        running = [(bot, executor) for bot in self.bots for executor in bot.orchestrator.running]
        if running:
            bot, executor = running[which % len(running)]
            bot.orchestrator.stop(executor.id, keep_position=keep)

    # ---- a crash
    def restart(self, blind_ns: int) -> None:
        """The process dies; the venue goes on alone for a while; a new process starts from the records and asks the venue.

        Parameters
        ----------
        blind_ns : int
            Time for which the venue acts on what is on its way, and nobody hears of it.
        """
        old = self.bench
        old.exchange.advance(old.clock.now_ns + blind_ns)
        stored = self._stored()
        of = old.instrument
        new = self.make_bench(price=None, now_ns=old.clock.now_ns + blind_ns)
        new.runtime.ids.serial = old.runtime.ids.serial
        restore_account(new.exchange, stored, {of.market.trading_pair: of})
        new.exchange.keeps_books = True
        new.quote(of.price(self.mid - 2), of.price(self.mid + 2), after_s=0)
        new.tick(0)
        self.bots = []
        for bot_id, seats in self.seats.items():
            bot = new.runtime.build_bot(bot_id, seats)
            restore_bot(bot, old.records.bot_records([config.id for _, config in seats]), new.runtime.connectors, new.runtime.market_data)
            new.runtime.add_bot(bot)
            self.bots.append(bot)
        new.records.carry_over(old.records, [connector.tracker for connector in new.runtime.connectors.values()])
        self.bench = new
        new.runtime.connectors[of.market.connector_name].reconcile(new.clock.now_ns)

    def _stored(self) -> StoredAccount:
        page = page_of(self.bench.exchange)
        plain = json.loads(json.dumps({"account": page.account, "orders": page.orders, "fills": page.fills}))
        self.orders |= plain["orders"]
        self.fills += plain["fills"]
        return StoredAccount(plain["account"], self.orders, self.fills)

    # ---- what must agree
    def gained(self) -> Decimal:
        """What the account has over what it opened with, at the mid."""
        ledger, mid = self.bench.exchange.ledger, self.bench.runtime.market_data.get_price_by_type(*self.bench.instrument.market)
        if self.bench.instrument.is_perpetual:
            return self.bench.exchange.equity()["USDT"] - OPENING["USDT"]
        return ledger.total("USDT") - OPENING["USDT"] + ledger.total("ETH") * mid

    def base(self) -> Decimal:
        ledger: Any = self.bench.exchange.ledger
        if self.bench.instrument.is_perpetual:
            return self.bench.instrument.amount(sum(position.lots for position in ledger.positions.values()))
        return ledger.total("ETH")

    def told(self) -> Decimal:
        """What all bots say they have in hand."""
        held = sum((hold.amount for bot in self.bots for hold in bot.orchestrator.positions()), D(0))
        return held + sum((executor.custom_info()["exposure_base"] for bot in self.bots for executor in bot.orchestrator.running), D(0))


@pytest.mark.parametrize(("connector", "mode"), [(PERP, PositionMode.ONEWAY), (PERP, PositionMode.HEDGE), (SPOT, PositionMode.ONEWAY)])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    happenings=moves,
    queue=st.sampled_from([TouchQueue(), BackOfQueue()]),
    latency_ns=st.sampled_from([1, 700_000_000, 1_600_000_000]),
    from_received=st.booleans(),
)
def test_bots_and_account_agree(connector: str, mode: PositionMode, happenings: Any, queue: Any, latency_ns: int, from_received: bool) -> None:
    world = World(connector, mode, queue, latency_ns, FeeModel(D("0.0002"), D("0.0005"), from_received))
    for happening in happenings:
        world.move(*happening)
        assert world.told() == world.base(), "to the last lot, in every tick"
    wind_up(world)


def wind_up(world: World) -> None:
    """Stop all bots and hold their books against the account's."""
    for bot in world.bots:
        bot.stop()
    for _ in range(200):
        if not any(bot.orchestrator.running for bot in world.bots):
            break
        world.bench.quote(world.bench.instrument.price(world.mid - 2), world.bench.instrument.price(world.mid + 2))
        world.bench.tick()
    bench = world.bench
    assert [bot.orchestrator.running for bot in world.bots] == [(), ()]
    assert bench.exchange.orders == {}
    assert world.told() == world.base()
    reports = [bot.orchestrator.report() for bot in world.bots]
    assert all(report.global_pnl_quote is not None for report in reports)
    assert abs(sum(report.global_pnl_quote for report in reports) - world.gained()) < D("1e-15")
    fills = [fill for fill, _ in bench.records.fills]
    assert len({fill.trade_id for fill in fills}) == len(fills), "every fill once, restarts included"
    assert sum(report.fees_quote for report in reports) == sum((fill.fee.in_quote for fill in fills), D(0))
    assert sum(report.volume_traded for report in reports) == sum((fill.notional for fill in fills), D(0))
    assert bench.records.faults == [] and bench.part_faults == []


def random_move(rng: random.Random) -> tuple[str, int, int]:
    what = rng.choice(["quote", "quote", "quote", "trade", "wait", "halt", "stop"])
    sizes = {"quote": (-120, 120, 3000), "trade": (-60, 60, 4000), "wait": (1, 40, 1), "halt": (0, 0, 1), "stop": (0, 3, 1)}[what]
    return what, rng.randint(*sizes[:2]), rng.randint(0 if what == "stop" else 1, sizes[2])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("connector", "mode"), [(PERP, PositionMode.ONEWAY), (PERP, PositionMode.HEDGE), (SPOT, PositionMode.ONEWAY)])
def test_bots_and_account_agree_over_a_long_life(connector: str, mode: PositionMode, seed: int) -> None:
    rng = random.Random(seed)
    world = World(
        connector, mode, [TouchQueue(), BackOfQueue()][seed % 2], [1, 1_600_000_000][seed // 2], FeeModel(D("0.0002"), D("0.0005"), seed == 3)
    )
    for _ in range(120):
        world.move(*random_move(rng))
        assert world.told() == world.base()
    assert len(world.bench.records.fills) > 60
    wind_up(world)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("connector", "mode"), [(PERP, PositionMode.ONEWAY), (PERP, PositionMode.HEDGE), (SPOT, PositionMode.ONEWAY)])
def test_ps_4_bots_and_account_agree_after_crashes(connector: str, mode: PositionMode, seed: int) -> None:
    """Killed again and again, with orders, cancels and fills on their way: nothing is lost and nothing counts twice."""
    rng = random.Random(100 + seed)
    world = World(connector, mode, [TouchQueue(), BackOfQueue()][seed % 2], [1, 1_600_000_000][seed // 2], FeeModel(D("0.0002"), D("0.0005")))
    for _ in range(6):
        for _ in range(rng.randint(3, 20)):
            world.move(*random_move(rng))
        world.restart(rng.choice([0, 1_000_000_000, 5_000_000_000]))
        assert world.told() == world.base()
    assert len(world.bench.records.fills) > 10
    wind_up(world)
