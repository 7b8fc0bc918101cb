"""The day, or the week, of a chat in one notice: sums from the facts, and what its rules have kept for it. Due times are rows, so one that was missed is sent once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from botcore.model.events import FactKind
from condor.alerts.digest_pictures import picture_of
from condor.alerts.events import OWN_SEVERITY, Level, Own
from condor.alerts.rules import Prefs, is_quiet
from condor.hosts import ACCOUNT_OF, LIVE, PAPER
from condor.store import Connection, outbox
from condor.store.alert_facts import PastFact, facts_between
from condor.store.alerts import Chat, planned, prefs_of, put_prefs
from condor.store.bots import bot_by_id
from condor.store.common import all_chats
from condor.store.outbox import OutgoingNotice
from condor.views import Notice
from condor.worth import result_asset

DAY_MS, WEEK_MS = 86_400_000, 7 * 86_400_000
LATE_MS = 5 * 60_000
LISTED = 12
KINDS = (FactKind.EXECUTOR_CLOSED, FactKind.FUNDING_PAID)
"""What moves a result."""


def is_due(connection: Connection, now_ms: int) -> bool:
    """Whether a digest of any chat is due, or not planned yet."""
    return any(not row.is_dead and _is_to_plan(prefs_of(connection, (row.front, row.chat_id)), now_ms) for row in all_chats(connection))


def digest_round(connection: Connection, now_ms: int, standing: Sequence[tuple[str, str]]) -> int:
    """Queue the digests that are due and plan the next ones; returns how many were queued. A dead chat keeps what is due until it is back."""
    queued = 0
    for row in all_chats(connection):
        chat = (row.front, row.chat_id)
        prefs = prefs_of(connection, chat)
        if row.is_dead or not _is_to_plan(prefs, now_ms):
            continue
        for is_weekly in (True, False):
            due_ms = prefs.weekly_next_ms if is_weekly else prefs.daily_next_ms
            if due_ms and due_ms <= now_ms:
                queued += _queue(connection, chat, prefs, now_ms, due_ms, standing, is_weekly=is_weekly)
        daily, weekly = planned(prefs, now_ms)
        put_prefs(connection, chat, replace(prefs, daily_next_ms=daily, weekly_next_ms=weekly))
    return queued


def _is_to_plan(prefs: Prefs, now_ms: int) -> bool:
    return (prefs.daily_at >= 0 and prefs.daily_next_ms <= now_ms) or (prefs.weekly_on >= 0 and prefs.weekly_next_ms <= now_ms)


def _queue(
    connection: Connection, chat: Chat, prefs: Prefs, now_ms: int, due_ms: int, standing: Sequence[tuple[str, str]], *, is_weekly: bool
) -> int:
    """Queue one digest, unless nothing at all has happened."""
    since_ms = due_ms - (WEEK_MS if is_weekly else DAY_MS)
    past = {mode: facts_between(connection, ACCOUNT_OF[mode], KINDS, since_ms, now_ms) for mode in (LIVE, PAPER)}
    results = [found for mode, facts in past.items() if (found := summary(connection, mode, facts))["closed"] or found["funding"]]
    kept = outbox.for_digest(connection, *chat) if not is_weekly or prefs.daily_at < 0 else []
    if not (results or kept):
        return 0
    counts: dict[str, int] = {}
    for item in kept:
        counts[item.outgoing.notice.kind] = counts.get(item.outgoing.notice.kind, 0) + 1
    outbox.mark_merged(connection, [item.message_key for item in kept])
    payload = {
        "results": results,
        "zone": prefs.zone,
        "since_ms": since_ms,
        "until_ms": now_ms,
        "is_weekly": is_weekly,
        "kept": counts,
        "standing": [list(row) for row in standing],
        "picture": picture_of(past[results[0]["mode"]], results[0]["mode"], since_ms, now_ms, prefs.zone, is_weekly=is_weekly) if results else None,
    }
    if now_ms - due_ms > LATE_MS:
        payload["due_ms"] = due_ms
    notice = Notice(outbox.own_id(connection), Own.DIGEST, "", "", "", "", now_ms, payload)
    is_silent = is_quiet(prefs, now_ms) and prefs.quiet_level is not Level.ON
    outbox.put(connection, [OutgoingNotice(*chat, OWN_SEVERITY[Own.DIGEST], is_silent, notice)], now_ms)
    return 1


def summary(connection: Connection, mode: str, facts: Sequence[PastFact]) -> dict[str, Any]:
    """What was earned by these facts, on paper or with real money, exactly: by quote asset, by bot, by close type. What nobody knows is counted, never added."""
    sums: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    funding: dict[str, Decimal] = {}
    types: dict[str, int] = {}
    bots: dict[str, dict[str, Any]] = {}
    closed = won = unknown = 0
    for fact in facts:
        payload = fact.payload
        if fact.kind == FactKind.FUNDING_PAID:
            _add(funding, str(payload.get("asset") or ""), payload.get("amount"))
            continue
        if not Decimal(payload.get("volume_quote") or 0):
            continue
        asset, pnl = result_asset(payload), payload.get("net_pnl_quote")
        closed += 1
        won += pnl is not None and Decimal(pnl) > 0
        unknown += not _add(sums, asset, pnl)
        _add(fees, asset, payload.get("fees_quote"))
        name = str(payload.get("close_type") or "?")
        types[name] = types.get(name, 0) + 1
        bot = bots.setdefault(fact.bot_id, {"closed": 0, "sums": {}})
        bot["closed"] += 1
        _add(bot["sums"], asset, pnl)
    return {
        "mode": mode,
        "closed": closed,
        "won": won,
        "unknown": unknown,
        "sums": _texts(sums),
        "fees": _texts(fees),
        "funding": _texts(funding),
        "close_types": dict(sorted(types.items(), key=lambda item: -item[1])),
        "bots": [_bot(connection, bot_id, bot) for bot_id, bot in sorted(bots.items(), key=lambda item: -item[1]["closed"])[:LISTED]],
        "more_bots": max(0, len(bots) - LISTED),
    }


def _bot(connection: Connection, bot_id: str, found: dict[str, Any]) -> dict[str, Any]:
    row = bot_by_id(connection, bot_id) if bot_id else None
    return {"title": row.title if row is not None else bot_id, "closed": found["closed"], "sums": _texts(found["sums"])}


def _add(sums: dict[str, Decimal], asset: str, value: str | None) -> bool:
    if value is None:
        return False
    sums[asset] = sums.get(asset, Decimal(0)) + Decimal(value)
    return True


def _texts(sums: dict[str, Decimal]) -> dict[str, str]:
    return {asset: format(value, "f") for asset, value in sums.items()}
