"""Values of Strategy V2 that files import for types and comparisons, and that nothing here hands out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from pydantic import BaseModel

from botcore.compat.markets import PositionSide
from botcore.executors.grid.levels import LevelState
from botcore.model.enums import OrderType, TradeType


class OrderState(Enum):
    """How far an order is."""

    PENDING_CREATE = 0
    OPEN = 1
    PENDING_CANCEL = 2
    CANCELED = 3
    PARTIALLY_FILLED = 4
    FILLED = 5
    FAILED = 6
    PENDING_APPROVAL = 7
    APPROVED = 8
    CREATED = 9
    COMPLETED = 10


class LimitOrderStatus(Enum):
    """How far a limit order is."""

    UNKNOWN = 0
    NEW = 1
    OPEN = 2
    CANCELING = 3
    CANCELED = 4
    COMPLETED = 5
    FAILED = 6


class OrderBookEvent(int, Enum):
    """What happened to a book."""

    TradeEvent = 901
    OrderBookDataSourceUpdateEvent = 904


class AccountEvent(Enum):
    """What happened to an account."""

    PositionModeChangeSucceeded = 400
    PositionModeChangeFailed = 401
    BalanceEvent = 402
    PositionUpdate = 403
    MarginCall = 404
    LiquidationEvent = 405


class ExecutorEvent(Enum):
    """What happened to an executor."""

    EXECUTOR_INFO_UPDATE = 500


class OrderBookTradeEvent(NamedTuple):
    """A trade of somebody."""

    trading_pair: str
    timestamp: float
    type: TradeType
    price: Decimal
    amount: Decimal
    trade_id: str | None = None
    is_taker: bool = True


class MarketTransactionFailureEvent(NamedTuple):
    """A transaction that failed."""

    timestamp: float
    order_id: str


@dataclass
class BalanceUpdateEvent:
    """A balance that changed."""

    timestamp: float
    asset_name: str
    total_balance: Decimal | None = None
    available_balance: Decimal | None = None


@dataclass
class PositionUpdateEvent:
    """A position that changed; without a side it is closed."""

    timestamp: float
    trading_pair: str
    position_side: PositionSide | None
    unrealized_pnl: Decimal
    entry_price: Decimal
    amount: Decimal
    leverage: Decimal


class OpenOrder(NamedTuple):
    """An order at a venue."""

    client_order_id: str
    trading_pair: str
    price: Decimal
    amount: Decimal
    executed_amount: Decimal
    status: str
    order_type: OrderType
    is_buy: bool
    time: int
    exchange_order_id: str


class HistoricalCandlesConfig(BaseModel):
    """Candles between two times (s)."""

    connector_name: str
    trading_pair: str
    interval: str
    start_time: int
    end_time: int


class TrackedOrder:
    """An order of an executor, as far as a file may make one by itself: by its id."""

    def __init__(self, order_id: str | None = None) -> None:
        self.order_id = order_id
        self.order: Any = None

    @property
    def is_done(self) -> bool:
        return self.order is not None and bool(self.order.is_done)


class GridLevel(BaseModel):
    """A level of a grid; the runtime's grids keep their own, `custom_info["levels_by_state"]` shows them."""

    id: str
    price: Decimal
    amount_quote: Decimal
    take_profit: Decimal
    side: TradeType
    open_order_type: OrderType
    take_profit_order_type: OrderType
    active_open_order: Any = None
    active_close_order: Any = None
    state: LevelState = LevelState.NOT_ACTIVE
