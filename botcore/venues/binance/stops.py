"""Conditional orders of USD-M futures (`algoOrder`): a stop-market order that rests at the venue and only reduces (`stop_on_venue`).

It lives in a service of its own until it triggers; then it becomes an order under the same client id, whose executions come as those of any order. The trigger is
the mark price: this stop is the net below an executor's own stop loss, and must not go first on one odd trade.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import OrderState
from botcore.venues.binance.names import Names, symbol_of
from botcore.venues.binance.orders import SELF_TRADE_PREVENTION, plain
from botcore.venues.binance.states import STOPS, reason_of, state_of
from botcore.venues.dialect import Unreadable
from botcore.venues.off_grid import exact_lots
from botcore.venues.reading import Row, as_row, as_rows, ident, maybe_text, not_negative, short, strict, text, time_ns
from botcore.venues.wire import Access, Call, OrderReport, Priority, Reply

PATH = "/fapi/v1/algoOrder"
WAITING = "algo-"
"""Before it triggers, a stop has no order id: this with the id of the service stands for it."""

ZERO = Decimal(0)
NO_ORDER = (None, "", 0, "0")
GONE_ON = "triggered, and the order that it became has ended: ask for that order by the same client id"


class FuturesStops:
    """Implements `dialect.StopDialect`.

    Parameters
    ----------
    weights : mapping
        Call name -> limit -> cost, from the spec.
    """

    def __init__(self, names: Names, weights: Mapping[str, Mapping[str, int]]) -> None:
        self._names = names
        self._weights = weights

    # ---- the way out -----------------------------------------------------------------------------------------------------
    def _call(self, name: str, method: str, path: str, params: tuple[tuple[str, str], ...], priority: Priority, subject: str = "") -> Call:
        weights = tuple(self._weights.get(name, {}).items())
        return Call(name, method, path, params, Access.SIGNED, priority, weights, method != "GET", subject)

    def create_call(self, instrument: Instrument, side: TradeType, lots: int, trigger_ticks: int, client_order_id: str, position_side: str) -> Call:
        """A stop that reduces by at most `lots` when the mark price reaches the trigger.

        Parameters
        ----------
        side : TradeType
            Of the order: SELL protects a long position.
        position_side : str
            `net` (one-way mode), `long` or `short` (hedge mode).
        """
        about = ("reduceOnly", "true") if position_side == "net" else ("positionSide", position_side.upper())
        params = (
            ("algoType", "CONDITIONAL"),
            ("symbol", symbol_of(instrument.market.trading_pair)),
            ("side", side.name),
            ("type", "STOP_MARKET"),
            ("quantity", plain(instrument.amount(lots))),
            ("triggerPrice", plain(instrument.price(trigger_ticks))),
            ("workingType", "MARK_PRICE"),
            about,
            ("clientAlgoId", client_order_id),
            SELF_TRADE_PREVENTION,
        )
        return self._call("stop_create", "POST", PATH, params, Priority.CANCEL, client_order_id)

    def cancel_call(self, client_order_id: str) -> Call:
        return self._call("stop_cancel", "DELETE", PATH, (("clientAlgoId", client_order_id),), Priority.CANCEL, client_order_id)

    def query_call(self, client_order_id: str) -> Call:
        return self._call("stop_query", "GET", PATH, (("clientAlgoId", client_order_id),), Priority.QUERY, client_order_id)

    def open_call(self, trading_pair: str) -> Call:
        """Complete list for one pair; all pairs when ''."""
        name, params = ("stop_open", (("symbol", symbol_of(trading_pair)),)) if trading_pair else ("stop_open_all", ())
        return self._call(name, "GET", "/fapi/v1/openAlgoOrders", params, Priority.QUERY)

    # ---- the way in ------------------------------------------------------------------------------------------------------
    def report(self, call: Call, reply: Reply) -> OrderReport | None:
        """The stop in an accepted answer to create or query; None to a cancel, whose answer says only that it was done.

        Raises
        ------
        Unreadable
            If it is about another one (R22).
        """
        row = as_row(strict(reply.body), call.name)
        told = text(row, "clientAlgoId")
        if told != call.subject:
            raise Unreadable(f"clientAlgoId: expected {call.subject}, found {short(told)}")
        if call.name == "stop_cancel":
            return None
        return _described(self._names.get(text(row, "symbol")), row)

    def reports(self, reply: Reply) -> list[OrderReport]:
        """Open stops; those of pairs that are not ours to trade are passed over."""
        rows = as_rows(strict(reply.body), "openAlgoOrders")
        return [_described(instrument, row) for row in rows if (instrument := self._names.find(text(row, "symbol"))) is not None]


def _described(instrument: Instrument, row: Row) -> OrderReport:
    amount = not_negative(row, "quantity") if row.get("quantity") is not None else ZERO
    order_id = row.get("actualOrderId")
    shown = ident(row, "actualOrderId") if order_id not in NO_ORDER else WAITING + ident(row, "algoId")
    ts_ns = time_ns(row, "updateTime", "createTime")
    return _report(instrument, text(row, "clientAlgoId"), shown, text(row, "algoStatus"), amount, _executed(row, "actualQty"), ts_ns, "")


def streamed_stop(instrument: Instrument, row: Row, ts_ns: int) -> OrderReport:
    """The stop of an ALGO_UPDATE; its executions come with the order that it became."""
    order_id = row.get("ai")
    shown = ident(row, "ai") if order_id not in NO_ORDER else WAITING + ident(row, "aid")
    return _report(instrument, text(row, "caid"), shown, text(row, "X"), not_negative(row, "q"), _executed(row, "aq"), ts_ns, maybe_text(row, "rm"))


def _executed(row: Row, key: str) -> Decimal | None:
    """Executed amount; None where the venue does not say."""
    return not_negative(row, key) if row.get(key) not in (None, "") else None


def _report(
    instrument: Instrument, client_id: str, order_id: str, word: str, amount: Decimal, executed: Decimal | None, ts_ns: int, told: str
) -> OrderReport:
    grid, lots, filled = exact_lots(instrument, amount, executed or ZERO)
    state, strange = state_of(word, STOPS)
    if word == "FINISHED":
        # the order that it became has ended: filled, or canceled with a part; where nobody says which, that order is to be asked
        state, strange = (OrderState.OPEN, GONE_ON) if executed is None else (OrderState.FILLED if filled >= lots else OrderState.CANCELED, "")
    reason = strange or reason_of(state, word, "STOP_MARKET", "", told)
    return OrderReport(client_id, order_id, instrument.market.trading_pair, state, lots, filled, ts_ns, reason, instrument=grid)
