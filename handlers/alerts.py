"""The words of alerts: the outcome first, then what and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from condor.alerts.events import Own, is_rejected
from condor.views import FactKind, Notice
from handlers import words
from handlers.alerts_orders import ORDER_ALERTS, order_text, rejected
from handlers.alerts_own import OWN_ALERTS
from handlers.alerts_panic import PANIC_ALERTS
from handlers.alerts_venue import VENUE_ALERTS
from handlers.html import Safe, bold, card, clip, code, line
from handlers.sums import DOLLARS, sum_text

MAX_LINES = 12


def text_of(notices: Sequence[Notice]) -> Safe:
    """One message for one or several notices of a chat."""
    notices = [replace(notice, mode=words.MODES.get(notice.mode, notice.mode)) for notice in notices]
    if len(notices) == 1:
        return _ONE.get(notices[0].kind, _other)(notices[0])
    if notices[0].kind in _ORDERS:
        return _several_orders(notices)
    return _several(notices)


def _several_orders(notices: Sequence[Notice]) -> Safe:
    """A burst about orders of one kind."""
    mark, what, then = _ORDERS[notices[0].kind]
    lines: list[object] = [line(mark, " ", bold(f"{len(notices)} orders {what}"))]
    lines += [line("• ", order_text(notice.payload)) for notice in notices[:MAX_LINES]]
    if len(notices) > MAX_LINES:
        lines.append(f"… and {len(notices) - MAX_LINES} more")
    return card([*lines, then] if then else lines)


def _several(notices: Sequence[Notice]) -> Safe:
    """A burst as one message: the sums first, a line for each."""
    closed = [notice for notice in notices if notice.kind == FactKind.EXECUTOR_CLOSED]
    opened = [notice for notice in notices if notice.kind == FactKind.POSITION_OPENED]
    blocks: list[object] = [closes_head(closed)] if closed else []
    if opened:
        blocks.append(line("▶ " if not closed else "", bold(f"{words.plural(len(opened), 'position')} opened")))
    blocks += [line("• ", _outcome(notice)) for notice in closed[:MAX_LINES]]
    blocks += [line("• ", _entry(notice)) for notice in opened[: max(0, MAX_LINES - len(closed))]]
    shown = min(len(closed), MAX_LINES) + min(len(opened), max(0, MAX_LINES - len(closed)))
    if len(notices) > shown:
        blocks.append(line(f"… and {len(notices) - shown} more: /history"))
    held = sum(_is_held(notice.payload) for notice in closed)
    if held:
        blocks.append(bold(f"✋ {held} of these positions are still open and nobody watches them."))
    return card([*blocks, notices[0].mode])


def closes_head(notices: Sequence[Notice]) -> Safe:
    """`✅ 12 executors closed · +$3.10`: exact sums, by quote asset."""
    totals, unknown = _totals(notices)
    sums = [f"{sum_text(total, asset, signed=True)}{_named(asset, totals)}" for asset, total in sorted(totals.items())]
    marks = {words.result_mark(total) for total in totals.values()}
    return line(
        marks.pop() if len(marks) == 1 else "•",
        " ",
        bold(f"{words.plural(len(notices), 'executor')} closed · {' and '.join(sums) or '$0.00'}"),
        f" + {unknown} unknown" if unknown else "",
    )


def _named(asset: str, totals: Mapping[str, Decimal]) -> str:
    """Which dollar it is, where there are several sums."""
    return f" {asset}" if asset in DOLLARS and len(totals) > 1 else ""


def _totals(notices: Sequence[Notice]) -> tuple[dict[str, Decimal], int]:
    """(quote asset -> sum of the known results, number of those that are not known)."""
    totals: dict[str, Decimal] = {}
    unknown = 0
    for notice in notices:
        pnl = words.number(notice.payload, "net_pnl_quote")
        if pnl is None:
            unknown += 1
        else:
            asset = _quote(notice.payload)
            totals[asset] = totals.get(asset, Decimal(0)) + pnl
    return totals, unknown


def _quote(payload: Mapping[str, Any]) -> str:
    """The asset that an executor's result is in: the quote of its pair, of the first where it traded several."""
    pairs = [str(payload.get("trading_pair") or ""), *(str(leg.get("trading_pair") or "") for leg in payload.get("legs") or [])]
    return next((pair.rpartition("-")[2] for pair in pairs if pair), "")


