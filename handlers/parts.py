"""Parts that many cards have: choices, pages, the colours of pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from condor.pictures.drawings import THEMES, Theme
from handlers import words
from handlers.context import Context
from handlers.view import Button, show

STEPS = ("◀ Previous", "Next ▶")
AGES = ("◀ Newer", "Older ▶")
"""What the ways to other pages are called; the second where the newest comes first."""


def chosen(text: str, is_chosen: bool) -> str:
    """The label of one of several choices."""
    return f"● {text}" if is_chosen else text


def page_start(offset: int, total: int, size: int) -> int:
    """Where a page begins, whatever was asked for and however much there is by now."""
    return min(max(0, offset), max(0, (total - 1) // size * size))


def turning(
    screen: str, args: Mapping[str, object], offset: int, total: int, size: int, labels: tuple[str, str] = STEPS
) -> tuple[tuple[Button, ...], ...]:
    """A row with the ways to the pages before and after; none where there is one page."""
    return turning_by(lambda label, to: show(label, screen, **{**args, "offset": to}), offset, total, size, labels)


def turning_by(
    way: Callable[[str, int], Button], offset: int, total: int, size: int, labels: tuple[str, str] = STEPS
) -> tuple[tuple[Button, ...], ...]:
    """Such a row of other buttons: `way` makes one out of its label and where its page begins."""
    row = [way(labels[0], max(0, offset - size))] if offset else []
    row += [way(labels[1], offset + size)] if offset + size < total else []
    return (tuple(row),) if row else ()


def theme(args: Mapping[str, object]) -> Theme:
    """In which colours a card's picture is drawn."""
    wanted = args.get("theme")
    return next((name for name in THEMES if name == wanted), THEMES[0])


def theme_button(screen: str, args: Mapping[str, object]) -> Button:
    """Turns a card's picture to the other colours."""
    other = next(name for name in THEMES if name != theme(args))
    return show(f"{'🌙' if other == 'dark' else '☀️'} {other.capitalize()}", screen, **{**args, "theme": other})


def settled(ctx: Context, args: Mapping[str, object], **defaults: str) -> dict[str, str]:
    """What a card of results or accounts shows: as it was asked for, else real money where there is some, in dark."""
    known = {"mode": ctx.services.data.results.modes()[0], "theme": THEMES[0], **defaults}
    return {name: str(args.get(name, value)) for name, value in known.items()}


async def also_in_unit(ctx: Context, value: Decimal | None, asset: str, *, signed: bool = False) -> list[tuple[str, str]]:
    """A row with a sum in the unit that the chat has chosen (`/settings unit BTC`); none where it has chosen none, or that asset itself."""
    unit = await ctx.services.alerts.unit(ctx.actor)
    if not unit or unit == asset:
        return []
    rate = ctx.services.overview.rate(asset, unit)
    if rate is None or value is None:
        return [(f"  in {unit}", "?")]
    worth = value * rate
    sign = "-" if worth < 0 else "+" if signed and worth else ""
    return [(f"  in {unit}", f"{sign}{words.price(abs(worth))} {unit}")]
