"""Money at the paper exchange is conserved: what an account has is what was put in, plus what its fills brought, and nothing is ever negative."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.connectors.paper.exchange import PaperExchange, PaperRules
from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.connectors.paper.models import BackOfQueue, FeeModel, ThroughQueue, TouchQueue
from botcore.markets.market_state import MarketState
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.instrument import Instrument
from botcore.model.market_events import MarketEvent, QuoteTick, TradeTick
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.venue_updates import OrderEnded, OrderTraded, PositionLiquidated
from tests.support.bench import PERP, SPOT, D, instrument

ZERO = D(0)
BUY, SELL = TradeType.BUY, TradeType.SELL

steps = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.integers(8000, 12000), st.integers(0, 30), st.integers(1, 4000)),
        st.tuples(st.just("trade"), st.integers(8000, 12000), st.booleans(), st.integers(1, 4000)),
        st.tuples(
            st.just("order"),
            st.sampled_from([BUY, SELL]),
            st.sampled_from(
                [(OrderType.MARKET, 0), (OrderType.LIMIT, -200), (OrderType.LIMIT, 0), (OrderType.LIMIT, 150), (OrderType.LIMIT_MAKER, -50)]
            ),
            st.integers(1, 3000),
            st.sampled_from([PositionAction.OPEN, PositionAction.OPEN, PositionAction.CLOSE]),
        ),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
    ),
    max_size=60,
)


class Account:
    """A paper account and a second set of books that knows nothing but its fills."""

    def __init__(
        self, of: Instrument, fees: FeeModel, queue: Any, opening: dict[str, Decimal], leverage: int = 1, mode: PositionMode = PositionMode.ONEWAY
    ):
        self.of, self.opening = of, opening
        self.exchange = PaperExchange(of.market.connector_name, PaperRules(of.kind, fees, queue=queue), lambda _ns: None)
        self.state = MarketState(of)
        self.exchange.open_market(self.state)
        for asset, amount in opening.items():
            self.exchange.deposit(asset, amount)
        self.exchange.set_position_mode(mode)
        self.exchange.set_leverage(of.market.trading_pair, leverage)
        self.fills: list[Fill] = []
        self.ended: dict[str, OrderState] = {}
        self.sent: dict[str, OrderRequest] = {}
        self.liquidations = 0
        self.now_ns = 1_000
        self.mid = 10_000
        self.play(QuoteTick(of.market, self.now_ns, 9_999, 10_001, 5_000, 5_000))

    def play(self, event: MarketEvent) -> None:
        self.exchange.before(event)
        self.state.apply(event)
        self.exchange.after(event)
        self.read()

    def read(self) -> None:
        for update in self.exchange.drain():
            if type(update) is OrderTraded:
                self.fills.append(update.fill)
            elif type(update) is OrderEnded:
                assert update.client_order_id not in self.ended, "an order ends once"
                self.ended[update.client_order_id] = update.state
            elif type(update) is PositionLiquidated:
                self.liquidations += 1

    def step(self, what: str, *how: Any) -> None:
        self.now_ns += 1_000
        if what == "quote":
            mid, half_spread, lots = how
            self.mid = mid
            self.play(QuoteTick(self.of.market, self.now_ns, mid - half_spread, mid + half_spread, lots, lots))
        elif what == "trade":
            self.play(TradeTick(self.of.market, self.now_ns, *(how[0], how[2], how[1])))
        elif what == "order":
            self._order(*how)
        elif self.exchange.orders:
            names = list(self.exchange.orders)
            self.exchange.cancel(names[how[0] % len(names)], self.now_ns)
        self.exchange.advance(self.now_ns + 500)
        self.read()

    def _order(self, side: TradeType, kind: tuple[OrderType, int], lots: int, action: PositionAction) -> None:
        order_type, better = kind
        ticks = None if order_type is OrderType.MARKET else self.mid + side.sign * better
        action = action if self.of.is_perpetual else PositionAction.NIL
        purpose = Purpose.CLOSE if action is PositionAction.CLOSE else Purpose.OPEN
        request = OrderRequest(self.of, side, order_type, lots, ticks, action, purpose)
        name = f"o-{len(self.sent)}"
        self.sent[name] = request
        self.exchange.create(request, name, self.now_ns)

    # ---- what must hold
    def check_orders(self) -> None:
        filled: dict[str, int] = {}
        for fill in self.fills:
            filled[fill.client_order_id] = filled.get(fill.client_order_id, 0) + fill.lots
            limit = self.sent[fill.client_order_id].price_ticks
            if limit is not None:
                assert fill.trade_type.sign * (limit - fill.price_ticks) >= 0, "never worse than its limit"
        for name, lots in filled.items():
            assert lots <= self.sent[name].lots, "never more than was asked"
        assert len({fill.trade_id for fill in self.fills}) == len(self.fills)
        for name, request in self.sent.items():
            is_complete = filled.get(name, 0) == request.lots
            assert (name in self.exchange.orders) + (name in self.ended) + is_complete == 1, "open, ended, or filled: exactly one"

    def check_reservations(self) -> None:
        ledger = self.exchange.ledger
        bound: dict[str, Decimal] = {}
        for order in self.exchange.orders.values():
            bound[order.reserved_asset] = bound.get(order.reserved_asset, ZERO) + order.reserved
            assert order.reserved >= 0
        for asset, amount in ledger.reserved.items():
            assert abs(amount - bound.get(asset, ZERO)) < D("1e-18"), "what is bound belongs to open orders"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    happenings=steps,
    queue=st.sampled_from([TouchQueue(), ThroughQueue(), BackOfQueue()]),
    fees=st.sampled_from(
        [FeeModel(), FeeModel(D("0.001"), D("0.002")), FeeModel(D("0.001"), D("0.001"), from_received=True), FeeModel(D("-0.0001"), D("0.0005"))]
    ),
)
def test_spot_account_conserves_value_and_never_goes_below_zero(happenings: list[Any], queue: Any, fees: FeeModel) -> None:
    of = instrument(connector=SPOT)
    account = Account(of, fees, queue, {"USDT": D(1_000), "ETH": D(5)})
    for happening in happenings:
        account.step(*happening)
        expected = dict(account.opening)
        for fill in account.fills:
            expected["ETH"] += fill.trade_type.sign * fill.amount
            expected["USDT"] -= fill.trade_type.sign * fill.notional
            expected[fill.fee.asset] -= fill.fee.amount
        assert account.exchange.ledger.totals == expected
        for asset in expected:
            assert account.exchange.ledger.total(asset) >= 0
            assert account.exchange.ledger.available(asset) >= 0
            assert account.exchange.ledger.reserved.get(asset, ZERO) >= -D("1e-18")
        account.check_orders()
        account.check_reservations()


def cash_of(account: Account) -> Decimal:
    """Wallet plus the value of closing everything, from the fills alone."""
    lots = sum(fill.trade_type.sign * fill.lots for fill in account.fills)
    spent = sum((fill.trade_type.sign * fill.notional + fill.fee.amount for fill in account.fills), ZERO)
    half = account.state.mid_half_ticks()
    assert half is not None
    return account.opening["USDT"] - spent + lots * half * account.of.unit / 2


@pytest.mark.parametrize("mode", list(PositionMode))
@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    happenings=steps,
    queue=st.sampled_from([TouchQueue(), BackOfQueue()]),
    leverage=st.sampled_from([1, 3, 20]),
    fees=st.sampled_from([FeeModel(), FeeModel(D("0.0002"), D("0.0005"))]),
)
def test_perpetual_account_conserves_value(mode: PositionMode, happenings: list[Any], queue: Any, leverage: int, fees: FeeModel) -> None:
    """Equity (wallet plus unrealised) is the opening plus the fills' cash plus their lots at the mark, to the last digit."""
    of = instrument(connector=PERP)
    account = Account(of, fees, queue, {"USDT": D(1_000)}, leverage, mode)
    ledger = account.exchange.ledger
    assert isinstance(ledger, PerpetualLedger)
    for happening in happenings:
        account.step(*happening)
        account.check_orders()
        account.check_reservations()
        assert ledger.total("USDT") >= 0
        held = {side: ledger.lots("ETH-USDT", side) for side in ("net", "long", "short")}
        assert held["long"] >= 0 and held["short"] <= 0
        if account.liquidations:
            return
        assert account.exchange.equity()["USDT"] == cash_of(account)
        assert sum(held.values()) == sum(fill.trade_type.sign * fill.lots for fill in account.fills)
