"""The orchestrator: actions, what happens to ended and faulty executors, kept positions and the performance report."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.position import PositionExecutor
from botcore.model.actions import CreateExecutorAction, StopExecutorAction, StoreExecutorAction
from botcore.model.enums import CloseType, OrderType, PositionMode, RunnableStatus, TradeType
from botcore.model.errors import ConfigError
from botcore.model.events import PositionLost
from botcore.orchestrator.holds import PositionHold
from botcore.orchestrator.performance import Tally
from tests.support.bench import PERP, SPOT, D, instrument, make_fill
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL


def config(side: TradeType = BUY, amount: Any = 1, **changes: Any) -> PositionExecutorConfig:
    barriers = {key: changes.pop(key) for key in list(changes) if key in TripleBarrierConfig.model_fields}
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": side, "entry_price": D(100), "amount": D(amount)} | changes
    return PositionExecutorConfig(triple_barrier_config=TripleBarrierConfig(**barriers), **values)


def opened(bench: VenueBench, of: PositionExecutorConfig, price: Any = None, fee: Any = 0, controller_id: str = "main") -> Any:
    executor = bench.start(of, controller_id)
    bench.venue.trade(bench.orders[-1], price=price, fee=fee)
    return executor


def closed(bench: VenueBench, executor: Any, price: Any, fee: Any = 0) -> None:
    bench.quote(price)
    bench.orchestrator.stop(executor.id)
    bench.send()
    bench.venue.trade(bench.orders[-1], price=price, fee=fee)
    assert executor.is_closed


# ---- actions -------------------------------------------------------------------------------------------------------
def test_actions_create_stop_and_store() -> None:
    bench = VenueBench()
    bench.orchestrator.execute(CreateExecutorAction(controller_id="main", executor_config=config(id="mine")))
    bench.send()
    shelf = bench.orchestrator.shelf("main")
    (info,) = shelf.infos
    assert (info.id, info.status) == ("mine", RunnableStatus.RUNNING)
    bench.orchestrator.execute(StoreExecutorAction(controller_id="main", executor_id="mine"))
    assert shelf.infos == [info], "a live executor is not let go"
    bench.orchestrator.execute(StopExecutorAction(controller_id="main", executor_id="mine"))
    bench.send()
    bench.venue.end(bench.orders[0])
    assert (info.status, info.close_type) == (RunnableStatus.TERMINATED, CloseType.EARLY_STOP)
    assert bench.orchestrator.running == ()
    bench.orchestrator.execute(StoreExecutorAction(controller_id="main", executor_id="mine"))
    assert shelf.infos == []


def test_stopping_what_is_unknown_or_ended_is_a_no_op() -> None:
    bench = VenueBench()
    assert bench.orchestrator.stop("nobody") is False
    bench.orchestrator.execute(StopExecutorAction(controller_id="main", executor_id="nobody"))
    bench.orchestrator.execute(StoreExecutorAction(controller_id="main", executor_id="nobody"))


def test_id_that_is_in_use_gets_another() -> None:
    bench = VenueBench()
    first, second = bench.start(config(id="mine")), bench.start(config(id="mine"))
    assert first.id == "mine" and second.id != "mine"
    assert {executor.id for executor in bench.orchestrator.running} == {first.id, second.id}


def test_unknown_executor_type_is_refused_with_the_nearest_name() -> None:
    bench = VenueBench()
    odd = config().model_copy(update={"type": "position_executer"})
    with pytest.raises(ConfigError, match="did you mean position_executor"):
        bench.orchestrator.create(odd, "main")


def test_controller_sees_the_latest_closed_executors_and_all_live_ones() -> None:
    bench = VenueBench(keep_closed=3)
    live = bench.start(config(id="live"))
    for number in range(5):
        executor = bench.start(config(id=f"e{number}"))
        bench.orchestrator.stop(executor.id)
        bench.venue.end(bench.orders[-1])
    shelf = bench.orchestrator.shelf("main")
    assert [info.id for info in shelf.infos] == ["e2", "e3", "e4", "live"]
    assert shelf.active() == [live.info]
    assert bench.orchestrator.report("main").close_type_counts == {CloseType.EARLY_STOP: 5}, "sums don't forget"


def test_facts_tell_of_open_and_close_with_their_numbers() -> None:
    bench = VenueBench()
    executor = opened(bench, config(level_id="buy_0"), fee="0.1")
    closed(bench, executor, 110, fee="0.11")
    assert bench.records.fact_kinds() == ["executor_opened", "executor_closed"]
    payload = bench.records.facts[-1].payload
    told = {key: payload[key] for key in ("close_type", "net_pnl_quote", "fees_quote", "entry_price", "exit_price", "exposure_base", "level_id")}
    assert {key: D(value) if key not in ("close_type", "level_id") else value for key, value in told.items()} == {
        "close_type": "EARLY_STOP",
        "net_pnl_quote": D("9.79"),
        "fees_quote": D("0.21"),
        "entry_price": 100,
        "exit_price": 110,
        "exposure_base": 0,
        "level_id": "buy_0",
    }


def test_only_executors_that_are_due_are_stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resting entry without bounds asks for no tick before its time limit, yet meets it to the second."""
    stepped: list[int] = []
    original = PositionExecutor.on_tick
    monkeypatch.setattr(PositionExecutor, "on_tick", lambda self, now_ns: (stepped.append(now_ns), original(self, now_ns))[1])
    bench = VenueBench()
    executor = bench.start(config(time_limit=10))
    bench.venue.accept(bench.orders[0])
    bench.tick()
    quiet = len(stepped)
    for _ in range(8):
        bench.tick()
    assert len(stepped) == quiet
    bench.tick()
    assert executor.close_type is CloseType.TIME_LIMIT


