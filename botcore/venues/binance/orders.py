"""Orders: the parameters of a new one, and how one stands, from replies and lists.

Self-trade prevention is always EXPIRE_MAKER: of two orders of one account that would meet, the resting one goes and the new one trades on. An exit is the new one; with
EXPIRE_TAKER an old entry of ours could stop it.
"""

from __future__ import annotations

from decimal import Decimal

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fill
from botcore.orders.tracker import Order
from botcore.venues.binance.money import created_fill, side_of
from botcore.venues.binance.names import Names, symbol_of
from botcore.venues.binance.states import forced_by, reason_of, state_of
from botcore.venues.dialect import Unreadable
from botcore.venues.off_grid import exact_lots
from botcore.venues.reading import Row, ident, inners, maybe_text, not_negative, short, text, time_ns
from botcore.venues.wire import Call, OrderReport

Params = tuple[tuple[str, str], ...]
SELF_TRADE_PREVENTION = ("selfTradePreventionMode", "EXPIRE_MAKER")


def plain(value: Decimal) -> str:
    """A number without exponent."""
    return format(value, "f")


def reference(trading_pair: str, client_order_id: str) -> Params:
    """Names an order of ours in a cancel or a query: always by the client id."""
    return ("symbol", symbol_of(trading_pair)), ("origClientOrderId", client_order_id)


# ---- the way out -----------------------------------------------------------------------------------------------------
def _head(order: Order) -> Params:
    request = order.request
    return ("symbol", symbol_of(request.instrument.market.trading_pair)), ("side", request.trade_type.name)


def _price(order: Order) -> str:
    ticks = order.request.price_ticks
    if ticks is None:
        raise ValueError(f"a limit order needs a price: {order.client_order_id}")
    return plain(order.request.instrument.price(ticks))


def _tail(order: Order, response: str) -> Params:
    return ("newClientOrderId", order.client_order_id), ("newOrderRespType", response), SELF_TRADE_PREVENTION


def spot_params(order: Order) -> Params:
    """A new order on spot; FULL: its executions come with the answer."""
    kind = order.request.order_type
    amount = ("quantity", plain(order.request.instrument.amount(order.lots)))
    if kind is OrderType.MARKET:
        body: Params = (("type", "MARKET"), amount)
    elif kind is OrderType.LIMIT_MAKER:
        body = (("type", "LIMIT_MAKER"), amount, ("price", _price(order)))
    else:
        body = (("type", "LIMIT"), ("timeInForce", "GTC"), amount, ("price", _price(order)))
    return *_head(order), *body, *_tail(order, "FULL")


def position_params(side: TradeType, closes: bool, hedge: bool) -> Params:
    """Which position an order is about. In hedge mode the side of the position says it all and `reduceOnly` is refused; in one-way mode a closing order only reduces."""
    if hedge:
        is_long = (side is TradeType.BUY) != closes
        return (("positionSide", "LONG" if is_long else "SHORT"),)
    return (("reduceOnly", "true"),) if closes else ()


def futures_params(order: Order, hedge: bool) -> Params:
    """A new order on futures; RESULT: the answer says how it stands, executions come by the stream or the list of trades."""
    request = order.request
    amount = ("quantity", plain(request.instrument.amount(order.lots)))
    if request.order_type is OrderType.MARKET:
        body: Params = (("type", "MARKET"), amount)
    else:
        in_force = "GTX" if request.order_type is OrderType.LIMIT_MAKER else "GTC"
        body = (("type", "LIMIT"), ("timeInForce", in_force), amount, ("price", _price(order)))
    closes = request.position_action is PositionAction.CLOSE
    return *_head(order), *body, *position_params(request.trade_type, closes, hedge), *_tail(order, "RESULT")


# ---- the way in ------------------------------------------------------------------------------------------------------
def described(instrument: Instrument, row: Row, client_order_id: str, fills: tuple[Fill, ...] = ()) -> OrderReport:
    """How an order of a reply or a list stands, keys that spot and futures share."""
    grid, lots, filled = exact_lots(instrument, not_negative(row, "origQty"), not_negative(row, "executedQty"))
    word = text(row, "status")
    state, strange = state_of(word)
    told = maybe_text(row, "expiryReason") or maybe_text(row, "rejectReason")
    return OrderReport(
        client_order_id,
        ident(row, "orderId"),
        instrument.market.trading_pair,
        state,
        lots,
        filled,
        time_ns(row, "transactTime", "updateTime", "time"),
        strange or reason_of(state, word, maybe_text(row, "type"), maybe_text(row, "timeInForce"), told),
        fills,
        forced_by(client_order_id),
        grid,
    )


def answered(call: Call, row: Row, names: Names) -> OrderReport:
    """The order in the answer to a create, cancel or query.

    Raises
    ------
    Unreadable
        If it is another order, or another pair's (R22).
    """
    instrument = names.get(text(row, "symbol"))
    meant = dict(call.params).get("symbol")
    if text(row, "symbol") != meant:
        raise Unreadable(f"symbol: expected {meant}, found {short(row['symbol'])}")
    # the answer to a spot cancel has an id of its own; the order's is the original one
    key = "origClientOrderId" if "origClientOrderId" in row else "clientOrderId"
    client_order_id = text(row, key)
    if call.subject and client_order_id != call.subject:
        raise Unreadable(f"{key}: expected {call.subject}, found {short(client_order_id)}")
    fills: tuple[Fill, ...] = ()
    if row.get("fills"):
        side, ts_ns = side_of(row, "side"), time_ns(row, "transactTime", "updateTime")
        fills = tuple(created_fill(instrument, line, client_order_id, side, ts_ns) for line in inners(row, "fills"))
    return described(instrument, row, client_order_id, fills)


def listed(row: Row, names: Names) -> OrderReport | None:
    """One order of a list; None when its pair is not ours to trade. Orders of other programs are in it too."""
    instrument = names.find(text(row, "symbol"))
    if instrument is None:
        return None
    return described(instrument, row, maybe_text(row, "clientOrderId"))
