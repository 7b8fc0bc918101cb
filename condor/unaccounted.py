"""What accounts have and no bot knows of: found by comparing, told once for each size, shown while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Market
from botcore.model.times import SECOND_NS
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.recorder.journal import Journal
from botcore.recorder.queries import held_amounts
from condor.accounting import Amounts, Positions, held_by_bots, paper_positions, unaccounted
from condor.hosts import ACCOUNT_OF, LIVE, PAPER, Hosts

LASTS_NS = 10 * SECOND_NS
"""So long a live account must differ from what bots know before that is told: a position is often read a moment before its execution."""


class Unaccounted:
    """See the module.

    Parameters
    ----------
    running : callable
        Mode -> the orchestrators of the bots that run, by bot.

    Attributes
    ----------
    amounts : dict of (str, Market) to Decimal
        By mode and market.
    """

    def __init__(self, hosts: Hosts, journal: Journal, running: Callable[[str], Mapping[str, ExecutorOrchestrator]]) -> None:
        self._hosts = hosts
        self._journal = journal
        self._running = running
        self.amounts: dict[tuple[str, Market], Decimal] = {}
        self._differs: dict[Market, tuple[Decimal, int]] = {}

    def report_paper(self) -> None:
        """Say what the paper accounts hold and no bot knows of; call when everything has come back. Live accounts are compared when their session is."""
        self._report(PAPER, unaccounted(paper_positions(self._hosts.paper.runtime.exchanges), *self._known(PAPER)))

    def forget_paper(self) -> None:
        """The paper accounts were emptied."""
        self.amounts = {where: amount for where, amount in self.amounts.items() if where[0] != PAPER}

    def forget_live(self, connector_name: str) -> None:
        """A live account is closed: what it held is not compared any more."""
        self._differs = {market: seen for market, seen in self._differs.items() if market.connector_name != connector_name}
        self.amounts = {
            (mode, market): amount for (mode, market), amount in self.amounts.items() if mode != LIVE or market.connector_name != connector_name
        }

    def compare_live(self, connector_name: str, positions: Positions) -> None:
        """Hold a live account's positions against what bots know of; a difference that lasts is told, once for each size."""
        now_ns = self._hosts.of(LIVE).clock.now_ns
        found = unaccounted(positions, *self._known(LIVE))
        before = {market: seen for market, seen in self._differs.items() if market.connector_name == connector_name}
        for market in before.keys() - found.keys():
            del self._differs[market]
            self.amounts.pop((LIVE, market), None)
        lasting: dict[Market, Decimal] = {}
        for market, amount in found.items():
            seen, since_ns = before.get(market, (None, now_ns))
            if seen != amount:
                self._differs[market] = amount, now_ns
            elif now_ns >= since_ns + LASTS_NS and self.amounts.get((LIVE, market)) != amount:
                lasting[market] = amount
        self._report(LIVE, lasting)

    def _known(self, mode: str) -> tuple[Amounts, Amounts]:
        running = self._running(mode)
        others = self._journal.read(lambda connection: held_amounts(connection, running, ACCOUNT_OF[mode])).result()
        return others, held_by_bots(running.values())

    def _report(self, mode: str, found: Amounts) -> None:
        host = self._hosts.of(mode)
        for market, amount in found.items():
            payload = {"connector_name": market.connector_name, "trading_pair": market.trading_pair, "amount": format(amount, "f")}
            host.bus.publish(Fact(FactKind.POSITION_UNACCOUNTED, host.clock.now_ns, payload=payload))
            self.amounts[mode, market] = amount
