"""Order entry to a paper exchange: intents first, funds on their way count, and a restart hears what happened meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import BackOfQueue, ConstantLatency, FeeModel
from botcore.controllers.barrier_fields import TradingControllerConfig
from botcore.controllers.base import ControllerBase
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.errors import UserError
from botcore.model.order import OrderRequest, OrderState
from tests.support.bench import PERP, SPOT, D, instrument, lots_of, spec_of, ticks_of
from tests.support.paper_bench import PaperBench

BUY, SELL = TradeType.BUY, TradeType.SELL


class Owner:
    """Somebody who sends orders and writes down what he hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_order(self, event: Any) -> None:
        self.heard.append(type(event).__name__)

    def on_fault(self, error: Exception) -> None:
        raise error


def request(bench: PaperBench, side: TradeType, amount: Any, price: Any = None, order_type: OrderType = OrderType.LIMIT) -> OrderRequest:
    of = bench.instrument
    action = PositionAction.OPEN if of.is_perpetual else PositionAction.NIL
    if price is None:
        return OrderRequest(of, side, OrderType.MARKET, lots_of(of, amount), None, action)
    return OrderRequest(of, side, order_type, lots_of(of, amount), ticks_of(of, price), action)


def spot_bench(**rules: Any) -> PaperBench:
    of = instrument(connector=SPOT)
    return PaperBench(of, rules=PaperRules(of.kind, rules.pop("fees", FeeModel()), **rules), balances={"USDT": D(1000), "ETH": D(1)})


def test_order_goes_from_intent_to_fill_in_order() -> None:
    bench = spot_bench(fees=FeeModel(D("0.001"), D("0.002")))
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    order = connector.submit(request(bench, BUY, 1), owner)
    assert order.state is OrderState.PENDING_CREATE and bench.exchange.arriving() == []
    bench.tick()
    assert [name for _, name, _ in bench.exchange.arriving()] == [order.client_order_id]
    bench.tick()
    assert owner.heard == ["OrderAccepted", "OrderFilled", "OrderClosed"]
    assert (order.state, order.average_price) == (OrderState.FILLED, 100)
    assert connector.balance("ETH") == (2, 2)
    assert connector.balance("USDT")[0] == D("899.8")


def test_nothing_leaves_before_its_intent_is_durable() -> None:
    bench = spot_bench()
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    bench.records.is_durable = False
    order = connector.submit(request(bench, BUY, 1), owner)
    bench.settle()
    assert bench.records.submitted == [order], "the intent was announced"
    assert bench.exchange.arriving() == [] and bench.exchange.orders == {} and owner.heard == []


def test_funds_of_orders_on_their_way_count() -> None:
    bench = spot_bench()
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    assert connector.can_pay(request(bench, BUY, 6, 100), ticks_of(bench.instrument, 100))
    connector.submit(request(bench, BUY, 6, 90), owner)
    assert connector.balance("USDT") == (1000, 460)
    assert not connector.can_pay(request(bench, BUY, 6, 100), ticks_of(bench.instrument, 100))
    bench.settle()
    assert connector.balance("USDT") == (1000, 460), "now bound at the venue, counted once"


def test_refused_order_frees_its_funds_at_once() -> None:
    bench = spot_bench()
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    connector.submit(request(bench, BUY, 5, 150, OrderType.LIMIT_MAKER), owner)
    assert connector.balance("USDT")[1] == 250
    bench.settle()
    assert owner.heard == ["OrderClosed"]
    assert connector.balance("USDT")[1] == 1000


def test_cancel_is_asked_once() -> None:
    bench = spot_bench()
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    order = connector.submit(request(bench, BUY, 1, 90), owner)
    bench.settle()
    assert connector.cancel(order.client_order_id) is True
    assert connector.cancel(order.client_order_id) is False
    bench.settle()
    assert order.state is OrderState.CANCELED
    assert connector.cancel(order.client_order_id) is False
    assert connector.cancel("unknown") is False


