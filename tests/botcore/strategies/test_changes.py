"""A bot that is changed while it runs: config, kill switch, drawdown limits, staged shutdown, and what it begins with."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field

from botcore.controllers.barrier_fields import TradingControllerConfig
from botcore.controllers.base import ControllerBase
from botcore.controllers.config import InitialPositionConfig
from botcore.controllers.trading import TradingController
from botcore.controllers.updates import updated
from botcore.core.config import ask
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.model.actions import CreateExecutorAction
from botcore.model.enums import CloseType, OrderType, PositionMode, RunnableStatus, TradeType
from botcore.model.errors import UserError
from botcore.model.records import HoldRecord
from botcore.model.times import DAY_NS, MINUTE_NS, SECOND_NS
from botcore.orchestrator.drawdown import Drawdown
from botcore.orchestrator.holds import PositionHold
from botcore.strategies.bot_limits import BotLimits, Breach
from tests.support.bench import PERP, SPOT, D, instrument, spec_of
from tests.support.paper_bench import PaperBench
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
ETH = "ETH-USDT"


class Config(TradingControllerConfig):
    controller_name: str = "of_test"
    connector_name: str = PERP
    trading_pair: str = ETH
    leverage: int = 1
    position_mode: PositionMode = PositionMode.ONEWAY
    amount: Annotated[Decimal, Field(json_schema_extra=ask("How much?", updatable=True))] = D(1)


class Keeper(TradingController):
    """Keeps one long position open; notes the config of each decision."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen: list[tuple[Any, ...]] = []

    def determine_executor_actions(self) -> list[Any]:
        config = self.config
        self.seen.append((config.amount, config.stop_loss))
        if any(not info.is_done for info in self.executors_info):
            return []
        return [CreateExecutorAction(controller_id=self.id, executor_config=self.entry())]

    def entry(self) -> PositionExecutorConfig:
        barriers = self.triple_barrier.model_copy(update={"open_order_type": OrderType.MARKET})
        return PositionExecutorConfig(
            trading_pair=ETH, connector_name=PERP, side=BUY, amount=self.config.amount, triple_barrier_config=barriers, level_id="buy_0"
        )


class Plain(Keeper):
    """Its executors have the barriers of the config as they stand there."""

    def entry(self) -> PositionExecutorConfig:
        return PositionExecutorConfig(
            trading_pair=ETH, connector_name=PERP, side=BUY, amount=self.config.amount, entry_price=D(100), triple_barrier_config=self.triple_barrier
        )


def seat(kind: type[ControllerBase] = Keeper, name: str = "main", **changes: Any) -> Any:
    return spec_of(kind, Config), Config(id=name, **{"stop_loss": D("0.5"), "take_profit": None, "time_limit": None} | changes)


def change(bot: Any, name: str = "main", **changes: Any) -> None:
    bot.reconfigure(name, updated(bot.seat(name).config, changes))


# ---- config --------------------------------------------------------------------------------------------------------
def test_config_changes_as_a_whole_at_the_next_tick() -> None:
    bench = PaperBench()
    bot = bench.bot(seat())
    bench.tick()
    controller = bot.controllers[0]
    change(bot, amount=2, stop_loss="0.25")
    change(bot, amount=3)
    assert (controller.config.amount, controller.config.stop_loss) == (1, D("0.5")), "not before the tick"
    bench.tick()
    assert controller.seen == [(1, D("0.5")), (3, D("0.25"))], "both changes, and never a half of one"


def test_refused_change_changes_nothing() -> None:
    bench = PaperBench()
    bot = bench.bot(seat())
    bench.tick()
    with pytest.raises(UserError, match="greater than 0"):
        change(bot, amount=5, stop_loss="-1")
    bench.tick()
    assert bot.controllers[0].seen == [(1, D("0.5"))] * 2


def test_unknown_controller_is_named() -> None:
    bot = PaperBench().bot(seat(name="main"))
    with pytest.raises(UserError, match="did you mean main"):
        bot.reconfigure("mian", Config())


def test_sleeping_controller_is_asked_after_a_change() -> None:
    bench = PaperBench()

    class Sleeper(Keeper):
        def quiet_until_ns(self) -> int:
            return self.market_data_provider.now_ns + MINUTE_NS

    bot = bench.bot(seat(Sleeper))
    bench.settle(5)
    asked = len(bot.controllers[0].seen)
    change(bot, amount=2)
    bench.tick()
    assert len(bot.controllers[0].seen) == asked + 1


