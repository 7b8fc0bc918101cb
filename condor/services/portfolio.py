"""Accounts and what is in them. A venue that can't be reached is shown with what was known last, and the total says that it is not all."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from botcore.model.instrument import Market
from botcore.recorder.journal import Journal
from botcore.strategies.accounts import LiveAccount
from condor.host import WallClock
from condor.hosts import LIVE, PAPER, Hosts, mid_of
from condor.live_host import LiveHost
from condor.result_views import AccountsView, PlaceView
from condor.services.overview import CURRENCY, OverviewService
from condor.store.last_values import LastValue, last_value_of, put_last_value
from condor.users import Actor, Role, require
from condor.views import AssetView

ZERO = Decimal(0)
WRITTEN_MS = 60_000


class PortfolioService:
    """See the module. What a venue's account was worth is kept from look to look and written down, so that it can be told when the venue is away."""

    def __init__(self, hosts: Hosts, overview: OverviewService, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._overview = overview
        self._journal = journal
        self._wall = wall
        self._known: dict[str, PlaceView] = {}
        self._written: dict[str, LastValue | None] = {}

    async def of(self, actor: Actor, mode: str) -> AccountsView:
        """All accounts of a mode; UserError when real money is asked for and no account is connected."""
        require(actor, Role.VIEWER, "looking at balances")
        if mode == PAPER:
            places = self._paper(actor)
        else:
            self._hosts.of(LIVE)
            live = self._hosts.live
            assert live is not None
            await self._read(live)
            places = tuple(self._live(live, name, account) for name, account in live.accounts.items())
        reached = [place for place in places if place.away_since_ms is None]
        known = [place.value for place in reached if place.value is not None]
        total = sum(known, ZERO) if known else None
        is_partial = len(reached) < len(places) or any(place.unpriced or place.value is None for place in reached)
        return AccountsView(mode, CURRENCY, total, is_partial, places)

    async def look(self) -> None:
        """Note what live accounts are worth while their venues are there; written down when it has changed, once a minute."""
        live = self._hosts.live
        if live is None:
            return
        await self._read(live)
        # accounts come and go while this waits for the disk
        for name, account in [(name, account) for name, account in live.accounts.items() if name in self._written]:
            place = self._live(live, name, account)
            before = self._written[name]
            if place.away_since_ms is not None or place.value is None or place.known_ms is None:
                continue
            if before is None or (before.value != place.value and place.known_ms - before.known_ms >= WRITTEN_MS):
                last = self._written[name] = LastValue(name, CURRENCY, place.value, place.known_ms)
                await asyncio.wrap_future(self._journal.run(lambda connection, last=last: put_last_value(connection, last)))  # type: ignore[misc]

    async def _read(self, live: LiveHost) -> None:
        """What an earlier life of the program has written down, once."""
        for name in list(live.accounts):
            if name not in self._written:
                found = await asyncio.wrap_future(self._journal.read(lambda connection, name=name: last_value_of(connection, name)))  # type: ignore[misc]
                self._written[name] = found

    def _paper(self, actor: Actor) -> tuple[PlaceView, ...]:
        now_ms = self._wall.wall_ms()
        accounts = self._overview.portfolio(actor).accounts
        return tuple(PlaceView(PAPER, item.connector_name, item.title, item.assets, item.equity, None, now_ms) for item in accounts)

    def _live(self, live: LiveHost, name: str, account: LiveAccount) -> PlaceView:
        session = account.session.view()
        if session.trouble is not None:
            since_ms = session.since_ns // 1_000_000
            known = self._known.get(name)
            if known is None:
                written = self._written.get(name)
                value, known_ms = (None, None) if written is None else (written.value, written.known_ms)
                return PlaceView(LIVE, name, live.title(name), (), value, since_ms, known_ms)
            return PlaceView(LIVE, name, known.title, known.assets, known.value, since_ms, known.known_ms)
        totals = account.connector.account.totals()
        assets = tuple(AssetView(asset, total, worth(live, name, asset, total)) for asset, total in sorted(totals.items()) if total)
        value = sum((asset.value for asset in assets if asset.value is not None), ZERO)
        place = PlaceView(LIVE, name, live.title(name), assets, value, None, self._wall.wall_ms())
        self._known[name] = place
        return place


def worth(live: LiveHost, name: str, asset: str, amount: Decimal) -> Decimal | None:
    """Of an amount in the currency: at the mid of its own venue's pair, else by a chain of rates; None when nobody knows."""
    if asset == CURRENCY:
        return amount
    mid = mid_of(live.runtime, Market(name, f"{asset}-{CURRENCY}"))
    if mid is not None:
        return amount * mid
    rate = live.runtime.market_data.rates.rate(asset, CURRENCY)
    return None if rate is None else amount * rate
