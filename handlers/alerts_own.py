"""The words of what begins in the application itself: digests, price alerts, topics and chats that are gone, and of funding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from condor.alerts.events import Own
from condor.alerts.localtime import local
from condor.views import FactKind, Notice
from handlers import words
from handlers.html import Safe, bold, card, clip, italic, line, pairs
from handlers.sums import sum_text

_NAMES = {
    FactKind.EXECUTOR_CLOSED: ("executor", " closed"),
    FactKind.POSITION_OPENED: ("position", " opened"),
    FactKind.FUNDING_PAID: ("funding payment", ""),
    FactKind.BOT_STARTED: ("bot", " started"),
    FactKind.BOT_STOPPED: ("bot", " stopped"),
    FactKind.RECOVERED: ("start", " of Condor"),
    Own.REPORT: ("report", ""),
}
"""What is counted, and what follows it; other kinds are alerts by their name."""


def local_text(wall_ms: int, zone: str) -> str:
    """A moment as the chat's clock shows it."""
    return local(zone, wall_ms).strftime("%a %d %b %H:%M")


def called(kind: str, count: int) -> str:
    """`1 executor closed`, `3 venue up alerts`."""
    name, more = _NAMES.get(kind, (f"{kind.replace('_', ' ')} alert", ""))
    return f"{words.plural(count, name)}{more}"


# ---- digests ---------------------------------------------------------------------------------------------------------
def _digest(notice: Notice) -> Safe:
    """The day, or the week, in one message; paper and real money each for itself."""
    payload = notice.payload
    zone = str(payload.get("zone") or "UTC")
    span = f"{local_text(int(payload.get('since_ms') or 0), zone)} – {local_text(int(payload.get('until_ms') or 0), zone)} {zone}"
    results = payload.get("results") or [{}]
    title = f"Digest of the {'week' if payload.get('is_weekly') else 'day'}: "
    blocks: list[object] = [line("📅 ", _head(results[0], title)), span]
    if payload.get("due_ms"):
        blocks.append(italic(f"late: it was due at {local_text(int(payload['due_ms']), zone)}, when Condor was not running"))
    blocks += _result(results[0])
    for result in results[1:]:
        blocks += [_head(result, ""), *_result(result)]
    standing = [(str(name), str(value)) for name, value in payload.get("standing") or []]
    if standing:
        blocks.append(pairs(standing))
    # what the chat's rules have kept for it
    blocks += [f"• {called(kind, count)}" for kind, count in (payload.get("kept") or {}).items()]
    return card(blocks)


def _head(result: Mapping[str, Any], title: str) -> Safe:
    mode = str(result.get("mode") or "")
    return line(bold(f"{title}{_sums(result.get('sums') or {})}"), f" · {words.MODES.get(mode, mode)}" if mode else "")


def _result(result: Mapping[str, Any]) -> list[object]:
    """What was earned on paper, or with real money."""
    rows = [
        ("Executors closed", str(result.get("closed", 0))),
        ("of them won", str(result.get("won", 0))),
        ("Fees", _sums(result.get("fees") or {}, signed=False)),
        ("Funding", _sums(result.get("funding") or {})),
    ]
    blocks: list[object] = [pairs([(name, value) for name, value in rows if value not in ("0", "–")] or [("Executors closed", "0")])]
    for bot in result.get("bots") or []:
        blocks.append(line("• ", bold(clip(str(bot.get("title", "?")), 30)), f" {_sums(bot.get('sums') or {})} · {bot.get('closed', 0)} closed"))
    if result.get("more_bots"):
        blocks.append(f"… and {words.plural(int(result['more_bots']), 'bot')} more: /pnl")
    types = result.get("close_types") or {}
    if types:
        blocks.append(", ".join(f"{count} {words.close_type(name)}" for name, count in sorted(types.items(), key=lambda item: (-item[1], item[0]))))
    if result.get("unknown"):
        blocks.append(f"❔ the result of {result['unknown']} is not known")
    return blocks


def _sums(sums: Mapping[str, Any], *, signed: bool = True) -> str:
    shown = [sum_text(words.number(sums, asset), asset, signed=signed) for asset in sorted(sums)]
    return " and ".join(shown) or "–"


def _report(notice: Notice) -> Safe:
    """What stands below the file of a report that comes by itself."""
    payload = notice.payload
    mode = str(payload.get("mode") or "")
    head = line(
        "📄 ",
        bold(f"{'Weekly' if payload.get('every') == 'weekly' else 'Daily'} report"),
        f" · {payload.get('period', '?')} · {words.MODES.get(mode, mode)}",
    )
    if not payload.get("due_ms"):
        return head
    due = local_text(int(payload["due_ms"]), str(payload.get("zone") or "UTC"))
    return card([head, italic(f"late: it was due at {due}, when Condor was not running, or this chat could not be reached")])


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


def _refused(notice: Notice) -> Safe:
    """What could not be told; its own words are left out, for they may be what was refused."""
    payload = notice.payload
    of_bot = f" of {clip(notice.bot_title or notice.bot_id, 40)}" if notice.bot_id else ""
    head = line(
        "⚠️ ", bold(f"A message could not be told: {called(str(payload.get('kind', '?')), 1)}{of_bot}"), f" · chat {payload.get('chat_id', '?')}"
    )
    reason = f"Telegram refuses it for good: {clip(str(payload.get('reason', '?')), 200)}."
    return card(
        [
            head,
            reason,
            f"It is kept as event {payload.get('event_id', '?')} in the records (v_outbox); the others come as ever. /status shows how things stand.",
        ]
    )


def _chat_trouble(notice: Notice) -> Safe:
    text = clip(str(notice.payload.get("text", "?")), 300)
    if notice.payload.get("is_over"):
        return line("✔ ", bold("Telegram"), f": {text}.")
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
    Own.REPORT: _report,
    Own.PRICE: _price,
    Own.TOPIC_GONE: _topic_gone,
    Own.REFUSED: _refused,
    FactKind.CHAT_TROUBLE: _chat_trouble,
    FactKind.FUNDING_PAID: _funding,
}
