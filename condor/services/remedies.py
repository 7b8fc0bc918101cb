"""What mends a draft in one tap: prices that stand the wrong way round, levels that are too small, an amount that nobody has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

from botcore.controllers.by_hand import ByHandConfig
from botcore.controllers.directional import DirectionalTradingControllerConfigBase
from botcore.controllers.market_making import MarketMakingControllerConfigBase
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.model.instrument import Instrument
from condor.services.sizes import ZERO, quotes_of
from condor.units import plain

MUCH = Decimal(10**15)
"""Beyond it a Decimal has no digits to round."""
LIMIT_GAP = Decimal("0.01")
"""How far beyond its band a grid is given up when nobody says where."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One tap: these answers instead."""

    label: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a draft can't be started.

    Parameters
    ----------
    field : str
        The question to turn to; empty where it is none's alone.
    """

    text: str
    fixes: tuple[Fix, ...] = ()
    field: str = ""


# ---- the band of a grid --------------------------------------------------------------------------------------------
def band_fixes(answers: Mapping[str, Any]) -> tuple[Fix, ...]:
    """What puts start, end and limit of a grid in their order; none where they are, or where they are not all numbers."""
    start, end, limit = (_number(answers.get(name)) for name in ("start_price", "end_price", "limit_price"))
    if start is None or end is None or start == end:
        return ()
    changes: dict[str, Any] = {}
    if start > end:
        start, end = end, start
        changes = {"start_price": plain(start), "end_price": plain(end)}
    is_short = str(answers.get("side")) in ("SELL", "2")
    beyond = end * (1 + LIMIT_GAP) if is_short else start * (1 - LIMIT_GAP)
    if limit is not None and (limit <= end if is_short else limit >= start):
        limit_text = plain(beyond.quantize(Decimal(1).scaleb(beyond.adjusted() - 5)))
        place = "above the end" if is_short else "below the start"
        label = f"⇄ Swap start and end, limit to {limit_text}" if changes else f"Limit to {limit_text}, 1 % {place}"
        return (Fix(label, {**changes, "limit_price": limit_text}),)
    return (Fix("⇄ Swap start and end", changes),) if changes else ()


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except ArithmeticError:
        return None


# ---- levels that are too small -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Fewer:
    """A config with fewer levels: how many, and the answers that make it so."""

    count: int
    changes: Mapping[str, Any] = field(default_factory=dict)


def too_small(config: Any, instrument: Instrument, mid: Decimal | None = None) -> Problem | None:
    """A position below the venue's smallest order can never be opened: what would be the most levels that fit, and the amount that pays for all."""
    quotes = quotes_of(config, mid)
    smallest = min(quotes, default=ZERO)
    if not instrument.min_notional or not 0 < smallest < instrument.min_notional:
        return None
    count, needed = len(quotes), _needed(quotes, instrument.min_notional)
    text = (
        f"each of the {count} positions would be {smallest:.2f} {instrument.quote}, below the smallest order of {instrument.min_notional:f}: "
        f"raise the amount to {needed:f} or use fewer levels"
    )
    fixes = []
    fewer = next((item for item in _fewer(config, instrument.min_notional) if _fits(config, item, instrument, mid)), None)
    if fewer is not None:
        text += f" (at most {fewer.count} {'fits' if fewer.count == 1 else 'fit'})"
        fixes.append(Fix(f"Use {fewer.count} {'level' if fewer.count == 1 else 'levels'}", fewer.changes))
    if takes_amount(config):
        fixes.append(Fix(f"Raise the amount to {needed:f}", {"total_amount_quote": plain(needed)}))
    return Problem(text, tuple(fixes), "total_amount_quote")


def _needed(quotes: list[Decimal], least: Decimal) -> Decimal:
    """The whole amount at which the smallest position is large enough."""
    # shares of a whole have endless digits: 45.00000000001 is 45
    return _rounded(sum(quotes, ZERO) * least / min(quotes), 9).to_integral_value(ROUND_CEILING)


def _rounded(value: Decimal, digits: int) -> Decimal:
    return round(value, digits) if value < MUCH else value


def takes_amount(config: Any) -> bool:
    """Whether the whole amount is an answer of its own, so that another one may stand there."""
    return "total_amount_quote" in type(config.executor if isinstance(config, ByHandConfig) else config).model_fields


def _fits(config: Any, fewer: _Fewer, instrument: Instrument, mid: Decimal | None) -> bool:
    source = config.executor if isinstance(config, ByHandConfig) else config
    values = {name: getattr(source, name) for name in type(source).model_fields} | dict(fewer.changes)
    changed: Any = type(source).model_validate(values)
    whole = config.model_copy(update={"executor": changed}) if isinstance(config, ByHandConfig) else changed
    return min(quotes_of(whole, mid), default=ZERO) >= instrument.min_notional


def _fewer(config: Any, least: Decimal) -> Iterator[_Fewer]:
    """The same with fewer and fewer levels, the largest number first; nothing for what has none."""
    executor = config.executor if isinstance(config, ByHandConfig) else None
    if isinstance(config, MarketMakingControllerConfigBase):
        yield from _fewer_spreads(config)
    elif isinstance(config, DirectionalTradingControllerConfigBase):
        count = min(config.max_executors_per_side - 1, int(config.total_amount_quote / least))
        if count:
            yield _Fewer(count, {"max_executors_per_side": str(count)})
    elif isinstance(executor, DCAExecutorConfig):
        total = executor.max_amount_quote
        for count in range(len(executor.prices) - 1, 0, -1):
            kept = executor.amounts_quote[:count]
            scaled = [plain(_rounded(amount * total / sum(kept, ZERO), 2)) for amount in kept]
            yield _Fewer(count, {"amounts_quote": scaled, "prices": [plain(price) for price in executor.prices[:count]]})
    elif isinstance(executor, TWAPExecutorConfig):
        count = min(executor.number_of_orders - 1, int(executor.total_amount_quote / least))
        if count:
            interval = executor.total_duration // count + 1
            yield _Fewer(executor.total_duration // interval + 1, {"order_interval": interval})


def _fewer_spreads(config: MarketMakingControllerConfigBase) -> Iterator[_Fewer]:
    """Without the farthest level of each side, again and again."""
    buys, sells = len(config.buy_spreads), len(config.sell_spreads)
    while buys + sells > 1:
        if buys >= sells:
            buys -= 1
        else:
            sells -= 1
        yield _Fewer(
            buys + sells,
            {
                "buy_spreads": _text(config.buy_spreads[:buys]),
                "sell_spreads": _text(config.sell_spreads[:sells]),
                "buy_amounts_pct": None if config.buy_amounts_pct is None else _text(config.buy_amounts_pct[:buys]) or None,
                "sell_amounts_pct": None if config.sell_amounts_pct is None else _text(config.sell_amounts_pct[:sells]) or None,
            },
        )


def _text(values: list[Decimal]) -> str:
    return ",".join(plain(value) for value in values)
