"""Answers that are worked out from the market, each with the reason why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botcore.model.instrument import Instrument
from condor.services.purse import DayRange
from condor.units import plain

PRICES = ("start_price", "end_price", "limit_price")
FALLBACK = Decimal("0.02")
"""Half the width of a band where no candles say how far the price goes."""
LEAST = Decimal("0.002")
LADDER_STEPS = 3


def proposed(
    fields: Mapping[str, Any], answers: Mapping[str, Any], instrument: Instrument, mid: Decimal | None, day: DayRange | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values for the price fields among `fields`, and why; nothing without a price.

    A grid's band reaches half of the day's range to both sides of the price; it is given up another quarter beyond.
    """
    if mid is None:
        return {}, {}
    half = max(LEAST, day.width(mid) / 2) if day is not None else FALLBACK
    reason = f"the {day.hours} h range is {day.width(mid) * 100:.1f} %" if day is not None else "there are no candles yet"
    is_short = str(answers.get("side")) in ("SELL", "2")
    values: dict[str, Any] = {}
    why: dict[str, str] = {}
    distances = {"start_price": -half, "end_price": half, "limit_price": half * Decimal("1.5") if is_short else -half * Decimal("1.5")}
    if set(PRICES) <= set(fields):
        for name, distance in distances.items():
            values[name] = plain(_near(instrument, mid * (1 + distance)))
            why[name] = f"{distance * 100:+.1f} % of {plain(mid)} because {reason}"
    if "prices" in fields and "amounts_quote" in fields:
        sign = 1 if is_short else -1
        steps = [half * step / LADDER_STEPS for step in range(1, LADDER_STEPS + 1)]
        values["prices"] = [plain(_near(instrument, mid * (1 + sign * step))) for step in steps]
        why["prices"] = (
            f"{LADDER_STEPS} steps down to {-half * 100:+.1f} % because {reason}" if sign < 0 else f"{LADDER_STEPS} steps up because {reason}"
        )
    return values, why


def _near(instrument: Instrument, price: Decimal) -> Decimal:
    """A price of the venue with few digits."""
    return instrument.price(instrument.floor_ticks(Decimal(f"{price:.5g}"))) or instrument.tick_size
