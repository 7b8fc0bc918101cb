"""What is open: positions and orders of all bots, as this process knows them; no venue is asked."""

from __future__ import annotations

from decimal import Decimal

from botcore.connectors.base import ConnectorBase
from botcore.executors.single.executor import SingleOrderExecutor
from botcore.model.instrument import Market, quote_of
from botcore.orders.tracker import Order
from condor.hosts import Host, Hosts, mid_of
from condor.manager import BotManager
from condor.result_views import OpenOrder, OpenPosition
from condor.services.bots import BotService
from condor.users import Actor, Role, require

NOBODY = ""


class TradingService:
    """See the module."""

    def __init__(self, hosts: Hosts, manager: BotManager, bots: BotService) -> None:
        self._hosts = hosts
        self._manager = manager
        self._bots = bots

    # ---- positions -------------------------------------------------------------------------------------------------
    async def positions(self, actor: Actor) -> tuple[OpenPosition, ...]:
        """What executors hold, what was kept and nobody watches, and what is at an account and belongs to no bot; real money first, largest worth first."""
        require(actor, Role.VIEWER, "looking at positions")
        found = [*self._of_executors(), *await self._kept(actor), *self._nobodys()]
        return tuple(sorted(found, key=lambda item: (item.mode, -_worth(item), item.trading_pair, item.watched_by)))

    def _of_executors(self) -> list[OpenPosition]:
        found = []
        for bot in self._manager.running.values():
            host = self._hosts.of(bot.row.mode)
            for executor in bot.strategy.orchestrator.running:
                parts = [part for part in executor.exposures() if part.base]
                for part in parts:
                    mark = mid_of(host.runtime, part.market)
                    # of several markets only the whole is known, and it stands with the executor
                    result = executor.info.net_pnl_quote if len(parts) == 1 else None
                    found.append(
                        OpenPosition(
                            bot.row.mode,
                            bot.row.bot_id,
                            bot.row.title,
                            part.market.connector_name,
                            part.market.trading_pair,
                            part.base,
                            part.entry_price,
                            mark,
                            None if result is None or result.is_nan() else result,
                            quote_of(part.market.trading_pair),
                            executor.id,
                            executor.info.level_id or "",
                        )
                    )
        return found

    async def _kept(self, actor: Actor) -> list[OpenPosition]:
        found = []
        for bot in await self._bots.all(actor):
            host = self._hosts.of(bot.mode) if bot.mode in dict(self._hosts.by_mode()) else None
            for held in bot.positions:
                mark = None if host is None else mid_of(host.runtime, Market(held.connector_name, held.trading_pair))
                found.append(
                    OpenPosition(
                        bot.mode, bot.bot_id, bot.title, held.connector_name, held.trading_pair, held.amount, held.breakeven_price, mark,
                        held.unrealized, quote_of(held.trading_pair), NOBODY,
                    )
                )  # fmt: skip
        return found

    def _nobodys(self) -> list[OpenPosition]:
        """What an account has and no bot of this home knows of."""
        found = []
        for (mode, market), amount in self._manager.unaccounted.amounts.items():
            mark = mid_of(self._hosts.of(mode).runtime, market)
            quote = quote_of(market.trading_pair)
            found.append(OpenPosition(mode, NOBODY, NOBODY, market.connector_name, market.trading_pair, amount, None, mark, None, quote, NOBODY))
        return found

    # ---- orders ----------------------------------------------------------------------------------------------------
    def orders(self, actor: Actor) -> tuple[OpenOrder, ...]:
        """Orders that are at a venue, on their way or in doubt; those in doubt first, then newest first."""
        require(actor, Role.VIEWER, "looking at orders")
        found = [
            _order(mode, host, connector, order)
            for mode, host in self._hosts.by_mode()
            for connector in host.runtime.connectors.values()
            for order in connector.tracker.open_orders()
        ]
        return tuple(sorted(found, key=lambda item: (item.mode, item.state != "UNKNOWN", item.age_s, item.client_order_id)))


def _worth(item: OpenPosition) -> Decimal:
    price = item.mark or item.entry_price
    return abs(item.amount * price) if price is not None else Decimal(0)


def _order(mode: str, host: Host, connector: ConnectorBase, order: Order) -> OpenOrder:
    request = order.request
    instrument = request.instrument
    return OpenOrder(
        mode,
        order.client_order_id,
        request.bot_id,
        request.executor_id,
        connector.name,
        instrument.market.trading_pair,
        request.trade_type.name,
        request.order_type.name,
        request.purpose.value,
        instrument.amount(order.lots),
        instrument.amount(order.filled_lots),
        None if request.price_ticks is None else instrument.price(request.price_ticks),
        order.state.name,
        max(0, host.clock.now_ns - order.created_ns) / 1e9,
        isinstance(order.owner, SingleOrderExecutor),
    )
