"""`Drawdowns`: those of one bot and of each of its controllers, looked at with every tick and written down."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.events import DrawdownChanged, Fact, FactKind
from botcore.model.records import DrawdownRecord
from botcore.orchestrator.drawdown import Drawdown
from botcore.orchestrator.holds import HoldBook
from botcore.orchestrator.results import Results
from botcore.orchestrator.shelf import Shelves


class Drawdowns:
    """See the module; a controller's own stands on its shelf.

    Attributes
    ----------
    whole : Drawdown
        The bot's.
    """

    def __init__(self, bot_id: str, holds: HoldBook, shelves: Shelves, results: Results, clock: Clock, bus: EventBus) -> None:
        self.whole = Drawdown()
        self._bot_id = bot_id
        self._holds = holds
        self._shelves = shelves
        self._results = results
        self._clock = clock
        self._bus = bus

    def of(self, controller_id: str | None) -> Drawdown:
        """A controller's; the bot's where no controller is named."""
        return self._shelves.of(controller_id).drawdown if controller_id else self.whole

    def observe(self) -> None:
        """Look at the PnL of each controller and of the bot, for their drawdowns; a peak is written down, so that a restart does not forget it."""
        total: Decimal | None = Decimal(0)
        now_ns = self._clock.now_ns
        rates = self._results.rates()
        for controller_id, shelf in self._shelves.all.items():
            if shelf.seen_version != shelf.version or shelf.is_open or shelf.is_converted:
                shelf.seen_version = shelf.version
                shelf.is_open = shelf.standing.is_open() or any(hold.net_amount_base for hold in self._holds.of(controller_id))
                shelf.pnl = self._results.pnl(controller_id, rates)
                shelf.drawdown.see(shelf.pnl, now_ns)
            pnl = shelf.pnl
            total = None if total is None or pnl is None else total + pnl
        self.whole.see(total, now_ns)
        if self._bus.has(DrawdownChanged):
            for drawdown in self._all():
                drawdown.asset = rates.asset
                if drawdown.is_due(now_ns):
                    self._bus.publish(DrawdownChanged(self._bot_id, drawdown))

    def restore(self, records: Iterable[DrawdownRecord]) -> None:
        """Go on from the peaks that an earlier process wrote, once all else is restored; a peak in another asset than this bot reports in now says nothing here."""
        asset = self._results.rates().asset
        for record in records:
            if not self.of(record.controller_id).restore(record, asset):
                payload = {"before": record.asset, "now": asset, "peak_quote": format(record.peak_quote, "f")}
                self._bus.publish(Fact(FactKind.DRAWDOWN_ANEW, self._clock.now_ns, self._bot_id, record.controller_id, payload=payload))

    def begin_with_next(self) -> None:
        """A person starts the bot again: what it lost before is not counted against its limits."""
        for drawdown in self._all():
            drawdown.begin_with_next()

    def _all(self) -> list[Drawdown]:
        return [self.whole, *(shelf.drawdown for shelf in self._shelves.all.values())]