# ---- kept positions ------------------------------------------------------------------------------------------------
def keep(bench: VenueBench, executor: Any) -> None:
    bench.orchestrator.stop(executor.id, keep_position=True)
    assert executor.close_type is CloseType.POSITION_HOLD


@pytest.mark.parametrize(("connector", "mode"), [(PERP, PositionMode.ONEWAY), (SPOT, PositionMode.ONEWAY)])
def test_ph_9_kept_positions_of_both_directions_net_into_one_hold(connector: str, mode: PositionMode) -> None:
    bench = VenueBench(instrument(connector=connector), price=200)
    bench.venue.mode = mode
    keep(bench, opened(bench, config(BUY, 5, connector_name=connector, entry_price=D(200))))
    keep(bench, opened(bench, config(SELL, 2, connector_name=connector, entry_price=D(200))))
    (hold,) = bench.orchestrator.positions("main")
    assert (hold.amount, hold.side, hold.breakeven_price) == (3, BUY, 200)


def test_ph_10_hedge_keeps_two_holds() -> None:
    bench = VenueBench()
    bench.venue.mode = PositionMode.HEDGE
    keep(bench, opened(bench, config(BUY, 5)))
    keep(bench, opened(bench, config(SELL, 3)))
    assert [(hold.amount, hold.side) for hold in bench.orchestrator.positions("main")] == [(5, BUY), (-3, SELL)]


def test_ph_14_a_kept_executor_adds_to_the_hold_that_is_there() -> None:
    """Hold 2 base / 400 quote, and an executor of 3 base / 600 quote that is kept: 5 base, 1000 quote, volume 1000."""
    bench = VenueBench(price=200)
    there = PositionHold(bench.instrument, controller_id="main")
    there.add(make_fill(bench.instrument, BUY, 200, 2, trade_id="before"))
    bench.orchestrator.holds.put(there)
    keep(bench, opened(bench, config(BUY, 3, entry_price=D(200))))
    (hold,) = bench.orchestrator.positions("main")
    assert (hold.amount, hold.amount * hold.breakeven_price, hold.volume_traded_quote) == (5, 1000, 1000)


def test_hold_is_announced_before_its_executor_is_ended() -> None:
    """Both stand in one transaction, in this order: no executor ends with exposure that nobody has."""
    bench = VenueBench()
    told: list[str] = []
    from botcore.model.events import ExecutorEnded, HoldChanged

    bench.bus.subscribe(HoldChanged, lambda event: told.append("hold"))
    bench.bus.subscribe(ExecutorEnded, lambda event: told.append("ended"))
    keep(bench, opened(bench, config()))
    assert told == ["hold", "ended"]


def test_order_executor_hands_its_fills_to_a_hold() -> None:
    """OE-7, OE-8: done with its order it is a POSITION_HOLD, its own PnL is 0, 0.5 @ 100 is 50 quote."""
    bench = VenueBench()
    executor = bench.start(OrderExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D("0.5")))
    bench.venue.trade(bench.orders[0], price=100, fee="0.02")
    assert (executor.status, executor.close_type) == (RunnableStatus.TERMINATED, CloseType.POSITION_HOLD)
    assert (executor.info.net_pnl_quote, executor.info.filled_amount_quote) == (0, 50)
    (hold,) = bench.orchestrator.positions("main")
    assert (hold.amount, hold.realized_pnl_quote, hold.cum_fees_quote) == (D("0.5"), D("-0.02"), D("0.02"))


