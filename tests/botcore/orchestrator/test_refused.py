"""Creates that are refused again and again are tried less often, and leave few records; what can be had is had at once."""

from __future__ import annotations

from typing import Any

from botcore.controllers.config import ControllerConfigBase
from botcore.controllers.trading import TradingController
from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.model.actions import CreateExecutorAction
from botcore.model.enums import CloseType, OrderType, PositionAction, TradeType
from botcore.model.instrument import Market
from botcore.orchestrator.refused import KEPT, Refusals
from tests.support.bench import PERP, D, instrument, spec_of
from tests.support.paper_bench import PaperBench
from tests.support.venue_bench import VenueBench

BUY = TradeType.BUY
BIG = instrument(min_amount="1")


def entry(amount: Any, level_id: str = "buy_0", **more: Any) -> PositionExecutorConfig:
    triple = TripleBarrierConfig(open_order_type=OrderType.MARKET)
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": BUY, "amount": D(amount), "level_id": level_id}
    return PositionExecutorConfig(triple_barrier_config=triple, **(values | more))


class Config(ControllerConfigBase):
    controller_name: str = "asking"

    def markets(self) -> set[Market]:
        return {Market(PERP, "ETH-USDT")}


class Asking(TradingController):
    """Wants two levels, each at least as large as `amount`, and asks for what it does not have with every tick."""

    amount = "0.5"

    def determine_executor_actions(self) -> list[Any]:
        has = {info.level_id for info in self.executors_info if not info.is_done}
        levels = [level for level in ("buy_0", "buy_1") if level not in has]
        return [CreateExecutorAction(controller_id=self.id, executor_config=entry(self.amount, level)) for level in levels]


def asking() -> tuple[PaperBench, Any]:
    bench = PaperBench(BIG)
    bot = bench.bot((spec_of(Asking, Config), Config(id="c1")))
    return bench, bot


def test_a_controller_that_is_refused_with_every_tick_leaves_few_records() -> None:
    """400 ticks of 0.1 s, two creates each: without a pause 800 executors."""
    bench, bot = asking()
    for _ in range(400):
        bench.tick(0.1)
    # 3 at once, then after 1, 2, 4, 8 and 16 s
    assert [len([info for info in bench.records.ended if info.level_id == level]) for level in ("buy_0", "buy_1")] == [8, 8]
    assert len(bench.records.executors) == 16
    shelf = bot.orchestrator.shelf("c1")
    assert len(shelf.infos) <= 18, "those that were not tried are shown once for each level"
    assert {info.close_type for info in shelf.infos} == {CloseType.FAILED}
    assert {info.reason for info in shelf.infos} == {shelf.infos[0].reason} != {""}
    assert bot.orchestrator.report("c1").close_type_counts == {CloseType.FAILED: 16}
    assert bot.orchestrator.running == () and not bot.seats[0].fault


def test_what_can_be_had_is_tried_when_its_time_has_come_and_starts_anew() -> None:
    bench, bot = asking()
    for _ in range(5):
        bench.tick(0.1)
    bot.controllers[0].amount = "2"
    bench.tick(0.1)
    assert bot.orchestrator.running == ()
    for _ in range(12):
        bench.tick(0.1)
    assert {executor.info.level_id for executor in bot.orchestrator.running} == {"buy_0", "buy_1"}


def test_others_are_not_kept_waiting() -> None:
    bench = VenueBench(BIG)
    create = bench.orchestrator.create
    refused = [create(entry("0.5"), "main") for _ in range(6)]
    assert [executor is not None for executor in refused] == [True] * 3 + [False] * 3
    for other in (entry("0.5", "buy_1"), entry("2", side=TradeType.SELL), entry("0.5")):
        assert (create(other, "other") if other.level_id == "buy_0" and other.side is BUY else create(other, "main")) is not None
    infos = bench.orchestrator.shelf("main").infos
    assert [info.is_done for info in infos].count(True) == 5, "3 that were tried, one for the 3 that were not, and buy_1"


def test_a_fill_of_the_controller_ends_all_waiting() -> None:
    """What an executor held, or had blocked, is free again when it ends."""
    bench = VenueBench(BIG)
    working = bench.start(entry(1, "other"))
    for _ in range(4):
        last = bench.orchestrator.create(entry("0.5"), "main")
    assert last is None
    bench.venue.trade(bench.orders[-1], price=100)
    bench.orchestrator.stop(working.id)
    bench.send()
    bench.venue.trade(bench.orders[-1], price=100)
    assert working.is_closed
    assert bench.orchestrator.create(entry("0.5"), "main") is not None


def test_what_gets_out_of_a_position_is_tried_each_time() -> None:
    bench = VenueBench(BIG)
    out = OrderExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D("0.5"), position_action=PositionAction.CLOSE)
    for _ in range(6):
        assert bench.start(out).is_closed
    refused = OrderExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D("0.5"))
    assert [bench.orchestrator.create(refused, "other") is None for _ in range(5)] == [False] * 3 + [True] * 2


def test_what_is_remembered_is_bounded() -> None:
    refusals, bench = Refusals(), VenueBench(BIG)
    for number in range(KEPT + 20):
        executor = bench.start(entry("0.5", f"level_{number}"))
        refusals.ended(executor.info, 0, at_once=True)
    assert len(refusals._known) == KEPT
