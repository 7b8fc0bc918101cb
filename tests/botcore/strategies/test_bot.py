"""A running bot: isolation of faults, what a stop does, when controllers are asked, and liquidation through the whole runtime."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import FeeModel
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.model.actions import CreateExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, OrderType, PositionMode, RunnableStatus, TradeType
from botcore.model.errors import ConfigError, UserError
from botcore.model.instrument import Market
from tests.support.bench import PERP, D, instrument, spec_of
from tests.support.paper_bench import PaperBench

BUY, SELL = TradeType.BUY, TradeType.SELL


class Config(ControllerConfigBase):
    controller_name: str = "of_test"
    connector_name: str = PERP
    trading_pair: str = "ETH-USDT"
    leverage: int = 1
    position_mode: PositionMode = PositionMode.ONEWAY


def position(side: TradeType = BUY, amount: Any = 1, **barriers: Any) -> PositionExecutorConfig:
    barriers = {"open_order_type": OrderType.MARKET} | barriers
    return PositionExecutorConfig(
        trading_pair="ETH-USDT", connector_name=PERP, side=side, amount=D(amount), triple_barrier_config=TripleBarrierConfig(**barriers)
    )


class Opener(ControllerBase):
    """Opens one position at its first step and counts how often it is asked."""

    asked = 0

    def determine_executor_actions(self) -> list[Any]:
        self.asked += 1
        return self.decide() if self.asked == 1 else []

    def decide(self) -> list[Any]:
        return [CreateExecutorAction(controller_id=self.id, executor_config=position(stop_loss=D("0.05")))]


class Raiser(Opener):
    """Opens one position and raises at its third step."""

    def determine_executor_actions(self) -> list[Any]:
        actions = super().determine_executor_actions()
        if self.asked == 3:
            raise RuntimeError("of the test")
        return actions


def seat(kind: type[ControllerBase], name: str = "main", **changes: Any) -> Any:
    return spec_of(kind, Config), Config(id=name, **changes)


# ---- faults --------------------------------------------------------------------------------------------------------
def test_controller_that_raises_is_stopped_and_reported_and_all_others_go_on() -> None:
    bench = PaperBench()
    sick = bench.bot(seat(Raiser, "sick"), seat(Opener, "neighbour"), bot_id="sick-bot")
    well = bench.bot(seat(Opener, "well"), bot_id="well-bot")
    bench.settle(6)
    (fault,) = bench.records.faults
    assert (fault.kind, fault.bot_id, fault.controller_id, fault.error) == ("controller_fault", "sick-bot", "sick", "RuntimeError: of the test")
    raiser, neighbour, other = sick.controllers[0], sick.controllers[1], well.controllers[0]
    assert raiser.asked == 3 and neighbour.asked == other.asked == 6
    assert sick.seats[0].fault == "RuntimeError: of the test"
    assert [len(bot.orchestrator.running) for bot in (sick, well)] == [2, 1], "what it opened keeps running"
    bench.price(94)
    bench.settle()
    assert sick.orchestrator.report("sick").close_type_counts == {CloseType.STOP_LOSS: 1}, "and keeps its barriers"
    assert bench.part_faults == []


@pytest.mark.parametrize("where", ["update_processed_data", "get_candles_config", "quiet_until_ns"])
def test_fault_anywhere_in_a_controller_is_its_own(where: str) -> None:
    bench = PaperBench()
    bot = bench.bot(seat(Opener))

    def broken(*_: Any) -> Any:
        raise KeyError("of the test")

    setattr(bot.controllers[0], where, broken)
    bench.settle(4)
    assert [fault.error for fault in bench.records.faults] == ["KeyError: 'of the test'"]
    assert bench.part_faults == []


class Rash(Opener):
    """Asks for what nobody can do: an executor on a market that is not open, after one that is fine."""

    def decide(self) -> list[Any]:
        strange = position().model_copy(update={"trading_pair": "DOGE-USDT"})
        return [*super().decide(), CreateExecutorAction(controller_id=self.id, executor_config=strange)]


def test_action_that_can_not_be_carried_out_stops_its_controller() -> None:
    bench = PaperBench()
    bot = bench.bot(seat(Rash))
    bench.settle(4)
    (fault,) = bench.records.faults
    assert fault.kind == "controller_fault" and "DOGE-USDT is not open here" in fault.error
    assert len(bot.orchestrator.running) == 1, "the first action stands"


def test_executor_that_raises_leaves_its_bot_and_the_others_running(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = PaperBench()
    sick, well = bench.bot(seat(Opener), bot_id="sick"), bench.bot(seat(Opener), bot_id="well")
    bench.settle()
    victim = sick.orchestrator.running[0]
    monkeypatch.setattr(victim, "on_tick", lambda now_ns: 1 / 0)
    bench.settle()
    (fault,) = bench.records.faults
    assert (fault.kind, fault.bot_id, fault.executor_id) == ("executor_fault", "sick", victim.id)
    assert victim.close_type is CloseType.POSITION_HOLD
    assert [hold.amount for hold in sick.orchestrator.positions()] == [1]
    assert sick.controllers[0].asked == 6 and len(well.orchestrator.running) == 1
    assert bench.part_faults == []


# ---- stop ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("keep", [False, True])
def test_stop_ends_every_executor_once_and_tells_when_it_is_idle(keep: bool) -> None:
    bench = PaperBench()
    idle: list[str] = []
    bot = bench.bot(seat(Opener), on_idle=lambda stopped: idle.append(stopped.bot_id))
    bench.settle()
    bot.orchestrator.create(position(open_order_type=OrderType.LIMIT), "main")
    asked = bot.controllers[0].asked
    bot.stop(keep_position=keep)
    bot.stop()
    bench.settle(5)
    assert idle == ["bot"]
    assert bot.orchestrator.running == () and bench.exchange.orders == {}
    assert bot.controllers[0].asked == asked, "no more decisions"
    report = bot.orchestrator.report()
    first = CloseType.POSITION_HOLD if keep else CloseType.EARLY_STOP
    assert report.close_type_counts[first] >= 1
    ledger: Any = bench.exchange.ledger
    assert ledger.lots("ETH-USDT", "net") == sum(int(hold.amount * 1000) for hold in bot.orchestrator.positions())
    assert bool(ledger.lots("ETH-USDT", "net")) is keep


def test_stop_does_not_change_an_exit_that_is_under_way() -> None:
    bench = PaperBench()
    bot = bench.bot(seat(Opener))
    bench.settle()
    (executor,) = bot.orchestrator.running
    bench.quote(90)
    bench.tick()
    assert executor.status is RunnableStatus.SHUTTING_DOWN
    bot.stop(keep_position=True)
    bench.settle()
    assert bot.orchestrator.report().close_type_counts == {CloseType.STOP_LOSS: 1}


def test_ph_15_executor_whose_stop_raises_does_not_keep_the_others_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = PaperBench()
    idle: list[str] = []
    bot = bench.bot(seat(Opener, "one"), seat(Opener, "two"), seat(Opener, "three"), on_idle=lambda stopped: idle.append(stopped.bot_id))
    bench.settle()
    first, second, third = bot.orchestrator.running
    monkeypatch.setattr(second, "stop", lambda *_: 1 / 0)
    bot.stop()
    bench.settle(5)
    assert idle == ["bot"]
    assert [executor.close_type for executor in (first, second, third)] == [CloseType.EARLY_STOP, CloseType.POSITION_HOLD, CloseType.EARLY_STOP]
    assert [fault.executor_id for fault in bench.records.faults] == [second.id]
    assert [hold.amount for hold in bot.orchestrator.positions()] == [1]


def test_stop_of_a_bot_without_executors_is_idle_at_once() -> None:
    bench = PaperBench()
    idle: list[Any] = []
    bot = bench.bot(on_idle=idle.append)
    bot.stop()
    assert idle == [bot]


# ---- when controllers are asked ------------------------------------------------------------------------------------
class Sleeper(Opener):
    """Sleeps for 10 s unless an executor changes."""

    def quiet_until_ns(self) -> int:
        return self.market_data_provider.now_ns + 10_000_000_000


def test_sleeping_controller_is_asked_when_an_executor_changes_or_its_time_has_come() -> None:
    bench = PaperBench()
    bot = bench.bot(seat(Sleeper))
    controller = bot.controllers[0]
    bench.tick()
    assert controller.asked == 1
    bench.settle(2)
    woken = controller.asked
    assert woken >= 2, "its entry was filled"
    bench.settle(8)
    assert controller.asked == woken
    bench.settle(4)
    assert controller.asked == woken + 1, "its own time"


class TooBig(Sleeper):
    """Asks for more than the account can pay, then sleeps."""

    def decide(self) -> list[Any]:
        return [CreateExecutorAction(controller_id=self.id, executor_config=position(amount=10**6))]


def test_controller_whose_action_was_refused_at_once_is_asked_again_with_the_next_event() -> None:
    bench = PaperBench()
    bot = bench.bot(seat(TooBig))
    bench.tick()
    assert bot.controllers[0].asked == 1 and bot.wish()[1]
    bench.tick()
    assert bot.controllers[0].asked == 2
    assert bot.wish() == (bench.clock.now_ns + 10_000_000_000, False)


def test_controller_sees_its_own_executors_and_holds_only() -> None:
    bench = PaperBench()
    bot = bench.bot(seat(Opener, "one"), seat(Opener, "two"))
    bench.settle()
    bot.orchestrator.execute(StopExecutorAction(executor_id=bot.controllers[0].executors_info[0].id, keep_position=True))
    bench.settle(2)
    one, two = bot.controllers
    assert [info.controller_id for info in one.executors_info] == ["one"] and [hold.amount for hold in one.positions_held] == [1]
    assert [info.controller_id for info in two.executors_info] == ["two"] and two.positions_held == []


# ---- wiring --------------------------------------------------------------------------------------------------------
def test_market_that_is_not_to_be_had_names_it() -> None:
    bench = PaperBench()
    with pytest.raises((ConfigError, KeyError)):
        bench.bot(seat(Opener, trading_pair="DOGE-USDT"))


def test_second_bot_can_not_switch_the_mode_under_the_first() -> None:
    bench = PaperBench()
    bench.bot(seat(Opener))
    bench.settle()
    with pytest.raises(UserError, match="can't switch to HEDGE"):
        bench.bot(seat(Opener, position_mode=PositionMode.HEDGE), bot_id="second")


def test_removed_bot_is_not_stepped_any_more() -> None:
    bench = PaperBench()
    bot = bench.bot(seat(Opener))
    bench.settle()
    asked = bot.controllers[0].asked
    bench.runtime.remove_bot(bot)
    bench.settle()
    assert bot.controllers[0].asked == asked


# ---- liquidation ---------------------------------------------------------------------------------------------------
def test_liquidation_ends_the_executors_of_every_bot_on_that_market_and_their_pnl_is_the_accounts() -> None:
    of = instrument()
    bench = PaperBench(rules=PaperRules(of.kind, FeeModel(D("0.0002"), D("0.0005"))), balances={"USDT": D(100)})

    class Big(Opener):
        def decide(self) -> list[Any]:
            return [CreateExecutorAction(controller_id=self.id, executor_config=position(amount=6))]

    bots = [bench.bot(seat(Big, leverage=20), bot_id=name) for name in ("one", "two")]
    bench.settle()
    assert [len(bot.orchestrator.running) for bot in bots] == [1, 1]
    bench.price(92)
    bench.settle()
    assert [bot.orchestrator.running for bot in bots] == [(), ()]
    assert bench.exchange.ledger.positions[("ETH-USDT", "net")].lots == 0
    assert "liquidated" in bench.records.fact_kinds()
    assert bench.records.faults == [] and bench.part_faults == []
    report = bots[0].orchestrator.report()
    assert report.realized_pnl_quote == D(6) * (92 - 100) - 600 * D("0.0005")
    assert all(hold.amount == 0 for bot in bots for hold in bot.orchestrator.positions())
    market = Market(PERP, "ETH-USDT")
    assert bench.records.facts[bench.records.fact_kinds().index("liquidated")].payload["trading_pair"] == market.trading_pair
