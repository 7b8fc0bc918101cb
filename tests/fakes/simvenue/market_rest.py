"""Public market data over REST, the same questions on both venues in slightly different words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.fakes.simvenue.candles import INTERVALS_MS
from tests.fakes.simvenue.values import ZERO, Market
from tests.fakes.simvenue.views_spot import candle_row
from tests.fakes.simvenue.wire import Ask, Problem

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue


def depth_weight(steps: tuple[tuple[int, int], ...], default: int) -> Callable[[Mapping[str, str]], int]:
    """What a snapshot costs, by its depth."""

    def weigh(params: Mapping[str, str]) -> int:
        wanted = params.get("limit", "")
        limit = int(wanted) if wanted.isdigit() else default
        return next((cost for up_to, cost in steps if limit <= up_to), steps[-1][1])

    return weigh


class MarketRest:
    """Handlers of public endpoints."""

    def __init__(self, venue: SimVenue, *, is_spot: bool) -> None:
        self._venue = venue
        self._engine = venue.engine
        self._is_spot = is_spot

    def _price(self, market: Market, ticks: int) -> str:
        return format(market.price(ticks), ".8f" if self._is_spot else market.price_text)

    def _amount(self, market: Market, lots: int) -> str:
        return format(market.amount(lots), ".8f" if self._is_spot else market.amount_text)

    def _chosen(self, ask: Ask) -> list[Market]:
        return [self._venue.dialect.market(ask)] if ask.params.get("symbol") else list(self._engine.markets.values())

    def _one_or_all(self, ask: Ask, view: Callable[[Market], dict[str, Any]]) -> Any:
        found = [view(market) for market in self._chosen(ask)]
        return found[0] if ask.params.get("symbol") else found

    def depth(self, ask: Ask) -> dict[str, Any]:
        market = self._venue.dialect.market(ask)
        limit = ask.whole("limit", 100 if self._is_spot else 500) or 100
        if not self._is_spot and limit not in (5, 10, 20, 50, 100, 500, 1000):
            raise Problem(-4021, f"{limit} is not valid depth limit.")
        _, update_id, bids, asks = self._venue.hub.picture(market.symbol, ask.view_ns)
        view: dict[str, Any] = {"lastUpdateId": update_id * self._venue.hub.id_step}
        if not self._is_spot:
            view["E"] = view["T"] = self._venue.ms(ask.now_ns)
        view["bids"] = [[self._price(market, ticks), self._amount(market, lots)] for ticks, lots in bids[:limit]]
        view["asks"] = [[self._price(market, ticks), self._amount(market, lots)] for ticks, lots in asks[:limit]]
        return view

    def trades(self, ask: Ask) -> list[dict[str, Any]]:
        market = self._venue.dialect.market(ask)
        tape = list(self._engine.tape[market.symbol])[-min(ask.whole("limit", 500) or 500, 1000) :]
        return [
            {
                "id": t.id, "price": self._price(market, t.ticks), "qty": self._amount(market, t.lots),
                "quoteQty": format(market.notional(t.ticks, t.lots), ".8f"), "time": self._venue.ms(t.ns), "isBuyerMaker": t.buyer_is_maker,
            }
            | ({"isBestMatch": True} if self._is_spot else {})
            for t in tape
        ]  # fmt: skip

    def agg_trades(self, ask: Ask) -> list[dict[str, Any]]:
        market = self._venue.dialect.market(ask)
        tape = list(self._engine.tape[market.symbol])
        from_id, limit = ask.whole("fromId"), min(ask.whole("limit", 500) or 500, 1000)
        tape = [t for t in tape if t.id >= from_id][:limit] if from_id is not None else tape[-limit:]
        return [
            {
                "a": t.id, "p": self._price(market, t.ticks), "q": self._amount(market, t.lots), "f": t.id, "l": t.id, "T": self._venue.ms(t.ns),
                "m": t.buyer_is_maker,
            }
            | ({"M": True} if self._is_spot else {})
            for t in tape
        ]  # fmt: skip

    def candles(self, ask: Ask) -> list[list[Any]]:
        market = self._venue.dialect.market(ask)
        interval = ask.text("interval")
        if interval not in INTERVALS_MS:
            raise Problem(-1120, "Invalid interval.")
        now_ms = self._venue.ms(ask.now_ns)
        rows = self._venue.candles[market.symbol].of(interval, now_ms, self._engine.last.get(market.symbol, 1))
        start, end = ask.whole("startTime"), ask.whole("endTime")
        limit = min(ask.whole("limit", 500) or 500, 1000 if self._is_spot else 1500)
        rows = [row for row in rows if (start is None or row.start_ms >= start) and (end is None or row.start_ms <= end)]
        rows = rows[:limit] if start is not None else rows[-limit:]
        return [candle_row(row, market, interval) for row in rows]

    def average(self, ask: Ask) -> dict[str, Any]:
        market = self._venue.dialect.market(ask)
        return {"mins": 5, "price": format(self._engine.mark(market.symbol), ".8f"), "closeTime": self._venue.ms(ask.now_ns)}

    def price(self, ask: Ask) -> Any:
        def view(market: Market) -> dict[str, Any]:
            shown: dict[str, Any] = {"symbol": market.symbol, "price": self._price(market, self._engine.last.get(market.symbol, 0))}
            return shown if self._is_spot else shown | {"time": self._venue.ms(ask.now_ns)}

        return self._one_or_all(ask, view)

    def best(self, ask: Ask) -> Any:
        def view(market: Market) -> dict[str, Any]:
            book = self._engine.books[market.symbol]
            bid, ask_ = book.bids.top(1) or [(0, 0)], book.asks.top(1) or [(0, 0)]
            shown: dict[str, Any] = {
                "symbol": market.symbol, "bidPrice": self._price(market, bid[0][0]), "bidQty": self._amount(market, bid[0][1]),
                "askPrice": self._price(market, ask_[0][0]), "askQty": self._amount(market, ask_[0][1]),
            }  # fmt: skip
            return shown if self._is_spot else shown | {"time": self._venue.ms(ask.now_ns), "lastUpdateId": book.update_id * self._venue.hub.id_step}

        return self._one_or_all(ask, view)

    def day(self, ask: Ask) -> Any:
        return self._one_or_all(ask, lambda market: self.day_view(market, ask.now_ns))

    def day_view(self, market: Market, now_ns: int) -> dict[str, Any]:
        """The last twenty-four hours, as REST words them."""
        now_ms = self._venue.ms(now_ns)
        last = self._engine.last.get(market.symbol, 1)
        minutes = self._venue.candles[market.symbol].of("1m", now_ms, last)[-1440:]
        first, volume, quote = minutes[0], sum(m.volume for m in minutes), sum(m.quote for m in minutes)
        change = last - first.open
        tape = self._engine.tape[market.symbol]
        book = self._engine.books[market.symbol]
        weighted = market.tick * quote / volume if volume else ZERO
        shown: dict[str, Any] = {
            "symbol": market.symbol, "priceChange": self._price(market, change), "priceChangePercent": format(Decimal(100) * change / first.open, ".3f"),
            "weightedAvgPrice": format(weighted, ".8f" if self._is_spot else market.price_text), "lastPrice": self._price(market, last),
            "lastQty": self._amount(market, tape[-1].lots if tape else 0), "openPrice": self._price(market, first.open),
            "highPrice": self._price(market, max(m.high for m in minutes)), "lowPrice": self._price(market, min(m.low for m in minutes)),
            "volume": self._amount(market, volume), "quoteVolume": format(market.tick * market.lot * quote, ".8f" if self._is_spot else ".2f"),
            "openTime": first.start_ms, "closeTime": now_ms, "firstId": tape[0].id if tape else -1, "lastId": tape[-1].id if tape else -1,
            "count": sum(m.count for m in minutes),
        }  # fmt: skip
        if self._is_spot:
            bid, ask = (book.bids.top(1) or [(0, 0)])[0], (book.asks.top(1) or [(0, 0)])[0]
            shown |= {
                "prevClosePrice": self._price(market, first.open), "bidPrice": self._price(market, bid[0]), "bidQty": self._amount(market, bid[1]),
                "askPrice": self._price(market, ask[0]), "askQty": self._amount(market, ask[1]),
            }  # fmt: skip
        return shown
