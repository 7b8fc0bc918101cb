"""Start is recovery: a bot that ran before is put together again from its records and then held against the venue.

Nothing is decided here. Executors come back with their barriers, orders and fills as they were written; whatever the venue did meanwhile is asked for
afterwards (`reconcile`) and arrives as ordinary events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botcore.connectors.base import ConnectorBase
from botcore.executors.base import ExecutorBase
from botcore.executors.catalog import executor_configs, executor_factories
from botcore.executors.info import ExecutorInfo
from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.events import OrderEvent
from botcore.model.instrument import Instrument
from botcore.model.order import Fee, Fill, OrderRequest, OrderState, Purpose
from botcore.model.records import BotRecords, ExecutorRecord, FillRecord, OrderRecord
from botcore.orchestrator.holds import PositionHold
from botcore.orchestrator.performance import Funding, Tally
from botcore.orders.tracker import Order
from botcore.strategies.strategy_v2 import StrategyV2Base

TERMINATED = "TERMINATED"


@dataclass(frozen=True, slots=True)
class Unrestored:
    """Stands where the executor of a bot stood that could not be put back: its exits and stops stay at the venue, what they trade is written down, and a later start
    takes it up. Nothing of a half restored bot decides anything."""

    executor_id: str

    def on_order(self, event: OrderEvent) -> None:
        """The recorder hears of it on the bus."""

    def on_fault(self, error: Exception) -> None:
        """There is nothing here that could break."""


def restore_bot(bot: StrategyV2Base, records: BotRecords, connectors: Mapping[str, ConnectorBase], data: MarketDataProvider) -> None:
    """Give a freshly built bot what it had: sums, holds, closed executors to look back at, and live executors with their orders.

    Whatever it raises, nothing of the bot acts afterwards: orders that were taken up already belong to nobody who decides, and its entries are canceled.
    """
    taken: list[Order] = []
    try:
        _restore(bot, records, connectors, data, taken)
    except Exception:
        for order in taken:
            order.owner = Unrestored(order.request.executor_id)
            if order.is_open and order.request.purpose.adds_risk:
                connectors[order.instrument.market.connector_name].cancel(order.client_order_id)
        raise


def _restore(bot: StrategyV2Base, records: BotRecords, connectors: Mapping[str, ConnectorBase], data: MarketDataProvider, taken: list[Order]) -> None:
    orchestrator = bot.orchestrator
    for tally in records.tallies:
        orchestrator.shelf(tally.controller_id).tallies[tally.asset] = Tally.from_record(tally)
    for (controller_id, asset), (quote, unpriced) in records.funding.items():
        orchestrator.shelf(controller_id).funding[asset] = Funding(quote, unpriced)
    for held in records.holds:
        hold = PositionHold.from_record(held, data.instrument(held.connector_name, held.trading_pair))
        orchestrator.holds.put(hold)
        orchestrator.hold_keeper.has_begun(held.controller_id, hold.instrument.market)
    for closed in records.closed:
        orchestrator.shelf(closed.controller_id).close(closed_info(closed))
    orders, fills = defaultdict(list), defaultdict(list)
    for order in records.orders:
        orders[order.executor_id].append(order)
    for fill in records.fills:
        fills[fill.executor_id].append(fill)
    for record in records.running:
        executor = _executor(bot, record, orders[record.executor_id], fills[record.executor_id], connectors, data, taken)
        bot.orchestrator.restore(executor)
    # what was earned and is held may say what this bot reports in
    orchestrator.drawdowns.restore(records.drawdowns)
    for record in records.orphans:
        _executor(bot, record, orders[record.executor_id], fills[record.executor_id], connectors, data, taken)
        _cancel(orders[record.executor_id], connectors)


def closed_info(record: ExecutorRecord) -> ExecutorInfo:
    """A closed executor as controllers and people see it."""
    config = executor_configs()[record.type].model_validate(record.config)
    return ExecutorInfo.of_record(config, record)


def _cancel(orders: list[OrderRecord], connectors: Mapping[str, ConnectorBase]) -> None:
    """An executor ended while its cancel had not left: ask again. What the venue trades meanwhile, the ended executor hands to a hold."""
    for order in orders:
        connectors[order.connector_name].cancel(order.client_order_id)


def _executor(
    bot: StrategyV2Base,
    record: ExecutorRecord,
    orders: list[OrderRecord],
    fills: list[FillRecord],
    connectors: Mapping[str, ConnectorBase],
    data: MarketDataProvider,
    taken: list[Order],
) -> ExecutorBase[Any]:
    """An executor as it was written, owner of its orders again; `taken` is told of each order."""
    config = executor_configs()[record.type].model_validate(record.config)
    executor = executor_factories()[record.type](config, bot.orchestrator.around, record.executor_id, record.controller_id, record.created_ns)
    own_fills = [booked_fill(fill, data.instrument(fill.connector_name, fill.trading_pair)) for fill in fills]
    tracked: list[Order] = []
    for order in orders:
        connector = connectors[order.connector_name]
        instrument = data.instrument(order.connector_name, order.trading_pair)
        request = order_request(order, instrument, bot.bot_id, record.controller_id)
        of_order = [fill for fill in own_fills if fill.client_order_id == order.client_order_id]
        state = OrderState[order.state]
        adopted = connector.adopt(request, order.client_order_id, executor, order.created_ns, state, order.exchange_order_id, of_order, order.reason)
        taken.append(adopted)
        if record.status != TERMINATED:
            connector.own_fills(adopted, of_order)
        tracked.append(adopted)
    executor.restore(record.state, tracked, own_fills)
    return executor


def order_request(order: OrderRecord, instrument: Instrument, bot_id: str, controller_id: str) -> OrderRequest:
    """What was asked of the venue, as it was written down."""
    side = TradeType[order.trade_type]
    return OrderRequest(
        instrument,
        side,
        OrderType[order.order_type],
        instrument.lots(order.amount),
        None if order.price is None else instrument.price_ticks(order.price, side),
        PositionAction[order.position_action],
        Purpose(order.purpose),
        bot_id,
        controller_id,
        order.executor_id,
    )


def booked_fill(fill: FillRecord, instrument: Instrument) -> Fill:
    """An execution as it was written down."""
    side = TradeType[fill.trade_type]
    return Fill(
        instrument,
        fill.trade_id,
        fill.client_order_id,
        side,
        instrument.floor_ticks(fill.price),
        instrument.lots(fill.amount),
        Fee(fill.fee_amount, fill.fee_asset, fill.fee_quote),
        fill.ts_ns,
        fill.is_maker,
    )