def test_change_that_breaks_a_controller_is_its_own_fault() -> None:
    bench = PaperBench()

    class Brittle(Keeper):
        def update_config(self, new_config: Any) -> None:
            raise KeyError("of the test")

    bot = bench.bot(seat(Brittle), seat(name="well"))
    bench.tick()
    change(bot, amount=2)
    bench.settle()
    assert [fault.controller_id for fault in bench.records.faults] == ["main"]
    assert bench.part_faults == [] and len(bot.seat("well").controller.seen) == 4


# ---- barriers of running executors ---------------------------------------------------------------------------------
def filled(**barriers: Any) -> tuple[PaperBench, Any, Any]:
    """A long of 1 @ 100 whose barriers are those of the config."""
    bench = PaperBench()
    bot = bench.bot(seat(Plain, **barriers))
    bench.settle()
    (executor,) = bot.orchestrator.running
    assert executor.has_fills
    return bench, bot, executor


def test_tighter_stop_loss_fires_at_once_when_the_price_is_beyond_it() -> None:
    bench, bot, executor = filled()
    bench.price(94)
    assert executor.status is RunnableStatus.RUNNING
    change(bot, stop_loss="0.05")
    bench.settle()
    assert executor.close_type is CloseType.STOP_LOSS


def test_wider_stop_loss_spares_a_running_position() -> None:
    bench, bot, executor = filled(stop_loss=D("0.05"))
    change(bot, stop_loss="0.2")
    bench.tick()
    bench.price(90)
    bench.settle()
    assert executor.status is RunnableStatus.RUNNING
    assert executor.info.config.triple_barrier_config.stop_loss == D("0.2"), "what is written down is what holds"


def test_resting_take_profit_moves() -> None:
    bench, bot, executor = filled(take_profit=D("0.1"))
    bench.settle()
    assert [order.request.price_ticks for order in bench.exchange.orders.values()] == [11000]
    change(bot, take_profit="0.05")
    bench.settle(4)
    assert [order.request.price_ticks for order in bench.exchange.orders.values()] == [10500]
    bench.price(106)
    bench.settle()
    assert executor.close_type is CloseType.TAKE_PROFIT


def test_time_limit_counts_from_the_creation() -> None:
    bench, bot, executor = filled()
    change(bot, time_limit=10)
    bench.tick(5)
    assert executor.status is RunnableStatus.RUNNING
    bench.tick(4)
    bench.settle()
    assert executor.close_type is CloseType.TIME_LIMIT


def test_armed_trailing_stop_never_loosens() -> None:
    bench, bot, executor = filled(trailing_stop="0.05,0.01")
    bench.price(110)
    trigger = executor.custom_info()["trailing_stop_trigger_pct"]
    assert trigger == D("0.09")
    change(bot, trailing_stop="0.05,0.08")
    bench.tick()
    assert executor.custom_info()["trailing_stop_trigger_pct"] == trigger
    bench.price(108)
    bench.settle()
    assert executor.close_type is CloseType.TRAILING_STOP


def test_executor_with_barriers_of_its_own_keeps_them() -> None:
    bench = PaperBench()

    class Scaled(Plain):
        def entry(self) -> PositionExecutorConfig:
            wide = self.triple_barrier.new_instance_with_adjusted_volatility(1.5)
            return super().entry().model_copy(update={"triple_barrier_config": wide})

    bot = bench.bot(seat(Scaled))
    bench.settle()
    (executor,) = bot.orchestrator.running
    change(bot, stop_loss="0.05")
    bench.tick()
    assert executor.config.triple_barrier_config.stop_loss == D("0.75")


def test_executor_that_is_ending_is_left_alone() -> None:
    bench, bot, executor = filled()
    bot.orchestrator.stop(executor.id)
    assert executor.set_barriers(TripleBarrierConfig(), bench.clock.now_ns) is False


# ---- kill switch ---------------------------------------------------------------------------------------------------
def test_kill_switch_ends_the_executors_of_its_controller_and_its_release_starts_it_again() -> None:
    """HZ-5: what has ended already is not touched."""
    bench = PaperBench()
    bot = bench.bot(seat(name="one"), seat(name="two"))
    bench.settle()
    ended = next(iter(bot.orchestrator.running))
    bot.orchestrator.stop(ended.id)
    bench.settle()
    assert ended.close_type is CloseType.EARLY_STOP and bot.orchestrator.shelf("one").ended == 1
    change(bot, "one", manual_kill_switch=True)
    bench.settle(5)
    one, two = bot.seat("one"), bot.seat("two")
    assert one.is_killed and not two.is_killed
    assert [executor.controller_id for executor in bot.orchestrator.running] == ["two"]
    assert ended.status is RunnableStatus.TERMINATED and bot.orchestrator.shelf("one").ended == 2, "once each"
    asked = len(one.controller.seen)
    bench.settle(5)
    assert len(one.controller.seen) == asked
    change(bot, "one", manual_kill_switch=False)
    bench.settle()
    assert sorted(executor.controller_id for executor in bot.orchestrator.running) == ["one", "two"]


