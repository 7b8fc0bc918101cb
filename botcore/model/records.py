"""What is written down of executors, holds and results, and what recovery starts from: plain values, no live objects.

Live objects that change often announce the change and give their record only when it is about to be written (`Recordable`), so ten changes in one tick
are one row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeVar

R_co = TypeVar("R_co", covariant=True)


class Recordable(Protocol[R_co]):
    """Something that can say how it stands."""

    def record(self) -> R_co: ...


@dataclass(frozen=True, slots=True)
class LegRecord:
    """What an executor of several markets holds on one of them, signed base."""

    connector_name: str
    trading_pair: str
    side: str
    exposure_base: Decimal
    entry_price: Decimal | None


@dataclass(frozen=True, slots=True)
class ExecutorRecord:
    """One executor. `config` and `state` are JSON-ready; money in quote, amounts in base, times in ns of market time.

    Parameters
    ----------
    legs : tuple of LegRecord
        One for each market of an executor of several; its own market and exposure are empty then. None for the others.
    """

    executor_id: str
    controller_id: str
    type: str
    status: str
    close_type: str | None
    reason: str
    connector_name: str
    trading_pair: str
    side: str
    exposure_base: Decimal
    entry_price: Decimal | None
    exit_price: Decimal | None
    net_pnl_quote: Decimal | None
    net_pnl_pct: Decimal | None
    fees_quote: Decimal
    volume_quote: Decimal
    config: dict[str, Any]
    state: dict[str, Any]
    created_ns: int
    close_ns: int
    legs: tuple[LegRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """One position hold; see `PositionHold`."""

    controller_id: str
    connector_name: str
    trading_pair: str
    bucket: str
    net_amount_base: Decimal
    cost_quote: Decimal
    breakeven_price: Decimal
    realized_gross: Decimal
    fees_in_pnl: Decimal
    cum_fees_quote: Decimal
    volume_quote: Decimal
    unpriced: bool


@dataclass(frozen=True, slots=True)
class TallyRecord:
    """Running sums over one controller's closed executors, in one quote asset."""

    controller_id: str
    asset: str
    realized_quote: Decimal
    volume_quote: Decimal
    fees_quote: Decimal
    closed: int
    winning: int
    close_types: dict[str, int]


@dataclass(frozen=True, slots=True)
class DrawdownRecord:
    """Best PnL so far and the largest drop from a peak, in an asset (empty: not known, an older version wrote it); `controller_id` is empty for the whole bot's.

    `day` is the day (of market time, UTC) that was looked at last, -1 for none, and `day_begun_quote` the PnL with which it began.
    """

    controller_id: str
    peak_quote: Decimal
    worst_quote: Decimal
    asset: str = ""
    day: int = -1
    day_begun_quote: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order with its intent, as recovery needs it."""

    client_order_id: str
    exchange_order_id: str | None
    executor_id: str
    connector_name: str
    trading_pair: str
    trade_type: str
    order_type: str
    purpose: str
    position_action: str
    amount: Decimal
    price: Decimal | None
    state: str
    created_ns: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IntentRecord:
    """Who sent an order, and the order as it was written last.

    Parameters
    ----------
    is_running : bool
        Whether its executor had not ended when it was written last.
    """

    bot_id: str
    controller_id: str
    order: OrderRecord
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One fill."""

    connector_name: str
    trading_pair: str
    trade_id: str
    client_order_id: str
    executor_id: str
    trade_type: str
    price: Decimal
    amount: Decimal
    fee_amount: Decimal
    fee_asset: str
    fee_quote: Decimal | None
    is_maker: bool
    ts_ns: int


@dataclass(frozen=True, slots=True)
class FundingRecord:
    """One holder's share of a funding payment; negative when it was paid.

    Parameters
    ----------
    amount : Decimal
        In `asset`.
    amount_quote : Decimal, optional
        The same in the pair's quote asset; None is "unpriced", never 0.
    """

    controller_id: str
    connector_name: str
    trading_pair: str
    funding_id: str
    asset: str
    amount: Decimal
    amount_quote: Decimal | None
    ts_ns: int


@dataclass(frozen=True, slots=True)
class BotRecords:
    """Everything that recovery of one bot starts from.

    Parameters
    ----------
    running : list of ExecutorRecord
        Executors that have not terminated, with all their `orders` and `fills`.
    closed : list of ExecutorRecord
        The latest that have terminated, oldest first: controllers look back at them.
    orphans : list of ExecutorRecord
        Executors that have terminated while an order of theirs may still live at the venue; their orders and fills are among the others.
    funding : dict
        (controller, quote asset) -> (funding in that asset, whether some of it has no rate).
    """

    running: list[ExecutorRecord]
    closed: list[ExecutorRecord]
    orders: list[OrderRecord]
    fills: list[FillRecord]
    holds: list[HoldRecord]
    tallies: list[TallyRecord]
    orphans: list[ExecutorRecord] = field(default_factory=list)
    funding: dict[tuple[str, str], tuple[Decimal, bool]] = field(default_factory=dict)
    drawdowns: list[DrawdownRecord] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A hole in the records of an account: it was lost, or an older copy was put back, and what happened since then may be written nowhere.

    Parameters
    ----------
    mark : int
        The epoch that began with it; what has been filled up is remembered by this.
    since_ms : int
        Wall time from which on the records are silent.
    """

    mark: int
    since_ms: int
