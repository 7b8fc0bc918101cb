"""Coins that bots hold by the records and an account does not have (O13, O18): what is missing, and a person's word that they are gone for good."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from botcore.model.errors import UserError
from botcore.orders.shortages import Shortage, plain
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.hosts import Hosts
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.common import write_audit
from condor.users import Actor, Role, require
from condor.views import MissingView


class MissingService:
    """See the module."""

    def __init__(self, hosts: Hosts, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._journal = journal
        self._wall = wall

    def all(self, actor: Actor) -> tuple[MissingView, ...]:
        """What is missing for sure, account by account."""
        require(actor, Role.VIEWER, "looking at what is missing")
        return tuple(
            _view(name, found)
            for host in self._hosts.all()
            for name, connector in host.runtime.connectors.items()
            for found in connector.shortages.proven.values()
        )

    async def give_up(self, actor: Actor, connector_name: str, asset: str, amount: Decimal, claim: Claim) -> Decimal:
        """Believe that this amount, which is missing, was sold or moved for good; returns how much was taken out of the records.

        Raises
        ------
        UserError
            When nothing of it is missing (any more), or another amount, or there is no price to book it at.
        """
        require(actor, Role.OWNER, "giving up what is missing")
        live = self._hosts.live
        if live is None:
            raise UserError(f"no account with real money is connected: nothing of {asset} is missing")
        # before anything is written down: what can't be done is refused, and no button is used up
        found = live.runtime.check_give_up(connector_name, asset, amount)
        now_ms, subject, before = self._wall.wall_ms(), f"{asset} at {connector_name}", f"records {plain(found.held)}, account {plain(found.there)}"

        def write(connection: Connection) -> None:
            claim(connection)
            write_audit(connection, now_ms, actor, "give_up", subject, before=before, after=plain(found.missing))

        await asyncio.wrap_future(self._journal.run(write))
        booked = live.runtime.give_up(connector_name, asset, amount)
        live.recorder.flush(None)
        return booked


def _view(connector_name: str, found: Shortage) -> MissingView:
    holders = tuple((bot_id or "nobody", executor_id, amount) for bot_id, _, executor_id, amount in found.holders)
    return MissingView(connector_name, found.asset, found.held, found.there, max(Decimal(0), found.missing), holders)
