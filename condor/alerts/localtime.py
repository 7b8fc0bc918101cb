"""Local time of a chat: quiet hours and the next daily or weekly moment, over the nights in which clocks are turned."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from condor.errors import UserError, nearest

DAY = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"^(\d{1,2})(?::?(\d{2}))?$")

AT_HAND = ZoneInfo("UTC")
"""Kept, since a zone is a file that has to be opened: there may be no descriptor left when it is needed."""


def zone_named(text: str) -> str:
    """An IANA time zone by its name, whatever its case.

    Raises
    ------
    UserError
        If there is none.
    """
    known = {name.lower(): name for name in available_timezones()}
    wanted = text.strip().replace(" ", "_").lower()
    # the city alone is enough where only one zone has it
    cities = [name for name in known.values() if name.lower().rpartition("/")[2] == wanted]
    found = known.get(wanted) or (min(cities, key=len) if cities else None)
    if found is None:
        raise UserError(f"expected a time zone such as Europe/Berlin or UTC, found {text.strip()!r}{nearest(text.strip(), list(known.values()))}")
    return found


def local(zone: str, wall_ms: int) -> datetime:
    """A moment in a zone."""
    return datetime.fromtimestamp(wall_ms / 1000, ZoneInfo(zone))


def minute_of_day(text: str) -> int:
    """Minutes since midnight from `9`, `09:30`, `2330`.

    Raises
    ------
    UserError
        If it is no time of the day.
    """
    found = _TIME.match(text.strip())
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if hour == 24 and not minute:
        hour = 0
    if hour > 23 or minute > 59:
        raise UserError(f"expected a time of the day such as 09:00 or 23, found {text.strip()!r}")
    return hour * 60 + minute


def time_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def is_within(zone: str, start: int, end: int, wall_ms: int) -> bool:
    """Whether it is between two local times of the day now; equal ones mean never. The hands of the clock decide, also on the night on which they are turned."""
    if start == end:
        return False
    now = local(zone, wall_ms)
    minute = now.hour * 60 + now.minute
    return start <= minute < end if start < end else minute >= start or minute < end


def day_begun(zone: str, wall_ms: int) -> int:
    """When the day of a moment began in a zone, as wall ms; where a clock turned forward leaves midnight out, when it was turned."""
    return int(local(zone, wall_ms).replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC).timestamp() * 1000)


def next_daily(zone: str, minute: int, after_ms: int, weekday: int = -1) -> int:
    """The first moment after `after_ms` at which it is this local time (of this day of the week), as wall ms.

    A time that a clock turned forward leaves out comes as much later as the clock was turned.
    """
    day = local(zone, after_ms).date()
    for _ in range(9):
        if weekday in (-1, day.weekday()):
            moment = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone)).astimezone(UTC)
            found_ms = int(moment.timestamp() * 1000)
            if found_ms > after_ms:
                return found_ms
        day += timedelta(days=1)
    raise AssertionError("a week has no such day")