def test_kill_switch_ends_the_executors_of_a_controller_that_was_stopped_by_a_fault() -> None:
    bench = PaperBench()

    class Sick(Keeper):
        def determine_executor_actions(self) -> list[Any]:
            if len(self.seen) == 3:
                raise RuntimeError("of the test")
            return super().determine_executor_actions()

    bot = bench.bot(seat(Sick))
    bench.settle(6)
    assert bot.seats[0].fault and len(bot.orchestrator.running) == 1
    change(bot, manual_kill_switch=True)
    bench.settle(4)
    assert bot.orchestrator.running == ()
    bot.controllers[0].seen.clear()
    change(bot, manual_kill_switch=False)
    bench.settle(2)
    assert bot.seats[0].fault == "" and len(bot.orchestrator.running) == 1, "whoever releases it wants it tried again"


def test_bot_that_begins_killed_does_nothing() -> None:
    bench = PaperBench()
    bot = bench.bot(seat(manual_kill_switch=True))
    bench.settle(3)
    assert bot.controllers[0].seen == [] and bot.orchestrator.running == ()
    assert bot.wish()[1] is False


# ---- drawdown ------------------------------------------------------------------------------------------------------
def limited(**limits: Any) -> tuple[PaperBench, Any, list[Breach]]:
    """Two controllers, `big` long 2 and `small` long 1, both @ 100."""
    bench = PaperBench()
    breaches: list[Breach] = []
    bot = bench.bot(
        seat(name="big", amount=2), seat(name="small"), limits=BotLimits(**limits), on_breach=lambda _bot, breach: breaches.append(breach)
    )
    bench.settle()
    return bench, bot, breaches


def test_controller_that_lost_more_than_its_limit_is_ended_with_all_its_executors() -> None:
    """Peak +20 at 110; at 104 it is +8: a drop of 12 from the peak is more than 11. The other one has dropped by 6."""
    bench, bot, breaches = limited(max_controller_drawdown_quote=11)
    bench.price(110)
    bench.price(105)
    assert breaches == [], "a drop of 10"
    bench.price(104)
    assert breaches == [Breach("big", D(12), D(20), D(11))]
    bench.settle()
    assert bot.controllers[0].config.manual_kill_switch is True
    assert [executor.controller_id for executor in bot.orchestrator.running] == ["small"], "what trades is closed too"
    assert not bot.is_stopping and "drawdown_reached" in bench.records.fact_kinds()
    bench.settle(3)
    assert len(breaches) == 1, "once"
    change(bot, "big", manual_kill_switch=False)
    bench.settle(3)
    assert len(breaches) == 1 and len(bot.orchestrator.running) == 2, "released, it counts from where it stands"


def test_limit_itself_is_not_beyond_it() -> None:
    bench, bot, breaches = limited(max_global_drawdown_quote=30)
    bench.price(90)
    assert breaches == [] and bot.orchestrator.drawdowns.whole.drop == 30
    bench.price("89.99")
    assert [breach.drop for breach in breaches] == [D("30.03")]
    bench.settle()
    assert bot.is_stopping and bot.orchestrator.running == ()
    assert bot.orchestrator.report().max_drawdown_quote == D("30.03")


def test_pnl_that_is_not_known_never_trips_a_limit() -> None:
    bench, bot, breaches = limited(max_global_drawdown_quote=1, max_controller_drawdown_quote=1)
    book = bench.runtime.markets[bench.instrument.market].book
    book.clear()
    bench.settle(3)
    assert bot.orchestrator.report().global_pnl_quote is None
    assert breaches == [] and not bot.is_stopping


