"""Numbers in a picture: short, for there is little room."""

from __future__ import annotations


def short(value: float, *, signed: bool = False) -> str:
    """Two decimals, thousands separated."""
    text = f"{value:+,.2f}" if signed else f"{value:,.2f}"
    return text if float(text.replace(",", "")) else "0.00"


def brief(value: float) -> str:
    """A label of a scale: 12.5k, 1.2M, 0.05."""
    size = abs(value)
    for limit, mark in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / (1e3 if mark == 'k' else limit):g}{mark}"
    return f"{value:,.10g}"


def price(value: float) -> str:
    """About six significant digits, thousands separated."""
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
