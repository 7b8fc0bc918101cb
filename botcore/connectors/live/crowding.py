"""Orders that rest and only reduce take room: Binance counts them against the position and refuses an exit beyond it (-4118), whoever sent them (O16).

What its documents say (developers.binance.com, USD-M): -4118 is REDUCE_ONLY_MARGIN_CHECK_FAILED, a margin check of the new order "combined with an existing same-side
open order" (error codes). A conditional order stands in the Algo Service until it fires: "no margin check before the conditional order gets triggered" (change
log, 2025-11-06), so an untriggered stop takes no room. Fired, it meets the same check: ALGO_UPDATE tells REJECTED, "such as margin check failures". An older
help page (360039707291, of 2024) lets reduce-only market and stop-market orders of the whole position go first; in 2026 a close of the whole position beside a resting
take profit was answered with -4118 all the same (reported as issue 386 of xLydianSoftware/Qubx).
"""

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