def test_bot_that_lost_more_in_a_day_than_it_may_is_stopped_and_closed() -> None:
    bench, bot, breaches = limited(max_day_loss_quote=30)
    bench.price(110)
    bench.price(90)
    assert breaches == [] and bot.orchestrator.drawdowns.whole.day_loss == 30, "a day's loss counts from where the day began, not from its best"
    bench.price("89.99")
    assert breaches == [Breach("", D("30.03"), D(0), D(30), is_day=True)]
    bench.settle()
    assert bot.is_stopping and bot.orchestrator.running == () and "drawdown_reached" in bench.records.fact_kinds()
    bench.settle(3)
    assert len(breaches) == 1, "once"


def test_a_new_day_counts_from_where_the_last_one_ended() -> None:
    drawdown = Drawdown()
    for pnl, day, loss in ((-5, 0, 5), (-20, 0, 20), (-22, 1, 2), (-10, 1, 0), (-40, 1, 20), (-41, 2, 1)):
        drawdown.see(D(pnl), day * DAY_NS + 1)
        assert drawdown.day_loss == loss, (pnl, day)
    drawdown.see(None, 3 * DAY_NS)
    assert drawdown.day_loss == 1, "a PnL that is not known says nothing"
    again = Drawdown()
    assert again.restore(drawdown.record())
    again.see(D(-50), 2 * DAY_NS + 9)
    assert again.day_loss == 10, "over a restart within the day"
    later = Drawdown()
    assert later.restore(drawdown.record())
    later.see(D(-50), 4 * DAY_NS)
    assert later.day_loss == 0, "of a day that began while nothing ran the first look counts"
    later.begin_with_next()
    later.see(D(-70), 4 * DAY_NS + 5)
    assert later.day_loss == 0, "whoever starts it again knows what it has lost"


def test_reports_know_the_largest_drop() -> None:
    bench, bot, _ = limited(max_global_drawdown_quote=1000)
    for price in (110, 95, 120, 118):
        bench.price(price)
    assert bot.orchestrator.report("small").max_drawdown_quote == 15
    assert bot.orchestrator.report().max_drawdown_quote == 45


# ---- shutdown ------------------------------------------------------------------------------------------------------
def started(count: int = 3) -> tuple[VenueBench, Any, list[Any]]:
    """A bot with positions of 1 @ 100 at a venue that says what the test says."""
    from botcore.strategies.strategy_v2 import StrategyV2Base

    bench = VenueBench()
    bot = StrategyV2Base("bot", [], bench.orchestrator, bench.market_data, bench.clock, bench.bus)
    executors = []
    for _ in range(count):
        executors.append(bench.start(PositionExecutorConfig(trading_pair=ETH, connector_name=PERP, side=BUY, entry_price=D(100), amount=D(1))))
        bench.venue.trade(bench.orders[-1], price=100)
    return bench, bot, executors


def pass_time(bench: VenueBench, bot: Any, seconds: int) -> None:
    for _ in range(seconds):
        bench.clock.tick(bench.clock.now_ns + SECOND_NS)
        bot.on_tick(bench.clock.now_ns)
        bench.send()


def test_ph_15_executor_that_is_ending_is_not_stopped_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, bot, (first, second, _) = started()
    bench.orchestrator.stop(first.id)
    asked: list[str] = []
    for executor in (first, second):
        original = executor.stop
        monkeypatch.setattr(executor, "stop", lambda *args, of=executor, original=original: (asked.append(of.id), original(*args)))
    bot.stop(keep_position=True)
    assert asked == [second.id]
    assert first.close_type is CloseType.EARLY_STOP, "it keeps to what it chose"


def test_ph_15_what_does_not_move_is_forced_after_the_patience_and_every_change_gives_it_anew() -> None:
    bench, bot, (first, second, third) = started()
    bot.stop(patience_ns=20 * SECOND_NS)
    bench.send()
    closes = {order.request.executor_id: order for order in bench.orders[3:]}
    bench.venue.trade(closes[first.id], price=100)
    pass_time(bench, bot, 15)
    assert first.is_closed and not second.is_closed
    bench.venue.trade(closes[second.id], amount="0.5", price=100)
    pass_time(bench, bot, 15)
    assert not second.is_closed and bot.shutdown.forced == [], "half a fill is progress"
    pass_time(bench, bot, 10)
    assert second.close_type is CloseType.POSITION_HOLD and third.close_type is CloseType.POSITION_HOLD
    report = bot.shutdown.report()
    assert report.forced == (second.id, third.id)
    assert report.ended == {CloseType.EARLY_STOP: 1, CloseType.POSITION_HOLD: 2}
    assert [position.amount for position in report.held] == [D("1.5")], "0.5 and 1 that nobody closed are held, none is lost"
    assert bench.records.fact_kinds().count("stop_forced") == 2
    bench.venue.trade(closes[third.id], price=100)
    assert [position.amount for position in bot.orchestrator.positions()] == [D("0.5")], "what the venue still did is in the hold"


