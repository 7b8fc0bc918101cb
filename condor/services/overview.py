"""How everything stands: accounts, markets, bots."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

from botcore.connectors.paper.exchange import PaperExchange
from botcore.markets.market_state import MarketState
from botcore.model.enums import PriceType
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Market
from botcore.model.order import OrderState
from botcore.recorder.journal import Journal
from condor import __version__
from condor.configs import Configs
from condor.host import TradingHost, WallClock
from condor.hosts import PAPER, Host, Hosts, mid_of
from condor.manager import BotManager, waiting_words
from condor.services.bots import BotService, Claim
from condor.services.venue_views import venue_views
from condor.store import Connection
from condor.store.common import HALT, clear_latch, set_latch, write_audit
from condor.users import Actor, Role, require
from condor.views import AccountView, AssetView, MarketView, PortfolioView, StatusView

ZERO = Decimal(0)
CURRENCY = "USDT"


def _known_sum(values: list[Decimal | None]) -> Decimal | None:
    """None when one of them is not known."""
    return None if None in values else sum((value for value in values if value is not None), ZERO)


class OverviewService:
    """Accounts, markets and the state of the whole."""

    def __init__(self, hosts: Hosts, manager: BotManager, bots: BotService, configs: Configs, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._host: TradingHost = hosts.paper
        self._manager = manager
        self._bots = bots
        self._configs = configs
        self._journal = journal
        self._wall = wall
        self._started_ms = wall.wall_ms()
        self.trouble: str | None = None

    # ---- money -----------------------------------------------------------------------------------------------------
    def portfolio(self, actor: Actor) -> PortfolioView:
        """All open accounts, valued in USDT; what has no price is left out and named."""
        require(actor, Role.VIEWER, "looking at balances")
        accounts = tuple(self._account(exchange) for exchange in self._host.runtime.exchanges.values())
        return PortfolioView(
            CURRENCY,
            sum((account.equity for account in accounts), ZERO),
            _known_sum([account.deposited for account in accounts]),
            all(account.is_complete for account in accounts),
            accounts,
            tuple(sorted({asset.asset for account in accounts for asset in account.assets if asset.value is None})),
        )

    def rate(self, asset: str, unit: str) -> Decimal | None:
        """How much of `unit` one of an asset is worth now; None when nobody knows."""
        return self._host.runtime.market_data.rates.rate(asset, unit)

    def _account(self, exchange: PaperExchange) -> AccountView:
        totals = {asset: total for asset, total in exchange.equity().items() if total}
        assets = tuple(AssetView(asset, total, self._value(exchange.name, asset, total)) for asset, total in sorted(totals.items()))
        deposited = [self._value(exchange.name, asset, amount) for asset, amount in exchange.deposits.items()]
        return AccountView(
            exchange.name,
            self._configs.venue(exchange.name).title or exchange.name,
            assets,
            sum((asset.value for asset in assets if asset.value is not None), ZERO),
            _known_sum(deposited),
            all(asset.value is not None for asset in assets),
        )

    def _value(self, connector_name: str, asset: str, amount: Decimal) -> Decimal | None:
        """Worth of an amount at the mid of its pair against the currency, on the same venue or else on any, or else by a chain of rates; None when nobody knows.
        A dollar is worth what its market says, not 1."""
        if asset == CURRENCY:
            return amount
        markets = self._host.runtime.markets
        candidates = [Market(connector_name, f"{asset}-{CURRENCY}"), *(market for market in markets if market.trading_pair == f"{asset}-{CURRENCY}")]
        for market in candidates:
            mid = mid_of(self._host.runtime, market)
            if mid is not None:
                return amount * mid
        rate = self._host.runtime.market_data.rates.rate(asset, CURRENCY)
        return None if rate is None else amount * rate

    async def reset_paper(self, actor: Actor, claim: Claim) -> None:
        """Give all paper accounts their opening balances again; refused while bots run."""
        require(actor, Role.TRADER, "resetting the paper accounts")
        on_paper = [bot_id for bot_id, bot in self._manager.running.items() if bot.row.mode == PAPER]
        if on_paper:
            names = ", ".join(on_paper)
            raise UserError(f"stop the running bots first ({names}): their positions would be lost")
        now_ms, before = self._wall.wall_ms(), format(self.portfolio(actor).equity, "f")

        def write(connection: Connection) -> None:
            claim(connection)
            write_audit(connection, now_ms, actor, "reset_paper", "paper", before=before)

        await asyncio.wrap_future(self._journal.run(write))
        self._host.reset_paper()
        self._manager.unaccounted.forget_paper()

    # ---- the kill switch -------------------------------------------------------------------------------------------
    async def halt(self, actor: Actor, claim: Claim) -> None:
        """No new positions from any bot, until somebody releases it, over restarts too; exits go on."""
        require(actor, Role.OPERATOR, "halting")
        now_ms, reason = self._wall.wall_ms(), f"switched off by {actor.name or actor.user_id}"

        def write(connection: Connection) -> None:
            claim(connection)
            set_latch(connection, HALT, reason, str(actor.user_id), now_ms)
            write_audit(connection, now_ms, actor, "halt", "trading", after=reason)

        # the gate first: what is asked for must not wait for a disk
        self._hosts.halt(reason)
        await asyncio.wrap_future(self._journal.run(write))
        # again: a halt of another reason may have ended while this one was being written
        self._hosts.halt(reason)
        self._tell(FactKind.TRADING_HALTED, {"reason": reason})

    async def release(self, actor: Actor, claim: Claim) -> None:
        """Allow new positions again."""
        require(actor, Role.OWNER, "releasing the halt")
        self._refuse_while_stopped()
        now_ms, before = self._wall.wall_ms(), self._hosts.halt_reason or ""

        def write(connection: Connection) -> None:
            claim(connection)
            self._refuse_while_stopped()
            clear_latch(connection, HALT)
            write_audit(connection, now_ms, actor, "release", "trading", before=before)

        await asyncio.wrap_future(self._journal.run(write))
        # /panic may have latched while this was being written
        self._refuse_while_stopped()
        self._hosts.release()
        self._tell(FactKind.TRADING_RELEASED, {"by": actor.name or str(actor.user_id)})

    def _refuse_while_stopped(self) -> None:
        if self._manager.stopped_all is not None:
            raise UserError(f"{self._manager.stopped_all}: it is released with a reason (/panic)")

    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        self._host.bus.publish(Fact(kind, self._host.clock.now_ns, payload=payload))
        self._host.recorder.flush(None)

    # ---- state -----------------------------------------------------------------------------------------------------
    def status(self, actor: Actor) -> StatusView:
        require(actor, Role.VIEWER, "looking at the status")
        hosts = self._hosts.all()
        orders = [order for host in hosts for connector in host.runtime.connectors.values() for order in connector.tracker.open_orders()]
        return StatusView(
            __version__,
            self._host.source.describe(),
            self._host.clock.now_ns // 1_000_000,
            (self._wall.wall_ms() - self._started_ms) / 1000,
            self._hosts.halt_reason,
            self._trouble(),
            self.portfolio(actor),
            tuple(self._bots.running()),
            self.markets(actor),
            len(orders),
            sum(order.state is OrderState.UNKNOWN for order in orders),
            tuple(fault for host in hosts for fault in host.part_faults),
            venue_views(self._hosts.live),
        )

    def _trouble(self) -> str | None:
        """What stands in the way, or stands unwatched."""
        nobodys = [
            f"{amount:f} {market.trading_pair} on {market.connector_name}{' (paper)' if mode == PAPER else ''} is nobody's"
            for (mode, market), amount in self._manager.unaccounted.amounts.items()
        ]
        broken = [f"{bot_id} could not be put back, nobody watches what it has: {problem}" for bot_id, problem in self._manager.broken.items()]
        waiting = [f"{bot_id} is waiting for the venue: {waiting_words(names)}" for bot_id, names in self._manager.waiting.items()]
        missing = [
            f"{name}: {short}; entries into {short.asset} wait until it is there"
            for host in self._hosts.all()
            for name, connector in host.runtime.connectors.items()
            for short in connector.shortages.proven.values()
        ]
        return "; ".join([*([self.trouble] if self.trouble else []), *broken, *waiting, *nobodys, *missing]) or None

    def standing(self) -> list[tuple[str, str]]:
        """What a digest says of this moment: (name, value)."""
        accounts = [self._account(exchange) for exchange in self._host.runtime.exchanges.values()]
        equity = sum((account.equity for account in accounts), ZERO)
        rows = (
            [("Equity (paper)", f"{equity:,.2f} {CURRENCY}{'' if all(account.is_complete for account in accounts) else ' +?'}")] if accounts else []
        )
        return [*rows, ("Running bots", str(len(self._manager.running)))]

    def without_prices(self) -> str:
        """How everything stands, without what moves all the time: bots, how many executors have closed or hold something, what is wrong."""
        bots = [[bot.bot_id, bot.state, bot.closed, bot.trading, list(bot.faults)] for bot in self._bots.running()]
        return json.dumps([bots, self._hosts.halt_reason, self._trouble()], sort_keys=True)

    def markets(self, actor: Actor) -> tuple[MarketView, ...]:
        """Open markets with the age of their last event in market time."""
        require(actor, Role.VIEWER, "looking at markets")
        views = []
        for mode, host, market, state in self._open_markets():
            now_ns = host.clock.now_ns
            mid = state.price(PriceType.MidPrice)
            bid, ask = state.price(PriceType.BestBid), state.price(PriceType.BestAsk)
            spread = None if mid.is_nan() or not mid else float((ask - bid) / mid) * 10_000
            word = "ended" if state.ended else "ok" if state.is_usable(now_ns) else "stale"
            views.append(MarketView(str(market), None if mid.is_nan() else mid, spread, max(0, now_ns - state.ts_ns) / 1e9, word, mode))
        return tuple(views)

    def _open_markets(self) -> list[tuple[str, Host, Market, MarketState]]:
        """Live markets first."""
        return [(mode, host, market, state) for mode, host in reversed(self._hosts.by_mode()) for market, state in host.runtime.markets.items()]

    def describe_market(self) -> str:
        return self._host.source.describe()

    def available_markets(self) -> dict[str, list[str]]:
        """Connector name -> pairs that a new bot may trade, the open ones first."""
        opened: dict[str, list[str]] = {}
        for market in self._host.runtime.markets:
            opened.setdefault(market.connector_name, []).append(market.trading_pair)
        if not self._host.source.is_synthetic:
            return opened
        found = {}
        for name, venue in self._configs.venues.items():
            priced = [pair for pair, spec in venue.instruments.items() if spec.paper_price is not None]
            first = opened.get(name, [])
            found[name] = [*first, *(pair for pair in priced if pair not in first)]
        preferred = list(opened)
        return {name: found[name] for name in [*preferred, *(name for name in found if name not in preferred)]}
