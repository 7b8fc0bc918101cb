"""What services hand to front ends: plain frozen values. A front end draws them and adds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.model.events import FactKind as FactKind


@dataclass(frozen=True, slots=True)
class AssetView:
    """One balance; `value` is None while no price is known for the asset."""

    asset: str
    total: Decimal
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account; `equity` is in the reporting currency and covers what is priced, `is_complete` says whether that is all."""

    connector_name: str
    title: str
    assets: tuple[AssetView, ...]
    equity: Decimal
    deposited: Decimal | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class PortfolioView:
    """All accounts together; money in `currency`.

    Parameters
    ----------
    deposited : Decimal, optional
        None while an asset that was deposited has no price.
    unpriced : tuple of str
        Assets that have no price now; they are not in `equity`.
    """

    currency: str
    equity: Decimal
    deposited: Decimal | None
    is_complete: bool
    accounts: tuple[AccountView, ...]
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PositionView:
    """Something that is held and no executor watches."""

    bot_id: str
    connector_name: str
    trading_pair: str
    amount: Decimal
    breakeven_price: Decimal
    unrealized: Decimal | None


@dataclass(frozen=True, slots=True)
class ExecutorView:
    """One executor. `net_pnl` in quote, None while its price is not known; `net_pnl_pct` a fraction."""

    executor_id: str
    bot_id: str
    bot_title: str
    controller_id: str
    type: str
    status: str
    side: str
    connector_name: str
    trading_pair: str
    level_id: str | None
    amount: Decimal | None
    entry_price: Decimal | None
    exit_price: Decimal | None
    net_pnl: Decimal | None
    net_pnl_pct: Decimal | None
    fees: Decimal
    volume: Decimal
    age_s: float
    close_type: str | None
    reason: str
    is_trading: bool


@dataclass(frozen=True, slots=True)
class BotView:
    """One bot. `state` is running, stopping or stopped; money in `quote`, None while a price or a rate that it needs is not known.

    Parameters
    ----------
    by_asset : tuple of (asset, result)
        The result in each quote asset that it trades against, not converted.
    unpriced : tuple of str
        Those of them whose rate is not known.
    """

    bot_id: str
    title: str
    mode: str
    state: str
    quote: str
    controllers: tuple[str, ...]
    markets: tuple[str, ...]
    since_ms: int
    net_pnl: Decimal | None
    realized: Decimal | None
    unrealized: Decimal | None
    fees: Decimal | None
    volume: Decimal | None
    active: int
    trading: int
    closed: int
    winning: int
    close_types: tuple[tuple[str, int], ...]
    positions: tuple[PositionView, ...]
    faults: tuple[str, ...]
    signals: tuple[tuple[str, str], ...] = ()
    funding: Decimal | None = Decimal(0)
    """Received less paid; inside `net_pnl`, beside `realized` and `unrealized`."""
    by_asset: tuple[tuple[str, Decimal | None], ...] = ()
    unpriced: tuple[str, ...] = ()
    paused_by: str = ""
    """Who has turned its entries off; empty while it makes them."""
    paused_ms: int = 0


@dataclass(frozen=True, slots=True)
class ExitLine:
    """Something that a bot holds, an executor's or a hold's; `amount` signed, `price` the mid, `cost` of closing it at market now in `quote`, None where nobody knows."""

    bot_id: str
    market: str
    amount: Decimal
    price: Decimal | None
    cost: Decimal | None
    quote: str


@dataclass(frozen=True, slots=True)
class ExitView:
    """What stopping some bots would meet.

    Parameters
    ----------
    entries, exits : int
        Open orders that would add to a position, and that would reduce one.
    lines : tuple of ExitLine
        What executors hold.
    held : tuple of ExitLine
        What is held already and nobody watches.
    version : str
        Another text when one of these bots is not what it was: its state, or its config.
    pace : float
        Market seconds for each second of ours.
    """

    bots: tuple[BotView, ...]
    entries: int
    exits: int
    lines: tuple[ExitLine, ...]
    held: tuple[ExitLine, ...]
    prices: dict[str, Decimal | None]
    version: str
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class PauseView:
    """A pause that stands; `bot_id` is empty for all bots."""

    bot_id: str
    title: str
    by: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class MarketView:
    """One market; `age_s` of its last event in market time, `mid` None while it is not known."""

    market: str
    mid: Decimal | None
    spread_bp: float | None
    age_s: float
    state: str
    mode: str = "paper"


@dataclass(frozen=True, slots=True)
class DoubtView:
    """An order of which nobody knows whether it is there, and what is being done about it."""

    client_order_id: str
    trading_pair: str
    side: str
    amount: Decimal
    age_s: float
    doing: str


@dataclass(frozen=True, slots=True)
class VenueView:
    """One live account. `closed` says why nothing new is opened there; ages are seconds, None where nothing was heard yet.

    Parameters
    ----------
    books : tuple of (pair, state, age)
        Of every market that is watched.
    """

    connector_name: str
    title: str
    stage: str
    closed: str | None
    since_s: float
    account_age_s: float | None
    clock_offset_ms: float | None
    queued: int
    resting_until_ms: int
    books: tuple[tuple[str, str, float | None], ...]
    doubts: tuple[DoubtView, ...]
    equity: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class StatusView:
    """How everything stands."""

    version: str
    market_source: str
    market_time_ms: int
    uptime_s: float
    halted: str | None
    trouble: str | None
    portfolio: PortfolioView
    bots: tuple[BotView, ...]
    markets: tuple[MarketView, ...]
    open_orders: int
    unknown_orders: int
    part_faults: tuple[str, ...]
    venues: tuple[VenueView, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingView:
    """An asset of which a real account has less than its bots hold by the records; `holders` are (bot, executor or empty, amount), largest first."""

    connector_name: str
    asset: str
    held: Decimal
    there: Decimal
    missing: Decimal
    holders: tuple[tuple[str, str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class PanicAccountView:
    """One account while everything is being stopped; the lists are words for people (`condor.panic.accounts`)."""

    mode: str
    title: str
    phase: str
    is_at_rest: bool
    orders: tuple[str, ...]
    positions: tuple[str, ...]
    left: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class PanicView:
    """How far `/panic` is.

    Parameters
    ----------
    goal : str, optional
        freeze or flatten; None while nothing is stopped.
    troubles : tuple of str
        Bots that can't be made to close what they hold.
    """

    goal: str | None
    by: str
    since_ms: int
    is_done: bool
    accounts: tuple[PanicAccountView, ...]
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Executors that have ended, newest first; `ways` says in which ways all have, and how many so, most frequent first."""

    rows: tuple[ExecutorView, ...]
    offset: int
    total: int
    ways: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert on its way to one chat; `payload` are the fact's values."""

    event_id: int
    kind: str
    bot_id: str
    bot_title: str
    executor_id: str
    mode: str
    wall_ms: int
    payload: dict[str, Any]
