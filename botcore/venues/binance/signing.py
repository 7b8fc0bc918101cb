"""How a call is written down and signed: HMAC-SHA256 over the parameters as they go out.

Values are percent-encoded first and signed then (since January 2026 the venue refuses the other order); names of assets may be outside ASCII. The WebSocket API signs
the raw values in alphabetical order.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

from botcore.model.errors import ConfigError
from botcore.model.secret import Secret
from botcore.venues.dialect import Credentials
from botcore.venues.port import HttpRequest
from botcore.venues.wire import Access, Call

KEY_HEADER = "X-MBX-APIKEY"
PLAIN = re.compile(r"[A-Za-z0-9_.~-]*", re.ASCII).fullmatch


def encoded(params: Iterable[tuple[str, str]]) -> str:
    """Parameters as a query, everything but letters, digits and `-_.~` percent-encoded."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in params)


def _quoted(text: str) -> str:
    # nearly all names and values are plain, and to see that costs a quarter of quoting them
    return text if PLAIN(text) else quote(text, safe="")


def signature(secret: Secret, payload: str) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.digest(secret.reveal().encode(), payload.encode(), "sha256").hex()


def http_request(call: Call, base: str, credentials: Credentials | None, timestamp_ms: int, window_ms: int) -> HttpRequest:
    """The call as it goes out, everything in the query.

    Raises
    ------
    ConfigError
        If it needs a key and there is none.
    """
    query = encoded(call.params)
    headers: dict[str, str] = {}
    if call.access is not Access.PUBLIC:
        if credentials is None:
            raise ConfigError(f"{call.name} needs a key")
        headers[KEY_HEADER] = credentials.key.reveal()
        if call.access is Access.SIGNED:
            proof = encoded((("recvWindow", str(window_ms)), ("timestamp", str(timestamp_ms))))
            query = f"{query}&{proof}" if query else proof
            query = f"{query}&signature={signature(credentials.secret, query)}"
    return HttpRequest(call.method, f"{base}{call.path}?{query}" if query else f"{base}{call.path}", headers)


def socket_request(request_id: int, method: str, credentials: Credentials, timestamp_ms: int, window_ms: int) -> bytes:
    """A signed request to the WebSocket API that has no parameters of its own."""
    params: dict[str, str | int] = {"apiKey": credentials.key.reveal(), "recvWindow": window_ms, "timestamp": timestamp_ms}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["signature"] = signature(credentials.secret, payload)
    return json.dumps({"id": request_id, "method": method, "params": params}).encode()
