"""The words of what begins in the application itself: digests, price alerts, topics and chats that are gone, and of funding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from condor.alerts.events import Own
from condor.views import FactKind, Notice
from handlers import words
from handlers.html import Safe, bold, card, clip, italic, line, pairs
from handlers.sums import sum_text

HEADLINES = {
    FactKind.EXECUTOR_CLOSED: "executors closed",
    FactKind.POSITION_OPENED: "positions opened",
    FactKind.FUNDING_PAID: "funding payments",
    FactKind.BOT_STARTED: "bots started",
    FactKind.BOT_STOPPED: "bots stopped",
    FactKind.RECOVERED: "starts of Condor",
}
"""What several of a kind are called in a list; others by the name of their kind."""


def local_text(wall_ms: int, zone: str) -> str:
    """A moment as the chat's clock shows it."""
    return datetime.fromtimestamp(wall_ms / 1000, ZoneInfo(zone or "UTC")).strftime("%a %d %b %H:%M")


def called(kind: str, count: int) -> str:
    name = HEADLINES.get(kind, f"{kind.replace('_', ' ')} alerts")
    return f"{count} {name if count != 1 else name.replace('executors', 'executor').replace('positions', 'position').removesuffix('s')}"


# ---- digests ---------------------------------------------------------------------------------------------------------
def _digest(notice: Notice) -> Safe:
    """The day, or the week, in one message. Pictures are added by whoever sends it."""
    payload = notice.payload
    zone = str(payload.get("zone") or "UTC")
    span = f"{local_text(int(payload.get('since_ms') or 0), zone)} – {local_text(int(payload.get('until_ms') or 0), zone)} {zone}"
    blocks: list[object] = [
        line("📅 ", bold(f"Digest of the {'week' if payload.get('is_weekly') else 'day'}: {_sums(payload.get('sums') or {})}")),
        span,
    ]
    if payload.get("due_ms"):
        blocks.append(italic(f"late: it was due at {local_text(int(payload['due_ms']), zone)}, when Condor was not running"))
    rows = [
        ("Executors closed", str(payload.get("closed", 0))),
        ("of them won", str(payload.get("won", 0))),
        ("Fees", _sums(payload.get("fees") or {}, signed=False)),
        ("Funding", _sums(payload.get("funding") or {})),
        *[(str(name), str(value)) for name, value in payload.get("standing") or []],
    ]
    blocks.append(pairs([(name, value) for name, value in rows if value not in ("", "0", "–")] or [("Executors closed", "0")]))
    for bot in payload.get("bots") or []:
        blocks.append(line("• ", bold(clip(str(bot.get("title", "?")), 30)), f" {_sums(bot.get('sums') or {})} · {bot.get('closed', 0)} closed"))
    types = payload.get("close_types") or {}
    if types:
        blocks.append(", ".join(f"{count} {words.close_type(name)}" for name, count in sorted(types.items(), key=lambda item: (-item[1], item[0]))))
    if payload.get("unknown"):
        blocks.append(f"❔ the result of {payload['unknown']} is not known")
    blocks += [f"• {text}" for text in _kept(payload.get("kept") or {})]
    return card(blocks)


def _kept(kept: Mapping[str, int]) -> list[str]:
    """What the chat's rules have kept for the digest."""
    return [called(kind, count) for kind, count in kept.items()]


def _sums(sums: Mapping[str, Any], *, signed: bool = True) -> str:
    shown = [sum_text(words.number(sums, asset), asset, signed=signed) for asset in sorted(sums)]
    return " and ".join(shown) or "–"


# ---- the rest ----------------------------------------------------------------------------------------------------------
def _price(notice: Notice) -> Safe:
    payload = notice.payload
    side = str(payload.get("side", "?"))
    mark = "🔼" if side == "above" else "🔽"
    head = line(mark, " ", bold(f"{payload.get('trading_pair', '?')} is {side} {words.price(words.number(payload, 'price'))}"))
    tail = " It tells again when the price has come back and crosses once more." if payload.get("is_repeated") else ""
    return card([head, f"now {words.price(words.number(payload, 'now'))} on {payload.get('connector_name', '?')}.{tail}"])


def _topic_gone(notice: Notice) -> Safe:
    payload = notice.payload
    where = f"The topic {payload.get('thread_id', '?')} of the group {payload.get('chat_id', '?')} is gone"
    return card(
        [line("⚠️ ", bold(where), "."), "Its alerts come to the owner's private chat now. /alerts topic ID in the group gives them another topic."]
    )


def _chat_trouble(notice: Notice) -> Safe:
    text = clip(str(notice.payload.get("text", "?")), 300)
    return card(
        [line("🔴 ", bold("Telegram"), f": {text}"), "Trading goes on. The local page and the command line work: `condor link` shows the way."]
    )


def _funding(notice: Notice) -> Safe:
    payload = notice.payload
    amount = words.number(payload, "amount")
    what = "received" if amount is not None and amount > 0 else "paid"
    shown = "?" if amount is None else words.amount(abs(amount))
    where = f"{payload.get('trading_pair') or '?'} on {payload.get('connector_name', '?')}"
    return line("⏱ ", bold(f"Funding {what}: {shown} {payload.get('asset', '')}"), f" · {where}")


OWN_ALERTS: dict[str, Callable[[Notice], Safe]] = {
    Own.DIGEST: _digest,
    Own.PRICE: _price,
    Own.TOPIC_GONE: _topic_gone,
    FactKind.CHAT_TROUBLE: _chat_trouble,
    FactKind.FUNDING_PAID: _funding,
}
