"""`BinanceDialect`: what spot and USD-M futures share of `botcore.venues.dialect.Dialect`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from botcore.model.errors import ConfigError
from botcore.model.instrument import Instrument
from botcore.model.market_events import BarClosed, TradeTick
from botcore.model.order import Fill
from botcore.orders.tracker import Order
from botcore.venues.account_news import AccountNews
from botcore.venues.binance import rules
from botcore.venues.binance.candles import candle_params, read_candles
from botcore.venues.binance.markets import MarketReader
from botcore.venues.binance.money import listed_fill
from botcore.venues.binance.names import Names, symbol_of
from botcore.venues.binance.orders import Params, answered, listed, reference
from botcore.venues.binance.outcomes import OutcomeReader
from botcore.venues.binance.signing import http_request
from botcore.venues.binance.user_stream import UserReader
from botcore.venues.dialect import Channel, Credentials, Peek, Quote, Subscription, Unreadable
from botcore.venues.port import HttpRequest
from botcore.venues.reading import Row, as_row, as_rows, ident, short, strict, text
from botcore.venues.spec import VenueSpec
from botcore.venues.wire import Access, Call, OrderReport, Outcome, Priority, Reply

TRADES_PAGE = 1000


class BinanceDialect(ABC):
    """See the module.

    Parameters
    ----------
    spec : VenueSpec
        With its `live` part.
    """

    PREFIX = ""
    """Path before the names of calls."""

    WINDOW_MS = 0
    """Longest time between start and end of a question for executions."""

    def __init__(self, spec: VenueSpec) -> None:
        if spec.live is None:
            raise ConfigError(f"conf/connectors/{spec.name}.yml has no part `live`", field="live")
        self._spec = spec
        self._live = spec.live
        self._window_ms = int(spec.live.belief.window_s * 1000)
        self._names = Names()
        self._outcomes = OutcomeReader(spec.live.codes, spec.title or spec.name)
        self._markets = MarketReader(self._names, spec.live.channels)
        self._user = UserReader(self._names)
        self._headers = {name: limit.header for name, limit in spec.live.limits.items() if limit.header}

    # ---- names -----------------------------------------------------------------------------------------------------------
    def symbol(self, trading_pair: str) -> str:
        return symbol_of(trading_pair)

    def learn(self, instruments: Mapping[str, Instrument]) -> None:
        self._names.learn(instruments)
        self._markets.forget()

    # ---- the outside of a call -------------------------------------------------------------------------------------------
    def request(self, call: Call, credentials: Credentials | None, timestamp_ms: int) -> HttpRequest:
        return http_request(call, self._live.addresses.rest, credentials, timestamp_ms, self._window_ms)

    def outcome(self, call: Call, reply: Reply) -> Outcome:
        return self._outcomes.read(call, reply)

    def used_weight(self, reply: Reply) -> Mapping[str, int]:
        found = {}
        for name, header in self._headers.items():
            said = reply.headers.get(header, "")
            if said.isascii() and said.isdigit() and len(said) < 12:
                found[name] = int(said)
        return found

    def _call(
        self,
        name: str,
        path: str,
        params: Params = (),
        *,
        method: str = "GET",
        access: Access = Access.SIGNED,
        priority: Priority = Priority.QUERY,
        is_write: bool = False,
        subject: str = "",
        cost: str = "",
    ) -> Call:
        """A call whose costs the spec has under `cost`, or its name."""
        weights = tuple(self._live.weights.get(cost or name, {}).items())
        return Call(name, method, self.PREFIX + path, params, access, priority, weights, is_write, subject)

    # ---- time, rules -----------------------------------------------------------------------------------------------------
    def time_call(self) -> Call:
        return self._call("time", "/time", access=Access.PUBLIC)

    def server_time_ms(self, reply: Reply) -> int:
        return rules.server_time_ms(self._row(reply, "time"))

    def rules_call(self) -> Call:
        return self._call("rules", "/exchangeInfo", access=Access.PUBLIC, priority=Priority.MARKET)

    def instruments(self, reply: Reply, connector_name: str) -> dict[str, Instrument]:
        return rules.instruments(reply.body, connector_name, self._spec.instrument_kind)

    # ---- orders ----------------------------------------------------------------------------------------------------------
    @abstractmethod
    def _order_params(self, order: Order, hedge: bool) -> Params:
        """Parameters of a new order."""

    def create_call(self, order: Order, hedge: bool = False) -> Call:
        params = self._order_params(order, hedge)
        return self._call("create", "/order", params, method="POST", priority=Priority.CREATE, is_write=True, subject=order.client_order_id)

    def cancel_call(self, order: Order) -> Call:
        params = reference(order.instrument.market.trading_pair, order.client_order_id)
        return self._call("cancel", "/order", params, method="DELETE", priority=Priority.CANCEL, is_write=True, subject=order.client_order_id)

    def query_call(self, order: Order) -> Call:
        params = reference(order.instrument.market.trading_pair, order.client_order_id)
        return self._call("query", "/order", params, subject=order.client_order_id)

    def query_id_call(self, trading_pair: str, exchange_order_id: str) -> Call:
        return self._call("query", "/order", (("symbol", symbol_of(trading_pair)), ("orderId", exchange_order_id)))

    def open_orders_call(self, trading_pair: str) -> Call:
        params = (("symbol", symbol_of(trading_pair)),) if trading_pair else ()
        return self._call("open_orders", "/openOrders", params, cost="open_orders" if trading_pair else "open_orders_all")

    def _trades_call(self, path: str, trading_pair: str, from_id: int | None, since_ms: int | None) -> Call:
        """An id and a time can't be combined: the id, which leaves no hole, comes first. A time is sent with its end, so that nobody has to guess what was covered."""
        params: Params = (("symbol", symbol_of(trading_pair)), ("limit", str(TRADES_PAGE)))
        if from_id is not None:
            params = (*params, ("fromId", str(max(0, from_id))))
        elif since_ms is not None:
            start_ms = max(0, since_ms)
            params = (*params, ("startTime", str(start_ms)), ("endTime", str(start_ms + self.trades_window_ms)))
        return self._call("trades", path, params)

    @property
    def trades_page(self) -> int:
        return TRADES_PAGE

    @property
    def trades_window_ms(self) -> int:
        return self.WINDOW_MS

    def order_report(self, call: Call, reply: Reply) -> OrderReport:
        return answered(call, self._row(reply, call.name), self._names)

    def order_reports(self, reply: Reply) -> list[OrderReport]:
        """One order that can't be read makes the whole list unreadable: a list with holes is no proof of absence."""
        reports = (listed(row, self._names) for row in as_rows(strict(reply.body), "openOrders"))
        return [report for report in reports if report is not None]

    def fills(self, reply: Reply, trading_pair: str) -> list[Fill]:
        instrument = self._names.of_pair(trading_pair)
        rows = as_rows(strict(reply.body), "trades")
        for row in rows:
            if text(row, "symbol") != symbol_of(trading_pair):
                raise Unreadable(f"symbol: expected {symbol_of(trading_pair)}, found {short(row['symbol'])}")
        return [listed_fill(instrument, row) for row in rows]

    def fill_order_ids(self, reply: Reply) -> list[str]:
        return [ident(row, "orderId") for row in as_rows(strict(reply.body), "trades")]

    # ---- streams ---------------------------------------------------------------------------------------------------------
    def market_url(self, channel: Channel = Channel.BOOK) -> str:
        return self._live.addresses.market_ws + self._live.channel_paths.get(channel.value, "")

    def subscribe(self, request_id: int, wanted: Sequence[Subscription]) -> bytes:
        return self._markets.ask("SUBSCRIBE", request_id, wanted)

    def unsubscribe(self, request_id: int, unwanted: Sequence[Subscription]) -> bytes:
        return self._markets.ask("UNSUBSCRIBE", request_id, unwanted)

    def peek(self, message: bytes) -> Peek:
        return self._markets.peek(message)

    def trade(self, message: bytes) -> TradeTick:
        return self._markets.trade(message)

    def quote(self, message: bytes) -> Quote:
        return self._markets.quote(message)

    def candle(self, message: bytes) -> BarClosed | None:
        return self._markets.candle(message)

    def depth_call(self, trading_pair: str) -> Call:
        params = (("symbol", symbol_of(trading_pair)), ("limit", str(self._live.book.depth)))
        return self._call("depth", "/depth", params, access=Access.PUBLIC, priority=Priority.MARKET)

    def candles_call(self, trading_pair: str, interval_s: int, end_ms: int | None, limit: int) -> Call:
        params = candle_params(trading_pair, interval_s, end_ms, limit)
        return self._call("candles", "/klines", params, access=Access.PUBLIC, priority=Priority.MARKET)

    def candles(self, reply: Reply) -> np.ndarray:
        return read_candles(reply.body)

    def user_news(self, message: bytes) -> list[AccountNews]:
        return self._user.read(message)

    # ---- bodies ----------------------------------------------------------------------------------------------------------
    def _row(self, reply: Reply, what: str) -> Row:
        return as_row(strict(reply.body), what)

    def _rows(self, reply: Reply, what: str) -> list[Row]:
        return as_rows(strict(reply.body), what)
