"""Sums of money in messages: with a dollar sign where they are dollars, with the asset's name elsewhere."""

from __future__ import annotations

from decimal import Decimal

from handlers import words

DOLLARS = ("USDT", "USDC", "USD", "FDUSD", "BUSD", "TUSD")
"""Quote assets whose sums are written with a dollar sign."""

SMALL = Decimal("0.1")


def sum_text(value: Decimal | None, quote: str, *, signed: bool = False) -> str:
    """Money with its sign before the currency: `+$4.21`; with the asset's name where that is no dollar: `+4.21 EUR`."""
    shown = words.money(value, signed=signed)
    if quote and quote not in DOLLARS:
        return f"{_small(value, signed=signed) or shown} {quote}"
    return f"{shown[0]}${shown[1:]}" if shown[:1] in ("+", "-") else f"${shown}"


def _small(value: Decimal | None, *, signed: bool) -> str:
    """What a coin's small sum is to its last digit, for it may be worth much; empty where there is none."""
    if not value or abs(value) >= SMALL:
        return ""
    return f"+{words.amount(value)}" if signed and value > 0 else words.amount(value)
