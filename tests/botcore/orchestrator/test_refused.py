"""Creates that are refused again and again are tried less often, and leave few records; what can be had is had at once."""

from __future__ import annotations

from typing import Any

from botcore.controllers.config import ControllerConfigBase
from botcore.controllers.trading import TradingController
from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction
from botcore.model.enums import CloseType, OrderType, PositionAction, TradeType
from botcore.model.instrument import Market
from botcore.orchestrator.refused import KEPT, Refusals
from tests.support.bench import PERP, D, instrument, spec_of
from tests.support.paper_bench import PaperBench
from tests.support.venue_bench import VenueBench

BUY = TradeType.BUY
BIG = instrument(min_amount="1")


def entry(amount: Any, level_id: str | None = "buy_0", **more: Any) -> PositionExecutorConfig:
    triple = more.pop("triple_barrier_config", TripleBarrierConfig(open_order_type=OrderType.MARKET))
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


# ---- a new level for each create ---------------------------------------------------------------------------------------------
class Renaming(TradingController):
    """Wants `count` executors with every tick, and gives each a level that nobody has heard of."""

    amount = "0.5"
    count = 1
    side = BUY

    def determine_executor_actions(self) -> list[Any]:
        wanted = self.count - len([info for info in self.executors_info if not info.is_done])
        self.given = getattr(self, "given", 0) + wanted
        levels = [f"level_{self.given - number}" for number in range(wanted)]
        return [CreateExecutorAction(controller_id=self.id, executor_config=entry(self.amount, level, side=self.side)) for level in levels]


def renaming() -> tuple[PaperBench, Any]:
    bench = PaperBench(BIG)
    return bench, bench.bot((spec_of(Renaming, Config), Config(id="c1")))


def test_new_names_for_the_same_wish_are_one_wish() -> None:
    """400 ticks of 0.1 s: without a pause 400 executors."""
    bench, bot = renaming()
    for _ in range(400):
        bench.tick(0.1)
    assert len(bench.records.ended) == len(bench.records.executors) == 8, "3 at once, then after 1, 2, 4, 8 and 16 s"
    assert len(bot.orchestrator.shelf("c1").infos) <= 9 and not bot.seats[0].fault


def test_a_ladder_of_new_names_is_one_try_each_time() -> None:
    bench, bot = renaming()
    bot.controllers[0].count = 5
    for _ in range(20):
        bench.tick(0.1)
    assert len(bench.records.ended) == 5 * 4, "3 rounds and one after a second, each of them whole"


def test_new_names_are_tried_when_their_time_has_come_and_start_anew() -> None:
    bench, bot = renaming()
    for _ in range(60):
        bench.tick(0.1)
    controller = bot.controllers[0]
    controller.amount = "2"
    for _ in range(40):
        bench.tick(0.1)
    assert len(bot.orchestrator.running) == 1
    # what was refused before is forgotten: the next refusals are free again
    ended = len(bench.records.ended)
    controller.amount, controller.count = "0.5", 2
    for _ in range(3):
        bench.tick(0.1)
    assert len(bench.records.ended) == ended + 3


def test_levels_that_are_asked_for_again_and_again_do_not_hold_back_others() -> None:
    """One level is too small for ever; those beside it are old acquaintances, and come late as well."""
    bench = VenueBench(BIG)
    create = bench.orchestrator.create
    for _ in range(6):
        create(entry("0.5", "small"), "main")
        bench.tick(0.05)
    assert create(entry("2", "new"), "main") is not None


def test_levels_that_could_be_had_are_tried_beside_new_names_that_can_not() -> None:
    bench = VenueBench(BIG)
    create = bench.orchestrator.create
    old = bench.start(entry(1, "old", triple_barrier_config=TripleBarrierConfig(), entry_price=D(90)))
    bench.orchestrator.stop(old.id)
    bench.send()
    bench.venue.end(bench.orders[-1])
    assert old.is_closed and not old.has_fills
    for number in range(5):
        last = create(entry("0.5", f"new_{number}"), "main")
        bench.tick(0.05)
    assert last is None
    assert create(entry(1, "old"), "main") is not None, "it is no new name"
    # another side, another kind, another controller, and what has no level are other wishes
    for config in (entry(1, "sell", side=TradeType.SELL), entry(1, None)):
        assert create(config, "main") is not None
    assert create(OrderExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D(1), level_id="order"), "main") is not None
    assert create(entry(1, "first"), "other") is not None


def test_a_fill_ends_the_waiting_of_new_names_too() -> None:
    bench = VenueBench(BIG)
    create = bench.orchestrator.create
    working = bench.start(entry(1, "working"))
    for number in range(5):
        last = create(entry("0.5", f"new_{number}"), "main")
        bench.tick(0.05)
    assert last is None
    bench.venue.trade(bench.orders[-1], price=100)
    bench.orchestrator.stop(working.id)
    bench.send()
    bench.venue.trade(bench.orders[-1], price=100)
    assert working.is_closed
    assert create(entry("0.5", "new_6"), "main") is not None


def refused(reason: str, number: int, at_ns: int) -> Any:
    """An executor that was refused."""
    info = ExecutorInfo(entry("0.5", f"level_{number}"), f"x{number}", "main", at_ns)
    info.close_type, info.reason = CloseType.FAILED, reason
    return info


def tried(reasons: list[str]) -> int:
    """How many of 100 creates with new levels, one each 0.1 s, are tried when they are refused for these reasons in turn."""
    refusals, count = Refusals(), 0
    for number in range(100):
        now_ns = number * 10**8
        if refusals.waiting(entry("0.5", f"level_{number}"), now_ns) is None:
            refusals.ended(refused(reasons[count % len(reasons)].format(number=number), number, now_ns), now_ns, at_once=True)
            count += 1
    return count


def test_numbers_in_a_reason_are_no_other_reason_and_many_reasons_are_no_way_out() -> None:
    assert tried(["too small"]) == tried(["{number}.5 ETH are below the smallest order"]) == 6
    assert tried(["too small", "no money"]) == 9, "each reason has its own free tries"
    assert tried([f"reason {chr(97 + number)}" for number in range(26)]) < 35


def test_what_is_remembered_is_bounded() -> None:
    refusals, bench = Refusals(), VenueBench(BIG)
    for number in range(KEPT + 20):
        executor = bench.start(entry("0.5", f"level_{number}"))
        refusals.ended(executor.info, 0, at_once=True)
    assert len(refusals._known) == KEPT and len(refusals._new) == 1
