"""What files in the dialect of Strategy V2 ask the world for: the calendar, the event loop, payments of funding, and a last word when they end."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from botcore.backtesting.engine import run_backtest
from botcore.compat.stand_ins import datetime_module
from botcore.controllers.base import ControllerBase as OurControllerBase
from botcore.controllers.config import ControllerConfigBase
from botcore.core.bus import EventBus
from botcore.core.steps import Stepper
from botcore.markets.market_state import MarketState
from botcore.model.enums import CloseType, PriceType
from botcore.model.events import FactKind, FundingBooked, PartFault
from botcore.model.instrument import Market
from botcore.model.records import FundingRecord
from botcore.model.times import SECOND_NS
from botcore.strategies.funding import ControllersTold, Funded
from condor.configs import Configs
from condor.home import find_home
from condor.markets import PaperMarkets
from condor.settings import Settings
from condor.waiting import LoopWaiter
from tests.support.bench import PERP, D, backtest_job, spec_of, table_of
from tests.support.paper_bench import PaperBench
from tests.support.user_code import WHERE, Stage


# ---- the calendar ----------------------------------------------------------------------------------------------------
def test_the_date_that_a_file_asks_for_is_the_markets(tmp_path: Path) -> None:
    stage = Stage("by_the_calendar", tmp_path, **WHERE)
    for _ in range(4):
        stage.tick()
    controller = stage.controller
    market = dt.datetime.fromtimestamp(controller.market_data_provider.time(), dt.UTC)
    now, utc, aware, day, today = controller.seen
    assert (utc.replace(tzinfo=dt.UTC), aware) == (market, market)
    assert now == today == market.astimezone().replace(tzinfo=None)
    assert day == now.date()
    (info,) = stage.infos
    assert controller.next_buy - now == dt.timedelta(hours=1) - dt.timedelta(seconds=3), "it bought with the first tick and waits for its hour"
    assert info.config.timestamp == pytest.approx(info.timestamp)


def test_dates_of_a_file_are_plain_ones_and_every_date_is_one_of_its_class() -> None:
    given: Any = datetime_module(dt)
    made = [given.datetime(2024, 5, 6, 7, tzinfo=given.timezone.utc), given.datetime.strptime("2024", "%Y"), given.datetime.fromtimestamp(0)]
    assert {type(item) for item in [*made, given.datetime.now()]} == {dt.datetime}
    assert all(isinstance(item, given.datetime) for item in [*made, dt.datetime.now(dt.UTC), pd.Timestamp(0)])
    assert not isinstance(dt.date(2024, 5, 6), given.datetime)
    assert isinstance(dt.date(2024, 5, 6), given.date)
    assert issubclass(pd.Timestamp, given.datetime)
    assert type(given.date.today()) is dt.date
    assert copy.deepcopy(made[0]) == made[0]
    assert abs(given.datetime.now(dt.UTC) - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1), "outside a step it is the machine's"


def test_fields_of_that_type_are_read_from_text(tmp_path: Path) -> None:
    stage = Stage("by_the_calendar", tmp_path, **WHERE, not_before="2999-01-01T00:00:00", last_day="2999-02-01")
    assert (stage.config.not_before, stage.config.last_day) == (dt.datetime(2999, 1, 1), dt.date(2999, 2, 1))  # noqa: DTZ001
    stage.tick()
    assert not stage.infos


# ---- the event loop --------------------------------------------------------------------------------------------------
def test_tasks_are_run_on_the_spot_where_no_loop_runs(tmp_path: Path) -> None:
    stage = Stage("by_the_calendar", tmp_path, **WHERE)
    stage.tick()
    controller = stage.controller
    assert controller.processed_data == {"bid": D(100), "ask": D(100), "mid": D(100), "again": D(100)}
    assert controller.notes == ["start", "began", "woke"]
    assert controller.napping.result() == dt.datetime.fromtimestamp(controller.market_data_provider.time(), dt.UTC)
    assert controller.loop.run_until_complete(controller.price(PriceType.MidPrice)) == D(100)


def test_a_nap_in_the_background_is_refused_without_a_loop_and_the_file_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage("by_the_calendar", tmp_path, **WHERE, nap_s=5)
    stage.tick()
    assert "sleeps 5.0 s, which is possible live and on paper, not in a backtest" in caplog.text
    assert stage.controller.notes == ["start", "began"]
    assert len(stage.infos) == 1


async def test_a_nap_in_the_background_goes_on_in_the_loop_while_the_file_is_asked(tmp_path: Path) -> None:
    bench = PaperBench()
    bench.runtime._waiter = LoopWaiter()
    stage = Stage("by_the_calendar", tmp_path, bench, **WHERE, nap_s=0.001)
    before = market_time(stage)
    await ticked(stage)
    controller = stage.controller
    assert controller.processed_data["again"] == D(100)
    assert len(stage.infos) == 1
    woke = await asyncio.wait_for(_awaited(controller.napping), 10)
    assert controller.notes == ["start", "began", "woke"]
    assert before <= woke <= market_time(stage), "its time is the market's after the wait too"


def market_time(stage: Stage) -> dt.datetime:
    return dt.datetime.fromtimestamp(stage.controller.market_data_provider.time(), dt.UTC)


async def ticked(stage: Stage) -> None:
    """Some ticks with turns of the event loop between them."""
    for _ in range(3):
        stage.tick()
        for _ in range(10):
            await asyncio.sleep(0)


async def _awaited(given: Any) -> Any:
    return await given


async def test_what_waits_in_the_background_can_be_cancelled(tmp_path: Path) -> None:
    bench = PaperBench()
    bench.runtime._waiter = LoopWaiter()
    stage = Stage("by_the_calendar", tmp_path, bench, **WHERE, nap_s=3600)
    await ticked(stage)
    napping = stage.controller.napping
    assert not napping.done()
    with pytest.raises(RuntimeError, match="still waits"):
        napping.result()
    assert napping.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert napping.done() and napping.cancelled() and not napping.cancel()
    assert "woke" not in stage.controller.notes


# ---- the end ---------------------------------------------------------------------------------------------------------
def test_a_file_is_told_of_its_end_once_and_nothing_that_it_does_then_holds_it_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage("by_the_calendar", tmp_path, **WHERE)
    stage.tick()
    stage.bot.stop()
    for _ in range(3):
        stage.tick()
    assert stage.controller.notes[-2:] == ["stop", "on_stop"]
    assert stage.controller.notes.count("on_stop") == 1
    assert "on_stop raised RuntimeError: the file raises while it ends" in caplog.text
    assert [info.is_done for info in stage.infos] == [True], "what it buys while it ends is not sent"


def test_a_kill_switch_is_an_end_and_the_next_step_a_new_beginning(tmp_path: Path) -> None:
    stage = Stage("by_the_calendar", tmp_path, **WHERE)
    stage.tick()
    stage.config.manual_kill_switch = True
    for _ in range(3):
        stage.tick()
    assert stage.controller.notes == ["start", "began", "woke", "stop", "on_stop"]
    stage.config.manual_kill_switch = False
    stage.tick()
    assert stage.controller.notes[5:] == ["start"]


def test_a_script_is_told_of_its_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage("scripts.counts_funding", tmp_path, settings={"exchange": PERP})
    for _ in range(3):
        stage.tick()
    with caplog.at_level(logging.WARNING):
        stage.bot.stop()
    stage.tick()
    assert stage.controller.script.ends == 1
    assert not caplog.records
    assert [info.close_type for info in stage.infos] == [CloseType.POSITION_HOLD], "what it sells while it ends is not sent"


# ---- funding ---------------------------------------------------------------------------------------------------------
def payment(amount: str, quote: str | None, controller_id: str = "c1") -> FundingRecord:
    return FundingRecord(
        controller_id, PERP, "ETH-USDT", f"f{amount}", "USDT" if quote else "BNB", D(amount), None if quote is None else D(quote), 7 * SECOND_NS
    )


def tell(stage: Stage, *payments: tuple[str, FundingRecord]) -> list[PartFault]:
    """Book payments; what goes wrong in a controller that is told."""
    bus, faults = EventBus(), list[PartFault]()
    bus.subscribe(PartFault, faults.append)
    ControllersTold(bus, lambda: stage.bench.runtime.bots, Stepper(), lambda: 9 * SECOND_NS)
    for bot_id, record in payments:
        bus.publish(FundingBooked(bot_id, record))
    return faults


def test_a_script_is_told_of_its_funding_with_the_next_tick_and_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage("scripts.counts_funding", tmp_path, settings={"exchange": PERP})
    stage.tick()
    faults = tell(
        stage,
        ("bot", payment("-0.25", "-0.25")),
        ("bot", payment("0.5", "0.5")),
        ("bot", payment("0.001", None)),
        ("bot", payment("8", "8", "c2")),
        ("other", payment("9", "9")),
    )
    assert not faults
    script = stage.controller.script
    assert not script.payments
    stage.tick()
    stage.tick()
    assert [(event.market, event.trading_pair, event.amount, event.timestamp) for event in script.payments] == [
        (PERP, "ETH-USDT", Decimal("-0.25"), 7.0),
        (PERP, "ETH-USDT", Decimal("0.5"), 7.0),
    ]
    assert script.payments[0].funding_rate.is_nan()
    assert "funding of 0.001 BNB for ETH-USDT has no rate" in caplog.text


def test_controllers_that_do_not_ask_are_not_told(tmp_path: Path) -> None:
    stage = Stage("one_of_each", tmp_path, **WHERE, kind="market")
    assert not isinstance(stage.controller, Funded)
    assert not tell(stage, ("bot", payment("1", "1")))


def test_what_a_controller_raises_when_it_is_told_is_its_own_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage("scripts.counts_funding", tmp_path, settings={"exchange": PERP})

    def fund(record: FundingRecord) -> None:
        raise ZeroDivisionError("of a file")

    monkeypatch.setattr(stage.controller, "fund", fund, raising=False)
    (fault,) = tell(stage, ("bot", payment("1", "1")))
    assert (fault.kind, fault.ts_ns, fault.error, fault.bot_id, fault.controller_id) == (
        FactKind.CONTROLLER_FAULT,
        9 * SECOND_NS,
        "ZeroDivisionError: of a file",
        "bot",
        "c1",
    )


class LooksAtFunding(OurControllerBase):
    """Writes down the rate that it sees."""

    def determine_executor_actions(self) -> list[Any]:
        RATES.append(self.market_data_provider.get_funding_info(PERP, "ETH-USDT"))
        return []


class LooksAtFundingConfig(ControllerConfigBase):
    connector_name: str = PERP
    trading_pair: str = "ETH-USDT"

    def markets(self) -> set[Market]:
        return {Market(PERP, "ETH-USDT")}


RATES: list[Any] = []


def test_a_simulated_perpetual_says_that_nobody_pays_funding(tmp_path: Path) -> None:
    RATES.clear()
    bars = [(60 * number, 100, 101, 99, 100) for number in range(5)]
    run_backtest(
        backtest_job([(spec_of(LooksAtFunding, LooksAtFundingConfig), LooksAtFundingConfig(id="c1", controller_name="of_test"))], table_of(bars))
    )
    assert {(info.trading_pair, info.rate) for info in RATES} == {("ETH-USDT", D(0))}
    assert all(info.mark_price.is_nan() for info in RATES), "a price that nobody told is not known"

    home = find_home(tmp_path)
    paper = PaperMarkets(home, Configs(home, 1), Settings(), {}, lambda _market: np.empty((0, 6)))
    for connector, rate in (("binance_perpetual", D(0)), ("binance", None)):
        state = MarketState(paper.plan(Market(connector, "ETH-USDT")).instrument)
        paper.feed(state, lambda: 1, 1)
        assert (state.funding.rate if state.funding else None) == rate
