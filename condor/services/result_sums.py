"""Sums, curve and days of results. A hundred thousand of them are added up while somebody waits: each column is gone through once, and none row by row in Python."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import accumulate
from operator import attrgetter, is_
from typing import cast

from botcore.orchestrator.reporting import Rates
from condor.result_views import ResultRow, ResultsView

ZERO = Decimal(0)
DAY_NS = 86_400 * 1_000_000_000
MAX_DAYS = 400
"""Days without a result between two with one are shown as such, up to so many in all."""

Sums = dict[str, Decimal | None]
Moments = tuple[list[int], list[Decimal]]
"""(times, values) of what is known, oldest first."""

at_ns, result_of = attrgetter("at_ns"), attrgetter("result")


def summed(mode: str, period: str, span: tuple[int, int], rows: Sequence[ResultRow], opened: Sums, rates: Rates) -> ResultsView:
    """Results of a time from its rows, oldest first; `rates` has been asked for every asset in them."""
    groups = _grouped(rows, "asset")
    by_asset = _sums(groups)
    ended = [row for row in rows if row.kind == "executor" and row.close_type != "POSITION_HOLD"]
    each = _worths(ended, rates)
    winners = [value for value in each if value is not None and value > ZERO]
    known = _known(rows, rates)
    curve = _curve(known)
    by_bot = [(bot_id, rates.total(_sums(_grouped(of_bot, "asset")))) for bot_id, of_bot in sorted(_grouped(rows, "bot_id").items())]
    unknown = {asset for asset, value in (*by_asset.items(), *opened.items()) if value is None or (value and rates.rate(asset) is None)}
    return ResultsView(
        mode,
        period,
        max(span[0], 0),
        span[1],
        rates.asset,
        rates.total(by_asset),
        rates.total(_sums(_grouped([row for row in rows if row.kind == "funding"], "asset"))),
        rates.total(opened),
        rates.total(_sums(groups, "fees")),
        rates.total(_sums(groups, "volume")),
        len(ended),
        len(winners),
        _profit_factor(each, winners),
        _worst_drop([value for _, value in curve]),
        tuple(sorted(by_asset.items())),
        tuple(sorted(by_bot, key=lambda item: (item[1] is None, -(item[1] or ZERO), item[0]))),
        curve,
        _days(known),
        tuple(sorted(unknown)),
        tuple(rows),
    )


def total_of(rows: Sequence[ResultRow], rates: Rates) -> Decimal | None:
    """What they have earned together; None while a part is not known."""
    return rates.total(_sums(_grouped(rows, "asset")))


def _grouped(rows: Sequence[ResultRow], name: str) -> dict[str, list[ResultRow]]:
    """Rows by a column."""
    if len(names := set(map(attrgetter(name), rows))) == 1:
        # most often all are in one asset
        return {names.pop(): list(rows)}
    found: defaultdict[str, list[ResultRow]] = defaultdict(list)
    for key, row in zip(map(attrgetter(name), rows), rows, strict=True):
        found[key].append(row)
    return found


def _sums(groups: dict[str, list[ResultRow]], name: str = "result") -> Sums:
    """The sum of a column in each group; None where a part is not known."""
    return {key: _sum(list(map(attrgetter(name), rows))) for key, rows in groups.items()}


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    return None if _has_unknown(values) else sum(cast(Sequence[Decimal], values), ZERO)


def _has_unknown(values: Iterable[Decimal | None]) -> bool:
    """As `None in values`, which compares each by its worth and takes many times as long."""
    return any(map(partial(is_, None), values))


def _worths(rows: Sequence[ResultRow], rates: Rates) -> list[Decimal | None]:
    """What each has earned, in the reporting asset; None where that is not known."""
    if set(map(attrgetter("asset"), rows)) <= {rates.asset}:
        return list(map(result_of, rows))
    return [rates.total({row.asset: row.result}) for row in rows]


def _known(rows: Sequence[ResultRow], rates: Rates) -> Moments:
    values = _worths(rows, rates)
    if not _has_unknown(values):
        return list(map(at_ns, rows)), values  # type: ignore[return-value]
    pairs = [(row.at_ns, value) for row, value in zip(rows, values, strict=True) if value is not None]
    return [at for at, _ in pairs], [value for _, value in pairs]


def _profit_factor(each: Sequence[Decimal | None], winners: Sequence[Decimal]) -> Decimal | None:
    """What the winners have won for each unit that the losers have lost; None where there is no loser, or a result is not known."""
    total, won = _sum(each), sum(winners, ZERO)
    if total is None or total == won:
        return None
    return won / (won - total)


def _curve(known: Moments) -> tuple[tuple[int, Decimal], ...]:
    """The sum after each moment at which something ended; what is not known is not in it."""
    # of several at one moment the last sum stays
    return tuple(dict(zip(known[0], accumulate(known[1]), strict=True)).items())


def _worst_drop(sums: Sequence[Decimal]) -> Decimal | None:
    """The largest fall from a best; None before anything has ended."""
    if not sums:
        return None
    best = accumulate(sums, max, initial=ZERO)
    next(best)
    return min(ZERO, min(value - peak for value, peak in zip(sums, best, strict=True)))


def _days(known: Moments) -> tuple[tuple[str, Decimal], ...]:
    """The result of each day (UTC) from the first that has one to the last, newest `MAX_DAYS`."""
    times, values = known
    if not times:
        return ()
    last = times[-1] // DAY_NS
    days = range(max(times[0] // DAY_NS, last - MAX_DAYS + 1), last + 1)
    begins = [bisect_left(times, day * DAY_NS) for day in (*days, last + 1)]
    return tuple(
        (datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%d"), sum(values[begin:end], ZERO))
        for day, begin, end in zip(days, begins, begins[1:], strict=False)
    )
