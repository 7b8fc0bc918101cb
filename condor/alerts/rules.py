"""How one notice is told to one chat: a pure decision from rules, mutes, preferences and the time.

Nothing here reads or writes; the rows come from `condor.store.alerts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from condor.alerts.events import EVENTS, Level
from condor.alerts.localtime import is_within

ANY = "*"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be told, as far as rules look at it; `pnl` is None where there is no result, or where it is not known."""

    event: str
    severity: str
    bot_id: str = ""
    close_type: str = ""
    pnl: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A wish of a chat; `*` stands for any event, bot or close type."""

    event: str
    bot_id: str
    close_type: str
    level: Level


@dataclass(frozen=True, slots=True)
class Mute:
    """A bot, or everything (`*`), is without sound until then."""

    bot_id: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Prefs:
    """The rest of what a chat wants. Times are minutes of its local day; `daily_at` and `weekly_on` are -1 for never; `unit` is an asset in which it reads the sums of
    everything, too."""

    zone: str = "UTC"
    quiet_from: int = 0
    quiet_to: int = 0
    quiet_level: Level = Level.SILENT
    min_pnl: Decimal = Decimal(0)
    daily_at: int = 9 * 60
    weekly_on: int = -1
    daily_next_ms: int = 0
    weekly_next_ms: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that one chat has said."""

    prefs: Prefs = Prefs()
    rules: Sequence[Rule] = ()
    mutes: Sequence[Mute] = ()
    topics: dict[tuple[str, str], int] = field(default_factory=dict)
    """(severity or `*`, bot or `*`) -> topic."""


def decide(subject: Subject, wishes: Wishes, now_ms: int) -> Level:
    """How a chat is told of something now.

    What is critical is told aloud whatever was said. A mute and quiet hours take the sound away, they never make louder what a rule made quiet.
    """
    if subject.severity == "critical":
        return Level.ON
    level = wished(subject, wishes.rules)
    if level is Level.OFF:
        return level
    if _is_small(subject, wishes.prefs):
        return Level.OFF
    if level is Level.ON and is_muted(subject.bot_id, wishes.mutes, now_ms):
        level = Level.SILENT
    if level is not Level.DIGEST and is_quiet(wishes.prefs, now_ms):
        level = wishes.prefs.quiet_level
    return level


def _is_small(subject: Subject, prefs: Prefs) -> bool:
    """Whether a result is too small to be told. A position that is left to itself is told however little it has earned so far."""
    if subject.event != "closed" or subject.severity != "trade" or subject.close_type == "POSITION_HOLD":
        return False
    return subject.pnl is not None and abs(subject.pnl) < prefs.min_pnl


def wished(subject: Subject, rules: Sequence[Rule]) -> Level:
    """The level of the most particular rule that fits: one bot before one close type before one event; without any, the event's default."""
    fitting = [rule for rule in rules if _fits(rule, subject)]
    if not fitting:
        event = EVENTS.get(subject.event)
        return event.default if event is not None else Level.ON
    return max(fitting, key=lambda rule: (rule.bot_id != ANY, rule.close_type != ANY, rule.event != ANY)).level


def _fits(rule: Rule, subject: Subject) -> bool:
    return rule.event in (ANY, subject.event) and rule.bot_id in (ANY, subject.bot_id) and rule.close_type in (ANY, subject.close_type)


def is_muted(bot_id: str, mutes: Sequence[Mute], now_ms: int) -> bool:
    """Whether a mute that has not run out covers a bot; one of a bot does not cover what belongs to no bot."""
    return any(mute.until_ms > now_ms and (mute.bot_id == ANY or (bot_id != "" and mute.bot_id == bot_id)) for mute in mutes)


def is_quiet(prefs: Prefs, now_ms: int) -> bool:
    """Whether it is one of the chat's quiet hours."""
    return is_within(prefs.zone, prefs.quiet_from, prefs.quiet_to, now_ms)


def topic_of(subject: Subject, topics: dict[tuple[str, str], int]) -> int | None:
    """The topic that hears of it: this bot's and severity's first, then the bot's, then the severity's, then the one for all."""
    for key in ((subject.severity, subject.bot_id), (ANY, subject.bot_id), (subject.severity, ANY), (ANY, ANY)):
        if key in topics and key[1] != "":
            return topics[key]
    return None
