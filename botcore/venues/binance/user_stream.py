"""What the streams of an account say, spot and futures. Events that are not known, and pairs that are not ours to trade, are passed over; a known event that can't be
read is `Unreadable`, and what it told is asked for."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from botcore.model.instrument import Instrument
from botcore.venues.account_news import (
    AccountNews,
    AccountWarned,
    BalancesTold,
    FundingPaid,
    PositionTold,
    SettingsTold,
    StreamExpired,
)
from botcore.venues.binance.account import position_of
from botcore.venues.binance.markets import unwrapped
from botcore.venues.binance.money import streamed_fill
from botcore.venues.binance.names import Names
from botcore.venues.binance.states import forced_by, reason_of, state_of
from botcore.venues.binance.stops import streamed_stop
from botcore.venues.line import Reported
from botcore.venues.off_grid import exact_lots
from botcore.venues.reading import Row, any_text, ident, inner, inners, maybe_text, not_negative, number, strict, text, time_ns, whole
from botcore.venues.wire import OrderReport

Reader = Callable[[Row], list[AccountNews]]
NO_ID = ("", "null")
"""How an absent original client id is written."""


class UserReader:
    """Reads messages of an account's stream."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._readers: dict[str, Reader] = {
            "executionReport": self._spot_order,
            "outboundAccountPosition": self._spot_balances,
            "ORDER_TRADE_UPDATE": self._futures_order,
            "ACCOUNT_UPDATE": self._futures_account,
            "ACCOUNT_CONFIG_UPDATE": self._config,
            "ALGO_UPDATE": self._stop,
            "MARGIN_CALL": self._margin_call,
            "listenKeyExpired": lambda row: [StreamExpired("the listen key has expired")],
            "eventStreamTerminated": lambda row: [StreamExpired("the venue ended the stream")],
        }

    def read(self, message: bytes) -> list[AccountNews]:
        """See the module.

        Raises
        ------
        Unreadable
            If it is not JSON, or a known event with a field that is not what it should be.
        """
        row = unwrapped(strict(message))
        event = row.get("e")
        reader = self._readers.get(event) if type(event) is str else None
        return reader(row) if reader is not None else []

    # ---- orders --------------------------------------------------------------------------------------------------------
    def _spot_order(self, row: Row) -> list[AccountNews]:
        instrument = self._names.find(text(row, "s"))
        if instrument is None:
            return []
        # a cancel has an id of its own: then `C` is the order's
        original = maybe_text(row, "C")
        client_order_id = original if original not in NO_ID else any_text(row, "c")
        return [Reported(_report(instrument, row, client_order_id, _told(row, "eR") or maybe_text(row, "r")))]

    def _futures_order(self, row: Row) -> list[AccountNews]:
        order = inner(row, "o")
        instrument = self._names.find(text(order, "s"))
        if instrument is None:
            return []
        return [Reported(_report(instrument, order, any_text(order, "c"), _told(order, "er")))]

    def _stop(self, row: Row) -> list[AccountNews]:
        order = inner(row, "o")
        instrument = self._names.find(text(order, "s"))
        return [Reported(streamed_stop(instrument, order, time_ns(row, "T")))] if instrument is not None else []

    # ---- balances and positions ------------------------------------------------------------------------------------------
    def _spot_balances(self, row: Row) -> list[AccountNews]:
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for line in inners(row, "B"):
            free = not_negative(line, "f")
            found[text(line, "a")] = free + not_negative(line, "l"), free
        return [BalancesTold(found, False, time_ns(row, "u", "E"))]

    def _futures_account(self, row: Row) -> list[AccountNews]:
        """Wallets and positions that a cause changed; a funding payment is the change that is neither profit nor commission."""
        update, ts_ns = inner(row, "a"), time_ns(row, "T", "E")
        wallets = inners(update, "B") if "B" in update else []
        sides = inners(update, "P") if "P" in update else []
        news: list[AccountNews] = []
        if wallets:
            totals = {text(line, "a"): number(line, "wb") for line in wallets}
            news.append(BalancesTold({asset: (total, total) for asset, total in totals.items()}, False, ts_ns, free_known=False))
        positions = [told for side in sides if (told := self._position(side, ts_ns)) is not None]
        if update.get("m") == "FUNDING_FEE":
            pair = positions[0].trading_pair if len(positions) == 1 else ""
            news.extend(FundingPaid(text(line, "a"), number(line, "bc"), pair, ts_ns) for line in wallets)
        news.extend(positions)
        return news

    def _position(self, row: Row, ts_ns: int) -> PositionTold | None:
        instrument = self._names.find(text(row, "s"))
        if instrument is None:
            return None
        return position_of(instrument, text(row, "ps"), number(row, "pa"), not_negative(row, "ep"), ts_ns)

    def _config(self, row: Row) -> list[AccountNews]:
        if "ac" not in row:
            return []
        change = inner(row, "ac")
        instrument = self._names.find(text(change, "s"))
        return [SettingsTold(instrument.market.trading_pair, whole(change, "l"))] if instrument is not None else []

    def _margin_call(self, row: Row) -> list[AccountNews]:
        """The venue is about to liquidate."""
        symbols = ", ".join(dict.fromkeys(text(side, "s") for side in inners(row, "p")))
        return [AccountWarned(f"margin call: {symbols or 'the account'} may be liquidated soon", time_ns(row, "E"))]


def _told(row: Row, key: str) -> str:
    """The venue's code for why an order expired; '' when it gave none."""
    found = row.get(key)
    return str(found) if type(found) in (int, str) else ""


def _report(instrument: Instrument, row: Row, client_order_id: str, told: str) -> OrderReport:
    """An order of a stream message, keys that spot and futures share."""
    grid, lots, filled = exact_lots(instrument, not_negative(row, "q"), not_negative(row, "z"))
    word = text(row, "X")
    state, strange = state_of(word)
    # TRADE, or CALCULATED: a liquidation; other events repeat the last trade's numbers
    fill = streamed_fill(instrument, row, client_order_id) if row.get("x") in ("TRADE", "CALCULATED") else None
    return OrderReport(
        client_order_id,
        ident(row, "i"),
        instrument.market.trading_pair,
        state,
        lots,
        filled,
        time_ns(row, "T"),
        strange or reason_of(state, word, maybe_text(row, "o"), maybe_text(row, "f"), told),
        (fill,) if fill is not None else (),
        forced_by(client_order_id),
        grid,
    )
