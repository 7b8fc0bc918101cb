"""Executions: price and amount exactly, the fee with its asset.

The same trade gives the same `Fill` whether it came with the answer to a create, by the stream or in a list (but for the client order id, which lists do not name).
"""

from __future__ import annotations

from decimal import Decimal

from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fee, Fill
from botcore.venues.dialect import Unreadable
from botcore.venues.off_grid import exact
from botcore.venues.reading import Row, flag, ident, maybe_text, number, positive, short, text, time_ns

ZERO = Decimal(0)
POSITION_SIDES = {"LONG": "long", "SHORT": "short"}


def side_of(row: Row, key: str) -> TradeType:
    """BUY or SELL."""
    found = text(row, key)
    if found == "BUY":
        return TradeType.BUY
    if found == "SELL":
        return TradeType.SELL
    raise Unreadable(f"{key}: expected BUY or SELL, found {short(found)}")


def position_side_of(row: Row, key: str) -> str:
    """`long` or `short` in HEDGE mode; '' otherwise, and for spot."""
    return POSITION_SIDES.get(maybe_text(row, key), "")


def fee_of(instrument: Instrument, row: Row, amount_key: str, asset_key: str, price: Decimal) -> Fee:
    """The fee as the venue took it; below zero it is a rebate. Priced at once in quote or base; any other asset needs a rate that is not known here.

    A fee without an asset is nothing where the amount is 0, and unpriced otherwise: an execution is never lost for it.
    """
    amount = number(row, amount_key) if row.get(amount_key) is not None else ZERO
    asset = maybe_text(row, asset_key)
    if amount == 0:
        return Fee(ZERO, asset or instrument.quote, ZERO)
    if asset == instrument.quote:
        return Fee(amount, asset, amount)
    if asset == instrument.base:
        return Fee(amount, asset, amount * price)
    return Fee(amount, asset, None)


def make_fill(
    instrument: Instrument,
    trade_id: str,
    client_order_id: str,
    side: TradeType,
    price: Decimal,
    amount: Decimal,
    fee: Fee,
    ts_ns: int,
    is_maker: bool,
    position_side: str = "",
) -> Fill:
    """See `off_grid.exact`: nothing is rounded.

    Raises
    ------
    Unreadable
        If no grid holds the numbers.
    """
    grid, ticks, lots = exact(instrument, price, amount)
    return Fill(grid, trade_id, client_order_id, side, ticks, lots, fee, ts_ns, is_maker, position_side)


def created_fill(instrument: Instrument, row: Row, client_order_id: str, side: TradeType, ts_ns: int) -> Fill:
    """One of the executions that come with the answer to a spot create: what it took at once."""
    price = positive(row, "price")
    fee = fee_of(instrument, row, "commission", "commissionAsset", price)
    return make_fill(instrument, ident(row, "tradeId"), client_order_id, side, price, positive(row, "qty"), fee, ts_ns, False)


def listed_fill(instrument: Instrument, row: Row) -> Fill:
    """One line of `myTrades` (spot) or `userTrades` (futures)."""
    price = positive(row, "price")
    if "isBuyer" in row:
        side, is_maker = (TradeType.BUY if flag(row, "isBuyer") else TradeType.SELL), flag(row, "isMaker")
    else:
        side, is_maker = side_of(row, "side"), flag(row, "maker")
    fee = fee_of(instrument, row, "commission", "commissionAsset", price)
    position_side = position_side_of(row, "positionSide")
    return make_fill(instrument, ident(row, "id"), "", side, price, positive(row, "qty"), fee, time_ns(row, "time"), is_maker, position_side)


def streamed_fill(instrument: Instrument, row: Row, client_order_id: str) -> Fill | None:
    """The execution in an order's stream message, whose keys spot and futures share; None where it has no price or amount yet (the list of trades will tell)."""
    price, amount = number(row, "L"), number(row, "l")
    if price <= 0 or amount <= 0 or ident_or_none(row) is None:
        return None
    fee = fee_of(instrument, row, "n", "N", price)
    side, position_side = side_of(row, "S"), position_side_of(row, "ps")
    return make_fill(instrument, ident(row, "t"), client_order_id, side, price, amount, fee, time_ns(row, "T"), flag(row, "m"), position_side)


def ident_or_none(row: Row) -> str | None:
    """The trade id of a stream message; None where it is -1 or 0, which stand for "no trade"."""
    found = row.get("t")
    if type(found) is int and found <= 0:
        return None
    return ident(row, "t")
