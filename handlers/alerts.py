"""The words of alerts: every kind of notice and who words it, and what is said again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from condor.alerts.events import Own
from condor.views import FactKind, Notice
from handlers import words
from handlers.alerts_bots import BOT_ALERTS
from handlers.alerts_changes import CHANGE_ALERTS
from handlers.alerts_orders import MAX_LINES, ORDER_ALERTS, SEVERAL_ORDERS, order_text, several_orders
from handlers.alerts_own import OWN_ALERTS
from handlers.alerts_panic import PANIC_ALERTS
from handlers.alerts_positions import POSITION_ALERTS, barrier_line
from handlers.alerts_trades import TRADE_ALERTS, entry_line, several_trades
from handlers.alerts_venue import VENUE_ALERTS
from handlers.html import Safe, bold, card, clip, line


def text_of(notices: Sequence[Notice]) -> Safe:
    """One message for one or several notices of a chat."""
    notices = [replace(notice, mode=words.MODES.get(notice.mode, notice.mode)) for notice in notices]
    if len(notices) == 1:
        return _ONE.get(notices[0].kind, _other)(notices[0])
    if notices[0].kind in SEVERAL_ORDERS:
        return several_orders(notices, _LINES.get(notices[0].kind, lambda notice: order_text(notice.payload)))
    return several_trades(notices)


def first_line(notice: Notice) -> Safe:
    """What a notice says first, which is its outcome."""
    return Safe(str(text_of([notice])).partition("\n")[0])


def _repeat(notice: Notice) -> Safe:
    """What is critical and nobody has seen: the first line of each."""
    events = notice.payload.get("events") or []
    blocks: list[object] = [
        line("🔁 ", bold(f"Nobody has seen {words.plural(len(events), 'critical alert')}"), " yet. Tap Seen to end these messages.")
    ]
    notices = [Notice(**values) for values in notice.payload.get("notices") or []]
    blocks += [line("• ", first_line(each), f" (#{each.event_id})") for each in notices[-MAX_LINES:]]
    if len(events) > len(notices):
        blocks.append(f"… and {len(events) - len(notices)} more")
    return card(blocks)


def _other(notice: Notice) -> Safe:
    return line("ℹ️ ", bold(notice.kind.replace("_", " ")), f" {clip(notice.bot_title, 40)}")


_ONE: dict[str, Callable[[Notice], Safe]] = {
    **TRADE_ALERTS,
    **BOT_ALERTS,
    **ORDER_ALERTS,
    **PANIC_ALERTS,
    **OWN_ALERTS,
    **VENUE_ALERTS,
    **CHANGE_ALERTS,
    **POSITION_ALERTS,
    Own.REPEAT: _repeat,
}

_LINES: dict[str, Callable[[Notice], Safe]] = {FactKind.BARRIER_MOVED: barrier_line, FactKind.POSITION_FILLED: entry_line}
"""How one of several is shown, where it is no order."""
