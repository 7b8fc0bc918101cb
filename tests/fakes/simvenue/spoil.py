"""Answers and messages made wrong, each in one known way."""

from __future__ import annotations

import re
from random import Random

from tests.fakes.simvenue.wire import Answer

PAGE = (
    b"<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr>Attention Required! | Cloudflare</body></html>"
)
STRING = re.compile(rb'"(price|origQty|executedQty|cummulativeQuoteQty|cumQuote|qty|commission|free|balance|positionAmt)":"[^"]*"')
STATUS = re.compile(rb'"status":"[A-Z_]+"')


def spoiled(answer: Answer, how: str, random: Random, other: Answer | None) -> Answer:
    """An answer with a spoiled body; status and headers stay, but for a page of a firewall."""
    body = answer.body
    if how == "html":
        return Answer(answer.status, answer.headers | {"Content-Type": "text/html"}, PAGE)
    if how == "truncated":
        body = body[: random.randint(1, max(1, len(body) - 1))]
    elif how == "empty":
        body = b""
    elif how == "nan":
        body = STRING.sub(lambda found: b'"' + found.group(1) + b'":NaN', body)
    elif how == "huge":
        body = STRING.sub(lambda found: b'"' + found.group(1) + b'":"1e400"', body)
    elif how == "bom":
        body = b"\xef\xbb\xbf" + body
    elif how == "null":
        body = STRING.sub(lambda found: b'"' + found.group(1) + b'":null', body)
    elif how == "missing":
        body = body.replace(b'"status":', b'"xstatus":').replace(b'"price":', b'"xprice":').replace(b'"symbol":', b'"xsymbol":')
    elif how == "enum":
        body = STATUS.sub(b'"status":"PENDING_REVIEW"', body)
    elif how == "twice":
        body = STATUS.sub(lambda found: found.group(0) + b',"status":"REJECTED"', body)
    elif how == "other" and other is not None:
        body = other.body
    return Answer(answer.status, answer.headers, body)


def ghosted(message: bytes, level: str) -> bytes:
    """A depth update with a bid that the venue's book does not have: `PRICE AMOUNT`, far below the market unless told otherwise."""
    price, _, amount = (level or "1.00 7.777").partition(" ")
    start = message.find(b'"b":[')
    if start < 0:
        return message
    start += len(b'"b":[')
    told = f'["{price}","{amount}"]'.encode()
    return message[:start] + told + (b"" if message[start : start + 1] == b"]" else b",") + message[start:]


def subject_of(message: bytes) -> str:
    """What a message is, for patterns of faults: `ack`, `user:EVENT`, `market:NAME`."""
    head = message[:400]
    found = re.search(rb'"e":"([A-Za-z0-9_]+)"', head)
    event = found.group(1).decode() if found else ""
    if (
        head.startswith(b'{"subscriptionId"')
        or (event.isupper() and event)
        or event in ("listenKeyExpired", "executionReport", "outboundAccountPosition")
    ):
        return f"user:{event}"
    if head.startswith(b'{"stream":"'):
        return "market:" + head[11 : head.index(b'"', 11)].decode()
    if event:
        return f"market:{event}"
    if b'"result"' in head or b'"error"' in head or b'"status"' in head:
        return "ack"
    return "market:"
