"""What happened. Events are past tense and frozen; the order that they tell of rides along, already updated.

Order events go from a connector to the one executor that owns the order. Facts are what the outside is told: the recorder keeps them with the
change that they describe, and whoever shows them to people (a chat, a log) reads them from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from botcore.model.instrument import Market
from botcore.model.order import Fill, OrderState
from botcore.model.records import DrawdownRecord, ExecutorRecord, FundingRecord, HoldRecord, Recordable, TallyRecord


@dataclass(slots=True, init=False)
class OrderEvent:
    """Base of the order events; `order` is the tracker's live record, read only for everybody else."""

    order: Any
    ts_ns: int

    def __init__(self, order: Any, ts_ns: int) -> None:
        self.order = order
        self.ts_ns = ts_ns


@dataclass(slots=True, init=False)
class OrderAccepted(OrderEvent):
    """The venue has the order."""


@dataclass(slots=True, init=False)
class OrderFilled(OrderEvent):
    """A fill was applied; it may come in any state of the order, terminal ones included."""

    fill: Fill

    def __init__(self, order: Any, ts_ns: int, fill: Fill) -> None:
        OrderEvent.__init__(self, order, ts_ns)
        self.fill = fill


@dataclass(slots=True, init=False)
class OrderClosed(OrderEvent):
    """The order reached a terminal state: filled, canceled, failed (refused) or expired."""

    state: OrderState
    reason: str

    def __init__(self, order: Any, ts_ns: int, state: OrderState, reason: str = "") -> None:
        OrderEvent.__init__(self, order, ts_ns)
        self.state = state
        self.reason = reason


@dataclass(slots=True, init=False)
class OrderSubmitted(OrderEvent):
    """An order is tracked; its intent must be durable before the request may leave."""


@dataclass(slots=True, init=False)
class OrderUnknown(OrderEvent):
    """The request may have arrived and no answer can be trusted: the order is being looked for."""


@dataclass(frozen=True, slots=True)
class StrayOrder:
    """The venue shows an order with our prefix that this process does not know (any more).

    Parameters
    ----------
    lots, filled_lots : int
        As the venue counts them.
    """

    connector_name: str
    trading_pair: str
    client_order_id: str
    is_open: bool
    exchange_order_id: str = ""
    lots: int = 0
    filled_lots: int = 0


@dataclass(frozen=True, slots=True)
class StrayFill:
    """An execution of an order with our prefix that this process does not know (any more)."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class ForcedFill:
    """An execution of an order of the venue itself, which closed (part of) a position: `liquidation`, `adl` or `settlement`."""

    fill: Fill
    cause: str


@dataclass(slots=True)
class ExecutorChanged:
    """An executor must be written down."""

    bot_id: str
    executor: Recordable[ExecutorRecord]


@dataclass(slots=True, init=False)
class ExecutorEnded:
    """An executor has terminated; `info` holds its last values."""

    bot_id: str
    info: Any

    def __init__(self, bot_id: str, info: Any) -> None:
        self.bot_id = bot_id
        self.info = info


@dataclass(slots=True)
class HoldChanged:
    """A position hold must be written down."""

    bot_id: str
    hold: Recordable[HoldRecord]


@dataclass(slots=True)
class TallyChanged:
    """A controller's sums must be written down."""

    bot_id: str
    tally: Recordable[TallyRecord]


@dataclass(slots=True)
class DrawdownChanged:
    """The peak from which a bot's, or a controller's, losses count must be written down."""

    bot_id: str
    drawdown: Recordable[DrawdownRecord]


@dataclass(slots=True)
class FundingBooked:
    """A share of a funding payment must be written down; without a bot it is nobody's."""

    bot_id: str
    record: FundingRecord


@dataclass(frozen=True, slots=True)
class PositionLost:
    """A venue liquidated what stood on a market."""

    market: Market
    price_ticks: int
    ts_ns: int


@dataclass(frozen=True, slots=True)
class PartFault:
    """A part's own code raised and the part was stopped: a controller, an executor, or a part of the clock."""

    kind: str
    ts_ns: int
    error: str
    bot_id: str = ""
    controller_id: str = ""
    executor_id: str = ""