def test_holds_of_two_controllers_are_not_mixed() -> None:
    bench = VenueBench()
    keep(bench, opened(bench, config(BUY, 5), controller_id="one"))
    keep(bench, opened(bench, config(SELL, 3), controller_id="two"))
    assert [hold.amount for hold in bench.orchestrator.positions("one")] == [5]
    assert [hold.amount for hold in bench.orchestrator.positions("two")] == [-3]
    assert len(bench.orchestrator.positions()) == 2


# ---- liquidation ---------------------------------------------------------------------------------------------------
def test_liquidated_position_is_settled_at_the_venues_price() -> None:
    """The venue took everything on the market: executors there end as failed, holds are realised, the other market goes on."""
    btc = instrument("BTC-USDT")
    bench = VenueBench(instrument(), btc)
    lost = opened(bench, config(BUY, 1))
    keep(bench, opened(bench, config(BUY, 2)))
    other = opened(bench, config(BUY, 1, trading_pair="BTC-USDT"))
    waiting = bench.start(config(BUY, 1))
    bench.quote(80)
    bench.orchestrator.position_lost(PositionLost(bench.instrument.market, 8000, bench.clock.now_ns))
    assert (lost.status, lost.close_type) == (RunnableStatus.TERMINATED, CloseType.FAILED)
    assert lost.info.net_pnl_quote == -20, "people are told what it lost; the report counts it in the hold, once"
    assert "liquidated" in lost.info.reason
    assert not other.is_closed and not waiting.is_closed
    assert [hold.amount for hold in bench.orchestrator.positions()] == [0]
    # 3 base from 100 to 80
    assert bench.orchestrator.report().realized_pnl_quote == -60
    assert bench.records.faults == []


# ---- faults --------------------------------------------------------------------------------------------------------
class Broken(PositionExecutor):
    """Raises when the price is 66."""

    def on_tick(self, now_ns: int) -> None:
        if self._book.best_bid == 6600:
            raise RuntimeError("of the test")
        super().on_tick(now_ns)