def test_reconcile_tells_what_happened_while_nobody_listened() -> None:
    bench = spot_bench(queue=BackOfQueue())
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    order = connector.submit(request(bench, BUY, 1, 90), owner)
    bench.settle()
    bench.trade(90, "0.4", buyer_is_maker=True)
    bench.tick()
    bench.exchange.cancel(order.client_order_id, bench.clock.now_ns)
    bench.exchange.advance(bench.clock.now_ns + 10)
    bench.exchange.drain()  # the line was down: these words are lost
    heard = list(owner.heard)
    connector.reconcile(bench.clock.now_ns)
    assert order.state is OrderState.CANCELED
    assert order.filled_lots == 400
    assert owner.heard == [*heard, "OrderClosed"], "the fill was known before, it is not told twice"


def test_reconcile_ends_an_order_that_never_reached_the_venue() -> None:
    bench = spot_bench()
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    order = connector.submit(request(bench, BUY, 1, 90), owner)
    connector.take_outbox()  # the process died before it was sent
    connector.reconcile(bench.clock.now_ns)
    assert (order.state, order.reason) == (OrderState.FAILED, "the order never reached the venue")


def test_latency_counts_from_the_moment_of_the_decision() -> None:
    of = instrument(connector=SPOT)
    bench = PaperBench(of, rules=PaperRules(of.kind, FeeModel(), ConstantLatency(2_500_000_000)), balances={"USDT": D(1000)})
    connector, owner = bench.runtime.connectors[SPOT], Owner()
    connector.submit(request(bench, BUY, 1), owner)
    bench.settle(2)
    assert owner.heard == []
    bench.tick()
    assert owner.heard == ["OrderAccepted", "OrderFilled", "OrderClosed"]


def test_perpetual_settings_are_refused_while_something_stands() -> None:
    bench = PaperBench()
    connector, owner = bench.runtime.connectors[PERP], Owner()
    connector.configure_perpetual("ETH-USDT", 5, PositionMode.HEDGE)
    assert connector.position_mode() is PositionMode.HEDGE
    connector.submit(request(bench, BUY, 1), owner)
    bench.settle()
    with pytest.raises(UserError, match="can't switch to ONEWAY"):
        connector.configure_perpetual("ETH-USDT", 5, PositionMode.ONEWAY)
    assert connector.balance("USDT")[1] == 100_000 - 20, "5 times leverage binds a fifth"


def test_two_bots_on_one_oneway_account_each_close_exactly_what_is_theirs() -> None:
    """One is long 1, the other short 0.6: the venue nets to 0.4. The long's exit of 1 must not be cut to 0.4 by reduce-only."""
    bench = PaperBench()
    barriers = TripleBarrierConfig(open_order_type=OrderType.MARKET)
    bots = [bench.bot(bot_id=f"bot-{number}") for number in range(2)]
    for bot, side, amount in zip(bots, (BUY, SELL), (D(1), D("0.6")), strict=True):
        bot.orchestrator.create(
            PositionExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=side, amount=amount, triple_barrier_config=barriers), "main"
        )
    bench.settle()
    ledger: Any = bench.exchange.ledger
    assert ledger.lots("ETH-USDT", "net") == 400
    bots[0].stop()
    bench.settle(5)
    assert bots[0].orchestrator.running == ()
    assert ledger.lots("ETH-USDT", "net") == -600
    bots[1].stop()
    bench.settle(5)
    assert ledger.lots("ETH-USDT", "net") == 0
    assert [bot.orchestrator.positions() for bot in bots] == [[], []]


def test_a_bot_that_comes_back_takes_the_account_in_the_mode_that_it_is_in() -> None:
    """Another bot has switched it meanwhile, or two controllers of this one want different modes: that is no reason to leave a position unwatched."""
    bench = PaperBench()
    connector, owner = bench.runtime.connectors[PERP], Owner()
    connector.configure_perpetual("ETH-USDT", 5, PositionMode.HEDGE)
    connector.submit(request(bench, BUY, 1), owner)
    bench.settle()
    spec = spec_of(ControllerBase, TradingControllerConfig)
    where = {"connector_name": PERP, "trading_pair": "ETH-USDT"}
    config = TradingControllerConfig(id="main", controller_name="of_test", position_mode=PositionMode.ONEWAY, leverage=3, **where)
    with pytest.raises(UserError, match="can't switch to ONEWAY"):
        bench.runtime.build_bot("bot", [(spec, config)])
    bench.runtime.build_bot("bot", [(spec, config)], comes_back=True)
    assert (connector.position_mode(), connector.balance("USDT")[1]) == (PositionMode.HEDGE, 100_000 - 20), "nothing of its account has changed"