class FactKind:
    """Names of the facts; they are stored, so a name is never reused for another meaning."""

    EXECUTOR_OPENED: Final = "executor_opened"
    EXECUTOR_CLOSED: Final = "executor_closed"
    POSITION_OPENED: Final = "position_opened"
    POSITION_FILLED: Final = "position_filled"
    ORDER_REFUSED: Final = "order_refused"
    POSITION_HELD: Final = "position_held"
    CONTROLLER_FAULT: Final = "controller_fault"
    EXECUTOR_FAULT: Final = "executor_fault"
    PART_FAULT: Final = "part_fault"
    BOT_STARTED: Final = "bot_started"
    BOT_STOPPED: Final = "bot_stopped"
    TRADING_HALTED: Final = "trading_halted"
    TRADING_RELEASED: Final = "trading_released"
    RECOVERED: Final = "recovered"
    MARKET_ENDED: Final = "market_ended"
    LIQUIDATED: Final = "liquidated"
    ORDER_UNKNOWN: Final = "order_unknown"
    ORDER_FOUND: Final = "order_found"
    ORDER_ABSENT: Final = "order_absent"
    FILLS_MISSING: Final = "fills_missing"
    ACCOUNT_DENIED: Final = "account_denied"
    ACCOUNT_ALLOWED: Final = "account_allowed"
    ACCOUNT_WARNED: Final = "account_warned"
    FORCED_ORDER: Final = "forced_order"
    ORDER_ADOPTED: Final = "order_adopted"
    OTHER_HOME: Final = "other_home"
    POSITION_UNACCOUNTED: Final = "position_unaccounted"
    VENUE_DOWN: Final = "venue_down"
    VENUE_UP: Final = "venue_up"
    VENUE_BANNED: Final = "venue_banned"
    CLOCK_JUMPED: Final = "clock_jumped"
    CLOCK_SKEWED: Final = "clock_skewed"
    VENUE_TROUBLE: Final = "venue_trouble"
    FUNDING_PAID: Final = "funding_paid"
    LATE_FILL: Final = "late_fill"
    OVER_CLOSED: Final = "over_closed"
    STOP_REFUSED: Final = "stop_refused"
    EXIT_STUCK: Final = "exit_stuck"
    EXIT_FAILED: Final = "exit_failed"
    POSITION_ADJUSTED: Final = "position_adjusted"
    BALANCE_SHORT: Final = "balance_short"
    BALANCE_COVERED: Final = "balance_covered"
    BALANCE_LOW: Final = "balance_low"
    STOOD_STILL: Final = "stood_still"
    LEFT_BEHIND: Final = "left_behind"
    DRAWDOWN_REACHED: Final = "drawdown_reached"
    DRAWDOWN_ANEW: Final = "drawdown_anew"
    STOP_FORCED: Final = "stop_forced"
    CONFIG_CHANGED: Final = "config_changed"
    PANIC_BEGUN: Final = "panic_begun"
    PANIC_REPORT: Final = "panic_report"
    CHAT_TROUBLE: Final = "chat_trouble"
    BARRIER_MOVED: Final = "barrier_moved"
    LIQUIDATION_NEAR: Final = "liquidation_near"
    DAY_LOSS_REACHED: Final = "day_loss_reached"
    DAY_LOSS_RELEASED: Final = "day_loss_released"
    CAPS_CHANGED: Final = "caps_changed"
    BOT_PAUSED: Final = "bot_paused"
    BOT_RESUMED: Final = "bot_resumed"
    KEYS_ADDED: Final = "keys_added"
    KEYS_REFUSED: Final = "keys_refused"
    KEYS_REMOVED: Final = "keys_removed"
    KEY_PASTED: Final = "key_pasted"
    CODES_CHANGED: Final = "codes_changed"
    CODES_LOCKED: Final = "codes_locked"
    ACCESS_CHANGED: Final = "access_changed"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a person may want to be told.

    Parameters
    ----------
    kind : str
        One of `FactKind`.
    ts_ns : int
        Market time, ns UTC.
    payload : dict
        JSON-ready values; money as Decimal text.
    """

    kind: str
    ts_ns: int
    bot_id: str = ""
    controller_id: str = ""
    executor_id: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
