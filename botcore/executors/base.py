"""What every executor shares: its life as a table of moves, its window for readers, its retry budget."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from enum import IntEnum
from typing import Any, Final, Generic, TypeVar

from mypy_extensions import mypyc_attr

from botcore.executors.data_types import ExecutorConfigBase, TripleBarrierConfig, changed_config, config_values
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import Earned, MarketExposure, PnlLine, Traded
from botcore.executors.info import MAX_RETRIES, ExecutorInfo
from botcore.model.enums import CloseType, RunnableStatus, TradeType
from botcore.model.errors import IllegalMove
from botcore.model.events import OrderEvent
from botcore.model.instrument import Market, quote_of
from botcore.model.order import Fill
from botcore.model.records import ExecutorRecord
from botcore.model.times import SECOND_NS

C = TypeVar("C", bound=ExecutorConfigBase)

MAX_BACKOFF_NS: Final = 30 * SECOND_NS


class Trigger(IntEnum):
    START = 1
    EXIT = 2
    END = 3


# members of enums as names of this module: compiled code reads them without a lookup
START: Final = Trigger.START
END: Final = Trigger.END
NOT_STARTED: Final = RunnableStatus.NOT_STARTED
RUNNING: Final = RunnableStatus.RUNNING
SHUTTING_DOWN: Final = RunnableStatus.SHUTTING_DOWN
TERMINATED: Final = RunnableStatus.TERMINATED
FAILED: Final = CloseType.FAILED
POSITION_HOLD: Final = CloseType.POSITION_HOLD

_TABLE: Final[dict[tuple[RunnableStatus, Trigger], RunnableStatus]] = {
    (NOT_STARTED, START): RUNNING,
    # refused before anything was sent: expired, no balance, not a legal order
    (NOT_STARTED, END): TERMINATED,
    (RUNNING, Trigger.EXIT): SHUTTING_DOWN,
    (SHUTTING_DOWN, END): TERMINATED,
    # TERMINATED absorbs: it has no moves
}
MOVES: Final = {status * 4 + trigger: target for (status, trigger), target in _TABLE.items()}
"""The same table by one small number, for it is looked up with every change of every executor."""


@mypyc_attr(allow_interpreted_subclasses=True)
class ExecutorBase(ABC, Generic[C]):
    """One trade from its first order to flat, or to a position that is handed over.

    Parameters
    ----------
    config : ExecutorConfigBase
        Frozen, as the controller gave it.
    around : Surroundings
        Desk, market data and listener.
    executor_id : str
        Unique in the data folder.
    controller_id : str
        Whose executor it is.
    created_ns : int
        Market time of creation.
    """

    max_retries = MAX_RETRIES
    """Rejections that are retried before it gives up."""

    wake_ns: int
    """Market time before which it needs no tick, unless something happens to one of its orders; 0 asks for every tick."""

    def __init__(self, config: C, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        self.config = config
        self._written: tuple[ExecutorConfigBase | None, dict[str, Any]] = (None, {})
        self.id = executor_id
        self.controller_id = controller_id
        self.created_ns = created_ns
        self.status = NOT_STARTED
        self.close_type: CloseType | None = None
        self.retries = 0
        self.wake_ns = 0
        self.info = ExecutorInfo(config, executor_id, controller_id, created_ns, self)
        self._desk = around.desk
        self._market_data = around.market_data
        self._listener = around.listener
        self._retry_at_ns = 0
        self._waits = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status.name}>"

    # ---- life ------------------------------------------------------------------------------------------------------
    def _move(self, trigger: Trigger) -> None:
        target = MOVES.get(self.status * 4 + trigger)
        if target is None:
            raise IllegalMove(f"{self!r} has no move {trigger.name}")
        self.status = self.info.status = target
        if target is SHUTTING_DOWN:
            self.info.close_type, self.info.exit_ns = self.close_type, self._market_data.now_ns
        self._listener.executor_changed(self)

    def start(self, now_ns: int) -> None:
        """Check what can be checked, then run; a refusal ends it with a close type and a reason."""
        if self.status is not NOT_STARTED:
            return
        refusal = self.refusal(now_ns)
        if refusal is not None:
            self._end(now_ns, *refusal)
            return
        self._move(START)
        self.on_tick(now_ns)

    def _end(self, now_ns: int, close_type: CloseType | None = None, reason: str = "") -> None:
        if close_type is not None:
            self.close_type = close_type
        info = self.info
        info.close_type, info.close_ns = self.close_type, now_ns
        if reason:
            info.reason = reason
        self._move(END)
        self._listener.executor_closed(self)

    def on_fault(self, error: Exception) -> None:
        """The executor's own code raised: its keeper decides what becomes of orders and exposure."""
        self._listener.executor_faulted(self, error)

    @property
    def is_closed(self) -> bool:
        return self.status is TERMINATED

    @property
    def has_fills(self) -> bool:
        return self.info.has_fills

    def _count_retry(self, now_ns: int, reason: str) -> bool:
        """Book a rejection and set the time of the next try (1, 2, 4 ... 30 s); False when the budget is used up."""
        self.retries += 1
        self.info.reason = reason
        self._retry_at_ns = now_ns + min(SECOND_NS << min(self.retries - 1, 6), MAX_BACKOFF_NS)
        self._listener.executor_changed(self)
        return self.retries <= self.max_retries

    def _wait(self, now_ns: int, reason: str) -> None:
        """Nothing was sent, and that is nobody's fault: try again in 1, 2, 4 ... 30 s; the budget stays as it is."""
        self.info.reason = reason
        self._retry_at_ns = now_ns + min(SECOND_NS << min(self._waits, 5), MAX_BACKOFF_NS)
        self._waits += 1

    # ---- what a kind of executor defines ---------------------------------------------------------------------------
    @abstractmethod
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        """Why it can't start, as close type and sentence; None when it can."""

    @abstractmethod
    def on_tick(self, now_ns: int) -> None:
        """One step of market time."""

    @abstractmethod
    def on_order(self, event: OrderEvent) -> None:
        """Something happened to an order of this executor."""

    @abstractmethod
    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        """End early; a no-op when it has ended, or is ending and has traded something."""

    @abstractmethod
    def abandon(self, now_ns: int, reason: str, close_type: CloseType | None = None) -> None:
        """End now whatever happens: cancel what can be cancelled and leave what is held to a position hold.

        `close_type` is POSITION_HOLD or FAILED unless it is given.
        """

    @abstractmethod
    def held_fills(self) -> list[Fill]:
        """Fills to be handed to a position hold when it ended with something in hand."""

    def exposures(self) -> list[MarketExposure]:
        """What it holds, by market: one of each that it trades."""
        config: Any = self.config
        info = self.custom_info()
        market = Market(config.connector_name, config.trading_pair)
        return [MarketExposure(market, config.side, info["exposure_base"], info.get("current_position_average_price"))]

    def is_handed_over(self) -> bool:
        """Whether it has ended as POSITION_HOLD: what it held is earned or lost there from then on, and its own result is 0."""
        return self.status is TERMINATED and self.close_type is POSITION_HOLD

    def side_of(self, fill: Fill) -> TradeType:
        """Side of the position that a fill of it belongs to."""
        side: TradeType | None = getattr(self.config, "side", None)
        return fill.trade_type if side is None else side

    def set_barriers(self, triple: TripleBarrierConfig, now_ns: int) -> bool:
        """Take over other barriers while it runs, all of them or none; False when this kind can't, it is ending, or they do not fit its config."""
        return False

    def _changed_config(self, **changes: Any) -> C | None:
        """Its config with other values, checked as a whole; None, and why in `info.reason`, when it would not hold."""
        try:
            return changed_config(self.config, changes)
        except ValueError as error:
            self.info.reason = f"other barriers were refused: {error}"
            return None

    def pnl_lines(self) -> list[PnlLine] | None:
        """Its net PnL as lines in closing prices that change with its fills only; None when it has to be asked each time."""
        return None

    def traded(self) -> list[Traded]:
        """Fees and volume in each quote asset that it trades against."""
        asset = quote_of(getattr(self.config, "trading_pair", ""))
        return [Traded(asset, self.cum_fees_quote(), self.filled_amount_quote())]

    def earned(self) -> list[Earned]:
        """What it has come to in each of these assets, in the same order."""
        return [Earned(each.asset, self.net_pnl_quote(), each.fees, each.volume) for each in self.traded()]

    def has_unpriced_fees(self) -> bool:
        """Whether a fee of it had no rate."""
        return bool(self.custom_info().get("unpriced_fees"))

    @abstractmethod
    def net_pnl_quote(self) -> Decimal: ...

    @abstractmethod
    def net_pnl_pct(self) -> Decimal: ...

    @abstractmethod
    def cum_fees_quote(self) -> Decimal: ...

    @abstractmethod
    def filled_amount_quote(self) -> Decimal: ...

    @abstractmethod
    def custom_info(self) -> dict[str, Any]: ...

    # ---- records ---------------------------------------------------------------------------------------------------
    def record(self) -> ExecutorRecord:
        """How it stands, as a value."""
        config: Any = self.config
        info = self.custom_info()
        entry_price = info.get("current_position_average_price")
        pnl, pct = self.net_pnl_quote(), self.net_pnl_pct()
        side = getattr(config, "side", None)
        # what has failed holds nothing: the venue has closed it (a liquidation), or its fills are in a hold
        has_failed = self.status is TERMINATED and self.close_type is FAILED
        return ExecutorRecord(
            self.id,
            self.controller_id,
            config.type,
            self.status.name,
            self.close_type.name if self.close_type else None,
            self.info.reason,
            getattr(config, "connector_name", ""),
            getattr(config, "trading_pair", ""),
            side.name if side is not None else "",
            Decimal(0) if has_failed else info.get("exposure_base", Decimal(0)),
            entry_price,
            info.get("close_price"),
            None if pnl.is_nan() else pnl,
            None if pct.is_nan() else pct,
            self.cum_fees_quote(),
            self.filled_amount_quote(),
            self._config_as_values(),
            self.state(),
            self.created_ns,
            self.info.close_ns,
        )

    def _config_as_values(self) -> dict[str, Any]:
        """A config is a value: it is written out when it is another one, not with every change of the executor."""
        if self._written[0] is not self.config:
            self._written = (self.config, config_values(self.config))
        return self._written[1]

    def state(self) -> dict[str, Any]:
        """JSON-ready state that config, orders and fills do not tell."""
        return {
            "status": self.status.name,
            "close_type": self.close_type.name if self.close_type else None,
            "reason": self.info.reason,
            "retries": self.retries,
            "retry_at_ns": self._retry_at_ns,
        }

    def restore(self, state: dict[str, Any], orders: list[Any], fills: list[Fill]) -> None:
        """Go on from `state`, with the orders and fills that belong to this executor."""
        self.status = self.info.status = RunnableStatus[state["status"]]
        self.close_type = CloseType[state["close_type"]] if state["close_type"] else None
        self.info.reason = state["reason"]
        if self.status is SHUTTING_DOWN:
            self.info.close_type = self.close_type
            # records of earlier versions do not say it
            self.info.exit_ns = state.get("exit_ns") or self.created_ns
        self.info.has_fills = bool(fills)
        self.retries = state["retries"]
        self._retry_at_ns = state["retry_at_ns"]
