"""The words of alerts about orders whose fate is open, executions that came late, and exits that do not come through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from condor.views import FactKind, Notice
from handlers import words
from handlers.html import Safe, bold, card, clip, line

MAX_LINES = 12
"""So many are listed in one message."""


def order_text(payload: dict[str, Any]) -> str:
    """`BUY 0.01 BTC-USDT on binance`."""
    return f"{payload.get('side', '?')} {payload.get('amount', '?')} {payload.get('trading_pair', '?')} on {payload.get('connector_name', '?')}"


def _unknown(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("❔ ", bold("No answer to an order: "), order_text(payload)),
            clip(str(payload.get("reason", "")), 200),
            "It counts as sent, its funds stay reserved and nothing is sent in its place. It is being looked for.",
        ]
    )


def _found(notice: Notice) -> Safe:
    return line("✔ ", bold("Order found: "), f"{order_text(notice.payload)}, {str(notice.payload.get('state', '?')).lower().replace('_', ' ')}")


def _absent(notice: Notice) -> Safe:
    return line("✔ ", bold("Order is not there: "), f"{order_text(notice.payload)}, {notice.payload.get('reason', '?')}")


def _adopted(notice: Notice) -> Safe:
    return line("↺ ", bold("An order that no bot knows was canceled: "), order_text(notice.payload))


def _fills_missing(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("🔴 ", bold("Executions are missing: "), order_text(payload)),
            f"The venue counts {payload.get('venue_amount', '?')} as traded, its lists show {payload.get('booked_amount', '?')}. "
            "Compare the position there with /status.",
        ]
    )


def _late_fill(notice: Notice) -> Safe:
    payload = notice.payload
    ended = str(payload.get("state", "?")).lower()
    return card(
        [
            line("🔴 ", bold("Late fill: "), order_text(payload), f" at {words.price(words.number(payload, 'price'))}"),
            f"The order had ended ({ended}) and the venue traded it all the same. It is booked: its executor manages it, or it is held.",
            notice.mode,
        ]
    )


def _over_closed(notice: Notice) -> Safe:
    payload = notice.payload
    where = f"{payload.get('amount', '?')} {payload.get('trading_pair', '?')} on {payload.get('connector_name', '?')}"
    return card([line("🔴 ", bold("Closed too much: "), where), "Two exits were filled. What was traded too much is being traded back.", notice.mode])


def _stop_refused(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("⚠️ ", bold("No stop at the venue: "), f"{payload.get('trading_pair', '?')} on {payload.get('connector_name', '?')}"),
            clip(str(payload.get("reason", "?")), 200),
            "The stop loss works while Condor runs, but nothing at the venue protects this position if it does not.",
            notice.mode,
        ]
    )


def _exit_stuck(notice: Notice) -> Safe:
    payload = notice.payload
    what = f"{payload.get('exposure_base', '?')} {payload.get('trading_pair', '?')} on {payload.get('connector_name', '?')}"
    lasted = words.ago(float(payload.get("duration_s") or 0))
    blocks: list[object] = [line("🔴 ", bold("Exit not done for "), bold(lasted), bold(f": {what}"))]
    blocks += [clip(str(payload["reason"]), 200)] if payload.get("reason") else []
    return card([*blocks, "It is tried again until it is through. You can close the position at the venue: that will be noticed.", notice.mode])


def _exit_failed(notice: Notice) -> Safe:
    payload = notice.payload
    what = f"{payload.get('exposure_base', '?')} {payload.get('trading_pair', '?')} on {payload.get('connector_name', '?')}"
    is_entry = bool(payload.get("is_entry"))
    return card(
        [
            line("🔴 ", bold("Given up half way: " if is_entry else "Exit refused for good: "), bold(what)),
            clip(str(payload.get("reason", "?")), 200),
            bold("What was traded so far is held and nobody watches it." if is_entry else "The position is still open and nobody watches it."),
            notice.mode,
        ]
    )


def _adjusted(notice: Notice) -> Safe:
    payload = notice.payload
    where = f"{payload.get('trading_pair', '?')} on {payload.get('connector_name', '?')}"
    return card(
        [
            line("🔴 ", bold("Position changed from outside: "), where),
            f"The venue holds {payload.get('venue_amount', '?')}, the bots had {payload.get('booked_amount', '?')}: closed by hand, liquidated, "
            f"deleveraged or corrected. The difference is booked at {words.price(words.number(payload, 'price'))}.",
            notice.mode,
        ]
    )


def _short(notice: Notice) -> Safe:
    payload = notice.payload
    asset = str(payload.get("asset", "?"))
    return card(
        [
            line("🔴 ", bold(f"{payload.get('missing', '?')} {asset} is missing"), f" on {payload.get('connector_name', '?')}"),
            f"The account has {payload.get('there', '?')} {asset}, free and locked; by the records the bots hold {payload.get('held', '?')}. "
            "Somebody has sold or withdrawn it, or it went for fees.",
            *_holders(payload, asset),
            f"Put it back (buy it or transfer it): then everything goes on by itself. Until then nothing more is bought or sold short in {asset}, and exits take what "
            "is there; what an exit does not find stays in the records as held. If it is gone for good, the owner takes it out of the records: Missing coins, below.",
            notice.mode,
        ]
    )


def _holders(payload: dict[str, Any], asset: str) -> list[str]:
    holders = [
        f"{holder.get('bot_id') or 'nobody'} {holder.get('executor_id') or '(held)'} {holder.get('amount', '?')}"
        for holder in payload.get("holders") or []
    ]
    more = int(payload.get("more") or 0)
    return [f"Held, {asset}: {clip(', '.join(holders), 400)}{f' and {more} more' if more else ''}."] if holders else []


def _covered(notice: Notice) -> Safe:
    payload = notice.payload
    return line("✔ ", bold(f"No {payload.get('asset', '?')} is missing on {payload.get('connector_name', '?')} any more"), ".")


_FIXES = (
    (("insufficient", "balance"), "Add funds, make the amount smaller, or stop what holds them."),
    (("insufficient", "margin"), "Add margin, lower the leverage or make the amount smaller."),
    (("above the limit of",), "It is above a cap of ours: make it smaller, or have the owner raise the cap."),
    (("min", "notional"), "Make the amount larger: the venue takes nothing so small."),
    (("notional",), "Make the amount larger: the venue takes nothing so small."),
    (("smallest",), "Make the amount larger: the venue takes nothing so small."),
    (("below",), "Make the amount larger: the venue takes nothing so small."),
    (("price", "band"), "The price is too far from the market: set one that is nearer."),
    (("precision",), "The venue has changed its steps: they are read again with the next start."),
    (("api-key",), "Look at the key's rights and its allowed addresses."),
    (("permission",), "Look at the key's rights and its allowed addresses."),
    (("halted",), "New positions are off: /status says why, and allows them again."),
    (("leverage",), "Lower the leverage: the venue does not allow so much here."),
    (("would trade with our own",), "Another bot's order stands in the way: it is tried again with the next signal."),
)
"""Words in a refusal -> what a person can do about it; the first that fits."""


def fix_of(reason: str, otherwise: str = "Nothing is held by it. The bot tries again when its strategy says so.") -> str:
    """What a person can do about a refusal; `otherwise` where nothing is known to help."""
    said = reason.lower()
    for wanted, fix in _FIXES:
        if all(word in said for word in wanted):
            return fix
    return otherwise


def rejected(notice: Notice) -> Safe:
    """An executor that could not be had: the venue's reason, or ours, and what to do."""
    payload = notice.payload
    side, pair = payload.get("side") or "", payload.get("trading_pair") or "?"
    reason = clip(str(payload.get("reason") or "no reason was given"), 300)
    close_type = str(payload.get("close_type") or "FAILED")
    what = f"{side} {pair} on {payload.get('connector_name') or '?'}"
    return card(
        [
            line("⚠️ ", bold(clip(notice.bot_title, 40)), " closed · ", bold(f"{close_type} · order rejected"), f" · {what}"),
            line("Why: ", reason),
            line("Fix: ", fix_of(f"{reason} insufficient balance" if close_type == "INSUFFICIENT_BALANCE" else reason)),
            notice.mode,
        ]
    )


