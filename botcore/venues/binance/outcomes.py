"""What a reply says of its call. One table (`codes` in the venue's file) and a few rules:

only a listed code in a 4xx reply is a refusal; 5xx (but for codes that the venue promises about), HTML, a body that can't be read, an unlisted code mean that
nobody knows; a 2xx reply to a command must be an object that speaks of the order that was meant. A text may be listed with its code ("-2010 Duplicate order
sent."): then it counts before the code alone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botcore.venues.dialect import Unreadable
from botcore.venues.live_spec import CodeSpec
from botcore.venues.reading import short, strict
from botcore.venues.wire import Call, Outcome, Reply, Verdict

BAN: Final = re.compile(r"banned until ([0-9]{13})\b")
REST_S: Final = 10.0
"""How long to be quiet after a limit of which the venue does not say when it ends: its shortest order limit counts 10 s."""

LONGEST_S: Final = 4 * 24 * 3600.0
"""The longest ban is three days; what claims more is not believed."""

WORDS: Final = {
    403: "the venue's firewall turned the request away: too many requests, or this address or country is not served",
    408: "the venue waited in vain for its own engine",
    451: "the venue does not serve this country",
}
ANOTHER: Final = "about another order"
SUBJECTS: Final = ("origClientOrderId", "clientOrderId", "clientAlgoId")
"""Keys under which a reply says which order it is about, the most telling one first."""


class OutcomeReader:
    """Reads replies by one venue's table of codes."""

    def __init__(self, codes: CodeSpec, venue: str) -> None:
        self._venue = venue
        self._table: dict[int | str, tuple[Verdict, str]] = {}
        # later lines win: what is listed as unknown is never a refusal
        self._put(Verdict.REFUSED, codes.refused)
        self._put(Verdict.DENIED, codes.denied)
        self._put(Verdict.ACCEPTED, dict.fromkeys(codes.done, "it is so already"))
        self._put(Verdict.NOT_FOUND, dict.fromkeys(codes.not_found, "the venue does not know it"))
        self._put(Verdict.LIMITED, dict.fromkeys((*codes.limited, *codes.throttled), "too many requests"))
        self._throttled = frozenset(codes.throttled)
        self._put(Verdict.STALE_TIME, dict.fromkeys(codes.stale_time, "the time of the request was off"))
        self._put(Verdict.UNKNOWN, dict.fromkeys(codes.unknown, "nobody knows whether it was done"))

    def _put(self, verdict: Verdict, codes: dict[int | str, str]) -> None:
        self._table.update({code: (verdict, words) for code, words in codes.items()})

    def read(self, call: Call, reply: Reply) -> Outcome:
        """Never raises."""
        if 200 <= reply.status < 300:
            return self._done(call, reply)
        code, message = _complaint(reply.body)
        if reply.status in (418, 429):
            return self._limited(code, message, reply)
        verdict, words = self._meaning(code, message)
        if verdict is Verdict.LIMITED and (reply.status < 500 or code in self._throttled):
            return self._limited(code, message, reply)
        if not 400 <= reply.status < 500 or reply.status in WORDS or verdict is None:
            return Outcome(Verdict.UNKNOWN, code, self._unclear(reply, code, message))
        return Outcome(verdict, code, _sentence(words, code, message))

    def _meaning(self, code: int | None, message: str) -> tuple[Verdict | None, str]:
        if code is None:
            return None, ""
        return self._table.get(f"{code} {message}") or self._table.get(code) or (None, "")

    def _done(self, call: Call, reply: Reply) -> Outcome:
        body = reply.body
        if not call.is_write:
            # replies may be large, so only their ends are looked at; whoever reads them finds the rest
            head, tail = body[:16].lstrip(), body[-16:].rstrip()
            if head[:1] + tail[-1:] in (b"{}", b"[]") and not head.startswith(b'{"code":-'):
                return Outcome(Verdict.ACCEPTED)
            return Outcome(Verdict.UNKNOWN, None, f"{self._venue} answered {reply.status} with what is no answer: {short(body)}")
        try:
            found = strict(body)
        except Unreadable as error:
            return Outcome(Verdict.UNKNOWN, None, f"{self._venue} answered {reply.status}, {error}")
        trouble = _trouble(call, found)
        if not trouble:
            return Outcome(Verdict.ACCEPTED)
        return Outcome(Verdict.UNKNOWN, None, f"{self._venue} answered {reply.status}, {trouble}", is_foreign=trouble.startswith(ANOTHER))

    def _limited(self, code: int | None, message: str, reply: Reply) -> Outcome:
        wait_s = _retry_after_s(reply)
        until = BAN.search(message)
        banned_ms = 0
        if until is not None:
            banned_ms = int(until[1])
            wait_s = max(wait_s, banned_ms / 1000 - reply.received_ns / 1e9)
        elif reply.status == 418:
            banned_ms = int(reply.received_ns / 1e6 + 1000 * max(wait_s, REST_S))
        wait_s = min(wait_s or REST_S, LONGEST_S)
        words = "the venue has banned this address for a while" if banned_ms else "too many requests"
        return Outcome(Verdict.LIMITED, code, _sentence(words, code, message), wait_s, banned_ms)

    def _unclear(self, reply: Reply, code: int | None, message: str) -> str:
        words = WORDS.get(reply.status) or ("the venue's servers have trouble" if reply.status >= 500 else "an answer that is not listed")
        told = f"{code}: {short(message, 120)}" if code is not None else short(reply.body)
        return f"nobody knows whether it was done: HTTP {reply.status}, {words} ({told})"


def _complaint(body: bytes) -> tuple[int | None, str]:
    """Code and message of an error body; (None, '') when it is not one."""
    try:
        found = strict(body)
    except Unreadable:
        return None, ""
    if type(found) is not dict or type(found.get("code")) is not int or not -(10**6) < found["code"] < 10**6:
        return None, ""
    message = found.get("msg")
    return found["code"], message if type(message) is str else ""


def _trouble(call: Call, found: Any) -> str:
    """Why a 2xx body is no answer to a command; '' when it is one."""
    if type(found) is not dict:
        return f"expected an object, found {short(found)}"
    code = found.get("code")
    if code is not None and code not in (0, 200, "0", "200"):
        return f"with code {short(code)}: {short(found.get('msg'))}"
    if call.subject:
        told = next((found[key] for key in SUBJECTS if key in found), None)
        if told != call.subject:
            # without a name it is no order at all, which says nothing of other replies
            return f"{ANOTHER}: {short(told)}" if type(told) is str else f"about no order: {short(told)}"
    return ""


def _sentence(words: str, code: int | None, message: str) -> str:
    if code is None:
        return words
    return f"{words} ({code}: {short(message, 160)})" if message else f"{words} ({code})"


def _retry_after_s(reply: Reply) -> float:
    """Seconds that the header asks for, given as such or as a date; 0 when it does not or asks for nonsense."""
    asked = reply.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.replace(".", "", 1).isdigit() and len(asked) < 12:
        return float(asked)
    until = _date_s(asked)
    if until is None:
        return 0.0
    now = _date_s(reply.headers.get("date", ""))
    return max(0.0, until - (reply.received_ns / 1e9 if now is None else now))


def _date_s(written: str) -> float | None:
    """Seconds since 1970 of an HTTP date."""
    try:
        found: datetime = parsedate_to_datetime(written)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
