"""`exchangeInfo` -> instruments. What can't be traded now, is not named base + quote, or has rules that can't be read is left out; the others stay."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from botcore.model.enums import InstrumentKind
from botcore.model.errors import CondorError
from botcore.model.instrument import Instrument, Market
from botcore.venues.dialect import Unreadable
from botcore.venues.reading import Row, as_row, as_rows, ms, not_negative, positive, quick, text

ZERO = Decimal(0)


def instruments(body: bytes, connector_name: str, kind: InstrumentKind) -> dict[str, Instrument]:
    """All pairs that can be traded now.

    Raises
    ------
    Unreadable
        If the body as a whole is not what it should be, or nothing in it can be read.
    """
    is_ours: Callable[[Row], bool] = _is_perpetual if kind is InstrumentKind.LINEAR_PERPETUAL else _is_spot
    rows = as_row(quick(body), "exchangeInfo").get("symbols")
    if type(rows) is not list:
        raise Unreadable("symbols: expected a list")
    found: dict[str, Instrument] = {}
    unread = 0
    for row in rows:
        try:
            if is_ours(as_row(row, "symbol")):
                made = instrument(row, connector_name, kind)
                found[made.market.trading_pair] = made
        except (Unreadable, CondorError, ArithmeticError):
            unread += 1
    if unread and not found:
        raise Unreadable(f"symbols: none of {unread} could be read")
    return found


def _is_spot(row: Row) -> bool:
    if row.get("status") != "TRADING" or row.get("isSpotTradingAllowed") is not True:
        return False
    # newer files list permissions in sets: an account needs one of each set
    sets: Any = row.get("permissionSets")
    if type(sets) is list and sets:
        return all(type(names) is list and "SPOT" in names for names in sets)
    permissions: Any = row.get("permissions")
    return type(permissions) is not list or not permissions or "SPOT" in permissions


def _is_perpetual(row: Row) -> bool:
    """Linear perpetuals only: no delivery contracts, and what is paid and earned is the quote asset."""
    return row.get("status") == "TRADING" and row.get("contractType") == "PERPETUAL" and row.get("marginAsset") == row.get("quoteAsset")


def instrument(row: Row, connector_name: str, kind: InstrumentKind) -> Instrument:
    """One pair.

    A market order has limits of its own (MARKET_LOT_SIZE): the stricter of both rules holds for every order, so that whatever was opened can be closed at market.
    """
    base, quote = text(row, "baseAsset"), text(row, "quoteAsset")
    if text(row, "symbol") != base + quote or "-" in base + quote:
        raise Unreadable(f"symbol: expected {base}{quote}, found {row['symbol']}")
    filters = {text(rule, "filterType"): rule for rule in as_rows(row.get("filters"), "filters")}
    lot, market_lot = filters.get("LOT_SIZE"), filters.get("MARKET_LOT_SIZE")
    if lot is None or "PRICE_FILTER" not in filters:
        raise Unreadable("filters: PRICE_FILTER or LOT_SIZE is missing")
    step, least, most = positive(lot, "stepSize"), not_negative(lot, "minQty"), positive(lot, "maxQty")
    if market_lot is not None:
        step = _coarser(step, not_negative(market_lot, "stepSize"))
        least = max(least, not_negative(market_lot, "minQty"))
        most = min(most, not_negative(market_lot, "maxQty") or most)
    return Instrument(
        Market(connector_name, f"{base}-{quote}"),
        kind,
        tidy(positive(filters["PRICE_FILTER"], "tickSize")),
        tidy(step),
        least,
        _min_notional(filters),
        most,
    )


def tidy(step: Decimal) -> Decimal:
    """0.01000000 -> 0.01, and never 1E+2."""
    whole = step.to_integral_value()
    return whole if whole == step else step.normalize()


def _coarser(one: Decimal, other: Decimal) -> Decimal:
    """The step of which both are satisfied; 0 stands for no rule."""
    if not other:
        return one
    large, small = max(one, other), min(one, other)
    if large % small:
        raise Unreadable(f"stepSize: {one} and {other} have no common grid")
    return large


def _min_notional(filters: dict[str, Row]) -> Decimal:
    found = ZERO
    for name, key in (("NOTIONAL", "minNotional"), ("MIN_NOTIONAL", "minNotional"), ("MIN_NOTIONAL", "notional")):
        rule = filters.get(name)
        if rule is not None and key in rule:
            found = max(found, not_negative(rule, key))
    return found


def server_time_ms(row: Row) -> int:
    """The venue's clock."""
    return ms(row, "serverTime")
