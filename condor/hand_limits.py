"""How much somebody of a role may trade by hand, and let a bot of his have, whatever the accounts allow."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from botcore.model.refusals import ABOVE_LIMIT
from condor.units import plain

CURRENCY = "USDT"
"""What the limits are in; other quote assets are converted."""


@dataclass(frozen=True, slots=True)
class HandLimits:
    """The limits of a role; None is none.

    Parameters
    ----------
    who : str
        The role, as people read it.
    max_order, max_position : Decimal
        Greatest value of one order, and of what is held in one market with it.
    """

    who: str = ""
    max_order: Decimal | None = None
    max_position: Decimal | None = None

    @property
    def is_none(self) -> bool:
        return self.max_order is None and self.max_position is None

    def with_limit(self, name: str, value: Decimal | None) -> HandLimits:
        """With another value of one of them."""
        return HandLimits(self.who, value if name == "max_order" else self.max_order, value if name == "max_position" else self.max_position)

    def order_refusal(self, value: Decimal | None) -> str:
        """What these limits have against an order of this value; None for what nobody can convert."""
        return self._refusal(self.max_order, value, "an order of", "for one order")

    def position_refusal(self, value: Decimal | None) -> str:
        """What they have against holding so much."""
        return self._refusal(self.max_position, value, "a position of", "for one position")

    def _refusal(self, limit: Decimal | None, value: Decimal | None, what: str, of: str) -> str:
        if limit is None:
            return ""
        if value is None:
            return f"there is no rate into {CURRENCY} now, in which the limit of a {self.who} is {of}: try again in a moment"
        if value <= limit:
            return ""
        return f"{what} {value:.2f} {CURRENCY} is {ABOVE_LIMIT} {plain(limit)} {of} of a {self.who}: make it smaller, or ask the owner (/limits)"


NO_LIMITS = HandLimits()
