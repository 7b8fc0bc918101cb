"""What the services that only read hand to front ends: results, accounts, open positions and orders, the life of an executor, lines of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from condor.views import AssetView, ExecutorView


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One thing that was earned or lost, when it was; money in `asset`, fees inside `result`.

    Parameters
    ----------
    kind : str
        executor, hold (a trade of a position that was kept), funding, or other (what stands in the sums of a bot and has no time of its own).
    result : Decimal, optional
        None is "unpriced": a fee or a payment had no rate.
    """

    at_ns: int
    kind: str
    bot_id: str
    controller_id: str
    executor_id: str
    connector_name: str
    trading_pair: str
    close_type: str
    asset: str
    result: Decimal | None
    fees: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class ResultsView:
    """What was earned within a time, on paper or with real money; sums in `asset`, None while a part is not known.

    Parameters
    ----------
    result : Decimal, optional
        Everything that has come to an end within the time, fees and funding inside. Deposits and withdrawals are no result.
    opened : Decimal, optional
        What is open now would add at present prices; not in `result`.
    by_asset : tuple of (asset, result)
        Not converted.
    by_bot : tuple of (bot, result)
        Best first.
    curve : tuple of (time in ns, result since the beginning)
    by_day : tuple of (day, result)
    unpriced : tuple of str
        Assets whose worth in `asset` is not known now.
    rows : tuple of ResultRow
        What it is made of, oldest first.
    """

    mode: str
    period: str
    since_ns: int
    until_ns: int
    asset: str
    result: Decimal | None
    funding: Decimal | None
    opened: Decimal | None
    fees: Decimal | None
    volume: Decimal | None
    closed: int
    winning: int
    profit_factor: Decimal | None
    worst_drop: Decimal | None
    by_asset: tuple[tuple[str, Decimal | None], ...]
    by_bot: tuple[tuple[str, Decimal | None], ...]
    curve: tuple[tuple[int, Decimal], ...]
    by_day: tuple[tuple[str, Decimal], ...]
    unpriced: tuple[str, ...]
    rows: tuple[ResultRow, ...]


@dataclass(frozen=True, slots=True)
class PeriodTotal:
    """What a time up to now has come to, in `asset`; None while a part is not known."""

    period: str
    result: Decimal | None
    asset: str


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One account at one venue; `value` in the currency of its portfolio covers what is priced.

    Parameters
    ----------
    away_since_ms : int, optional
        Since when the venue can't be reached; what stands here is then what was known last.
    value : Decimal, optional
        None while nothing at all is known.
    """

    mode: str
    connector_name: str
    title: str
    assets: tuple[AssetView, ...]
    value: Decimal | None
    away_since_ms: int | None = None
    known_ms: int | None = None

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Assets that have no price now."""
        return tuple(asset.asset for asset in self.assets if asset.value is None)


@dataclass(frozen=True, slots=True)
class AccountsView:
    """All accounts of a mode; `total` is what can be reached and priced, None where that is nothing; `is_partial` says that it is not all."""

    mode: str
    currency: str
    total: Decimal | None
    is_partial: bool
    places: tuple[PlaceView, ...]


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """Something that is held. `watched_by` is the executor that watches it, empty where nobody does; `amount` signed base."""

    mode: str
    bot_id: str
    bot_title: str
    connector_name: str
    trading_pair: str
    amount: Decimal
    entry_price: Decimal | None
    mark: Decimal | None
    result: Decimal | None
    asset: str
    watched_by: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that is at a venue, on its way, or in doubt."""

    mode: str
    client_order_id: str
    bot_id: str
    executor_id: str
    connector_name: str
    trading_pair: str
    side: str
    order_type: str
    purpose: str
    amount: Decimal
    filled: Decimal
    price: Decimal | None
    state: str
    age_s: float
    is_manual: bool = False
    """Whether a person gave it (`/trade`)."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order of an executor's life."""

    client_order_id: str
    at_ns: int
    side: str
    order_type: str
    purpose: str
    amount: Decimal
    price: Decimal | None
    filled: Decimal
    average_price: Decimal | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class FillLine:
    """One fill of an executor's life; `fee_quote` None is "unpriced"."""

    at_ns: int
    side: str
    price: Decimal
    amount: Decimal
    fee_amount: Decimal
    fee_asset: str
    fee_quote: Decimal | None
    is_maker: bool
    trading_pair: str


@dataclass(frozen=True, slots=True)
class LifeView:
    """Everything that is written down of an executor; `level_prices` are those of a grid."""

    executor: ExecutorView
    mode: str
    config: Mapping[str, Any]
    orders: tuple[OrderLine, ...]
    fills: tuple[FillLine, ...]
    begun_ns: int
    ended_ns: int
    level_prices: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the log, its traceback inside `text`."""

    at: str
    level: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, newest first."""

    entries: tuple[LogEntry, ...]
    offset: int
    has_older: bool


MAX_FILE = 20 * 1024 * 1024
"""What a chat can be given, and a person can get out of it again."""


@dataclass(frozen=True, slots=True)
class FileView:
    """A file for a person."""

    name: str
    content: bytes