def _refused(notice: Notice) -> Safe:
    """An entry that was refused while its executor goes on."""
    payload = notice.payload
    reason = clip(str(payload.get("reason") or "no reason was given"), 300)
    return card(
        [
            line("⚠️ ", bold(clip(notice.bot_title, 40)), " · ", bold("order rejected"), f" · {order_text(payload)}"),
            line("Why: ", reason),
            line("Fix: ", fix_of(reason)),
            f"The same is not told again for ten minutes. {notice.mode}",
        ]
    )


ORDER_ALERTS: dict[str, Callable[[Notice], Safe]] = {
    FactKind.ORDER_REFUSED: _refused,
    FactKind.ORDER_UNKNOWN: _unknown,
    FactKind.ORDER_FOUND: _found,
    FactKind.ORDER_ABSENT: _absent,
    FactKind.FILLS_MISSING: _fills_missing,
    FactKind.ORDER_ADOPTED: _adopted,
    FactKind.LATE_FILL: _late_fill,
    FactKind.OVER_CLOSED: _over_closed,
    FactKind.STOP_REFUSED: _stop_refused,
    FactKind.EXIT_STUCK: _exit_stuck,
    FactKind.EXIT_FAILED: _exit_failed,
    FactKind.POSITION_ADJUSTED: _adjusted,
    FactKind.BALANCE_SHORT: _short,
    FactKind.BALANCE_COVERED: _covered,
}

SEVERAL_ORDERS = {
    FactKind.ORDER_UNKNOWN: ("❔", "orders have no answer", "They count as sent and their funds stay reserved. They are being looked for."),
    FactKind.ORDER_FOUND: ("✔", "orders were found", ""),
    FactKind.ORDER_ABSENT: ("✔", "orders are proven not to be at the venue", ""),
    FactKind.ORDER_ADOPTED: ("↺", "orders that no bot knows were canceled", ""),
    FactKind.POSITION_FILLED: ("▶", "entries are filled", ""),
    FactKind.BARRIER_MOVED: ("🎯", "barriers moved", ""),
}
"""Mark, what happened to several, what that means."""


def several_orders(notices: Sequence[Notice], shown: Callable[[Notice], object]) -> Safe:
    """A burst of one kind; `shown` gives the line of one."""
    mark, what, then = SEVERAL_ORDERS[notices[0].kind]
    lines: list[object] = [line(mark, " ", bold(f"{len(notices)} {what}"))]
    lines += [line("• ", shown(notice)) for notice in notices[:MAX_LINES]]
    if len(notices) > MAX_LINES:
        lines.append(f"… and {len(notices) - MAX_LINES} more")
    return card([*lines, then] if then else lines)
