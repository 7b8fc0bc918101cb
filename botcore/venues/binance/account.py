"""Balances, positions, settings and rights, from replies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from botcore.model.errors import CondorError
from botcore.model.instrument import Instrument
from botcore.venues.account_news import BalancesTold, FundingPaid, PositionTold
from botcore.venues.binance.names import Names
from botcore.venues.dialect import AccountRights, Unreadable
from botcore.venues.reading import Row, flag, ident, inners, maybe_text, not_negative, number, short, text, time_ns

SIDES = {"BOTH": "net", "LONG": "long", "SHORT": "short"}


def spot_balances(row: Row, ts_ns: int) -> BalancesTold:
    """`account`: free and locked of each asset; assets that it leaves out are empty."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for line in inners(row, "balances"):
        free = not_negative(line, "free")
        found[text(line, "asset")] = free + not_negative(line, "locked"), free
    return BalancesTold(found, True, ts_ns)


def futures_balances(rows: list[Row], ts_ns: int) -> BalancesTold:
    """`balance`: wallet, and what is free for new margin; a wallet may be below zero."""
    return BalancesTold({text(row, "asset"): (number(row, "balance"), number(row, "availableBalance")) for row in rows}, True, ts_ns)


def position_of(instrument: Instrument, side_word: str, amount: Decimal, entry: Decimal, ts_ns: int) -> PositionTold:
    """One side of a position; what is less than a lot can't be traded and is left out."""
    side = SIDES.get(side_word)
    if side is None:
        raise Unreadable(f"positionSide: expected BOTH, LONG or SHORT, found {short(side_word)}")
    try:
        lots = instrument.lots(abs(amount))
    except (CondorError, ArithmeticError) as error:
        raise Unreadable(f"positionAmt {amount} of {instrument}: {error}") from None
    is_short = side == "short" or (side == "net" and amount < 0)
    return PositionTold(instrument.market.trading_pair, side, -lots if is_short else lots, entry if lots else Decimal(0), ts_ns)


def positions(rows: list[Row], names: Names, ts_ns: int) -> list[PositionTold]:
    """`positionRisk`: complete; pairs that are not ours to trade are passed over."""
    found = []
    for row in rows:
        instrument = names.find(text(row, "symbol"))
        if instrument is not None:
            side = maybe_text(row, "positionSide")
            told = position_of(instrument, side, number(row, "positionAmt"), not_negative(row, "entryPrice"), ts_ns)
            found.append(replace(told, liquidation_price=_liquidation_price(row) if told.lots else None))
    return found


def _liquidation_price(row: Row) -> Decimal | None:
    """0 says that no price would do it. It decides nothing, so that one that can't be read is none."""
    try:
        return number(row, "liquidationPrice") or None
    except Unreadable:
        return None


def funding(rows: list[Row], names: Names) -> list[FundingPaid]:
    """`income` of the kind FUNDING_FEE; a payment's id is unique for each user and kind."""
    found = []
    for row in rows:
        if text(row, "incomeType") == "FUNDING_FEE" and (instrument := names.find(text(row, "symbol"))) is not None:
            pair = instrument.market.trading_pair
            found.append(FundingPaid(text(row, "asset"), number(row, "income"), pair, time_ns(row, "time"), ident(row, "tranId")))
    return found


def traded(rows: list[Row], names: Names) -> list[tuple[str, int]]:
    """`income` of all kinds: commission, profit, funding; (pair or '', ms). Transfers have no symbol."""
    found = []
    for row in rows:
        instrument = names.find(maybe_text(row, "symbol"))
        found.append((instrument.market.trading_pair if instrument is not None else "", time_ns(row, "time") // 1_000_000))
    return found


def spot_rights(row: Row) -> AccountRights:
    """`apiRestrictions`: what this key may do."""
    moves = flag(row, "enableInternalTransfer") if "enableInternalTransfer" in row else None
    return AccountRights(flag(row, "enableSpotAndMarginTrading"), flag(row, "enableWithdrawals"), flag(row, "ipRestrict"), moves)


def futures_rights(row: Row) -> AccountRights:
    """`accountConfig`: whether the account may trade. Of withdrawals it tells what the account may, not what the key may: not known."""
    return AccountRights(flag(row, "canTrade"), None, None)


def is_hedge(row: Row) -> bool:
    """`positionSide/dual`."""
    return flag(row, "dualSidePosition")
