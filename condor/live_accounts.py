"""Accounts with real money while the program runs: opening one whose key was added, closing one whose key goes.

There is one way to recover (docs/decisions/0019). An account that is added is one whose venue has not answered yet, as at a start while a venue is away: nothing can
use it before its rules are known, and in that moment it is put on the clock and the bots that waited for it come back, before its session asks what has happened
meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.accounts import AccountPlan
from condor.caps_keeper import CapsKeeper
from condor.hosts import LIVE
from condor.live_host import LiveHost
from condor.manager import BotManager
from condor.stand_in import texts_in
from condor.store import Connection
from condor.store.bots import RUNNING, STOPPING, BotRow, bots_in, configs_of

MAX_LISTED = 8


class LiveAccounts:
    """See the module.

    Parameters
    ----------
    plans : sequence of AccountPlan
        Those that the start has opened.
    """

    def __init__(self, host: LiveHost, caps: CapsKeeper, manager: BotManager, journal: Journal, plans: Sequence[AccountPlan]) -> None:
        self._host = host
        self._caps = caps
        self._manager = manager
        self._journal = journal
        self._plans = {plan.spec.name: plan for plan in plans}
        self._changing = asyncio.Lock()

    @property
    def plans(self) -> Mapping[str, AccountPlan]:
        """What is connected now."""
        return self._plans

    def closed_reason(self, name: str) -> str | None:
        """Why nothing new may be opened at an account now; None while it may."""
        return self._host.accounts[name].connector.closed_reason()

    # ---- opening ---------------------------------------------------------------------------------------------------
    async def open(self, plan: AccountPlan) -> None:
        """Connect an account and compare it; bots that could not be put back without it come back.

        Raises
        ------
        ConfigError
            If nothing is traded live there.
        """
        name = plan.spec.name
        async with self._changing:
            if name in self._plans:
                return
            # an account of before under this name may have left something that is on its way to the disk
            self._host.recorder.flush(None)
            rows = await asyncio.wrap_future(self._journal.run(_live_bots))
            self._host.add(plan)
            self._plans[name] = plan
            self._manager.wait_again([row.bot_id for row in rows], name)
            self._caps.look()
            await self._host.join(name)

    # ---- closing ---------------------------------------------------------------------------------------------------
    async def users(self, name: str) -> list[str]:
        """Who uses an account: bots that run, are stopping, wait or could not be put back, and our orders that are open there."""
        if name not in self._plans:
            return []
        titles = await asyncio.wrap_future(self._journal.run(lambda connection: _naming(connection, name)))
        return sorted({*titles, *self._here(name)})

    def _here(self, name: str) -> list[str]:
        found = [bot for bot, accounts in self._manager.starting if name in accounts]
        for bot in self._manager.running.values():
            markets = {market.connector_name for seat in bot.strategy.seats for market in seat.config.markets()}
            if bot.row.mode == LIVE and name in markets | {text for config in bot.configs for text in texts_in(config.config)}:
                found.append(bot.row.title)
        orders = len(self._host.accounts[name].connector.tracker.open_orders())
        if orders:
            found.append(f"{orders} open order{'s' if orders > 1 else ''}")
        return found

    def held(self, name: str) -> list[str]:
        """What bots that do not run any more hold at an account, by our books."""
        books = self._host.accounts[name].connector.own.books() if name in self._plans else []
        return [f"{book.instrument.amount(book.net):f} {book.instrument.market.trading_pair}" for book in books if book.net][:MAX_LISTED]

    async def close(self, name: str) -> None:
        """Let go of an account.

        Raises
        ------
        UserError
            If it is used, with the names of those that use it.
        """
        async with self._changing:
            if name not in self._plans:
                return
            refuse_used(name, await self.users(name))
            # since the records were asked a bot may have begun; from here on nothing can get in between
            refuse_used(name, self._here(name))
            del self._plans[name]
            self._caps.forget(name)
            self._manager.unaccounted.forget_live(name)
            await self._host.remove(name)


def refuse_used(name: str, users: Sequence[str]) -> None:
    """UserError when somebody uses an account."""
    if users:
        shown = ", ".join(users[:MAX_LISTED]) + (f" and {len(users) - MAX_LISTED} more" if len(users) > MAX_LISTED else "")
        raise UserError(f"{name} is used by {shown}: stop {'it' if len(users) == 1 else 'them'} first")


def _live_bots(connection: Connection) -> list[BotRow]:
    """Bots with real money that should run."""
    return [row for row in bots_in(connection, [RUNNING, STOPPING]) if row.mode == LIVE]


def _naming(connection: Connection, name: str) -> list[str]:
    """Titles of those whose configs name an account, anywhere."""
    rows = _live_bots(connection)
    return [row.title for row in rows if name in {text for config in configs_of(connection, row.bot_id) for text in texts_in(config.config)}]
