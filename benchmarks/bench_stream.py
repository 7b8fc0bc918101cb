"""From the venue's send to the book, at two thousand depth messages a second: ours beside ccxt.pro, each a process of its own, in the same run.

One server sends the recorded stream of Binance futures over real WebSocket and stamps every message; both clients subscribe as they do at the venue and write down
when their book had reached its update id. They take turns of a second, so that neither works while the other is measured. ccxt lives in the oracles' environment
(`make oracles` makes it, or `CONDOR_ORACLES` names its Python); where that is absent only our figures are given. The event loop is uvloop for both where both have it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tests.support.instance import CHECKOUT, DIRECT, clean_environment

PEER_PYTHON = CHECKOUT / "tests" / "oracles" / ".venv" / "bin" / "python"
TURNS = 20
TURN_S = 1.0
START_S = 12.0
SETTLE_S = 0.1
"""At the beginning of a turn: a client that has waited wakes up."""


def run() -> dict[str, float]:
    """Milliseconds, p50 and p99; `p50.ratio` is the peer's median by ours (aim 1 / 0.7 = 1.43 at least)."""
    peer = Path(os.environ.get("CONDOR_ORACLES") or PEER_PYTHON)
    if not peer.exists():
        print("stream: ccxt.pro is not measured, its environment is absent: `make oracles` makes it", file=sys.stderr)
    environment = clean_environment()
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.depth_server"], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = server.stdout.readline().split()[1]
        return _measure(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", peer if peer.exists() else None)
    finally:
        server.kill()
        server.wait()


def _measure(rest: str, ws: str, peer: Path | None) -> dict[str, float]:
    seconds = START_S + TURNS * TURN_S + 1
    commands = {"ours": [sys.executable, "-m", "benchmarks.depth_watcher", f"{rest}/ours", ws, str(seconds)]}
    if peer is not None:
        commands["peer"] = [str(peer), str(Path(__file__).parent / "depth_peer.py"), rest, ws, str(seconds)]
    _get(rest, "turn?client=nobody")
    clients = {
        name: subprocess.Popen(command, cwd=CHECKOUT, env=clean_environment(), stdout=subprocess.PIPE, text=True)
        for name, command in commands.items()
    }
    # both get the first messages, so that their books begin; then they take turns
    _get(rest, "turn")
    time.sleep(START_S)
    turns: list[tuple[str, int, int]] = []
    for name in islice(cycle(clients), TURNS):
        _get(rest, f"turn?client={name}")
        time.sleep(SETTLE_S)
        began_ns = time.time_ns()
        time.sleep(TURN_S - SETTLE_S)
        turns.append((name, began_ns, time.time_ns()))
    _get(rest, "turn?client=nobody")
    reached = {name: {int(key): ns for key, ns in json.loads(client.communicate(timeout=60)[0]).items()} for name, client in clients.items()}
    stamps: dict[str, Any] = _get(rest, "stamps")["stamps"]
    found: dict[str, float] = {}
    for name, book in reached.items():
        spans = [(began, ended) for who, began, ended in turns if who == name]
        sent = [(int(key), ns) for key, ns in stamps[name].items() if any(began <= ns < ended for began, ended in spans)]
        values = sorted((book[key] - ns) / 1e6 for key, ns in sent if key in book)
        if len(values) < len(sent) * 0.9:
            raise AssertionError(f"{name} booked {len(values)} of {len(sent)} messages one by one")
        found |= {
            f"{name}.p50_ms": values[len(values) // 2],
            f"{name}.p99_ms": values[int(len(values) * 0.99)],
            f"{name}.messages": float(len(values)),
        }
    if "peer.p50_ms" in found:
        found["p50.ratio"] = found["peer.p50_ms"] / found["ours.p50_ms"]
    return found


def _get(rest: str, what: str) -> Any:
    with DIRECT.open(urllib.request.Request(f"{rest}/{what}"), timeout=30) as answer:
        return json.load(answer)
