"""A paused bot: entries end and none is made, what is held keeps its exits, and everything goes on when it is resumed."""

from __future__ import annotations

from botcore.executors.data_types import OrderExecutorConfig
from botcore.model.actions import CreateExecutorAction
from botcore.model.enums import CloseType, PositionAction, TradeType
from tests.botcore.orchestrator.test_orchestrator import config, opened
from tests.support.bench import PERP, D
from tests.support.venue_bench import VenueBench


def test_entries_are_cancelled_and_what_is_held_keeps_its_stop_and_its_target() -> None:
    bench = VenueBench()
    held = opened(bench, config(take_profit="0.1", stop_loss="0.1"), price=100)
    waiting = bench.start(config(entry_price=D(90)))
    bench.tick()
    bench.orchestrator.pause("paused by Ann")
    bench.send()
    bench.venue.end(waiting_order := next(order for order in bench.orders if order.request.purpose.adds_risk and order.is_open))
    assert waiting_order.owner is waiting
    assert waiting.close_type is CloseType.EARLY_STOP and not held.is_closed
    bench.price(89)
    bench.venue.trade(bench.orders[-1], price=89)
    assert held.close_type is CloseType.STOP_LOSS, "its stop still fires"


def test_creates_are_refused_in_words_and_exits_are_not() -> None:
    bench = VenueBench()
    bench.orchestrator.pause("paused by Ann")
    orders = len(bench.orders)
    for _ in range(5):
        bench.orchestrator.execute(CreateExecutorAction(controller_id="main", executor_config=config()))
        bench.tick()
    infos = bench.orchestrator.shelf("main").infos
    assert [info.close_type for info in infos] == [CloseType.FAILED], "one stands for all that were asked for"
    assert infos[0].reason == "waits until the bot is resumed: paused by Ann"
    assert len(bench.orders) == orders and bench.orchestrator.running == ()
    out = OrderExecutorConfig(
        connector_name=PERP,
        trading_pair="ETH-USDT",
        side=TradeType.SELL,
        amount=D(1),
        execution_strategy="MARKET",
        position_action=PositionAction.CLOSE,
    )
    assert bench.orchestrator.create(out, "main") is not None
    bench.orchestrator.resume()
    assert bench.orchestrator.create(config(), "main") is not None


def test_the_rest_of_a_partly_filled_entry_goes_and_comes_back() -> None:
    bench = VenueBench()
    executor = bench.start(config(amount=2, entry_price=D(99), stop_loss="0.5"))
    entry = bench.orders[-1]
    bench.venue.trade(entry, amount=1, price=99)
    bench.orchestrator.pause("paused by Ann")
    assert entry.cancel_asked
    bench.send()
    bench.venue.end(entry)
    for _ in range(40):
        bench.tick()
    assert [order for order in bench.orders if order.is_open and order.request.purpose.adds_risk] == []
    assert not executor.is_closed and executor.retries == 0, "waiting costs no attempt"


def test_another_bots_entries_are_left_alone() -> None:
    bench = VenueBench()
    mine = bench.start(config(entry_price=D(90)))
    bench.venue.trade(bench.orders[-1], amount="0.1", price=90)
    order = bench.orders[-1]
    # as an entry of another bot with the same connector: an executor that this orchestrator does not keep
    order.owner = type(mine)(mine.config, bench.orchestrator.around, mine.id, "main", 0)
    bench.orchestrator.pause("paused by Ann")
    assert not order.cancel_asked
