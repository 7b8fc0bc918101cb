"""Numbers as people type and read them: `0.4%`, `25bp`, `$100`, `2k`, `1h30m`. One place for both directions."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from botcore.model.errors import UserError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE)
_NUMBER = re.compile(r"^[-+]?(?:\d+(?:[ ,_]\d{3})*|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?$")
DOLLARS = ("usdt", "usdc", "usd")
MULTIPLES = {"k": Decimal(1_000), "m": Decimal(1_000_000)}


class Ambiguous(UserError):
    """A number that can be meant in two ways; `readings` are texts that can't be misread."""

    def __init__(self, text: str, readings: tuple[str, ...]) -> None:
        super().__init__(f"{text} can mean {' or '.join(readings)}; which one?")
        self.readings = readings


def number(text: str, what: str = "a number") -> Decimal:
    """A plain finite number, thousands separated by commas, blanks or underscores or not at all.

    Raises
    ------
    UserError
        If it is not one.
    """
    cleaned = text.strip()
    try:
        if not cleaned or not _NUMBER.match(cleaned):
            raise InvalidOperation
        value = Decimal(re.sub(r"[ ,_]", "", cleaned))
    except InvalidOperation:
        raise UserError(f"expected {what}, found {text.strip()!r}") from None
    if abs(value) > Decimal("1e30"):
        raise UserError(f"expected {what} of a sane size, found {text.strip()!r}")
    return value


def ratio(text: str) -> Decimal:
    """A fraction from `0.4%` or `25bp`; a bare 0 is 0.

    Raises
    ------
    Ambiguous
        For a bare number: 0.1 may mean 0.1 % or 10 %.
    UserError
        If it is no number.
    """
    cleaned = text.strip().lower().replace(" ", "")
    for suffix, scale in (("%", Decimal("0.01")), ("percent", Decimal("0.01")), ("bps", Decimal("0.0001")), ("bp", Decimal("0.0001"))):
        if cleaned.endswith(suffix):
            return number(cleaned.removesuffix(suffix), "a percentage such as 0.4%") * scale
    value = number(cleaned, "a percentage such as 0.4% or 25bp")
    if value == 0:
        return value
    raise Ambiguous(text.strip(), (f"{plain(value)}%", f"{plain(value * 100)}%"))


def amount(text: str) -> Decimal:
    """An amount of money or of an asset: `100`, `$1,500`, `2k`, `1.5m`, `250 USDT`."""
    cleaned = text.strip().lower().removeprefix("$").strip()
    cleaned = re.sub(rf"\s*({'|'.join(DOLLARS)})$", "", cleaned)
    scale = Decimal(1)
    if cleaned and cleaned[-1] in MULTIPLES:
        scale, cleaned = MULTIPLES[cleaned[-1]], cleaned[:-1]
    return number(cleaned, "an amount such as 500, $500 or 2k") * scale


def names_dollars(text: str) -> bool:
    """Whether an amount is said to be one of dollars: `$50`, `50 USDT`."""
    cleaned = text.strip().lower()
    return cleaned.startswith("$") or cleaned.endswith(DOLLARS)


def is_in_dollars(pair: str) -> bool:
    """Whether a pair is priced in dollars."""
    return "USD" in pair.partition("-")[2]


def duration(text: str) -> int:
    """Whole seconds from `90`, `45s`, `15m`, `1h30m` or `2d`."""
    cleaned = text.strip().lower().replace(" ", "")
    if cleaned.isdecimal():
        return int(cleaned)
    found = _DURATION.findall(cleaned)
    if not found or "".join(f"{value}{unit}" for value, unit in found) != cleaned:
        raise UserError(f"expected a time such as 30s, 15m, 1h30m or 2d, found {text.strip()!r}")
    return int(sum(Decimal(value) * SECONDS[unit] for value, unit in found))


# ---- out -----------------------------------------------------------------------------------------------------------
def plain(value: Decimal) -> str:
    """Decimal text without exponent or trailing zeros."""
    shown = format(value, "f")
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) or "0"


def ratio_text(value: Decimal) -> str:
    """`0.004` -> `0.4%`."""
    return f"{plain(value * 100)}%"


def duration_text(seconds: float) -> str:
    """The two largest units: `2h13m`, `45s`, `3d4h`."""
    left = round(seconds)
    if left < 60:
        return f"{left}s"
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, SECONDS[unit])
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:
            break
    return "".join(parts)
