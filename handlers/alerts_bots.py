"""The words of alerts about bots and the whole: starts and stops, faults, limits of losses, halts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from condor.views import FactKind, Notice
from handlers import words
from handlers.html import Safe, bold, card, clip, code, line
from handlers.sums import sum_text


def _started(notice: Notice) -> Safe:
    return line("▶ ", bold(clip(notice.bot_title, 40)), f" started · {', '.join(notice.payload.get('controllers') or [])} · {notice.mode}")


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


def _halted(notice: Notice) -> Safe:
    return line("🛑 ", bold("No new positions"), f": {notice.payload.get('reason', '?')}. What is open stays watched.")


def _released(notice: Notice) -> Safe:
    return line("▶ ", bold("New positions are allowed again"), f" ({notice.payload.get('by', '?')})")


def _drawdown(notice: Notice) -> Safe:
    payload, number = notice.payload, words.number
    what = (
        "The bot is being stopped and closes what it holds."
        if not notice.payload.get("controller_id")
        else "Its kill switch is on: its positions are closed."
    )
    lost, limit = number(payload, "drawdown_quote"), number(payload, "limit_quote")
    since = "since its day began (00:00 UTC)" if payload.get("is_day") else "from its peak"
    return card(
        [
            line("🛑 ", bold(clip(notice.bot_title, 40)), " has lost ", bold(words.price(lost)), f" {since}; {words.price(limit)} is its limit."),
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


def _where(payload: Mapping[str, Any]) -> str:
    """The market of an executor, or all of them."""
    legs = payload.get("legs") or []
    pairs = [f"{leg.get('trading_pair')} on {leg.get('connector_name')}" for leg in legs]
    return " and ".join(pairs) or payload.get("trading_pair") or "?"


BOT_ALERTS: dict[str, Callable[[Notice], Safe]] = {
    FactKind.BOT_STARTED: _started,
    FactKind.BOT_STOPPED: _stopped,
    FactKind.CONTROLLER_FAULT: _fault,
    FactKind.EXECUTOR_FAULT: _fault,
    FactKind.PART_FAULT: _fault,
    FactKind.RECOVERED: _recovered,
    FactKind.TRADING_HALTED: _halted,
    FactKind.TRADING_RELEASED: _released,
    FactKind.DRAWDOWN_REACHED: _drawdown,
    FactKind.DRAWDOWN_ANEW: _drawdown_anew,
    FactKind.STOP_FORCED: _forced,
}
