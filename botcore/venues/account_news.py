"""What a venue tells of an account besides its orders: balances, positions, funding, and that its stream has ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from botcore.venues.line import Reported, Traded


@dataclass(frozen=True, slots=True)
class BalancesTold:
    """Asset -> (total, free). A complete list forgets assets that it does not name.

    Parameters
    ----------
    free_known : bool
        Whether `free` is the venue's word; some streams tell totals only, then it equals the total and must not replace a smaller one.
    """

    balances: dict[str, tuple[Decimal, Decimal]]
    complete: bool
    ts_ns: int
    free_known: bool = True


@dataclass(frozen=True, slots=True)
class PositionTold:
    """One side of a position: `net` on a one-way account, `long` or `short` in hedge mode; lots are signed (short below zero).

    Parameters
    ----------
    entry_price : Decimal
        The venue's average; 0 when flat.
    liquidation_price : Decimal, optional
        Where the venue would liquidate it, by its own word; None where it says nothing of that, as in its streams, or no price does it.
    """

    trading_pair: str
    side: str
    lots: int
    entry_price: Decimal
    ts_ns: int
    liquidation_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FundingPaid:
    """A funding payment; negative when we paid. `trading_pair` is empty where the venue does not say (cross margin).

    Parameters
    ----------
    funding_id : str
        The venue's id of it; streams tell none.
    """

    asset: str
    amount: Decimal
    trading_pair: str
    ts_ns: int
    funding_id: str = ""


@dataclass(frozen=True, slots=True)
class SettingsTold:
    """Leverage of a pair, or the mode of the account, was changed (by whoever)."""

    trading_pair: str = ""
    leverage: int | None = None
    hedge: bool | None = None


@dataclass(frozen=True, slots=True)
class StreamExpired:
    """The venue says that this stream of the account ends: subscribe anew and ask for what was missed."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountWarned:
    """The venue warns of something that people must know at once, such as a margin call; one sentence."""

    text: str
    ts_ns: int


AccountNews = Reported | Traded | BalancesTold | PositionTold | FundingPaid | SettingsTold | StreamExpired | AccountWarned
