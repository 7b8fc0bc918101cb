"""The picture of a digest, as plain values in its notice: the day as a curve with its drawdown, the week as a bar for each day. Who sends it has it drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from botcore.model.events import FactKind
from condor.alerts.localtime import local
from condor.services.charts import MOST_DAYS, thinned
from condor.store.alert_facts import PastFact
from condor.worth import result_asset


def picture_of(facts: Sequence[PastFact], mode: str, since_ms: int, until_ms: int, zone: str, *, is_weekly: bool) -> dict[str, Any] | None:
    """The values of a picture; None where nothing with a known result has happened.

    Sums of several assets can't be one curve: the asset of most results is shown, and named.
    """
    earned = [found for fact in facts if (found := _earned(fact)) is not None]
    if not earned:
        return None
    counts = Counter(asset for _, asset, _ in earned)
    unit = min(counts, key=lambda asset: (-counts[asset], asset))
    moves = [(at_ms, value) for at_ms, asset, value in earned if asset == unit]
    values = _days(moves, since_ms, until_ms, zone) if is_weekly else _curve(moves, since_ms, until_ms)
    return {"mode": mode, "unit": unit, **values}


def _earned(fact: PastFact) -> tuple[int, str, Decimal] | None:
    """(when, asset, how much) of a fact that has moved a result by a known sum."""
    payload = fact.payload
    if fact.kind == FactKind.FUNDING_PAID:
        value, asset = payload.get("amount"), str(payload.get("asset") or "")
    else:
        value, asset = (payload.get("net_pnl_quote") if Decimal(payload.get("volume_quote") or 0) else None), result_asset(payload)
    return None if value is None or not asset else (fact.wall_ms, asset, Decimal(value))


def _curve(moves: Sequence[tuple[int, Decimal]], since_ms: int, until_ms: int) -> dict[str, Any]:
    """The result after each of them, from 0 on to the end of the span; a time in which there was nothing yet is not shown."""
    total, points = Decimal(0), []
    for at_ms, value in moves:
        total += value
        points.append((at_ms, float(total)))
    begins_ms = max(since_ms, moves[0][0] - (until_ms - moves[0][0]) // 20)
    shown = [(begins_ms, 0.0), *thinned(points), (until_ms, float(total))]
    return {"at_ms": [at_ms for at_ms, _ in shown], "values": [value for _, value in shown]}


def _days(moves: Sequence[tuple[int, Decimal]], since_ms: int, until_ms: int, zone: str) -> dict[str, Any]:
    """The result of each local day that the span touches; of a digest that is late by months the newest days."""
    day, last = local(zone, since_ms).date(), local(zone, until_ms).date()
    first = max(day, last - timedelta(days=MOST_DAYS - 1))
    sums = {first + timedelta(days=count): Decimal(0) for count in range((last - first).days + 1)}
    for at_ms, value in moves:
        day = local(zone, at_ms).date()
        if day in sums:
            sums[day] += value
    return {"days": [day.strftime("%a %d") for day in sorted(sums)], "values": [float(sums[day]) for day in sorted(sums)]}
