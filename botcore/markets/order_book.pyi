"""Order book of one instrument: int64 ticks -> int64 lots, passive, no bus, no clock.

Ticks go from 1 to 2**63 - 2, lots from 0 to 2**63 - 1; whatever is outside raises ValueError (OverflowError beyond int64), whatever is no integer
TypeError. Integers are int or have `__index__` (numpy); a side is named by True or False and by nothing else.
"""

from collections.abc import Iterable

from typing_extensions import disjoint_base

NO_BID: int
"""Value of `best_bid` (ticks) when nobody bids: the smallest int64, so that every comparison `price <= best_bid` is false."""
NO_ASK: int
"""Value of `best_ask` (ticks) when nobody asks: the largest int64."""

APPLIED: int
OLD: int
GAP: int

@disjoint_base
class OrderBook:
    """Bids and asks as sorted ticks with their lots.

    After `clear`, and until the first `snapshot` or `set_quote`, the book is empty and `is_ready` is False. A call that raises changes no level.
    Not pickled and not copied.
    """

    def __init__(self) -> None: ...
    @property
    def best_bid(self) -> int: ...
    @property
    def best_ask(self) -> int: ...
    @property
    def last_update_id(self) -> int:
        """Id of the last update in the book; -1 when the book does not come from numbered updates."""
    @property
    def ts_ns(self) -> int: ...
    @property
    def is_ready(self) -> bool: ...
    @property
    def is_crossed(self) -> bool:
        """True when the best bid is at or above the best ask."""
    def clear(self) -> None: ...
    def set_quote(self, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, ts_ns: int) -> None:
        """Replace the whole book by one level a side (a side with 0 lots becomes empty). No numbered diff follows a quote: the next one is a GAP."""
    def snapshot(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], update_id: int, ts_ns: int) -> None:
        """Replace the whole book; levels may come in any order, 0 lots is no level, a repeated price counts last."""
    def update(self, is_bid: bool, price_ticks: int, lots: int) -> None:
        """Set one level; 0 lots removes it."""
    def apply_diff(
        self, first_id: int, last_id: int, prev_id: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], ts_ns: int
    ) -> int:
        """Apply a venue's diff in sequence.

        Returns
        -------
        int
            APPLIED; OLD when the diff ends at or before `last_update_id` (nothing changed); GAP when updates are missing in between (nothing
            changed, `is_ready` becomes False until the next snapshot), and for every diff while the book is not ready. With prev_id = -1 a
            diff follows when first_id <= last_update_id + 1; otherwise when prev_id == last_update_id, or, for the first diff after a snapshot,
            when first_id <= last_update_id <= last_id.

        Raises
        ------
        TypeError, ValueError, OverflowError
            If a level can't be read. No level has changed then, but an update is missing: `is_ready` becomes False.
        """
    def lots_at(self, is_bid: bool, price_ticks: int) -> int: ...
    def levels(self, is_bid: bool, count: int) -> list[tuple[int, int]]:
        """The best `count` levels as (ticks, lots), best first."""
    def depth(self, is_bid: bool) -> int:
        """Number of levels."""
    def price_for_lots(self, is_buy: bool, lots: int) -> tuple[int, int]:
        """Walk the opposite side. Returns (worst price reached in ticks, lots found); ticks is NO_ASK (buy) or NO_BID (sell) when depth is short or
        lots < 1."""
    def cost_for_lots(self, is_buy: bool, lots: int) -> tuple[int, int]:
        """(sum of ticks * lots as an exact Python int, lots found); never overflows."""
    def vwap_for_lots(self, is_buy: bool, lots: int) -> float:
        """Average price in ticks, rounded once from the exact sum; NaN when depth is short or lots < 1."""
    def lots_for_price(self, is_buy: bool, price_ticks: int) -> int:
        """Lots that stand at `price_ticks` or better for the taker; exact also beyond int64."""
    def cost_for_price(self, is_buy: bool, price_ticks: int) -> int:
        """Exact sum of ticks * lots up to `price_ticks` inclusive."""
    def lots_for_cost(self, is_buy: bool, cost: int) -> tuple[int, int]:
        """Whole lots that `cost` (ticks * lots, any size Python int) buys or sells, and the cost used; short depth returns what there is."""
