"""Funding: a payment belongs to those whose positions it was paid for, in proportion to what each held at that time; what nobody here held is nobody's.

A payment is counted once, for ever: by its id, which is in the records. Shares are exact: together they are the payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, runtime_checkable

from botcore.connectors.base import ConnectorBase
from botcore.core.bus import EventBus
from botcore.core.steps import Stepper
from botcore.model.enums import PositionMode
from botcore.model.errors import ConfigError
from botcore.model.events import Fact, FactKind, FundingBooked, PartFault
from botcore.model.instrument import Market, quote_of
from botcore.model.records import FundingRecord
from botcore.orchestrator.orchestrator import ExecutorOrchestrator

ZERO = Decimal(0)
DIGITS = Decimal("1e-12")
Holder = tuple[str, str]
"""(bot, controller); ('', '') is nobody."""

NOBODY: Holder = ("", "")
Rate = Callable[[str, str], Decimal | None]
KEPT = 4_096


class FundingRecords(Protocol):
    """What the records know; called for each payment, so it may read a database."""

    def has_funding(self, market: Market, funding_id: str) -> bool:
        """Whether a payment is booked."""

    def exposures(self, market: Market, ts_ns: int) -> dict[Holder, Decimal]:
        """Signed base by holder at a time of the past."""

    def traded_since(self, market: Market, ts_ns: int) -> Decimal:
        """Signed base of all our executions after a time."""


def shares(amount: Decimal, held: Mapping[Holder, Decimal], position: Decimal) -> dict[Holder, Decimal]:
    """Split a payment for a position among its holders; what they did not hold is nobody's.

    Parameters
    ----------
    held : mapping
        Signed base by holder.
    position : Decimal
        Signed base of the account; where it can't be (no position, or one of the other side) what is held is taken for all of it.
    """
    ours = sum(held.values(), ZERO)
    whole = position if position * ours > 0 and abs(position) >= abs(ours) else ours
    if not whole:
        return {NOBODY: amount}
    found = {holder: (amount * base / whole).quantize(DIGITS) for holder, base in sorted(held.items()) if base}
    rest = amount - sum(found.values(), ZERO)
    if whole == ours:
        # nothing but rounding
        largest = max(found, key=lambda holder: abs(found[holder]))
        found[largest] += rest
    elif rest:
        found[NOBODY] = found.get(NOBODY, ZERO) + rest
    return found


@runtime_checkable
class Funded(Protocol):
    """A controller that wants to be told of its shares."""

    def fund(self, record: FundingRecord) -> None:
        """A share of a payment, as soon as it is booked."""


class ControllersTold:
    """Tells each share to the controller that it belongs to, if that one wants to know; what its code raises is its own, and the share is booked all the same.

    Parameters
    ----------
    bots : callable
        Those that run here.
    """

    def __init__(self, bus: EventBus, bots: Callable[[], Iterable[Any]], stepper: Stepper, now_ns: Callable[[], int]) -> None:
        self._bus = bus
        self._bots = bots
        self._stepper = stepper
        self._now_ns = now_ns
        bus.subscribe(FundingBooked, self._on_booked)

    def _on_booked(self, event: FundingBooked) -> None:
        record = event.record
        for bot in self._bots():
            for controller in bot.controllers if bot.bot_id == event.bot_id else ():
                if controller.id == record.controller_id and isinstance(controller, Funded):
                    self._stepper.guard_limited(controller, partial(self._failed, event), controller.fund, record)

    def _failed(self, event: FundingBooked, controller: Any, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self._bus.publish(PartFault(FactKind.CONTROLLER_FAULT, self._now_ns(), text, event.bot_id, event.record.controller_id))


class FundingKeeper:
    """See the module.

    Parameters
    ----------
    connectors : mapping of str to ConnectorBase
        Live mapping by connector name.
    orchestrator_of : callable
        Bot id -> orchestrator of a bot that runs here, or None: its records are enough then.
    rate : callable
        What one unit of an asset is worth in another; None when nobody knows.
    """

    def __init__(
        self,
        bus: EventBus,
        connectors: Mapping[str, ConnectorBase],
        orchestrator_of: Callable[[str], ExecutorOrchestrator | None],
        records: FundingRecords,
        rate: Rate,
        now_ns: Callable[[], int],
    ) -> None:
        self._bus = bus
        self._connectors = connectors
        self._orchestrator_of = orchestrator_of
        self._records = records
        self._rate = rate
        self._now_ns = now_ns
        self._booked: dict[tuple[Market, str], None] = {}

    def book(self, market: Market, funding_id: str, asset: str, amount: Decimal, ts_ns: int) -> bool:
        """Count a payment (negative when it was paid); False when it is counted already."""
        if (market, funding_id) in self._booked or self._records.has_funding(market, funding_id):
            return False
        if len(self._booked) >= KEPT:
            del self._booked[next(iter(self._booked))]
        self._booked[market, funding_id] = None
        held = self._records.exposures(market, ts_ns) if market.trading_pair else {}
        for (bot_id, controller_id), part in shares(amount, held, self._position(market, ts_ns)).items():
            record = FundingRecord(
                controller_id, market.connector_name, market.trading_pair, funding_id, asset, part, self._in_quote(market, asset, part), ts_ns
            )
            orchestrator = self._orchestrator_of(bot_id)
            if orchestrator is not None:
                orchestrator.shelf(controller_id).fund(quote_of(market.trading_pair), record.amount_quote)
            self._bus.publish(FundingBooked(bot_id, record))
        payload = {"connector_name": market.connector_name, "trading_pair": market.trading_pair, "asset": asset, "amount": format(amount, "f")}
        self._bus.publish(Fact(FactKind.FUNDING_PAID, self._now_ns(), payload=payload | {"funding_id": funding_id}))
        return True

    def _position(self, market: Market, ts_ns: int) -> Decimal:
        """What the account held at that time, somebody else's part included: what the venue says now, without what we have traded since."""
        connector = self._connectors.get(market.connector_name)
        if connector is None:
            return ZERO
        try:
            instrument = connector.instrument(market.trading_pair)
        except ConfigError:
            return ZERO
        sides = ("long", "short") if connector.position_mode() is PositionMode.HEDGE else ("net",)
        lots = sum(connector.venue_lots(instrument, side) or 0 for side in sides)
        return instrument.amount(lots) - self._records.traded_since(market, ts_ns)

    def _in_quote(self, market: Market, asset: str, amount: Decimal) -> Decimal | None:
        quote = quote_of(market.trading_pair)
        if asset == quote:
            return amount
        rate = self._rate(asset, quote) if quote else None
        return None if rate is None else amount * rate
