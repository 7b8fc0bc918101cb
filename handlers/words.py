"""How numbers and states read in the chat: one place, so that a sum looks the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from condor.units import duration_text, plain

CLOSE_TYPES = {
    "TAKE_PROFIT": "take profit",
    "STOP_LOSS": "stop loss",
    "TRAILING_STOP": "trailing stop",
    "TIME_LIMIT": "time limit",
    "EARLY_STOP": "early stop",
    "EXPIRED": "expired",
    "INSUFFICIENT_BALANCE": "insufficient balance",
    "FAILED": "failed",
    "COMPLETED": "completed",
    "POSITION_HOLD": "position held",
    "EXTERNAL": "closed by somebody else",
}
ZERO = Decimal(0)

MODES = {"paper": "paper", "live": "💵 real money"}
STATE_MARKS = {"running": "🟢", "stopping": "🟠", "stopped": "⚪", "broken": "🔴", "waiting for the venue": "🟡"}


def money(value: Decimal | None, *, signed: bool = False) -> str:
    """Two decimals, more for tiny sums; thousands separated; "?" for what is not known."""
    if value is None:
        return "?"
    places = 2 if abs(value) >= Decimal("0.1") or not value else 4
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    if not rounded:
        rounded = abs(rounded)
    return f"{rounded:+,.{places}f}" if signed and rounded else f"{rounded:,.{places}f}"


def percent(fraction: Decimal | None) -> str:
    """A fraction with sign as percent."""
    if fraction is None:
        return "?"
    value = fraction * 100
    return f"{value:+.2f} %" if abs(value) < 1000 else f"{value:+,.0f} %"


def unpriced(assets: Sequence[str], quote: str) -> str:
    """Which results are not in a sum because nobody knows what they are worth."""
    return f"what {' and '.join(assets)} is worth in {quote} is not known now: the whole is not known either"


def price(value: Decimal | None) -> str:
    """At most seven significant digits, thousands separated."""
    if value is None or value.is_nan():
        return "?"
    if value == 0:
        return "0"
    places = max(0, min(10, 6 - value.adjusted()))
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, fraction = plain(rounded).partition(".")
    return f"{int(whole):,}" + (f".{fraction}" if fraction else "")


def amount(value: Decimal | None) -> str:
    return "?" if value is None else plain(value.quantize(Decimal("1e-8"), ROUND_HALF_EVEN))


def close_type(name: str | None) -> str:
    return CLOSE_TYPES.get(name or "", (name or "?").lower())


def ago(seconds: float) -> str:
    return duration_text(max(0, seconds))


def clock_time(ms: int) -> str:
    """UTC time of a wall or market moment."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def time_of_day(ms: int) -> str:
    """UTC time without its day."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%H:%M:%S")


def result_mark(value: Decimal | None) -> str:
    """A sign that does not rely on colour alone."""
    if value is None:
        return "❔"
    return "▲" if value > 0 else "▼" if value < 0 else "•"


def plural(count: int, word: str, many: str = "") -> str:
    """A count with its word; `many` where that is not the word with an s."""
    return f"{count} {word if count == 1 else many or f'{word}s'}"


def number(payload: Mapping[str, object], name: str) -> Decimal | None:
    """A number of a fact's payload, where it is kept as text; None when it is not known."""
    value = payload.get(name)
    return None if value is None else Decimal(str(value))
