"""Orders that rest and only reduce take room: Binance counts them against the position and refuses an exit beyond it (-4118), whoever sent them (O16)."""

from __future__ import annotations

from botcore.model.enums import PositionAction, TradeType
from botcore.model.order import OrderRequest
from botcore.model.times import SECOND_NS
from botcore.orders.own import OwnBook

STANDS_NS = 120 * SECOND_NS
"""For so long a refusal says something; after that exits are reduce-only again until the next one."""


class Crowding:
    """What keeps exits of a ONEWAY account from being reduce-only: our own resting orders, which we know, and somebody else's, which only refusals tell of. Passive."""

    def __init__(self) -> None:
        self._refused_ns: dict[tuple[str, TradeType], int] = {}

    def refused(self, request: OrderRequest, now_ns: int) -> None:
        """The venue has refused an exit for what rests beside it."""
        key = _key(request)
        if now_ns > self._refused_ns.get(key, -STANDS_NS) + STANDS_NS:
            self._refused_ns[key] = now_ns

    def is_proven(self, request: OrderRequest, now_ns: int, true_at_ns: int) -> bool:
        """Whether an exit was refused lately and the position was still there after that, as it was at `true_at_ns`: then it is orders that stand in the way."""
        refused_ns = self._refused_ns.get(_key(request))
        return refused_ns is not None and now_ns <= refused_ns + STANDS_NS and true_at_ns > refused_ns

    def own_lots(self, request: OrderRequest, book: OwnBook) -> int:
        """What resting orders of ours already reduce on this side."""
        resting = book.resting(sells=request.trade_type is not TradeType.BUY)
        return sum(order.remaining_lots for order in resting if order.request.position_action is PositionAction.CLOSE)


def _key(request: OrderRequest) -> tuple[str, TradeType]:
    return request.instrument.market.trading_pair, request.trade_type
