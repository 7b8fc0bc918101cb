"""The controller base: looking at executors, trading by hand, data that are waited for, and config that changes while it runs."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field, model_validator

from botcore.controllers.base import ControllerBase, ControllerConfigBase, ExecutorFilter
from botcore.controllers.updates import changed_fields, updatable_fields, updated
from botcore.core.config import ask
from botcore.executors.data_types import ExecutionStrategy, PositionExecutorConfig, TripleBarrierConfig
from botcore.model.enums import CloseType, OrderType, PositionMode, PriceType, RunnableStatus, TradeType
from botcore.model.errors import ConfigError
from condor.waiting import LoopWaiter
from tests.support.bench import PERP, T0_S, D, instrument, spec_of
from tests.support.paper_bench import PaperBench

BUY, SELL = TradeType.BUY, TradeType.SELL


class Config(ControllerConfigBase):
    controller_name: str = "of_test"
    connector_name: str = PERP
    trading_pair: str = "ETH-USDT"
    leverage: int = 1
    position_mode: PositionMode = PositionMode.ONEWAY
    low: Annotated[Decimal, Field(gt=0, json_schema_extra=ask("Low?", updatable=True))] = D(1)
    high: Annotated[Decimal, Field(json_schema_extra=ask("High?", updatable=True))] = D(2)

    @model_validator(mode="after")
    def _ordered(self) -> Config:
        if self.low >= self.high:
            raise ValueError("expected low below high")
        return self


class Hand(ControllerBase):
    """Does what the test says, once each."""

    todo: Any = None

    def determine_executor_actions(self) -> list[Any]:
        todo, self.todo = self.todo, None
        if todo is not None:
            todo(self)
        return []


def hand(bench: PaperBench, **changes: Any) -> tuple[Any, Hand]:
    bot = bench.bot((spec_of(Hand, Config), Config(id="main", **changes)))
    controller = bot.controllers[0]
    assert isinstance(controller, Hand)
    return bot, controller


def after(bench: PaperBench, controller: Hand, todo: Any) -> Any:
    """What a helper gives back inside a step."""
    given: list[Any] = []
    controller.todo = lambda of: given.append(todo(of))
    bench.tick()
    return given[0]


# ---- trading by hand -----------------------------------------------------------------------------------------------
def test_buy_is_carried_out_in_the_same_tick_and_is_held() -> None:
    bench = PaperBench()
    bot, controller = hand(bench)
    executor_id = after(bench, controller, lambda of: of.buy(PERP, "ETH-USDT", D(2)))
    assert bot.orchestrator.executor(executor_id) is not None, "in the same tick, under the id that was given back"
    bench.settle()
    (position,) = controller.open_positions()
    assert (position["amount"], position["side"], position["entry_price"], position["executor_id"]) == (2, BUY, 100, None)
    assert controller.open_positions(trading_pair="BTC-USDT") == []
    assert [info.close_type for info in controller.get_completed_executors()] == [CloseType.POSITION_HOLD]


def test_sell_with_barriers_is_a_position_of_its_own() -> None:
    bench = PaperBench()
    bot, controller = hand(bench)
    barriers = TripleBarrierConfig(stop_loss=D("0.05"), open_order_type=OrderType.MARKET)
    executor_id = after(bench, controller, lambda of: of.sell(PERP, "ETH-USDT", D(1), triple_barrier_config=barriers))
    bench.settle()
    (position,) = controller.open_positions()
    assert (position["executor_id"], position["side"], position["amount"], position["entry_price"]) == (executor_id, SELL, 1, 100)
    bench.price(106)
    bench.settle()
    assert bot.orchestrator.report().close_type_counts == {CloseType.STOP_LOSS: 1}


def test_resting_order_is_listed_and_cancelled() -> None:
    bench = PaperBench()
    _, controller = hand(bench)
    executor_id = after(bench, controller, lambda of: of.buy(PERP, "ETH-USDT", D(1), D(90), ExecutionStrategy.LIMIT))
    bench.settle()
    (order,) = controller.open_orders(connector_name=PERP)
    assert (order["executor_id"], order["price"], order["amount"], order["status"]) == (executor_id, 90, 1, "RUNNING")
    assert controller.open_orders(trading_pair="BTC-USDT") == []
    assert after(bench, controller, lambda of: of.cancel(executor_id)) is True
    bench.settle()
    assert controller.open_orders() == [] and bench.exchange.orders == {}
    assert after(bench, controller, lambda of: of.cancel(executor_id)) is False, "it has ended"
    assert after(bench, controller, lambda of: of.cancel("nobody")) is False


def test_cancel_all_ends_what_is_meant_only() -> None:
    btc = instrument("BTC-USDT")
    bench = PaperBench(instrument(), btc)
    _, controller = hand(bench)
    first = after(bench, controller, lambda of: of.buy(PERP, "ETH-USDT", D(1), D(90), ExecutionStrategy.LIMIT))
    second = after(bench, controller, lambda of: of.buy(PERP, "BTC-USDT", D(1), D(90), ExecutionStrategy.LIMIT))
    bench.settle()
    assert after(bench, controller, lambda of: of.cancel_all(trading_pair="BTC-USDT")) == [second]
    assert after(bench, controller, lambda of: of.cancel_all(executor_filter=ExecutorFilter(executor_ids=[first]))) == [first]
    bench.settle()
    assert controller.get_active_executors() == []


def test_order_of_this_step_that_is_cancelled_in_it_never_starts() -> None:
    bench = PaperBench()
    bot, controller = hand(bench)
    assert after(bench, controller, lambda of: of.cancel(of.buy(PERP, "ETH-USDT", D(1)))) is True
    bench.settle()
    assert bot.orchestrator.running == () and bot.orchestrator.shelf("main").infos == []


def test_ids_are_those_of_the_data_folder_and_never_repeat() -> None:
    bench = PaperBench()
    _, one = hand(bench)
    ids = [after(bench, one, lambda of: of.buy(PERP, "ETH-USDT", D(1))) for _ in range(3)]
    assert len(set(ids)) == 3 and all(name.startswith("x-0-") for name in ids)


def test_helper_called_between_two_ticks_is_carried_out_with_the_next_one() -> None:
    bench = PaperBench()
    bot, controller = hand(bench)
    bench.tick()
    executor_id = controller.buy(PERP, "ETH-USDT", D(1))
    bench.tick()
    assert bot.orchestrator.executor(executor_id) is not None


def test_controller_without_a_bot_can_not_trade() -> None:
    bench = PaperBench()
    with pytest.raises(RuntimeError, match="belongs to no bot yet"):
        Hand(Config(), bench.runtime.market_data).buy(PERP, "ETH-USDT", D(1))


def test_current_price_is_unknown_rather_than_zero() -> None:
    bench = PaperBench(price=None)
    _, controller = hand(bench)
    assert controller.get_current_price(PERP, "ETH-USDT").is_nan()
    bench.price(99, 101)
    assert controller.get_current_price(PERP, "ETH-USDT") == 100
    assert controller.get_current_price(PERP, "ETH-USDT", PriceType.BestAsk) == 101


# ---- looking at executors ------------------------------------------------------------------------------------------
def crowd() -> tuple[Any, Hand]:
    """A long that gains 10, a short that loses 10, and an entry that waits; all of 1 @ 100, price 110."""
    bench = PaperBench()
    bot, controller = hand(bench)
    market = TripleBarrierConfig(open_order_type=OrderType.MARKET)

    def position(name: str, side: TradeType, barriers: TripleBarrierConfig, price: Any = None) -> None:
        config = PositionExecutorConfig(
            id=name, trading_pair="ETH-USDT", connector_name=PERP, side=side, amount=D(1), entry_price=price, triple_barrier_config=barriers
        )
        bot.orchestrator.create(config, "main")

    position("long", BUY, market)
    position("short", SELL, market)
    position("waits", BUY, TripleBarrierConfig(), D(50))
    bench.settle()
    bench.price(110)
    return bench, controller


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "long short waits"),
        ({"executor_ids": ["long", "gone"]}, "long"),
        ({"executor_ids": []}, ""),
        ({"connector_names": [PERP]}, "long short waits"),
        ({"connector_names": ["other"]}, ""),
        ({"trading_pairs": ["BTC-USDT"]}, ""),
        ({"executor_types": ["position_executor"]}, "long short waits"),
        ({"executor_types": ["grid_executor"]}, ""),
        ({"statuses": [RunnableStatus.RUNNING]}, "long short waits"),
        ({"statuses": [RunnableStatus.TERMINATED]}, ""),
        ({"sides": [SELL]}, "short"),
        ({"is_active": True}, "long short waits"),
        ({"is_active": False}, ""),
        ({"is_trading": True}, "long short"),
        ({"is_trading": False}, "waits"),
        ({"close_types": [CloseType.STOP_LOSS]}, ""),
        ({"controller_ids": ["main"]}, "long short waits"),
        ({"controller_ids": ["other"]}, ""),
        ({"min_pnl_pct": D("0.1")}, "long"),
        ({"max_pnl_pct": D("-0.1")}, "short"),
        ({"min_pnl_quote": D(0)}, "long waits"),
        ({"max_pnl_quote": D(0)}, "short waits"),
        ({"min_pnl_quote": D(1), "sides": [SELL]}, ""),
        ({"min_timestamp": T0_S}, "long short waits"),
        ({"max_timestamp": T0_S}, ""),
        ({"min_close_timestamp": 0.0}, ""),
        ({"max_close_timestamp": 2.0**40}, ""),
    ],
)
def test_filter_by_every_field(wanted: dict[str, Any], found: str) -> None:
    _, controller = crowd()
    assert " ".join(info.id for info in controller.filter_executors(executor_filter=ExecutorFilter(**wanted))) == found


def test_filter_of_ended_executors_by_how_and_when_they_ended() -> None:
    bench, controller = crowd()
    after(bench, controller, lambda of: of.cancel("waits"))
    bench.settle()
    (info,) = controller.filter_executors(executor_filter=ExecutorFilter(close_types=[CloseType.EARLY_STOP]))
    ended = info.close_timestamp
    assert ended is not None
    assert controller.filter_executors(executor_filter=ExecutorFilter(min_close_timestamp=ended, max_close_timestamp=ended)) == [info]
    assert controller.filter_executors(executor_filter=ExecutorFilter(min_close_timestamp=ended + 1)) == []


def test_pnl_that_is_not_known_holds_for_no_bound() -> None:
    bench, controller = crowd()
    bench.runtime.markets[bench.instrument.market].book.clear()
    assert controller.filter_executors(executor_filter=ExecutorFilter(max_pnl_quote=D(10**9), is_trading=True)) == []
    assert len(controller.filter_executors(executor_filter=ExecutorFilter(is_trading=True))) == 2


def test_co_7_no_executors_given_is_not_the_same_as_none_given() -> None:
    _, controller = crowd()
    assert controller.filter_executors(executors=[]) == []
    assert controller.filter_executors(executors=[], executor_filter=ExecutorFilter()) == []
    assert len(controller.filter_executors()) == 3


def test_filter_takes_a_function_alone_beside_a_filter_and_in_its_place() -> None:
    _, controller = crowd()
    is_long = lambda info: info.side is BUY  # noqa: E731
    assert len(controller.filter_executors(filter_func=is_long)) == 2
    assert len(controller.filter_executors(controller.executors_info, is_long)) == 2
    assert [info.id for info in controller.filter_executors(filter_func=is_long, executor_filter=ExecutorFilter(is_trading=True))] == ["long"]
    assert [info.id for info in controller.get_executors_by_side([SELL])] == ["short"]
    assert len(controller.get_executors_by_type(["position_executor"], trading_pairs=["ETH-USDT"])) == 3


def test_status_lines_are_the_plain_numbers() -> None:
    _, controller = crowd()
    controller.processed_data = {"signal": 1, "features": object(), "spread": D("0.01")}
    assert controller.to_format_status() == ["signal: 1", "spread: 0.01"]
    assert controller.get_custom_info() == {}


# ---- data that are waited for --------------------------------------------------------------------------------------
class Awaiting(ControllerBase):
    """Its data come by `wait`; counts what happens."""

    asked = 0
    decided = 0
    wait: Any = staticmethod(lambda: asyncio.sleep(0))

    async def update_processed_data(self) -> None:
        self.asked += 1
        await self.inner()
        self.processed_data = {"asked": self.asked}

    async def inner(self) -> None:
        await self.wait()

    def determine_executor_actions(self) -> list[Any]:
        self.decided += 1
        return []


def awaiting(bench: PaperBench, wait: Any) -> Any:
    bot = bench.bot((spec_of(Awaiting, Config), Config(id="main")))
    bot.controllers[0].wait = wait
    return bot


async def nothing() -> None:
    return None


def test_coroutine_that_does_not_really_wait_is_stepped_within_the_tick() -> None:
    bench = PaperBench()
    for wait in (nothing, lambda: asyncio.sleep(0)):
        bot = awaiting(bench, wait)
        controller = bot.controllers[0]
        bench.settle(3)
        assert (controller.asked, controller.decided, controller.processed_data) == (3, 3, {"asked": 3})
        bench.runtime.remove_bot(bot)


def test_wait_for_something_outside_is_refused_where_there_is_no_event_loop() -> None:
    bench = PaperBench()
    loop = asyncio.new_event_loop()
    awaiting(bench, loop.create_future)
    bench.settle(3)
    loop.close()
    (fault,) = bench.records.faults
    assert "waits for something outside" in fault.error


async def test_wait_goes_on_in_the_event_loop_and_the_decision_follows_when_it_is_back() -> None:
    bench = PaperBench()
    bench.runtime._waiter = LoopWaiter()
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bot = awaiting(bench, lambda: future)
    controller = bot.controllers[0]
    bench.settle(3)
    assert (controller.asked, controller.decided) == (1, 0), "nobody decides on data that are not there, and nobody asks twice"
    future.set_result(None)
    for _ in range(3):
        await asyncio.sleep(0)
    assert controller.processed_data == {"asked": 1}
    bench.tick()
    assert (controller.asked, controller.decided) == (1, 1)
    bench.tick()
    assert (controller.asked, controller.decided) == (2, 2)
    assert bench.records.faults == []


async def test_fault_while_it_waits_is_the_controllers_own() -> None:
    bench = PaperBench()
    bench.runtime._waiter = LoopWaiter()

    async def broken() -> None:
        await asyncio.sleep(0)
        raise KeyError("of the test")

    awaiting(bench, broken)
    bench.tick()
    for _ in range(3):
        await asyncio.sleep(0)
    bench.tick()
    assert [fault.error for fault in bench.records.faults] == ["KeyError: 'of the test'"]


async def test_timeout_in_its_first_stretch_ends_the_wait_and_not_the_clock() -> None:
    bench = PaperBench()
    bench.runtime._waiter = LoopWaiter()
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()

    async def limited() -> None:
        try:
            async with asyncio.timeout(0):
                await never
        except TimeoutError:
            ended.set()

    bot = awaiting(bench, limited)
    bench.tick()
    await ended.wait()
    await asyncio.sleep(0)
    bench.tick()
    assert bot.controllers[0].decided == 1
    task = asyncio.current_task()
    assert task is not None and not task.cancelling()


async def test_kill_switch_and_stop_give_up_the_wait() -> None:
    bench = PaperBench()
    bench.runtime._waiter = LoopWaiter()
    futures: list[asyncio.Future[None]] = []

    def wait() -> asyncio.Future[None]:
        futures.append(asyncio.get_running_loop().create_future())
        return futures[-1]

    bot = awaiting(bench, wait)
    bench.tick()
    await asyncio.sleep(0)
    bot.stop()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert futures[0].cancelled() and not bot.controllers[0].is_waiting


# ---- config --------------------------------------------------------------------------------------------------------
def test_updatable_fields_are_those_that_say_so() -> None:
    assert updatable_fields(Config) == ["total_amount_quote", "manual_kill_switch", "low", "high"]


def test_update_gives_a_new_config_and_leaves_the_old_one() -> None:
    before = Config()
    new = updated(before, {"low": "3", "high": D(5)})
    assert (new.low, new.high, before.low, before.high) == (3, 5, 1, 2)
    assert changed_fields(before, new) == ["low", "high"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"low": "0"}, "field low: Input should be greater than 0, found '0'"),
        ({"low": "5"}, "expected low below high"),
        ({"leverage": 2}, "field leverage: it can't be changed while the bot runs; these can: total_amount_quote"),
        ({"lo": 2}, "field lo: unknown key"),
        ({"low": float("nan")}, "field low: "),
        ({"high": 1, "total_amount_quote": 500}, "expected low below high"),
    ],
)
def test_update_that_does_not_hold_is_refused_in_pydantics_words(changes: dict[str, Any], sentence: str) -> None:
    before = Config()
    with pytest.raises(ConfigError) as refused:
        updated(before, changes)
    assert sentence in str(refused.value)
    assert before == Config()