def test_ph_15_one_that_raises_when_forced_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, bot, (first, second, third) = started()
    bot.stop(patience_ns=5 * SECOND_NS)
    monkeypatch.setattr(second, "abandon", lambda *_: 1 / 0)
    pass_time(bench, bot, 10)
    assert all(executor.is_closed for executor in (first, second, third))
    assert sum(position.amount for position in bot.orchestrator.positions()) == 3


def test_quick_stop_reports_what_it_did() -> None:
    bench = PaperBench()
    idle: list[Any] = []
    bot = bench.bot(seat(), on_idle=idle.append)
    bench.settle()
    bot.stop(keep_position=True)
    bench.settle()
    report = bot.shutdown.report()
    assert idle == [bot] and report.forced == () and report.ended == {CloseType.POSITION_HOLD: 1}
    assert [position.amount for position in report.held] == [1]


# ---- what a controller begins with ---------------------------------------------------------------------------------
def brought(pair: str, amount: str, side: str, connector: str = SPOT) -> InitialPositionConfig:
    return InitialPositionConfig.model_validate({"connector_name": connector, "trading_pair": pair, "amount": amount, "side": side})


def test_ph_13_initial_positions_replace_older_records_at_the_mid_once() -> None:
    eth, btc = instrument(ETH, SPOT), instrument("BTC-USDT", SPOT)
    bench = VenueBench(eth, btc, price=None)
    old = HoldRecord("main", SPOT, ETH, "net", D(7), D(700), D(100), D(0), D(0), D(3), D(700), False)
    bench.orchestrator.holds.put(PositionHold.from_record(old, eth))
    positions = [brought(ETH, "2", "BUY"), brought("BTC-USDT", "0.1", "SELL")]
    bench.orchestrator.hold_keeper.begin_with("main", positions)
    bench.tick()
    assert [position.amount for position in bench.orchestrator.positions("main")] == [7], "no price, no position yet"
    bench.quote(230, of=eth)
    bench.quote(230, of=btc)
    for _ in range(2):
        bench.tick()
        first, second = sorted(bench.orchestrator.positions("main"), key=lambda position: position.trading_pair, reverse=True)
        assert (first.amount, first.side, first.breakeven_price) == (2, BUY, 230)
        assert (second.amount, second.side, second.breakeven_price) == (D("-0.1"), SELL, 230)
        for position in (first, second):
            assert (position.volume_traded_quote, position.cum_fees_quote, position.unrealized_pnl_quote) == (0, 0, 0)
        bench.orchestrator.hold_keeper.begin_with("main", positions)
    assert bench.orchestrator.report("main").global_pnl_quote == 0


def test_ph_13_records_of_a_bot_that_has_begun_stand() -> None:
    eth = instrument(ETH, SPOT)
    bench = VenueBench(eth, price=230)
    bench.orchestrator.hold_keeper.begin_with("main", [brought(ETH, "2", "BUY")])
    traded = HoldRecord("main", SPOT, ETH, "net", D("1.5"), D(345), D(230), D(4), D(0), D(0), D(120), False)
    hold = PositionHold.from_record(traded, eth)
    bench.orchestrator.holds.put(hold)
    bench.orchestrator.hold_keeper.has_begun("main", hold.instrument.market)
    bench.tick()
    (position,) = bench.orchestrator.positions("main")
    assert (position.amount, position.realized_pnl_quote) == (D("1.5"), 4), "a restart does not bring back what was sold since"


def test_ph_13_controller_decides_when_it_has_what_it_begins_with() -> None:
    bench = PaperBench(price=None)
    bot = bench.bot(seat(initial_positions=[brought(ETH, "2", "BUY", PERP)]))
    bench.settle(3)
    assert bot.controllers[0].seen == []
    bench.price(230)
    bench.tick()
    assert [position.amount for position in bot.controllers[0].positions_held] == [2]


def test_hedge_positions_begin_side_by_side() -> None:
    bench = VenueBench(price=50)
    bench.venue.mode = PositionMode.HEDGE
    bench.orchestrator.hold_keeper.begin_with("main", [brought(ETH, "2", "BUY", PERP), brought(ETH, "3", "SELL", PERP)])
    bench.tick()
    assert sorted(position.amount for position in bench.orchestrator.positions("main")) == [-3, 2]
