"""A SimVenue in a process of its own, and the hand on its control."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from tests.support.instance import CHECKOUT, DIRECT, clean_environment

KEY, SECRET = "crash-canary-KEY-5xQ0bT7m", "crash-canary-SECRET-u2Zk9LrW"
CONNECTORS = {"binance": "spot", "binance_perpetual": "usdm"}
"""Connector -> name that SimVenue gives to its door."""

BALANCES = "USDT=200000,BTC=3,ETH=60,SOL=2000"


class Door:
    """One of the two venues: where it is, and its control."""

    def __init__(self, connector_name: str, rest: str, ws: str) -> None:
        self.connector_name = connector_name
        self.rest = rest
        self.ws = ws

    @property
    def is_perpetual(self) -> bool:
        return self.connector_name.endswith("_perpetual")

    def control(self, verb: str, **values: Any) -> Any:
        """Call a verb of `/control`; its answer."""
        request = urllib.request.Request(
            f"{self.rest}/control/{verb}", data=json.dumps(values).encode() if values else None, headers={"Content-Type": "application/json"}
        )
        try:
            with DIRECT.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"control {verb} {values}: {error.read()[:300]!r}") from None


class VenueProcess:
    """See the module; ended by `close`."""

    def __init__(
        self, seed: int, *, still: bool = False, balances: str = BALANCES, usdm_balances: str = "USDT=200000", key: str = KEY, secret: str = SECRET
    ) -> None:
        command = [sys.executable, "-m", "tests.fakes.simvenue", "--seed", str(seed), "--key", key, "--secret", secret]
        command += ["--balances", balances, "--usdm-balances", usdm_balances, *(["--still"] if still else [])]
        self._process = subprocess.Popen(command, cwd=CHECKOUT, env=clean_environment(), stdout=subprocess.PIPE, text=True)
        found: dict[str, tuple[str, str]] = {}
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("ready"):
                break
            name, *addresses = line.split()
            rest, ws = (address.partition("=")[2] for address in addresses)
            found[name] = (rest, ws)
        self.doors = {connector: Door(connector, *found[name]) for connector, name in CONNECTORS.items()}

    @property
    def pid(self) -> int:
        return self._process.pid

    def state(self) -> str:
        """Whether it runs, for a report."""
        code = self._process.poll()
        return "runs" if code is None else f"ended with {code}"

    def environment(self, connectors: Iterable[str] | None = None) -> dict[str, str]:
        """What `condor run` needs to trade there."""
        values: dict[str, str] = {}
        for name in connectors or self.doors:
            door, prefix = self.doors[name], f"CONDOR_VENUE_{name.upper()}"
            values |= {f"{prefix}_KEY": KEY, f"{prefix}_SECRET": SECRET, f"{prefix}_REST": door.rest, f"{prefix}_WS": door.ws}
        return values

    def heal(self) -> None:
        for door in self.doors.values():
            door.control("heal")

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