# ---- one notice ----------------------------------------------------------------------------------------------------
def _closed(notice: Notice) -> Safe:
    """`✅ pmm-btc closed · TAKE_PROFIT · +$4.21 (+0.42 %) · 2h13m · fees $0.31`, then where."""
    payload = notice.payload
    if is_rejected(payload):
        return rejected(notice)
    blocks: list[object] = [line(_result_sign(notice), " ", _outcome(notice))]
    if payload.get("entry_price") is not None:
        prices = f"{words.price(words.number(payload, 'entry_price'))} → {words.price(words.number(payload, 'exit_price'))}"
        level = f" · {payload['level_id']}" if payload.get("level_id") else ""
        volume = words.number(payload, "volume_quote")
        size = f" · {sum_text(volume, _quote(payload))} traded" if volume else ""
        blocks.append(
            line(f"{payload.get('side') or ''} {payload.get('trading_pair') or ''} on {payload.get('connector_name') or '?'}: {prices}{size}{level}")
        )
    blocks += [_leg(leg) for leg in payload.get("legs") or []]
    if payload.get("reason"):
        blocks.append(line("Why: ", str(payload["reason"])))
    if _is_held(payload):
        held = words.number(payload, "exposure_base")
        blocks.append(bold("The position is still open and nobody watches it."))
        if held:
            blocks.append(f"Held: {words.amount(held)} {(payload.get('trading_pair') or '?').partition('-')[0]}")
    blocks.append(f"{notice.mode}")
    return card(blocks)


def _opened(notice: Notice) -> Safe:
    """`▶ pmm-btc opened · BUY 0.4 of 1 BTC-USDT at 17,194`; once it has ended, the outcome in front."""
    payload, ended = notice.payload, notice.payload.get("ended")
    if ended:
        over = replace(notice, payload=ended)
        return card([line(_result_sign(over), " ", _outcome(over)), line("opened: ", _entry_words(payload)), notice.mode])
    return card([line("▶ ", _entry(notice)), f"on {payload.get('connector_name') or '?'} · {notice.mode}"])


def _entry(notice: Notice) -> Safe:
    return line(bold(clip(notice.bot_title, 40)), " opened · ", bold(_entry_words(notice.payload)))


def _entry_words(payload: Mapping[str, Any]) -> str:
    """What was bought or sold so far, of how much."""
    filled, wanted = words.number(payload, "filled"), words.number(payload, "wanted")
    of = f" of {words.amount(wanted)}" if wanted is not None and filled is not None and filled < wanted else ""
    at = words.price(words.number(payload, "price"))
    level = f" · {payload['level_id']}" if payload.get("level_id") else ""
    return f"{payload.get('side') or ''} {words.amount(filled)}{of} {payload.get('trading_pair') or '?'} at {at}{level}".strip()


def _leg(leg: Mapping[str, Any]) -> Safe:
    """One market of an executor that traded several: `BUY BTC-USDT on binance at 17,194`."""
    price = words.number(leg, "entry_price")
    what = f"{leg.get('side') or ''} {leg.get('trading_pair') or '?'} on {leg.get('connector_name') or '?'}".strip()
    return line(what, " · nothing traded" if price is None else f" at {words.price(price)}")


def _where(payload: Mapping[str, Any]) -> str:
    """The market of an executor, or all of them."""
    legs = payload.get("legs") or []
    pairs = [f"{leg.get('trading_pair')} on {leg.get('connector_name')}" for leg in legs]
    return " and ".join(pairs) or payload.get("trading_pair") or "?"


def _is_held(payload: Mapping[str, Any]) -> bool:
    """Whether it has left a position: also a plan that was carried out to its end does."""
    close_type = payload.get("close_type")
    return close_type == "POSITION_HOLD" or (close_type == "COMPLETED" and bool(words.number(payload, "exposure_base")))


def _outcome(notice: Notice) -> Safe:
    payload = notice.payload
    pnl, pct, fees = words.number(payload, "net_pnl_quote"), words.number(payload, "net_pnl_pct"), words.number(payload, "fees_quote")
    close_type, quote = str(payload.get("close_type") or "?"), _quote(payload)
    is_held = close_type == "POSITION_HOLD"
    result = "handed over" if is_held else "result not known" if pnl is None else f"{sum_text(pnl, quote, signed=True)} ({words.percent(pct)})"
    lasted = words.ago(float(payload.get("duration_s") or 0))
    return line(bold(clip(notice.bot_title, 40)), " closed · ", bold(close_type), " · ", bold(result), f" · {lasted} · fees {sum_text(fees, quote)}")


