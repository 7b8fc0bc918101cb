"""Prices, and alerts when one is reached: `/price`. What was reached and the message that tells of it are one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from botcore.model.enums import PriceType
from botcore.model.errors import UserError, nearest
from botcore.recorder.journal import Journal
from condor.alerts.events import Own
from condor.alerts.expand import outgoing
from condor.host import WallClock
from condor.hosts import Hosts
from condor.services.bots import Claim
from condor.store import Connection, outbox
from condor.store.alerts import wishes_of
from condor.store.common import write_audit
from condor.store.price_alerts import PriceAlert, add_price_alert, arm, drop_price_alert, price_alerts
from condor.users import Actor, Role, refuse_frozen, require
from condor.views import Notice

MAX_ALERTS = 50


@dataclass(frozen=True, slots=True)
class PriceView:
    """A market now; `mid` is None while its price is not known. No alert speaks because of a price that is not usable: old, or of a book that is torn."""

    connector_name: str
    trading_pair: str
    mode: str
    mid: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    age_s: float
    is_usable: bool


class PriceService:
    """See the module; `on_queued` is called when an alert was put into the outbox."""

    def __init__(self, hosts: Hosts, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._journal = journal
        self._wall = wall
        self.on_queued: Callable[[], None] = lambda: None
        self._alerts: list[PriceAlert] | None = None
        self._changes = 0

    # ---- prices ------------------------------------------------------------------------------------------------------
    def views(self, actor: Actor) -> list[PriceView]:
        """Every market that is open."""
        require(actor, Role.VIEWER, "looking at prices")
        return self._open()

    def find(self, actor: Actor, text: str) -> PriceView:
        """The market that is meant by `btc/usdt`, `BTC-USDT` or `binance:BTC-USDT`.

        Raises
        ------
        UserError
            If none is open.
        """
        venue, _, pair = text.strip().rpartition(":")
        wanted = pair.upper().replace("/", "-").replace("_", "-")
        found = self.views(actor)
        fitting = [view for view in found if view.trading_pair == wanted and view.connector_name.startswith(venue.lower())]
        if not fitting and "-" not in wanted:
            fitting = [view for view in found if view.trading_pair.partition("-")[0] == wanted]
        if not fitting:
            known = sorted({view.trading_pair for view in found})
            raise UserError(f"no market {wanted} is open here{nearest(wanted, known)}; open are {', '.join(known[:12]) or 'none'}")
        # real prices before those of a paper market
        return min(fitting, key=lambda view: (view.mode != "live", view.mid is None))

    def _now(self) -> dict[tuple[str, str], PriceView]:
        """(venue, pair) -> its price; where it is open for real money too, that price only, for a paper market may play another day."""
        return {(view.connector_name, view.trading_pair): view for view in self._open()}

    def _open(self) -> list[PriceView]:
        """Every market that is open, those of real money last."""
        found = []
        for mode, host in self._hosts.by_mode():
            for market, state in list(host.runtime.markets.items()):
                mid, bid, ask = (_known(state.price(kind)) for kind in (PriceType.MidPrice, PriceType.BestBid, PriceType.BestAsk))
                now_ns = host.clock.now_ns
                age_s = max(0.0, (now_ns - state.ts_ns) / 1e9)
                is_usable = state.is_usable(now_ns)
                found.append(PriceView(market.connector_name, market.trading_pair, mode, mid, bid, ask, age_s, is_usable))
        return found

    # ---- alerts ------------------------------------------------------------------------------------------------------
    async def alerts(self, actor: Actor) -> list[PriceAlert]:
        """Those of this chat."""
        require(actor, Role.VIEWER, "looking at price alerts")
        return await asyncio.wrap_future(self._journal.read(lambda connection: price_alerts(connection, (actor.front, actor.chat_id))))

    async def add(self, actor: Actor, connector_name: str, trading_pair: str, side: str, price: Decimal, claim: Claim, *, is_repeated: bool) -> None:
        """Tell this chat when a price is reached, once or each time.

        Raises
        ------
        UserError
            If the price is no price, is reached already, or there are too many alerts.
        """
        require(actor, Role.VIEWER, "price alerts")
        refuse_frozen(actor, Role.VIEWER)
        if side not in ("above", "below"):
            raise UserError(f"expected above or below, found {side!r}")
        if price <= 0:
            raise UserError("expected a price above 0")
        now = view.mid if (view := self._now().get((connector_name, trading_pair))) is not None else None
        alert = PriceAlert(0, actor.front, actor.chat_id, actor.user_id, connector_name, trading_pair, side, price, is_repeated, is_armed=True)
        if now is not None and alert.is_reached(now):
            raise UserError(f"{trading_pair} is {side} {format(price, 'f')} already: it is at {format(now, 'f')}")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            if len(price_alerts(connection, (actor.front, actor.chat_id))) >= MAX_ALERTS:
                raise UserError(f"this chat has {MAX_ALERTS} price alerts already: take one away first")
            add_price_alert(connection, alert, now_ms)
            write_audit(connection, now_ms, actor, "price_alert", f"{trading_pair} {side} {format(price, 'f')}", after="set")

        await asyncio.wrap_future(self._journal.run(write))
        self._forget()

    async def drop(self, actor: Actor, alert_id: int, claim: Claim) -> bool:
        """Take an alert of this chat away; False when it is gone already."""
        require(actor, Role.VIEWER, "price alerts")
        refuse_frozen(actor, Role.VIEWER)
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> bool:
            claim(connection)
            is_gone = drop_price_alert(connection, alert_id, (actor.front, actor.chat_id))
            if is_gone:
                write_audit(connection, now_ms, actor, "price_alert", str(alert_id), after="gone")
            return is_gone

        dropped = await asyncio.wrap_future(self._journal.run(write))
        self._forget()
        return dropped

    async def round(self) -> None:
        """Look whether a price was reached; the scheduler calls this every second. Without alerts it reads nothing."""
        alerts = self._alerts
        if alerts is None:
            changes = self._changes
            alerts = await asyncio.wrap_future(self._journal.read(price_alerts))
            # somebody may have changed them while they were read
            self._alerts = alerts if changes == self._changes else None
        if not alerts:
            return
        now, changed = self._now(), []
        for alert in alerts:
            view = now.get((alert.connector_name, alert.trading_pair))
            if view is not None and view.mid is not None and view.is_usable and alert.is_reached(view.mid) == alert.is_armed:
                changed.append((alert, view.mid))
        if not changed:
            return
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            for alert, price in changed:
                _reached(connection, alert, price, now_ms)

        await asyncio.wrap_future(self._journal.run(write))
        self._forget()
        self.on_queued()

    def _forget(self) -> None:
        """The rows have changed: read them again."""
        self._alerts, self._changes = None, self._changes + 1


def _reached(connection: Connection, alert: PriceAlert, price: Decimal, now_ms: int) -> None:
    """An armed alert speaks; one that has spoken is armed again, now that the price has come back."""
    if not alert.is_armed:
        arm(connection, alert.alert_id, is_armed=True)
        return
    is_there = arm(connection, alert.alert_id, is_armed=False) if alert.is_repeated else drop_price_alert(connection, alert.alert_id)
    if not is_there:
        return
    payload = {
        "connector_name": alert.connector_name,
        "trading_pair": alert.trading_pair,
        "side": alert.side,
        "price": format(alert.price, "f"),
        "now": format(price, "f"),
        "is_repeated": alert.is_repeated,
    }
    chat = (alert.front, alert.chat_id)
    notice = Notice(outbox.own_id(connection), Own.PRICE, "", "", "", "", now_ms, payload)
    item = outgoing(chat, notice, wishes_of(connection, chat, now_ms), now_ms)
    outbox.put(connection, [] if item is None else [item], now_ms)


def _known(price: Decimal) -> Decimal | None:
    return None if price.is_nan() else price
