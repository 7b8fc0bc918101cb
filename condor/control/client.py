"""Asks the instance that holds a home, over its socket."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

from botcore.model.errors import UserError
from condor.control.place import address
from condor.home import Home, holder_of

TIMEOUT_S = 10.0
REFUSED = 422


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask_instance(home: Home, path: str, body: dict[str, Any] | None = None, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """Ask the instance that holds the home; a body makes it a POST.

    Raises
    ------
    UserError
        If it does not answer, or what it says when it refuses.
    """
    try:
        connection = SocketConnection(address(home.socket), timeout_s)
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request("GET" if data is None else "POST", path, data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            status, said = answer.status, answer.read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise UserError(
            f"the instance that holds this home does not answer ({_in_words(error)}); it may just be starting, else look at its log"
        ) from None
    found = _parsed(said)
    if status == REFUSED:
        raise UserError(str(found["error"]))
    if status != http.client.OK:
        raise UserError(f"the instance that holds this home could not do that ({found.get('error', status)}); look at its log")
    return found


def ask_if_running(home: Home, path: str, body: dict[str, Any] | None = None, timeout_s: float = TIMEOUT_S) -> dict[str, Any] | None:
    """The same; None when nothing runs on the home."""
    return None if holder_of(home) is None else ask_instance(home, path, body, timeout_s)


def _parsed(said: bytes) -> dict[str, Any]:
    """Its answer; empty where it is no JSON, as that of the server itself to what it does not know or what has failed."""
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _in_words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "its socket is not there"
    if isinstance(error, TimeoutError):
        return "it took too long"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
