"""What is done about an account besides its orders: money that moved is asked for where the stream does not tell it, a key that was denied is tried again."""

from __future__ import annotations

import asyncio

from botcore.venues.account_news import AccountNews, AccountWarned, BalancesTold, FundingPaid, PositionTold, SettingsTold
from botcore.venues.account_reader import AccountReader
from botcore.venues.dialect import AccountRights, Dialect, Unreadable
from botcore.venues.funding_reader import FundingReader
from botcore.venues.session_roles import SessionEars
from botcore.venues.tasks import Tasks

FREE_S = 1.0
"""Pause before balances are asked for, so that a burst of fills costs one question."""


class AccountCare:
    """See the module.

    Parameters
    ----------
    name : str
        Connector name.
    """

    def __init__(self, name: str, dialect: Dialect, reader: AccountReader, tasks: Tasks, ears: SessionEars, funding: FundingReader) -> None:
        self._name = name
        self._reader = reader
        self._tasks = tasks
        self._ears = ears
        self._tells_rights = dialect.rights_call() is not None
        # margin accounts tell totals in their stream; what is free they tell only when asked
        self._asks_free = dialect.positions_call() is not None
        self._is_asking = False
        self._funding = funding

    def hear(self, item: AccountNews, received_ns: int) -> None:
        """News of the account's stream; what is about orders is passed over."""
        if isinstance(item, BalancesTold):
            self._reader.hear_balances(item, received_ns)
            if not item.free_known:
                self.money_moved()
        elif isinstance(item, PositionTold):
            self._reader.hear_position(item, received_ns)
        elif isinstance(item, SettingsTold):
            self._reader.hear_settings(item)
        elif isinstance(item, FundingPaid):
            # which pair it was for, and its id, are in the list only
            self._funding.moved()
        elif isinstance(item, AccountWarned):
            self._ears.on_warned(self._name, item.text)

    def money_moved(self) -> None:
        """An order has ended or traded: what is free is another amount now."""
        if self._asks_free and not self._is_asking:
            self._is_asking = True
            self._tasks.once(f"{self._name}: balances", self._ask)

    async def _ask(self) -> None:
        try:
            await asyncio.sleep(FREE_S)
        finally:
            self._is_asking = False
        try:
            await self._reader.read_balances()
        except Unreadable as error:
            self._ears.on_trouble(self._name, f"the balances can't be read: {error}")

    async def may_trade(self) -> bool:
        """Whether a key that was denied is good again; asked only after signed questions have been answered."""
        if not self._tells_rights:
            return True
        rights = await self._reader.rights()
        return isinstance(rights, AccountRights) and rights.can_trade
