"""`ExecutorInfo`: what controllers, reports and people may know of an executor.

It is a window, not a copy. What changes seldom (status, close type, whether something is filled) the executor writes into it; what moves with the market
is worked out when somebody looks, so a thousand idle executors cost nothing per tick. When the executor has terminated, `freeze` takes the last values
and lets the executor go.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from botcore.model.enums import CloseType, RunnableStatus, TradeType

if TYPE_CHECKING:
    from botcore.executors.base import ExecutorBase
    from botcore.model.records import ExecutorRecord

ZERO: Final = Decimal(0)
NAN: Final = Decimal("NaN")
MAX_RETRIES: Final = 10
"""Rejections that an executor retries before it gives up."""
NOT_STARTED: Final = RunnableStatus.NOT_STARTED
RUNNING: Final = RunnableStatus.RUNNING
SHUTTING_DOWN: Final = RunnableStatus.SHUTTING_DOWN
TERMINATED: Final = RunnableStatus.TERMINATED
ACTIVE_WHILE_CLOSING: Final = ("grid_executor", "lp_executor")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Last money values of an executor that has ended."""

    net_pnl_quote: Decimal = ZERO
    net_pnl_pct: Decimal = ZERO
    cum_fees_quote: Decimal = ZERO
    filled_amount_quote: Decimal = ZERO
    custom_info: dict[str, Any] | None = None
    """None when nothing was filled: there is nothing to say beyond the config."""


NOTHING: Final = Outcome()


