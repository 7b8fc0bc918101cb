"""`python -m tests.fakes.simvenue`: spot and USD-M in one process, each on its own port; prints where, then `ready`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from decimal import Decimal

from tests.fakes.simvenue.faults import parse
from tests.fakes.simvenue.front import Front
from tests.fakes.simvenue.server import Server
from tests.fakes.simvenue.venue import SimVenue


def _balances(text: str) -> dict[str, Decimal] | None:
    """`USDT=100000,BTC=2`"""
    return {asset: Decimal(amount) for asset, _, amount in (part.partition("=") for part in text.split(","))} if text else None


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simvenue", description="An exchange in a box, on loopback.")
    parser.add_argument("--spot-port", type=int, default=0)
    parser.add_argument("--usdm-port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--key", default="key")
    parser.add_argument("--secret", default="secret")
    parser.add_argument("--balances", default="", help="opening balances of the spot account: USDT=100000,BTC=2")
    parser.add_argument("--usdm-balances", default="", help="the same for futures")
    parser.add_argument("--fault", action="append", default=[], help="for both venues: 'drop_after:on=POST */order,times=1'; see faults.py")
    parser.add_argument("--still", action="store_true", help="prices move only when told to")
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    """Serve until a signal says stop."""
    servers = []
    for kind, name, port, balances in (
        ("spot", "spot", options.spot_port, options.balances), ("futures", "usdm", options.usdm_port, options.usdm_balances),
    ):  # fmt: skip
        venue = SimVenue(
            kind, time.time_ns, seed=options.seed, key=options.key, secret=options.secret, balances=_balances(balances), still=options.still
        )  # fmt: skip
        front = Front(venue, time.time_ns, options.seed)
        for text in options.fault:
            front.faults.add(parse(text))
        server = Server(front, port)
        await server.start()
        servers.append(server)
        print(f"{name} rest={server.rest_url} ws={server.ws_url}", flush=True)
    print("ready", flush=True)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    for server in servers:
        await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(_options(sys.argv[1:])))
