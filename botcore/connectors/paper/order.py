"""An order as the paper exchange keeps it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from botcore.model.enums import PositionAction, TradeType
from botcore.model.order import OrderRequest

# members of enums as names of this module: compiled code reads them without a lookup
BUY: Final = TradeType.BUY
CLOSE: Final = PositionAction.CLOSE


class PaperOrder:
    """One order at the exchange: what was asked, what is filled, where it stands in the queue, what it binds."""

    __slots__ = (
        "ahead",
        "client_order_id",
        "exchange_order_id",
        "filled",
        "is_buy",
        "lots",
        "position_side",
        "price_ticks",
        "request",
        "reserved",
        "reserved_asset",
        "ts_ns",
    )

    def __init__(self, request: OrderRequest, client_order_id: str, exchange_order_id: str, ts_ns: int) -> None:
        self.request = request
        self.client_order_id = client_order_id
        self.exchange_order_id = exchange_order_id
        self.ts_ns = ts_ns
        self.is_buy = request.trade_type is BUY
        self.price_ticks = request.price_ticks or 0
        self.lots = request.lots
        self.filled = 0
        self.ahead = 0
        self.reserved = Decimal(0)
        self.reserved_asset = ""
        self.position_side = ""

    @property
    def remaining(self) -> int:
        return self.lots - self.filled

    @property
    def is_reduce_only(self) -> bool:
        return self.request.position_action is CLOSE and self.request.instrument.is_perpetual
