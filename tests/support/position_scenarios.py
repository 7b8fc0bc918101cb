"""The base of the position executor's scenarios: entry 100, amount 1, stop loss 5 %, take profit 10 %, time limit 60 s."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.position import PositionExecutor
from botcore.model.enums import OrderType, RunnableStatus, TradeType
from tests.support.bench import PERP, D
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
MARKET, LIMIT, MAKER = OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER
RUNNING, SHUTTING_DOWN, TERMINATED = RunnableStatus.RUNNING, RunnableStatus.SHUTTING_DOWN, RunnableStatus.TERMINATED


def config(side: TradeType = BUY, **changes: Any) -> PositionExecutorConfig:
    """The base config; barrier fields may be changed by name, None removes a barrier."""
    barriers = {"stop_loss": D("0.05"), "take_profit": D("0.10"), "time_limit": 60}
    barriers |= {key: changes.pop(key) for key in list(changes) if key in TripleBarrierConfig.model_fields}
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": side, "entry_price": D(100), "amount": D(1)} | changes
    return PositionExecutorConfig(triple_barrier_config=TripleBarrierConfig(**barriers), **values)


def bare(side: TradeType = BUY, **changes: Any) -> PositionExecutorConfig:
    """The base config without barriers, except those that are named."""
    return config(side, **({"stop_loss": None, "take_profit": None, "time_limit": None} | changes))


def opened(bench: VenueBench, of: PositionExecutorConfig, fee: str = "0") -> PositionExecutor:
    """An executor whose entry was filled completely at its price."""
    executor = bench.start(of)
    (entry,) = bench.orders
    bench.venue.accept(entry)
    bench.venue.trade(entry, price=None if entry.request.price_ticks else 100, fee=fee)
    return executor


def sells(bench: VenueBench) -> list[Any]:
    return [order for order in bench.orders if order.request.trade_type is SELL]


def trade_pnl_pct(executor: PositionExecutor) -> Decimal:
    """PnL before fees, as the reference's `trade_pnl_pct`."""
    quote = executor.custom_info()["current_position_average_price"] * executor.config.amount
    return (executor.net_pnl_quote() + executor.cum_fees_quote()) / quote