def _result_sign(notice: Notice) -> str:
    if notice.payload.get("close_type") in ("FAILED", "INSUFFICIENT_BALANCE"):
        return "⚠️"
    if notice.payload.get("close_type") == "POSITION_HOLD":
        return "✋"
    pnl = words.number(notice.payload, "net_pnl_quote")
    return "❔" if pnl is None else "✅" if pnl >= 0 else "🔻"


def _held(notice: Notice) -> Safe:
    payload = notice.payload
    amount = f"{payload.get('fill_side') or payload.get('side') or ''} {payload.get('amount')} {payload.get('trading_pair')}".strip()
    return card(
        [
            line("✋ ", bold(clip(notice.bot_title, 40)), " holds ", bold(amount)),
            f"at {words.price(words.number(payload, 'price'))} on {payload.get('connector_name') or '?'}: no executor watches it, no stop loss protects it.",
            notice.mode,
        ]
    )


def _fault(notice: Notice) -> Safe:
    what = {
        FactKind.CONTROLLER_FAULT: "A controller was stopped by a fault of its own",
        FactKind.EXECUTOR_FAULT: "An executor was stopped by a fault of its own",
        FactKind.PART_FAULT: "A part of the runtime was stopped by a fault of its own",
    }[notice.kind]
    blocks: list[object] = [line("🔴 ", bold(what), f": {clip(notice.bot_title, 40)}" if notice.bot_id else "")]
    blocks.append(code(clip(str(notice.payload.get("error", "?")), 400)))
    blocks.append("The other bots go on. /bots shows how they stand.")
    return card(blocks)


def _stopped(notice: Notice) -> Safe:
    payload = notice.payload
    held, quote = payload.get("held") or [], str(payload.get("quote") or "")
    blocks: list[object] = [
        line("⏹ ", bold(clip(notice.bot_title, 40)), " stopped · ", bold(sum_text(words.number(payload, "net_pnl_quote"), quote, signed=True)))
    ]
    if payload.get("unpriced"):
        blocks.append(line("❔ ", words.unpriced(payload["unpriced"], quote)))
    blocks += [line(f"✋ still held: {item['amount']} {item['trading_pair']}") for item in held]
    return card([*blocks, "all positions closed · " + notice.mode if not held else notice.mode])


def _started(notice: Notice) -> Safe:
    return line("▶ ", bold(clip(notice.bot_title, 40)), f" started · {', '.join(notice.payload.get('controllers') or [])} · {notice.mode}")


def _liquidated(notice: Notice) -> Safe:
    payload = notice.payload
    where = payload.get("trading_pair") or payload.get("market") or "?"
    return card(
        [
            line("🔴 ", bold(f"Liquidated: {where}")),
            f"The account's margin was used up at {words.price(words.number(payload, 'price'))}.",
            notice.mode,
        ]
    )


def _halted(notice: Notice) -> Safe:
    return line("🛑 ", bold("No new positions"), f": {notice.payload.get('reason', '?')}. What is open stays watched.")


def _released(notice: Notice) -> Safe:
    return line("▶ ", bold("New positions are allowed again"), f" ({notice.payload.get('by', '?')})")


def _recovered(notice: Notice) -> Safe:
    bots = notice.payload.get("bots") or []
    shown = ", ".join(bots[:10]) if bots else "no bot was running"
    blocks: list[object] = [line("↺ ", bold("Condor is back"), f" · {shown}")]
    if notice.payload.get("restarts"):
        text = (
            f"It was started {notice.payload['restarts']} times within ten minutes: something ends it again and again. /status and the log say what."
        )
        blocks.insert(0, line("🔴 ", bold("Crash loop"), f": {text}"))
    blocks += [line("🔴 could not be put back: ", bold(name), f": {clip(text, 200)}") for name, text in (notice.payload.get("broken") or {}).items()]
    return card(blocks)


def _unaccounted(notice: Notice) -> Safe:
    payload = notice.payload
    where = f" on {payload.get('connector_name', '?')}"
    return card(
        [
            line("🔴 ", bold(f"Nobody's position: {payload.get('amount', '?')} {payload.get('trading_pair', '?')}"), where),
            "The account holds it and no bot knows of it: no stop loss protects it and no bot will close it. The records of the bot that opened it "
            "are gone (a file was removed, or a backup is older).",
            notice.mode,
        ]
    )


