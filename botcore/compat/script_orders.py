"""Orders that a script sends by hand: each is an order executor here, and what happens to it comes back to the script as the events that it knows.

An order is active from `buy` or `sell` until its last event: a fill is told while its order is still among the active ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from botcore.compat.events import (
    BuyOrderCompletedEvent,
    BuyOrderCreatedEvent,
    MarketOrderFailureEvent,
    OrderCancelledEvent,
    OrderFilledEvent,
    SellOrderCompletedEvent,
    SellOrderCreatedEvent,
    TradeFee,
)
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import OrderType, TradeType
from botcore.model.instrument import split_pair

ZERO, NAN = Decimal(0), Decimal("NaN")
KIND = "order_executor"


@dataclass(frozen=True, slots=True)
class LimitOrder:
    """An active order of a script.

    Parameters
    ----------
    client_order_id : str
        Id of its executor.
    creation_timestamp : int
        Market time in microseconds.
    """

    client_order_id: str
    trading_pair: str
    is_buy: bool
    base_currency: str
    quote_currency: str
    price: Decimal
    quantity: Decimal
    filled_quantity: Decimal
    creation_timestamp: int
    now_s: float = field(default=0.0, repr=False)

    def age(self) -> int:
        """Seconds since it was sent."""
        return max(0, int(self.now_s - self.creation_timestamp / 1e6))


@dataclass(slots=True)
class OwnOrder:
    """What was told of one order so far."""

    connector_name: str
    trading_pair: str
    side: TradeType
    order_type: OrderType
    amount: Decimal
    price: Decimal
    since_s: float
    leverage: int = 1
    position: str = "NILL"
    is_created: bool = False
    filled: Decimal = ZERO
    quote: Decimal = ZERO
    fees: Decimal = ZERO


class OwnOrders:
    """See the module."""

    def __init__(self) -> None:
        self._orders: dict[str, OwnOrder] = {}
        self._known: set[str] = set()

    def add(self, executor_id: str, order: OwnOrder) -> None:
        """An order that is on its way."""
        self._orders[executor_id] = order
        self._known.add(executor_id)

    def drop(self, executor_id: str) -> None:
        """Forget an order that was taken back before it left: nothing happened that could be told."""
        self._orders.pop(executor_id, None)

    def active(self, connector_name: str, now_s: float) -> list[LimitOrder]:
        """Limit orders there, oldest first."""
        return [
            LimitOrder(
                executor_id,
                order.trading_pair,
                order.side is TradeType.BUY,
                *split_pair(order.trading_pair),
                order.price,
                order.amount,
                order.filled,
                int(order.since_s * 1e6),
                now_s,
            )
            for executor_id, order in self._orders.items()
            if order.connector_name == connector_name and order.order_type is not OrderType.MARKET
        ]

    # ---- what happened ---------------------------------------------------------------------------------------------
    def begin(self, infos: Iterable[ExecutorInfo]) -> None:
        """Take up orders of an earlier process: what they had filled then is no news."""
        for info in infos:
            self._known.add(info.id)
            if info.type == KIND and info.is_active:
                order = self._orders[info.id] = own_order(info.config, info.timestamp)
                order.is_created = True
                order.filled, order.quote, order.fees = _done(info)

    def events(self, infos: Iterable[ExecutorInfo], now_s: float) -> Iterable[tuple[str, Any]]:
        """(name of the script's method, event) of everything new, in its order; an order that has ended is active until its last event was taken."""
        for info in infos:
            if info.type == KIND and info.id not in self._known:
                # made by an action of the script: its orders are told of as well
                self.add(info.id, own_order(info.config, info.timestamp))
            order = self._orders.get(info.id)
            if order is not None:
                yield from self._of(info, order, now_s)

    def _of(self, info: ExecutorInfo, order: OwnOrder, now_s: float) -> Iterable[tuple[str, Any]]:
        filled, quote, fees = _done(info)
        is_buy = order.side is TradeType.BUY
        if not order.is_created and (filled or info.custom_info.get("order_ids")):
            order.is_created = True
            created = (BuyOrderCreatedEvent if is_buy else SellOrderCreatedEvent)(
                now_s, order.order_type, order.trading_pair, order.amount, order.price, info.id, order.since_s
            )
            yield ("did_create_buy_order" if is_buy else "did_create_sell_order"), created
        if filled > order.filled:
            amount = filled - order.filled
            price, fee = (quote - order.quote) / amount, fees - order.fees
            order.filled, order.quote, order.fees = filled, quote, fees
            yield (
                "did_fill_order",
                OrderFilledEvent(
                    now_s,
                    info.id,
                    order.trading_pair,
                    order.side,
                    order.order_type,
                    price,
                    amount,
                    TradeFee.in_quote(order.trading_pair, fee, price * amount),
                    leverage=order.leverage,
                    position=order.position,
                ),
            )
        if not info.is_active:
            del self._orders[info.id]
            yield _end(info, order, now_s)


def own_order(config: Any, since_s: float) -> OwnOrder:
    """An order as an order executor's config asks for it."""
    name = config.execution_strategy.name
    kind = OrderType[name] if name in OrderType.__members__ else OrderType.LIMIT
    price = config.price if config.price is not None else NAN
    return OwnOrder(
        config.connector_name, config.trading_pair, config.side, kind, config.amount, price, since_s, config.leverage, config.position_action.name
    )


def _done(info: ExecutorInfo) -> tuple[Decimal, Decimal, Decimal]:
    """Base and quote that it has filled, and what that cost in fees."""
    base = info.custom_info.get("executed_amount_base") or ZERO
    return base, info.filled_amount_quote, info.cum_fees_quote


def _end(info: ExecutorInfo, order: OwnOrder, now_s: float) -> tuple[str, Any]:
    """Last event of an order."""
    is_whole = order.filled and order.filled >= order.amount * Decimal("0.999")
    ending = info.close_type.name if info.close_type is not None else ""
    if is_whole or (order.filled and ending == "POSITION_HOLD"):
        is_buy = order.side is TradeType.BUY
        base, quote = split_pair(order.trading_pair)
        kind = BuyOrderCompletedEvent if is_buy else SellOrderCompletedEvent
        name = "did_complete_buy_order" if is_buy else "did_complete_sell_order"
        return name, kind(now_s, info.id, base, quote, order.filled, order.quote, order.order_type)
    if ending == "EARLY_STOP":
        return "did_cancel_order", OrderCancelledEvent(now_s, info.id)
    return "did_fail_order", MarketOrderFailureEvent(now_s, info.id, order.order_type, info.reason)
