"""Pages of a paper exchange's own books: plain values between the exchange and whatever keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One account to be written: all JSON-ready, money and amounts as Decimal text.

    Parameters
    ----------
    account : dict
        Balances, positions, modes, counters and requests that are still on their way.
    orders : dict of str to dict
        Orders that changed, by client order id; `is_open` says whether they stand.
    fills : list of dict
        New fills, in the order of their trade ids.
    """

    connector_name: str
    account: dict[str, Any]
    orders: dict[str, dict[str, Any]]
    fills: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """One account as it was last written: its open orders, its latest ended ones and latest fills, oldest first."""

    account: dict[str, Any]
    orders: dict[str, dict[str, Any]]
    fills: list[dict[str, Any]]
