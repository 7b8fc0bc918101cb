"""What the command line does with a whole instance: run it, or reset its paper accounts."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

from botcore.recorder.migrate import migrate
from botcore.recorder.paper_store import SqlPaperStore
from condor import __version__
from condor.home import Home, InstanceLock
from condor.store import MIGRATIONS
from condor.store.audit import audit_on_disk
from condor.store.backups import Backups
from condor.store.bots import forget_market_time
from condor.users import Actor, Role

END_S = 20.0
GIVE_UP_S = 5.0

log = logging.getLogger(__name__)


class Instance(Protocol):
    """What is run."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def claim_code(self) -> str | None: ...

    def is_up(self) -> bool: ...

    async def panic(self) -> None: ...

    def when_ended(self, end: Callable[[], None]) -> None:
        """Call this when somebody asks for an end in order."""

    @property
    def link(self) -> str: ...


# ---- run -----------------------------------------------------------------------------------------------------------
def run_until_signal(instance: Instance, say: Callable[[str], None]) -> None:
    """Run an instance until SIGINT or SIGTERM ends it; says `ready <url>` when the chat answers. SIGUSR1 stops everything, as `/panic` does.

    Raises
    ------
    UserError
        If it can't start.
    """

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        instance.when_ended(stop.set)
        panic = asyncio.Event()
        # at once: without a handler this signal would end the process
        loop.add_signal_handler(signal.SIGUSR1, panic.set)
        waiting: asyncio.Task[None] | None = None
        try:
            await instance.start()
            waiting = asyncio.create_task(_panic_on(panic, instance), name="SIGUSR1")
            code = await instance.claim_code()
            if code is not None:
                say(f"no owner yet: send {code} to the bot from your own Telegram account")
            while not instance.is_up() and not stop.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await stop.wait()
            if not stop.is_set():
                say(f"ready {instance.link}")
            await stop.wait()
        finally:
            if waiting is not None:
                waiting.cancel()
            await _end(instance, say)

    _runner()(main())


async def _panic_on(asked: asyncio.Event, instance: Instance) -> None:
    while True:
        await asked.wait()
        asked.clear()
        try:
            await instance.panic()
        except Exception:
            # the next signal must find somebody here; what this one has latched is worked on anyway
            log.exception("SIGUSR1 could not be carried out as a whole")


async def _end(instance: Instance, say: Callable[[str], None]) -> None:
    """End in order, within a time: whoever asks for an end kills soon after, and all that counts is on the disk already."""
    late = threading.Timer(END_S + GIVE_UP_S, os._exit, (1,))
    late.daemon = True
    late.start()
    try:
        async with asyncio.timeout(END_S):
            await instance.close()
    except TimeoutError:
        say(f"the end took longer than {END_S:g} s; what was decided is written down, the next start goes on from there")
    finally:
        late.cancel()


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """asyncio.run, on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


# ---- paper accounts ------------------------------------------------------------------------------------------------
def forget_paper(home: Home) -> None:
    """Empty the paper venue's books.

    Raises
    ------
    UserError
        If an instance runs, or bots would lose what they hold there.
    """
    home.make()
    lock = InstanceLock(home)
    lock.acquire()
    try:
        if home.database.is_file():
            now_ms = time.time_ns() // 1_000_000
            migrate(home.database, [MIGRATIONS], Backups(home.backups, __version__, lambda: now_ms).take)
            forget_market_time(home.database)
            audit_on_disk(home.database, now_ms, Actor(0, "the command line", Role.OWNER, "cli", 0), "reset_paper", "paper")
        if home.paper_database.is_file():
            store = SqlPaperStore(home.paper_database)
            store.clear()
            store.close()
    finally:
        lock.release()
