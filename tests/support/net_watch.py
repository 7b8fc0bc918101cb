"""Writes down every address that a Python process and its children ask for or connect to.

The interpreter's own audit events tell of them, so nothing that goes through Python's sockets is missed. uvloop's sockets don't: a watched process runs on
asyncio's own loop, which `condor run` takes where uvloop is not installed.
"""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
CALLS = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
    }
)


def environment_of(folder: Path) -> dict[str, str]:
    """Variables under which a Python process is watched; what it calls stands in `folder/calls.txt`."""
    folder.mkdir(parents=True, exist_ok=True)
    source = f"from tests.support.net_watch import watch\nwatch({str(folder / 'calls.txt')!r})\n"
    (folder / "sitecustomize.py").write_text(source)
    return {"PYTHONPATH": f"{folder}:{CHECKOUT}"}


def watch(path: str) -> None:
    """From now on write down what this process calls, one line each."""
    sys.modules["uvloop"] = None  # type: ignore[assignment]
    book = open(path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - open as long as the process lives

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CALLS:
            # the first argument of these is the socket itself
            about = arguments[1:] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else arguments
            book.write(f"{event}\t{_host(about[0] if about else None)}\n")

    sys.addaudithook(hear)


def _host(address: Any) -> str:
    """The host of an address; a path of a Unix socket, and what is not named, as they are."""
    host = address[0] if isinstance(address, tuple) and address else address
    return host.decode(errors="replace") if isinstance(host, bytes) else str(host)


def calls(folder: Path) -> list[tuple[str, str]]:
    """(event, host) of every call so far."""
    path = folder / "calls.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(event, host) for event, _, host in (line.partition("\t") for line in lines)]


def leaves_the_host(call: tuple[str, str]) -> bool:
    """Whether a call goes, or asks for something, beyond this machine."""
    host = call[1]
    if host in ("None", "", "localhost") or host.startswith(("/", "\0")):
        return False
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return True
