"""What was earned: sums, curve and days of a time, on paper or with real money. From the records and what runs; no venue is asked."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter

from botcore.orchestrator.reporting import Rates, add_known
from botcore.recorder.journal import Journal
from condor.alerts.localtime import day_begun
from condor.hosts import ACCOUNT_OF, LIVE, PAPER, Hosts
from condor.result_views import PeriodTotal, ResultRow, ResultsView
from condor.services.bots import BotService
from condor.services.overview import CURRENCY
from condor.services.result_sums import summed, total_of
from condor.store import Connection
from condor.store.ended import EndedExecutors
from condor.store.results import in_order, other_rows
from condor.units import duration
from condor.users import Actor, Role, require

PERIODS = ("1d", "7d", "30d", "all")
ALL = "all"
TODAY = "today"
at_ns = attrgetter("at_ns")


class ResultsService:
    """See the module."""

    def __init__(self, hosts: Hosts, bots: BotService, journal: Journal) -> None:
        self._hosts = hosts
        self._bots = bots
        self._journal = journal
        self._ended: dict[str, EndedExecutors] = {}

    def modes(self) -> tuple[str, ...]:
        """What there can be results of: real money first."""
        return (LIVE, PAPER) if self._hosts.live is not None else (PAPER,)

    async def of(self, actor: Actor, mode: str, period: str, until_ns: int | None = None) -> ResultsView:
        """Results of a mode.

        Parameters
        ----------
        period : str
            all, or a time such as 7d, back from `until_ns`.
        until_ns : int, optional
            Market time; now when it is left out.

        Raises
        ------
        UserError
            If the period is none, or the mode's account is not connected.
        """
        host = self._hosts.of(mode)
        until_ns = host.clock.now_ns if until_ns is None else until_ns
        since_ns = _begin(period, until_ns)
        ended, others = await self._rows(actor, mode)
        opened = await self._opened(actor, mode)
        rows = _between(ended, others, since_ns, until_ns)
        rates = self._rates(mode, rows, opened)
        return await asyncio.to_thread(summed, mode, period, (since_ns, until_ns), rows, opened, rates)

    async def totals(self, actor: Actor, mode: str, periods: Sequence[str]) -> tuple[PeriodTotal, ...]:
        """What several times up to now have come to, out of one look at the records; raises as `of` does."""
        until_ns = self._hosts.of(mode).clock.now_ns
        return await self._totals(actor, mode, until_ns, {period: _begin(period, until_ns) for period in periods})

    async def today(self, actor: Actor, mode: str, zone: str) -> PeriodTotal:
        """What the day has come to so far in a time zone; it is the day of the mode's market time, as that of every result is. Raises as `of` does."""
        until_ns = self._hosts.of(mode).clock.now_ns
        # what ended at midnight itself is of the new day
        begun_ns = day_begun(zone, until_ns // 1_000_000) * 1_000_000 - 1
        (found,) = await self._totals(actor, mode, until_ns, {TODAY: begun_ns})
        return found

    async def _totals(self, actor: Actor, mode: str, until_ns: int, begins: Mapping[str, int]) -> tuple[PeriodTotal, ...]:
        """The total since each of these times."""
        ended, others = await self._rows(actor, mode)
        opened = await self._opened(actor, mode)
        found = []
        for period, since_ns in begins.items():
            rows = _between(ended, others, since_ns, until_ns)
            rates = self._rates(mode, rows, opened)
            found.append(PeriodTotal(period, await asyncio.to_thread(total_of, rows, rates), rates.asset))
        return tuple(found)

    def _rates(self, mode: str, rows: Sequence[ResultRow], opened: Iterable[str]) -> Rates:
        """Every rate that sums of these need, looked up here: in a thread beside the clock nothing of the market is looked at."""
        assets = Counter(map(attrgetter("asset"), rows))
        rates = Rates(_asset(assets, opened), self._hosts.of(mode).runtime.market_data.rates.rate)
        for asset in assets.keys() | set(opened):
            rates.rate(asset)
        return rates

    async def _rows(self, actor: Actor, mode: str) -> tuple[list[ResultRow], list[ResultRow]]:
        """(ended executors, what has come to an end beside them), each oldest first."""
        require(actor, Role.VIEWER, "looking at results")
        account = ACCOUNT_OF[mode]
        ended = self._ended.setdefault(account, EndedExecutors(account))

        def read(connection: Connection) -> tuple[list[ResultRow], list[ResultRow]] | None:
            if not ended.read_on(connection):
                return None
            return ended.rows.copy(), in_order(other_rows(connection, account, ended))

        # the first time it takes several: other reads come in between
        while (found := await asyncio.wrap_future(self._journal.read(read))) is None:
            pass
        return found

    async def _opened(self, actor: Actor, mode: str) -> dict[str, Decimal | None]:
        """What is open now, by the asset in which each bot tells it."""
        found: dict[str, Decimal | None] = {}
        for bot in await self._bots.all(actor):
            if bot.mode == mode and bot.quote and (bot.unrealized is None or bot.unrealized):
                add_known(found, bot.quote, bot.unrealized)
        return found


def _between(ended: list[ResultRow], others: list[ResultRow], since_ns: int, until_ns: int) -> list[ResultRow]:
    """Those after `since_ns` and up to `until_ns`, oldest first."""
    parts = [rows[bisect_right(rows, since_ns, key=at_ns) : bisect_right(rows, until_ns, key=at_ns)] for rows in (ended, others)]
    return in_order(parts[0] + parts[1]) if parts[1] else parts[0]


def _begin(period: str, until_ns: int) -> int:
    return -1 if period == ALL else until_ns - duration(period) * 1_000_000_000


def _asset(counts: Counter[str], opened: Iterable[str]) -> str:
    """What sums are told in: the asset of most results, of several the first by name."""
    return min(filter(None, counts), key=lambda asset: (-counts[asset], asset), default="") or min(opened, default=CURRENCY)
