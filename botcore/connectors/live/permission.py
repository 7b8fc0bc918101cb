"""Whether the venue takes our key for orders: what it last said, told once each way."""

from __future__ import annotations

from collections.abc import Callable

from botcore.model.events import FactKind


class Permission:
    """See the module.

    Parameters
    ----------
    tell : callable
        (kind, values): a fact of the account.

    Attributes
    ----------
    denied : str
        Why no new exposure may be sent; empty while it may.
    """

    def __init__(self, tell: Callable[..., None]) -> None:
        self.denied = ""
        self._is_told = False
        self._tell = tell

    def deny(self, reason: str) -> None:
        """The venue does not take the key (any more): no new exposure until it does. Told once until an order was accepted again."""
        self.denied = reason
        if not self._is_told:
            self._is_told = True
            self._tell(FactKind.ACCOUNT_DENIED, reason=reason)

    def allow(self) -> None:
        """The key may trade again, as far as questions can tell; the next order proves it."""
        self.denied = ""

    def proved(self) -> None:
        """An order was accepted."""
        self.denied = ""
        if self._is_told:
            self._is_told = False
            self._tell(FactKind.ACCOUNT_ALLOWED)
