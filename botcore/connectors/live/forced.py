"""What the venue itself trades in our account: liquidations and the like. Told once each; booked when positions confirm it (`PositionKeeper`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from botcore.connectors.live.fees import Rate, with_priced_fee
from botcore.core.bus import EventBus
from botcore.model.events import FactKind, ForcedFill
from botcore.model.instrument import Instrument
from botcore.model.order import Fill
from botcore.venues.wire import OrderReport

KEPT = 256
"""So many orders of the venue itself are remembered, so that each is told once."""


class ForcedOrders:
    """See the module.

    Parameters
    ----------
    instrument : callable
        By pair.
    tell : callable
        (kind, values): a fact of the account.
    """

    def __init__(self, bus: EventBus, rate: Rate, instrument: Callable[[str], Instrument], tell: Callable[..., None]) -> None:
        self._bus = bus
        self._rate = rate
        self._instrument = instrument
        self._tell = tell
        self._told: deque[tuple[str, str]] = deque(maxlen=KEPT)

    def traded(self, fill: Fill, cause: str) -> None:
        """An execution of such an order."""
        self._bus.publish(ForcedFill(with_priced_fee(fill, self._rate), cause))

    def reported(self, report: OrderReport) -> bool:
        """Such an order as the venue shows it; whether it is done now and was not before, so that the account must be looked at."""
        for fill in report.fills:
            self.traded(fill, report.forced)
        key = (report.trading_pair, report.exchange_order_id)
        if report.filled_lots < report.lots or key in self._told:
            return False
        self._told.append(key)
        of = report.instrument or self._instrument(report.trading_pair)
        side = {"side": report.fills[0].trade_type.name} if report.fills else {}
        amount = format(of.amount(report.filled_lots), "f")
        self._tell(FactKind.FORCED_ORDER, trading_pair=report.trading_pair, cause=report.forced, amount=amount, **side)
        return True
