"""What a chat wants to hear: services behind `/alerts`, `/settings` and the buttons of an alert. Every change is in the audit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from botcore.model.enums import CloseType
from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.alerts.events import EVENTS, Level, Own
from condor.alerts.rules import ANY, Prefs, Wishes, is_muted, is_quiet
from condor.host import WallClock
from condor.services.bots import Claim
from condor.store import Connection, outbox
from condor.store.alert_threads import acknowledge, seen_by, thread_of, unseen
from condor.store.alerts import Chat, planned, prefs_of, put_mute, put_prefs, put_rule, put_topic, wishes_of
from condor.store.bots import bot_by_id
from condor.store.common import dead_chats, write_audit
from condor.store.report_plans import plan_anew
from condor.users import Actor, Role, refuse_frozen, require
from condor.views import FactKind, Notice

T = TypeVar("T")

LONGEST_MUTE_S = 30 * 86_400
SEVERITIES = ("critical", "warning", "trade", "info")
CLOSE_TYPES = tuple(item.name for item in CloseType)


@dataclass(frozen=True, slots=True)
class Told:
    """What one message has told, and what has become of it.

    Parameters
    ----------
    unseen : int
        How many of the events wait to be acknowledged.
    """

    notices: tuple[Notice, ...] = ()
    unseen: int = 0
    seen_by: str = ""
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class AlertsView:
    """All that a chat has said, as screens show it; `titles` are those of the bots that it names, and of the one that was asked about."""

    wishes: Wishes
    titles: dict[str, str]
    is_quiet: bool
    unseen: int
    now_ms: int
    is_webhook_on: bool
    dead: tuple[str, ...]


class AlertService:
    """See the module; `is_webhook_on` says whether there is a second channel."""

    def __init__(self, journal: Journal, wall: WallClock, *, is_webhook_on: bool = False) -> None:
        self._journal = journal
        self._wall = wall
        self._is_webhook_on = is_webhook_on

    async def unit(self, actor: Actor) -> str:
        """The asset in which a chat reads the sums of everything, too; empty for none."""
        return (await self._read(lambda connection: prefs_of(connection, _chat(actor)))).unit

    async def zone(self, actor: Actor) -> str:
        """The time zone of a chat."""
        return (await self._read(lambda connection: prefs_of(connection, _chat(actor)))).zone

    # ---- looking ---------------------------------------------------------------------------------------------------
    async def view(self, actor: Actor, bot_id: str = ANY) -> AlertsView:
        """What holds for a chat; `bot_id` names a bot that is to be shown, too."""
        require(actor, Role.VIEWER, "looking at alerts")
        now_ms, chat = self._wall.wall_ms(), _chat(actor)

        def read(connection: Connection) -> AlertsView:
            wishes = wishes_of(connection, chat, now_ms)
            named = {bot_id, *(rule.bot_id for rule in wishes.rules), *(mute.bot_id for mute in wishes.mutes), *(bot for _, bot in wishes.topics)}
            titles = {name: row.title for name in sorted(named - {ANY}) if (row := bot_by_id(connection, name)) is not None}
            waiting = len(unseen(connection, chat))
            dead = dead_chats(connection)
            return AlertsView(wishes, titles, is_quiet(wishes.prefs, now_ms), waiting, now_ms, self._is_webhook_on, dead)

        return await self._read(read)

    async def told(self, actor: Actor, key: int) -> Told:
        """What the message has told that began with this row of the outbox; nothing where another chat was told it."""
        require(actor, Role.VIEWER, "looking at alerts")
        now_ms, chat = self._wall.wall_ms(), _chat(actor)

        def read(connection: Connection) -> Told:
            found = [item for item in outbox.told_with(connection, key) if (item.outgoing.front, item.outgoing.chat_id) == chat]
            notices = [item.outgoing.notice for item in found]
            if not notices:
                return Told()
            if len(notices) == 1 and notices[0].kind == FactKind.POSITION_OPENED:
                thread = thread_of(connection, chat, notices[0].executor_id)
                notices = [thread.notice] if thread is not None else notices
            events = set(_events(notices))
            waiting = events & set(unseen(connection, chat))
            wishes = wishes_of(connection, chat, now_ms)
            muted = bool(notices[0].bot_id) and is_muted(notices[0].bot_id, wishes.mutes, now_ms)
            return Told(tuple(notices), len(waiting), "" if waiting else seen_by(connection, events), muted)

        return await self._read(read)

    # ---- buttons of an alert -----------------------------------------------------------------------------------------
    async def acknowledge(self, actor: Actor, key: int, claim: Claim) -> int:
        """Somebody has seen what a message tells: no chat hears of it again; returns how many events that were."""
        require(actor, Role.VIEWER, "acknowledging an alert")
        now_ms, chat = self._wall.wall_ms(), _chat(actor)

        def write(connection: Connection) -> int:
            claim(connection)
            found = [item for item in outbox.told_with(connection, key) if (item.outgoing.front, item.outgoing.chat_id) == chat]
            events = _events([item.outgoing.notice for item in found])
            count = acknowledge(connection, events, actor.name or str(actor.user_id), now_ms)
            if count:
                write_audit(connection, now_ms, actor, "alert_seen", ",".join(str(event) for event in events[:20]))
            return count

        return await self._write(write)

    async def mute(self, actor: Actor, bot_id: str, seconds: int, claim: Claim) -> None:
        """Take the sound from a bot's alerts (`*`: from all) for so long; 0 gives it back."""
        self._may_change(actor)
        if not 0 <= seconds <= LONGEST_MUTE_S:
            raise UserError("expected a time of up to 30d; /alerts can set what is told to silent for good")
        until_ms = self._wall.wall_ms() + seconds * 1000
        await self._change(actor, claim, "alert_mute", bot_id, str(seconds), lambda c, chat: put_mute(c, chat, bot_id, until_ms))

    async def trades_to_digest(self, actor: Actor, bot_id: str, claim: Claim, event: str = "closed") -> None:
        """Have the digest tell what a bot trades, and the event whose alert was asked to."""
        self._may_change(actor)

        def write(connection: Connection, chat: Chat) -> None:
            for name in dict.fromkeys(("opened", "closed", event)):
                put_rule(connection, chat, name, bot_id, ANY, Level.DIGEST)

        await self._change(actor, claim, "alert_rule", bot_id, "digest", write)

    # ---- settings ----------------------------------------------------------------------------------------------------
    async def set_level(self, actor: Actor, event: str, bot_id: str, close_type: str, level: Level | None, claim: Claim) -> None:
        """How an event is told (of one bot, of one close type; `*` for any); None takes the rule away.

        Raises
        ------
        UserError
            If there is no such event or close type.
        """
        self._may_change(actor)
        if event != ANY and event not in EVENTS:
            raise UserError(f"expected one of {', '.join(EVENTS)}, found {event!r}")
        if close_type != ANY and close_type not in CLOSE_TYPES:
            raise UserError(f"expected a close type such as STOP_LOSS or TAKE_PROFIT, found {close_type!r}")
        if close_type != ANY and event not in (ANY, "closed", "rejected"):
            raise UserError(f"only what closes has a close type, {event} has none")
        target = " ".join(part for part in (event, bot_id, close_type) if part != ANY) or "all"
        after = "default" if level is None else level.value
        await self._change(actor, claim, "alert_rule", target, after, lambda c, chat: put_rule(c, chat, event, bot_id, close_type, level))

    async def set_prefs(self, actor: Actor, changes: dict[str, object], claim: Claim) -> Prefs:
        """Change time zone, quiet hours, smallest result or digests (fields of `Prefs`); the next digests are planned anew."""
        self._may_change(actor)
        now_ms = self._wall.wall_ms()
        kept: list[Prefs] = []

        def write(connection: Connection, chat: Chat) -> None:
            prefs = replace(wishes_of(connection, chat, now_ms).prefs, **changes)  # type: ignore[arg-type]
            daily, weekly = planned(prefs, now_ms)
            prefs = replace(prefs, daily_next_ms=daily, weekly_next_ms=weekly)
            put_prefs(connection, chat, prefs)
            if "zone" in changes:
                plan_anew(connection, chat, prefs.zone, now_ms)
            kept.append(prefs)

        after = ", ".join(f"{name} {value}" for name, value in changes.items())
        await self._change(actor, claim, "alert_settings", "chat", after, write)
        return kept[0]

    async def set_min_pnl(self, actor: Actor, value: Decimal, claim: Claim) -> None:
        """Results smaller than this, won or lost, are not told here."""
        if value < 0:
            raise UserError("expected an amount of 0 or more, such as $1")
        await self.set_prefs(actor, {"min_pnl": value}, claim)

    async def set_topic(self, actor: Actor, severity: str, bot_id: str, thread_id: int | None, claim: Claim) -> None:
        """Which topic of this group hears what (`*` for any severity, any bot); None for the group itself.

        Raises
        ------
        UserError
            If this chat has no topics, or there is no such severity.
        """
        self._may_change(actor)
        if actor.chat_id > 0:
            raise UserError("a private chat has no topics: send this in the group")
        if severity != ANY and severity not in SEVERITIES:
            raise UserError(f"expected one of {', '.join(SEVERITIES)}, found {severity!r}")
        after = "none" if thread_id is None else str(thread_id)
        await self._change(
            actor, claim, "alert_topic", f"{severity} {bot_id}", after, lambda c, chat: put_topic(c, chat, severity, bot_id, thread_id)
        )

    # ---- parts -------------------------------------------------------------------------------------------------------
    def _may_change(self, actor: Actor) -> None:
        """In a group it concerns others too."""
        require(actor, Role.VIEWER if actor.chat_id > 0 else Role.OPERATOR, "changing what this chat hears")
        refuse_frozen(actor, Role.VIEWER)

    async def _change(self, actor: Actor, claim: Claim, action: str, target: str, after: str, work: Callable[[Connection, Chat], None]) -> None:
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            work(connection, _chat(actor))
            write_audit(connection, now_ms, actor, action, target, after=after)

        await self._write(write)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))


def _chat(actor: Actor) -> Chat:
    return actor.front, actor.chat_id


def _events(notices: Sequence[Notice]) -> list[int]:
    """The events that notices stand for: a repeat stands for those that it repeats."""
    found: list[int] = []
    for notice in notices:
        found += [int(event) for event in notice.payload.get("events") or []] if notice.kind == Own.REPEAT else [notice.event_id]
    return found