class ExecutorInfo:
    """See the module. Money in quote; `net_pnl_pct` is a fraction; times in seconds, those that end in `_ns` in nanoseconds.

    Attributes
    ----------
    status, close_type, close_ns, reason, has_fills, entry_ns, exit_ns
        Written by the executor; read only for everybody else. `close_type` of one that is closing says why it does, and may still become another one. `entry_ns` is when
        the order that opens was told of last, kept after that order's end; `exit_ns` when it began to close, `close_ns` when it had ended; 0 before.
    """

    __slots__ = (
        "_executor",
        "_outcome",
        "close_ns",
        "close_type",
        "config",
        "controller_id",
        "created_ns",
        "entry_ns",
        "exit_ns",
        "has_fills",
        "id",
        "level_id",
        "reason",
        "status",
        "type",
    )

    def __init__(self, config: Any, executor_id: str, controller_id: str, created_ns: int, executor: ExecutorBase[Any] | None = None) -> None:
        self.config = config
        self.id = executor_id
        self.type: str = config.type
        self.controller_id = controller_id
        self.level_id: str | None = config.level_id
        self.created_ns = created_ns
        self.status = NOT_STARTED
        self.close_type: CloseType | None = None
        self.close_ns = 0
        self.reason = ""
        self.has_fills = False
        self.entry_ns = 0
        self.exit_ns = 0
        self._executor = executor
        self._outcome = NOTHING

    @classmethod
    def of_record(cls, config: Any, record: ExecutorRecord) -> ExecutorInfo:
        """An executor of an earlier process that has ended."""
        info = cls(config, record.executor_id, record.controller_id, record.created_ns)
        info.status = TERMINATED
        info.close_type = CloseType[record.close_type] if record.close_type else None
        info.close_ns = record.close_ns
        info.reason = record.reason
        info.has_fills = bool(record.volume_quote)
        info._outcome = Outcome(
            record.net_pnl_quote if record.net_pnl_quote is not None else NAN,
            record.net_pnl_pct if record.net_pnl_pct is not None else NAN,
            record.fees_quote,
            record.volume_quote,
        )
        return info

    def __repr__(self) -> str:
        return f"<ExecutorInfo {self.id} {self.status.name} {self.close_type.name if self.close_type else '-'}>"

    def freeze(self) -> None:
        """Keep the last values and let the executor go."""
        executor = self._executor
        if executor is None:
            return
        if self.has_fills:
            self._outcome = Outcome(
                executor.net_pnl_quote(),
                executor.net_pnl_pct(),
                executor.cum_fees_quote(),
                executor.filled_amount_quote(),
                executor.custom_info(),
            )
        self._executor = None

    # ---- state -----------------------------------------------------------------------------------------------------
    @property
    def is_active(self) -> bool:
        """NOT_STARTED or RUNNING; a grid (or liquidity position) that is still closing too, as in Strategy V2: nobody opens another beside it."""
        status = self.status
        return status is RUNNING or status is NOT_STARTED or (status is SHUTTING_DOWN and self.type in ACTIVE_WHILE_CLOSING)

    @property
    def is_done(self) -> bool:
        return self.status is TERMINATED

    @property
    def is_trading(self) -> bool:
        """Active and something is filled."""
        return self.has_fills and self.is_active

    @property
    def timestamp(self) -> float:
        """Market time of its creation, seconds."""
        return self.created_ns / 1e9

    @property
    def close_timestamp(self) -> float | None:
        """When it ended, or began to: files sort what is not active by it, and one that is closing is not (`is_active`)."""
        if self.is_done:
            return self.close_ns / 1e9
        return self.exit_ns / 1e9 if self.status is SHUTTING_DOWN else None

    # ---- what it trades --------------------------------------------------------------------------------------------
    @property
    def side(self) -> TradeType | None:
        return getattr(self.config, "side", None)

    @property
    def trading_pair(self) -> str | None:
        return getattr(self.config, "trading_pair", None)

    @property
    def connector_name(self) -> str | None:
        return getattr(self.config, "connector_name", None)

    # ---- money -----------------------------------------------------------------------------------------------------
    @property
    def net_pnl_quote(self) -> Decimal:
        """0 while nothing is filled; NaN while the price that it needs is not known."""
        return self._executor.net_pnl_quote() if self._executor is not None else self._outcome.net_pnl_quote

    @property
    def net_pnl_pct(self) -> Decimal:
        return self._executor.net_pnl_pct() if self._executor is not None else self._outcome.net_pnl_pct

    @property
    def cum_fees_quote(self) -> Decimal:
        return self._executor.cum_fees_quote() if self._executor is not None else self._outcome.cum_fees_quote

    @property
    def filled_amount_quote(self) -> Decimal:
        return self._executor.filled_amount_quote() if self._executor is not None else self._outcome.filled_amount_quote

    @property
    def custom_info(self) -> dict[str, Any]:
        if self._executor is not None:
            return self._executor.custom_info()
        return self._outcome.custom_info or self._nothing_more()

    def _nothing_more(self) -> dict[str, Any]:
        """What is to be said of one that has ended without a fill, or of which only the record is left: the keys that files look for in all kinds."""
        return {
            "level_id": self.level_id,
            "side": self.side,
            "current_position_average_price": getattr(self.config, "entry_price", None),
            "close_price": None,
            "current_retries": 0,
            "max_retries": MAX_RETRIES,
            "open_order_last_update": self.entry_ns / 1e9 if self.entry_ns else None,
            "order_ids": [],
            "held_position_orders": [],
            "exposure_base": ZERO,
            "reason": self.reason,
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything of it as plain values, under the names of Strategy V2."""
        return {
            "id": self.id,
            "timestamp": self.timestamp,
            "type": self.type,
            "status": self.status,
            "close_type": self.close_type,
            "close_timestamp": self.close_timestamp,
            "connector_name": self.connector_name,
            "trading_pair": self.trading_pair,
            "side": self.side,
            "net_pnl_pct": self.net_pnl_pct,
            "net_pnl_quote": self.net_pnl_quote,
            "cum_fees_quote": self.cum_fees_quote,
            "filled_amount_quote": self.filled_amount_quote,
            "is_active": self.is_active,
            "is_trading": self.is_trading,
            "custom_info": self.custom_info,
            "controller_id": self.controller_id,
            "config": self.config,
        }
