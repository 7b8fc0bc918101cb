"""Market streams: who listens to what, and what is pushed when. Depth, candles, tickers and mark prices tick only while somebody listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.candles import INTERVALS_MS, Candle
from tests.fakes.simvenue.stops import Algo
from tests.fakes.simvenue.texts import MarketTexts
from tests.fakes.simvenue.values import Execution, Market, Order, PublicTrade

if TYPE_CHECKING:
    from tests.fakes.simvenue.sessions import Session
    from tests.fakes.simvenue.venue import SimVenue

MILLI = 1_000_000
DEPTH_SPEEDS = {"spot": {"": 1000, "1000ms": 1000, "100ms": 100}, "futures": {"": 250, "250ms": 250, "500ms": 500, "100ms": 100}}


Picture = tuple[int, int, list[tuple[int, int]], list[tuple[int, int]]]
"""A book at a time: ns, update id, bids, asks."""


class Hub:
    """See the module."""

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self._engine = venue.engine
        self._is_spot = venue.kind == "spot"
        self.id_step = 1 if self._is_spot else 7
        """Update ids of a spot book follow each other. Those of futures have gaps: other markets share the count, so only `pu` joins one diff to the next."""
        self._listeners: dict[str, dict[int, Session]] = {}
        self._depth_ids: dict[str, int] = {}
        """Last update id that each running depth stream has told."""
        self._tops: dict[str, tuple[Any, Any]] = {}
        self._candle_starts: dict[str, int] = {}
        self._turns: dict[str, int] = {}
        """How often each ticking stream was started: a tick of an earlier start ends itself."""
        self._pictures: dict[str, deque[Picture]] = {}
        self._texts: dict[str, MarketTexts] = {}
        self.pace_ns = 0
        """No stream ticks more often; candles four times as seldom. 0: as the venue's documents say."""

    # ---- who listens -----------------------------------------------------------------------------------------------------
    def listen(self, name: str, session: Session) -> bool:
        """Add a listener; False when there is no such stream."""
        starter = self._starter(name)
        if starter is None:
            return False
        listeners = self._listeners.setdefault(name, {})
        listeners[session.number] = session
        if len(listeners) == 1:
            starter()
        return True

    def leave(self, name: str, session: Session) -> None:
        listeners = self._listeners.get(name)
        if listeners is not None:
            listeners.pop(session.number, None)
            if not listeners:
                del self._listeners[name]
                self._depth_ids.pop(name, None)
                self._candle_starts.pop(name, None)
                self._tops.pop(name, None)

    def _starter(self, name: str) -> Callable[[], None] | None:
        """What sets a stream going, by its name."""
        symbol, at, rest = name.partition("@")
        symbol = symbol.upper()
        if not at or symbol not in self._engine.markets:
            return None
        kind, _, option = rest.partition("@")
        if kind in ("trade", "aggTrade", "forceOrder"):
            return lambda: None
        if kind == "bookTicker":
            return self._start_top(name, symbol)
        if kind in ("depth", "depth5", "depth10", "depth20"):
            speed = DEPTH_SPEEDS[self._venue.kind].get(option)
            if speed is None:
                return None
            period = speed * MILLI
            if kind == "depth":
                return lambda: self._start_depth(name, symbol, period)
            return lambda: self._every(name, period, lambda: self._partial(name, symbol, int(kind[5:])))
        if kind.startswith("kline_") and kind[6:] in INTERVALS_MS:
            often = 1000 if self._is_spot else 250
            return lambda: self._every(name, max(often * MILLI, 4 * self.pace_ns), lambda: self._candle(name, symbol, kind[6:]))
        if kind in ("ticker", "miniTicker"):
            return lambda: self._every(name, 1000 * MILLI, lambda: self._day(name, symbol, kind))
        if kind == "markPrice" and not self._is_spot:
            return lambda: self._every(name, (1000 if option == "1s" else 3000) * MILLI, lambda: self._mark(name, symbol))
        return None

    def send(self, name: str, data: dict[str, Any]) -> None:
        listeners = self._listeners.get(name)
        if not listeners:
            return
        body = orjson.dumps(data)
        for session in list(listeners.values()):
            session.told(name, body)

    def _every(self, name: str, period_ns: int, do: Callable[[], None]) -> None:
        turn = self._turns[name] = self._turns.get(name, 0) + 1
        period_ns = max(period_ns, self.pace_ns)

        def tick() -> None:
            if name in self._listeners and self._turns[name] == turn:
                do()
                self._venue.at(self._engine.now_ns + period_ns, tick)

        self._venue.at(self._engine.now_ns + period_ns, tick)

    def texts(self, market: Market) -> MarketTexts:
        """How the market's numbers are written."""
        found = self._texts.get(market.symbol)
        if found is None:
            found = self._texts[market.symbol] = MarketTexts(market, is_spot=self._is_spot)
        return found

    @property
    def now_ms(self) -> int:
        return self._venue.ms(self._engine.now_ns)

    # ---- depth -----------------------------------------------------------------------------------------------------------
    def _start_depth(self, name: str, symbol: str, period_ns: int) -> None:
        self._depth_ids[name] = self._engine.books[symbol].update_id
        self._every(name, period_ns, lambda: self._depth(name, symbol))

    def _depth(self, name: str, symbol: str) -> None:
        book, market = self._engine.books[symbol], self._engine.markets[symbol]
        told = self._depth_ids[name]
        if book.update_id == told:
            return
        bids, asks = book.since(told)
        self._depth_ids[name] = book.update_id
        now = self.now_ms
        data: dict[str, Any] = {"e": "depthUpdate", "E": now}
        if not self._is_spot:
            data["T"] = now
        step = self.id_step
        data |= {"s": symbol, "U": (told + 1) * step, "u": book.update_id * step}
        if not self._is_spot:
            data["pu"] = told * step
        texts = self.texts(market)
        data["b"], data["a"] = texts.levels(bids), texts.levels(asks)
        self.send(name, data)

    def _partial(self, name: str, symbol: str, count: int) -> None:
        book, market = self._engine.books[symbol], self._engine.markets[symbol]
        texts = self.texts(market)
        bids, asks = texts.levels(book.bids.top(count)), texts.levels(book.asks.top(count))
        if self._is_spot:
            self.send(name, {"lastUpdateId": book.update_id, "bids": bids, "asks": asks})
            return
        now, last = self.now_ms, book.update_id * self.id_step
        data = {"e": "depthUpdate", "E": now, "T": now, "s": symbol, "U": last, "u": last, "pu": last - self.id_step}
        self.send(name, data | {"b": bids, "a": asks})

    def after_step(self) -> None:
        """The market has moved by itself: tell the tops, and forget the changes that no depth stream waits for."""
        self.flush_tops()
        now = self._engine.now_ns
        for symbol, book in self._engine.books.items():
            pictures = self._pictures.setdefault(symbol, deque(maxlen=60))
            if not pictures or now - pictures[-1][0] >= 1000 * MILLI:
                pictures.append((now, book.update_id, book.bids.top(1000), book.asks.top(1000)))
            if len(book.changes) > 500:
                prefix = symbol.lower() + "@"
                book.forget(min((told for name, told in self._depth_ids.items() if name.startswith(prefix)), default=book.update_id))

    def picture(self, symbol: str, view_ns: int) -> Picture:
        """The book as it stood at a time, or as early as is still known."""
        known = self._pictures.get(symbol, ())
        book = self._engine.books[symbol]
        now = (self._engine.now_ns, book.update_id, book.bids.top(5000), book.asks.top(5000))
        if view_ns >= self._engine.now_ns or not known:
            return now
        return next((picture for picture in reversed(known) if picture[0] <= view_ns), known[0])

    def _start_top(self, name: str, symbol: str) -> Callable[[], None]:
        def start() -> None:
            self._tops[name] = (None, None)

        return start

    def flush_tops(self) -> None:
        """Best bid and ask of whoever is listened to, where they changed."""
        for name, before in list(self._tops.items()):
            symbol = name.partition("@")[0].upper()
            book = self._engine.books[symbol]
            bid, ask = book.bids.top(1), book.asks.top(1)
            if (bid, ask) == before:
                continue
            self._tops[name] = (bid, ask)
            (b, bq), (a, aq) = (bid or [(0, 0)])[0], (ask or [(0, 0)])[0]
            data: dict[str, Any] = {} if self._is_spot else {"e": "bookTicker"}
            texts = self.texts(self._engine.markets[symbol])
            data |= {"u": book.update_id * self.id_step, "s": symbol, "b": texts.prices[b], "B": texts.amounts[bq]}
            data |= {"a": texts.prices[a], "A": texts.amounts[aq]}
            if not self._is_spot:
                data["T"] = data["E"] = self.now_ms
            self.send(name, data)

    # ---- trades, candles, tickers ------------------------------------------------------------------------------------------
    def traded(self, trade: PublicTrade) -> None:
        ms = self._venue.ms(trade.ns)
        candle = self._venue.candles[trade.symbol].at(ms, trade.ticks)
        candle.trade(trade.ticks, trade.lots, trade.id, buyer_takes=not trade.buyer_is_maker)
        low = trade.symbol.lower()
        if low + "@trade" not in self._listeners and low + "@aggTrade" not in self._listeners:
            return
        texts = self.texts(self._engine.markets[trade.symbol])
        price, amount = texts.prices[trade.ticks], texts.amounts[trade.lots]
        tail: dict[str, Any] = {"T": ms, "m": trade.buyer_is_maker}
        single: dict[str, Any] = {"e": "trade", "E": self.now_ms}
        if self._is_spot:
            tail["M"] = True
        else:
            single["T"] = ms
        self.send(
            low + "@trade", single | {"s": trade.symbol, "t": trade.id, "p": price, "q": amount} | ({} if self._is_spot else {"X": "MARKET"}) | tail
        )
        summed = {"e": "aggTrade", "E": self.now_ms, "s": trade.symbol, "a": trade.id, "p": price, "q": amount, "f": trade.id, "l": trade.id}
        self.send(low + "@aggTrade", summed | tail)

    def _candle(self, name: str, symbol: str, interval: str) -> None:
        before, candle = self._venue.candles[symbol].latest(interval, self.now_ms, self._engine.last[symbol])
        told = self._candle_starts.get(name)
        if before is not None and told is not None and told == before.start_ms:
            self.send(name, self._candle_data(symbol, interval, before, is_closed=True))
        self._candle_starts[name] = candle.start_ms
        self.send(name, self._candle_data(symbol, interval, candle, is_closed=False))

    def _candle_data(self, symbol: str, interval: str, candle: Candle, *, is_closed: bool) -> dict[str, Any]:
        market = self._engine.markets[symbol]
        unit = market.tick * market.lot
        prices, amounts = self.texts(market).prices, self.texts(market).amounts
        body = {
            "t": candle.start_ms, "T": candle.start_ms + INTERVALS_MS[interval] - 1, "s": symbol, "i": interval, "f": candle.first_id, "L": candle.last_id,
            "o": prices[candle.open], "c": prices[candle.close], "h": prices[candle.high],
            "l": prices[candle.low], "v": amounts[candle.volume], "n": candle.count, "x": is_closed,
            "q": format(unit * candle.quote, ".8f"), "V": amounts[candle.buy_volume], "Q": format(unit * candle.buy_quote, ".8f"), "B": "0",
        }  # fmt: skip
        return {"e": "kline", "E": self.now_ms, "s": symbol, "k": body}

    def _day(self, name: str, symbol: str, kind: str) -> None:
        day = self._venue.rest.day_view(self._engine.markets[symbol], self._engine.now_ns)
        data: dict[str, Any] = {"e": "24hrTicker" if kind == "ticker" else "24hrMiniTicker", "E": self.now_ms, "s": symbol, "c": day["lastPrice"]}
        data |= {"o": day["openPrice"], "h": day["highPrice"], "l": day["lowPrice"], "v": day["volume"], "q": day["quoteVolume"]}
        if kind == "ticker":
            data |= {
                "p": day["priceChange"], "P": day["priceChangePercent"], "w": day["weightedAvgPrice"], "Q": day["lastQty"], "O": day["openTime"],
                "C": day["closeTime"], "F": day["firstId"], "L": day["lastId"], "n": day["count"],
            }  # fmt: skip
            if self._is_spot:
                data |= {"x": day["prevClosePrice"], "b": day["bidPrice"], "B": day["bidQty"], "a": day["askPrice"], "A": day["askQty"]}
        self.send(name, data)

    def _mark(self, name: str, symbol: str) -> None:
        mark = format(self._engine.mark(symbol), ".8f")
        next_ms = (self.now_ms // 28_800_000 + 1) * 28_800_000
        data = {
            "e": "markPriceUpdate",
            "E": self.now_ms,
            "s": symbol,
            "p": mark,
            "i": mark,
            "P": mark,
            "r": format(self._venue.rate_of(symbol), ".8f"),
            "T": next_ms,
        }
        self.send(name, data)

    # ---- what concerns accounts only ---------------------------------------------------------------------------------------
    def order_changed(self, order: Order, what: str, execution: Execution | None, reason: str = "") -> None:
        """Not ours."""

    def account_changed(self, account: Account, assets: Iterable[str], positions: Iterable[tuple[str, str]], why: str) -> None:
        """Not ours."""

    def algo_changed(self, algo: Algo) -> None:
        """Not ours."""

    def settings_changed(self, account: Account, symbol: str) -> None:
        """Not ours."""
