"""What was earned: sums, curve and days of a time, on paper or with real money. From the records and what runs; no venue is asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

from botcore.orchestrator.reporting import Rates, add_known
from botcore.recorder.journal import Journal
from condor.hosts import ACCOUNT_OF, LIVE, PAPER, Hosts
from condor.result_views import ResultRow, ResultsView
from condor.services.bots import BotService
from condor.services.overview import CURRENCY
from condor.store.results import result_rows
from condor.units import duration
from condor.users import Actor, Role, require

ZERO = Decimal(0)
PERIODS = ("1d", "7d", "30d", "all")
ALL = "all"
DAY_NS = 86_400 * 1_000_000_000
MAX_DAYS = 400
"""Days without a result between two with one are shown as such, up to so many in all."""


class ResultsService:
    """See the module."""

    def __init__(self, hosts: Hosts, bots: BotService, journal: Journal) -> None:
        self._hosts = hosts
        self._bots = bots
        self._journal = journal

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
        (view,) = await self.several(actor, mode, [period], until_ns)
        return view

    async def several(self, actor: Actor, mode: str, periods: Sequence[str], until_ns: int | None = None) -> tuple[ResultsView, ...]:
        """Results of several times, out of one look at the records; see `of`."""
        require(actor, Role.VIEWER, "looking at results")
        host = self._hosts.of(mode)
        until_ns = host.clock.now_ns if until_ns is None else until_ns
        begins = [-1 if period == ALL else until_ns - duration(period) * 1_000_000_000 for period in periods]
        every = await asyncio.wrap_future(self._journal.read(lambda connection: result_rows(connection, ACCOUNT_OF[mode])))
        opened = await self._opened(actor, mode)
        found = []
        for period, since_ns in zip(periods, begins, strict=True):
            rows = [row for row in every if since_ns < row.at_ns <= until_ns]
            rates = Rates(_asset(rows, opened), host.runtime.market_data.rates.rate)
            found.append(_view(mode, period, since_ns, until_ns, rows, opened, rates))
        return tuple(found)

    async def _opened(self, actor: Actor, mode: str) -> dict[str, Decimal | None]:
        """What is open now, by the asset in which each bot tells it."""
        found: dict[str, Decimal | None] = {}
        for bot in await self._bots.all(actor):
            if bot.mode == mode and bot.quote and (bot.unrealized is None or bot.unrealized):
                add_known(found, bot.quote, bot.unrealized)
        return found


def _asset(rows: Sequence[ResultRow], opened: Iterable[str]) -> str:
    """What sums are told in: the asset of most results, of several the first by name."""
    counts = Counter(row.asset for row in rows if row.asset)
    return min(counts, key=lambda asset: (-counts[asset], asset), default="") or min(opened, default=CURRENCY)


def _sums(rows: Iterable[ResultRow], name: str = "result") -> dict[str, Decimal | None]:
    """Sums of a column by asset."""
    found: dict[str, Decimal | None] = {}
    for row in rows:
        add_known(found, row.asset, getattr(row, name))
    return found


def _view(
    mode: str, period: str, since_ns: int, until_ns: int, rows: Sequence[ResultRow], opened: dict[str, Decimal | None], rates: Rates
) -> ResultsView:
    by_asset = _sums(rows)
    ended = [row for row in rows if row.kind == "executor" and row.close_type != "POSITION_HOLD"]
    each = [rates.total({row.asset: row.result}) for row in ended]
    curve = _curve(rows, rates)
    by_bot = [(bot_id, rates.total(_sums(row for row in rows if row.bot_id == bot_id))) for bot_id in sorted({row.bot_id for row in rows})]
    unknown = {asset for asset, value in (*by_asset.items(), *opened.items()) if value is None or (value and rates.rate(asset) is None)}
    return ResultsView(
        mode,
        period,
        max(since_ns, 0),
        until_ns,
        rates.asset,
        rates.total(by_asset),
        rates.total(_sums(row for row in rows if row.kind == "funding")),
        rates.total(opened),
        rates.total(_sums(rows, "fees")),
        rates.total(_sums(rows, "volume")),
        len(ended),
        sum(1 for value in each if value is not None and value > 0),
        _profit_factor(each),
        _worst_drop(curve),
        tuple(sorted(by_asset.items())),
        tuple(sorted(by_bot, key=lambda item: (item[1] is None, -(item[1] or ZERO), item[0]))),
        curve,
        _days(rows, rates),
        tuple(sorted(unknown)),
        tuple(rows),
    )


def _profit_factor(each: Sequence[Decimal | None]) -> Decimal | None:
    """What the winners have won for each unit that the losers have lost; None where there is no loser, or a result is not known."""
    if None in each:
        return None
    lost = -sum((value for value in each if value is not None and value < 0), ZERO)
    won = sum((value for value in each if value is not None and value > 0), ZERO)
    return won / lost if lost else None


def _curve(rows: Sequence[ResultRow], rates: Rates) -> tuple[tuple[int, Decimal], ...]:
    """The sum after each moment at which something ended; what is not known is not in it."""
    total, found = ZERO, []
    for at_ns, same in groupby(rows, key=lambda row: row.at_ns):
        total += sum((value for row in same if (value := rates.total({row.asset: row.result})) is not None), ZERO)
        found.append((at_ns, total))
    return tuple(found)


def _worst_drop(curve: Sequence[tuple[int, Decimal]]) -> Decimal | None:
    """The largest fall from a best; None before anything has ended."""
    best = worst = ZERO
    for _, value in curve:
        best = max(best, value)
        worst = min(worst, value - best)
    return worst if curve else None


def _days(rows: Sequence[ResultRow], rates: Rates) -> tuple[tuple[str, Decimal], ...]:
    """The result of each day (UTC) from the first that has one to the last, newest `MAX_DAYS`."""
    sums: dict[int, Decimal] = {}
    for row in rows:
        value = rates.total({row.asset: row.result})
        if value is not None:
            sums[row.at_ns // DAY_NS] = sums.get(row.at_ns // DAY_NS, ZERO) + value
    if not sums:
        return ()
    days = range(max(min(sums), max(sums) - MAX_DAYS + 1), max(sums) + 1)
    return tuple((datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%d"), sums.get(day, ZERO)) for day in days)