class Hopeless(Broken):
    """Raises also when it is abandoned."""

    def abandon(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("again")


@pytest.mark.parametrize("kind", [Broken, Hopeless])
def test_executor_that_raises_is_taken_off_and_its_position_is_held(kind: type[PositionExecutor]) -> None:
    bench = VenueBench(factories={"broken": kind, "position_executor": PositionExecutor})
    executor = bench.start(config().model_copy(update={"type": "broken"}))
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.4")
    neighbour = opened(bench, config(stop_loss=D("0.05")))
    bench.price(66)
    assert (executor.status, executor.close_type) == (RunnableStatus.TERMINATED, CloseType.POSITION_HOLD)
    (fault,) = bench.records.faults
    assert (fault.kind, fault.executor_id, fault.error) == ("executor_fault", executor.id, "RuntimeError: of the test")
    (hold,) = bench.orchestrator.positions("main")
    assert hold.amount == D("0.4")
    assert neighbour.close_type is CloseType.STOP_LOSS, "the neighbour's stop fires in the same tick"
    if kind is Broken:
        assert bench.venue.cancels == [entry]
    bench.tick(5)
    assert len(bench.records.faults) == 1


def test_executor_that_raises_on_an_order_event_is_its_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = VenueBench()
    executor = bench.start(config())
    monkeypatch.setattr(executor, "on_order", lambda event: 1 / 0)
    bench.venue.trade(bench.orders[0], "0.4")
    assert executor.is_closed
    assert bench.records.faults[0].error.startswith("ZeroDivisionError")


# ---- report --------------------------------------------------------------------------------------------------------
def test_ph_12_report_of_active_closed_and_failed_executors() -> None:
    """One running at +10, one closed by take profit at +10, one failed at 0: realised 10, unrealised 10."""
    bench = VenueBench()
    running = opened(bench, config())
    done = opened(bench, config(take_profit=D("0.10")))
    bench.price(110)
    bench.venue.trade(bench.live()[-1], price=110)
    bench.gate.halt("of the test")
    failed = bench.start(config())
    failed.abandon(bench.clock.now_ns, "of the test")
    report = bench.orchestrator.report("main")
    assert (done.close_type, running.is_closed) == (CloseType.TAKE_PROFIT, False)
    assert (report.realized_pnl_quote, report.unrealized_pnl_quote, report.global_pnl_quote) == (10, 10, 20)
    assert report.close_type_counts == {CloseType.TAKE_PROFIT: 1, CloseType.FAILED: 1}
    assert report.volume_traded == 100 + 210
    assert (report.closed_executors, report.winning_executors) == (1, 1)
    assert report.global_pnl_pct == D(20) / 310 * 100, "percent of the traded volume, as Strategy V2 has it"


def test_hz_19_kept_round_trip_reports_fees() -> None:
    bench = VenueBench(price=1000)
    keep(bench, opened(bench, config(BUY, 1, entry_price=D(1000)), fee=50))
    keep(bench, opened(bench, config(SELL, 1, entry_price=D(1010)), fee=50))
    report = bench.orchestrator.report("main")
    assert (report.realized_pnl_quote, report.fees_quote, report.volume_traded) == (-90, 100, 2010)


def test_bt_10_kept_position_is_not_counted_twice() -> None:
    """The executor's own PnL is left out, its hold is in: 10 @ 100 at a mid of 105 is +50 unrealised and nothing realised."""
    bench = VenueBench()
    keep(bench, opened(bench, config(BUY, 10)))
    bench.quote(105)
    report = bench.orchestrator.report("main")
    assert (report.realized_pnl_quote, report.unrealized_pnl_quote) == (0, 50)
    assert report.volume_traded == 1000
    assert report.close_type_counts == {CloseType.POSITION_HOLD: 1}


def test_empty_book_makes_a_report_unknown_not_a_loss() -> None:
    bench = VenueBench()
    keep(bench, opened(bench, config(BUY, 10)))
    bench.state.book.clear()
    report = bench.orchestrator.report("main")
    assert report.unrealized_pnl_quote is None and report.global_pnl_quote is None and report.global_pnl_pct is None
    assert report.realized_pnl_quote == 0


def test_report_of_the_bot_sums_its_controllers() -> None:
    bench = VenueBench()
    for controller_id, price in (("one", 110), ("two", 95)):
        closed(bench, opened(bench, config(), controller_id=controller_id), price, fee="0.5")
        bench.quote(100)
    one, two, both = (bench.orchestrator.report(name) for name in ("one", "two", None))
    assert (one.realized_pnl_quote, two.realized_pnl_quote, both.realized_pnl_quote) == (D("9.5"), D("-5.5"), D(4))
    assert both.fees_quote == 1 and both.winning_executors == 1 and both.closed_executors == 2


def test_tally_survives_its_record() -> None:
    bench = VenueBench()
    closed(bench, opened(bench, config()), 110, fee="0.1")
    tally = bench.orchestrator.shelf("main").tally("USDT")
    assert Tally.from_record(tally.record()) == tally
    assert bench.records.tallies["main", "USDT"] == tally.record()


def test_pnl_of_the_report_is_the_cash_of_the_fills() -> None:
    """Ten executors, some closed, some kept, some open: global PnL equals cash flow plus inventory at the mark."""
    bench = VenueBench()
    for number in range(10):
        side = BUY if number % 2 else SELL
        executor = opened(bench, config(side, 1 + number % 3), price=100 + number, fee="0.07")
        if number % 3 == 0:
            keep(bench, executor)
        elif number % 3 == 1:
            closed(bench, executor, 97 + number, fee="0.05")
    bench.quote(104)
    fills = [fill for fill, _ in bench.records.fills]
    cash = sum((-fill.trade_type.sign * fill.notional - fill.fee.amount for fill in fills), D(0))
    base = sum((fill.trade_type.sign * fill.amount for fill in fills), D(0))
    report = bench.orchestrator.report()
    assert report.global_pnl_quote == cash + base * 104
    assert report.fees_quote == sum(fill.fee.amount for fill in fills)
    assert report.volume_traded == sum(fill.notional for fill in fills)


def test_market_order_type_is_what_the_close_uses() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert bench.orders[-1].request.order_type is OrderType.MARKET


def test_i20_fee_without_a_rate_is_flagged_in_info_position_and_report() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    bench.venue.trade(bench.orders[0], fee=1, asset="BNB", rate=None)
    report = bench.orchestrator.report()
    assert (executor.info.custom_info["unpriced_fees"], report.unpriced_fees, report.fees_quote) == (True, True, 0)
    bench.orchestrator.stop(executor.id, keep_position=True)
    (position,) = bench.orchestrator.positions()
    assert position.unpriced_fees
    assert bench.orchestrator.report().unpriced_fees
    assert not VenueBench().orchestrator.report().unpriced_fees
