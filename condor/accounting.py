"""What the accounts hold and no bot knows of: looked at once at every start, after everything that was written down has come back.

Records can be lost (a deleted file, an old backup) while the venue still holds what was bought. Such a position is nobody's: no stop protects it and no bot will close
it. It must be said, never be taken for "empty and flat".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from botcore.connectors.paper.exchange import PaperExchange
from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.model.instrument import Instrument, Market
from botcore.orchestrator.orchestrator import ExecutorOrchestrator

Amounts = Mapping[Market, Decimal]
Positions = Mapping[Market, tuple[Instrument, int]]
"""Net lots that an account holds, with the instrument that they are counted in."""


def held_by_bots(orchestrators: Iterable[ExecutorOrchestrator]) -> Amounts:
    """Signed base in holds and live executors of running bots."""

    def amounts() -> Iterable[tuple[Market, Decimal]]:
        for orchestrator in orchestrators:
            for hold in orchestrator.holds.of():
                yield hold.instrument.market, hold.net_amount_base
            for executor in orchestrator.running:
                for exposure in executor.exposures():
                    yield exposure.market, exposure.base

    return _summed(amounts())


def paper_positions(exchanges: Mapping[str, PaperExchange]) -> Positions:
    """Net positions of all open perpetual paper accounts.

    Spot balances are not looked at: what a person put there is nobody's position.
    """
    found: dict[Market, tuple[Instrument, int]] = {}
    for name, exchange in exchanges.items():
        if not isinstance(exchange.ledger, PerpetualLedger):
            continue
        for pair, market in exchange.markets.items():
            lots = sum(position.lots for (of, _), position in exchange.ledger.positions.items() if of == pair)
            found[Market(name, pair)] = (market.state.instrument, lots)
    return found


def unaccounted(positions: Positions, *known: Amounts) -> dict[Market, Decimal]:
    """Signed base of positions less what is known of; markets where both agree are left out."""
    differences: dict[Market, Decimal] = {}
    for where, (instrument, lots) in positions.items():
        left = instrument.amount(lots) - sum((amounts.get(where, Decimal(0)) for amounts in known), Decimal(0))
        if abs(left) >= instrument.lot_size:
            differences[where] = left
    return differences


def _summed(amounts: Iterable[tuple[Market, Decimal]]) -> Amounts:
    sums: defaultdict[Market, Decimal] = defaultdict(Decimal)
    for where, amount in amounts:
        sums[where] += amount
    return sums
