"""What both dialects share of HTTP: requests, answers, problems, signatures."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from tests.fakes.simvenue.account import Account

WHOLE = re.compile(r"-?[0-9]{1,20}")
DECIMAL = re.compile(r"([0-9]{1,20})(\.[0-9]{1,20})?")


class Answer(NamedTuple):
    """A reply, complete."""

    status: int
    headers: dict[str, str]
    body: bytes


class Problem(Exception):
    """An error as the venue words it; some have `data` besides."""

    def __init__(self, code: int, msg: str, status: int = 400, data: Any = None) -> None:
        super().__init__(f"{status} {code} {msg}")
        self.data = data
        self.code = code
        self.msg = msg
        self.status = status


def malformed(name: str) -> Problem:
    return Problem(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


@dataclass(slots=True)
class Ask:
    """A request as a handler sees it.

    Parameters
    ----------
    view_ns : int
        Time whose state a reading handler shows; the present unless the venue's read side lags.
    arrival_ns : int
        When it reached the venue, which may be before it is worked on.
    """

    method: str
    path: str
    params: Mapping[str, str]
    payload: str
    key: str
    now_ns: int
    view_ns: int
    arrival_ns: int
    account: Account | None = None

    def with_params(self, params: Mapping[str, str]) -> Ask:
        """The same request about something else: one of several in a batch."""
        return replace(self, params=params)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.params.get(name) or default
        if value is None:
            raise malformed(name)
        return value

    def whole(self, name: str, default: int | None = None) -> int | None:
        value = self.params.get(name)
        if value is None or value == "":
            return default
        if WHOLE.fullmatch(value) is None:
            raise Problem(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
        return int(value)

    def decimal(self, name: str) -> Decimal:
        value = self.params.get(name)
        if not value:
            raise malformed(name)
        if DECIMAL.fullmatch(value) is None:
            raise Problem(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^([0-9]{{1,20}})(\\.[0-9]{{1,20}})?$'.")
        return Decimal(value)

    def flag(self, name: str) -> bool:
        return self.params.get(name, "").lower() == "true"

    @property
    def who(self) -> Account:
        assert self.account is not None, "an unsigned request has no account"
        return self.account


def read_params(query: str, body: bytes) -> dict[str, str]:
    """Parameters of query and form body.

    Raises
    ------
    Problem
        When one comes twice.
    """
    text = body.decode("latin-1")
    text = f"{query}&{text}" if query and text else query or text
    if "%" in text or "+" in text:
        pairs = parse_qsl(text, keep_blank_values=True)
    else:
        pairs = [(name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part)]
    params = dict(pairs)
    if len(params) != len(pairs):
        raise Problem(-1101, "Duplicate values for a parameter detected.")
    return params


def unsigned(query: str, body: bytes) -> str:
    """What the signature is made of: query and body as sent, without the signature itself."""
    text = query + body.decode("latin-1")
    start = text.find("signature=")
    if start < 0:
        return text
    end = text.find("&", start)
    head, tail = text[:start], "" if end < 0 else text[end + 1 :]
    return (head + tail) if tail else head.rstrip("&")


def sign(secret: str, payload: str) -> str:
    return hmac.digest(secret.encode(), payload.encode(), "sha256").hex()


def dump(value: Any) -> bytes:
    return orjson.dumps(value)
