"""`Distributions`: numbers of the levels of a ladder, spreads or amounts, under the names of Strategy V2.

Every result is an exact Decimal: a float is read as the number that it prints as, so 0.01 is 0.01 and carries no binary noise into a price.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final

Number = Decimal | float | int | str

PLACES: Final = 28
EXACT: Final = Context(prec=PLACES + 12)
"""Intermediate results carry more digits than what is handed out, so that the last digit of the latter is right."""
OUT: Final = Context(prec=PLACES)


def exact(value: Number) -> Decimal:
    """A number as the Decimal that it prints as.

    Raises
    ------
    ValueError
        If it is no finite number.
    """
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except ArithmeticError:
        raise ValueError(f"expected a number, found {value!r}") from None
    if not number.is_finite():
        raise ValueError(f"expected a finite number, found {value!r}")
    return number


class Distributions:
    """Each method gives `n_levels` Decimals, the level next to the market first."""

    @classmethod
    def linear(cls, n_levels: int, start: Number = 0, end: Number = 1) -> list[Decimal]:
        """Evenly spaced from `start` to `end`, both included; a single level is `start`."""
        first, last = exact(start), exact(end)
        if _levels(n_levels) == 1:
            return [first]
        span, steps = EXACT.subtract(last, first), Decimal(n_levels - 1)
        inner = [_sum(first, EXACT.divide(EXACT.multiply(span, Decimal(index)), steps)) for index in range(1, n_levels - 1)]
        return [first, *inner, last]

    @classmethod
    def fibonacci(cls, n_levels: int, start: Number = "0.01") -> list[Decimal]:
        """`start` times 1, 2, 3, 5, 8, ..."""
        first = exact(start)
        factor, following = 1, 2
        values = []
        for _ in range(_levels(n_levels)):
            values.append(_product(first, Decimal(factor)))
            factor, following = following, factor + following
        return values

    @classmethod
    def logarithmic(cls, n_levels: int, base: Number | None = None, scaling_factor: Number = 1, start: Number = "0.4") -> list[Decimal]:
        """start + scaling_factor * (log(index + 2) - log(2)), index from 0; the base is e when it is left out.

        Raises
        ------
        ValueError
            If there is no logarithm to that base: it must be positive and not 1.
        """
        first, scale = exact(start), exact(scaling_factor)
        unit = Decimal(1) if base is None else _log_of_base(exact(base))
        two = EXACT.ln(Decimal(2))
        growth = [EXACT.divide(EXACT.subtract(EXACT.ln(Decimal(index + 2)), two), unit) for index in range(_levels(n_levels))]
        return [_sum(first, EXACT.multiply(scale, value)) for value in growth]

    @classmethod
    def arithmetic(cls, n_levels: int, start: Number, step: Number) -> list[Decimal]:
        """`start`, then `step` more each time."""
        first, more = exact(start), exact(step)
        return [_sum(first, EXACT.multiply(more, Decimal(index))) for index in range(_levels(n_levels))]

    @classmethod
    def geometric(cls, n_levels: int, start: Number, ratio: Number) -> list[Decimal]:
        """`start`, then `ratio` times as much each time.

        Raises
        ------
        ValueError
            If the ratio does not exceed 1: the levels would not move apart.
        """
        first, factor = exact(start), exact(ratio)
        if factor <= 1:
            raise ValueError(f"expected a ratio above 1 (levels must grow), found {ratio}")
        return [_product(first, EXACT.power(factor, Decimal(index))) for index in range(_levels(n_levels))]


def _levels(count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"expected a whole number of levels, at least 1, found {count!r}")
    return count


def _log_of_base(base: Decimal) -> Decimal:
    if base <= 0 or base == 1:
        raise ValueError(f"expected a base of the logarithm that is positive and not 1, found {base}")
    return EXACT.ln(base)


def _sum(left: Decimal, right: Decimal) -> Decimal:
    return _plain(EXACT.add(left, right))


def _product(left: Decimal, right: Decimal) -> Decimal:
    return _plain(EXACT.multiply(left, right))


def _plain(value: Decimal) -> Decimal:
    """Rounded once, without the zeros that a division leaves behind."""
    rounded = OUT.plus(value)
    short = rounded.normalize(OUT)
    # an exponent above 0 would print 1E+1
    return short if int(short.as_tuple().exponent) <= 0 else short.quantize(Decimal(1), context=EXACT)