def _denied(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("🔴 ", bold(f"{payload.get('connector_name', '?')} denies the key"), f": {clip(str(payload.get('reason', '?')), 200)}"),
            "No new position is opened there. What is open is watched, but exits may be refused too: look at the key's rights and its allowed addresses.",
        ]
    )


def _ended(notice: Notice) -> Safe:
    return line(
        "⏏ ", bold("The recording of "), bold(str(notice.payload.get("market", "?"))), bold(" has ended"), "; its price stands still from here."
    )


def _drawdown(notice: Notice) -> Safe:
    payload, number = notice.payload, words.number
    what = (
        "The bot is being stopped and closes what it holds."
        if not notice.payload.get("controller_id")
        else "Its kill switch is on: its positions are closed."
    )
    lost, limit = number(payload, "drawdown_quote"), number(payload, "limit_quote")
    return card(
        [
            line(
                "🛑 ", bold(clip(notice.bot_title, 40)), " has lost ", bold(words.price(lost)), f" from its peak; {words.price(limit)} is its limit."
            ),
            what,
            notice.mode,
        ]
    )


def _drawdown_anew(notice: Notice) -> Safe:
    payload = notice.payload
    whose = "A controller" if notice.payload.get("controller_id") else "The bot"
    return card(
        [
            line("⚠️ ", bold(clip(notice.bot_title, 40)), ": its losses are counted anew for its limits"),
            f"{whose} reports in {payload.get('now') or '?'} now, and the peak so far was in {payload.get('before') or '?'}: the two can't be compared.",
            notice.mode,
        ]
    )


def _forced(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("⚠️ ", bold(clip(notice.bot_title, 40)), f": an executor on {_where(payload)} was ended by force"),
            f"{payload.get('reason') or '?'}. What it held is in a hold; look at the venue for orders that are still there.",
            notice.mode,
        ]
    )


def _repeat(notice: Notice) -> Safe:
    """What is critical and nobody has seen: the first line of each."""
    events = notice.payload.get("events") or []
    blocks: list[object] = [
        line("🔁 ", bold(f"Nobody has seen {words.plural(len(events), 'critical alert')}"), " yet. Tap Seen to end these messages.")
    ]
    notices = [Notice(**values) for values in notice.payload.get("notices") or []]
    for each in notices[-MAX_LINES:]:
        head, _, _ = str(text_of([each])).partition("\n")
        blocks.append(line("• ", Safe(head), f" (#{each.event_id})"))
    if len(events) > len(notices):
        blocks.append(f"… and {len(events) - len(notices)} more")
    return card(blocks)


def _other(notice: Notice) -> Safe:
    return line("ℹ️ ", bold(notice.kind.replace("_", " ")), f" {clip(notice.bot_title, 40)}")


_ORDERS = {
    FactKind.ORDER_UNKNOWN: ("❔", "have no answer", "They count as sent and their funds stay reserved. They are being looked for."),
    FactKind.ORDER_FOUND: ("✔", "were found", ""),
    FactKind.ORDER_ABSENT: ("✔", "are proven not to be at the venue", ""),
    FactKind.ORDER_ADOPTED: ("↺", "that no bot knows were canceled", ""),
}
"""Mark, what happened to several, what that means."""

_ONE: dict[str, Callable[[Notice], Safe]] = {
    FactKind.EXECUTOR_CLOSED: _closed,
    FactKind.POSITION_OPENED: _opened,
    FactKind.POSITION_HELD: _held,
    FactKind.CONTROLLER_FAULT: _fault,
    FactKind.EXECUTOR_FAULT: _fault,
    FactKind.PART_FAULT: _fault,
    FactKind.BOT_STARTED: _started,
    FactKind.BOT_STOPPED: _stopped,
    FactKind.LIQUIDATED: _liquidated,
    FactKind.TRADING_HALTED: _halted,
    FactKind.TRADING_RELEASED: _released,
    FactKind.RECOVERED: _recovered,
    FactKind.MARKET_ENDED: _ended,
    FactKind.ACCOUNT_DENIED: _denied,
    FactKind.POSITION_UNACCOUNTED: _unaccounted,
    FactKind.DRAWDOWN_REACHED: _drawdown,
    FactKind.DRAWDOWN_ANEW: _drawdown_anew,
    FactKind.STOP_FORCED: _forced,
    **ORDER_ALERTS,
    **PANIC_ALERTS,
    **OWN_ALERTS,
    Own.REPEAT: _repeat,
    **VENUE_ALERTS,
}
