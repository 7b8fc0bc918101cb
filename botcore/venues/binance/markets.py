"""Market streams: what to subscribe to, what a message is (from its first bytes), trades, tickers and candles.

Messages come with an envelope that names the stream (`{"stream":"btcusdt@depth@100ms","data":{...}}`, on `/stream`) or without (on `/ws`); both are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import orjson

from botcore.model.errors import CondorError
from botcore.model.instrument import Instrument
from botcore.model.market_events import BarClosed, TradeTick
from botcore.venues.binance.names import Names, symbol_of
from botcore.venues.dialect import Heard, Peek, Quote, Subscription, Unreadable
from botcore.venues.reading import Row, as_row, flag, inner, ms, not_negative, positive, quick, short, text, time_ns, whole

HEARD: Final = {
    b"depthUpdate": Heard.BOOK,
    b"depth": Heard.BOOK,
    b"trade": Heard.TRADE,
    b"aggTrade": Heard.TRADE,
    b"bookTicker": Heard.TICKER,
    b"kline": Heard.CANDLE,
    b"serverShutdown": Heard.FAREWELL,
}
OTHER: Final = Peek(Heard.OTHER)
FAREWELL: Final = Peek(Heard.FAREWELL)
HEAD: Final = 200
"""Event and symbol stand in the first bytes."""

ACK_LIMIT: Final = 4096
MINUTE_NS: Final = 60 * 10**9
UNITS: Final = {"s": 10**9, "m": MINUTE_NS, "h": 60 * MINUTE_NS, "d": 1440 * MINUTE_NS, "w": 7 * 1440 * MINUTE_NS}


def interval_ns(interval: str) -> int:
    """Length of a candle as the venue writes it: 1s, 5m, 4h, 1d, 1w. A month has none."""
    count, unit = interval[:-1], interval[-1:]
    if unit not in UNITS or not count.isascii() or not count.isdigit() or not 0 < int(count[:4]) < 1000:
        raise Unreadable(f"i: expected an interval such as 1m, found {short(interval)}")
    return int(count[:4]) * UNITS[unit]


class MarketReader:
    """Reads messages of market streams.

    Parameters
    ----------
    channels : mapping of str to str
        Channel -> the venue's stream name with `{symbol}` and `{interval}`, from the spec.
    """

    def __init__(self, names: Names, channels: Mapping[str, str]) -> None:
        self._names = names
        self._channels = channels
        self._peeks: dict[bytes, Peek] = {}

    def forget(self) -> None:
        """Other instruments are known now."""
        self._peeks.clear()

    # ---- subscriptions -----------------------------------------------------------------------------------------------
    def ask(self, method: str, request_id: int, streams: Sequence[Subscription]) -> bytes:
        """SUBSCRIBE or UNSUBSCRIBE."""
        return json.dumps({"method": method, "params": [self._stream(wanted) for wanted in streams], "id": request_id}, ensure_ascii=False).encode()

    def _stream(self, wanted: Subscription) -> str:
        pattern = self._channels.get(wanted.channel.value)
        if pattern is None:
            raise ValueError(f"the venue's file has no channel {wanted.channel.value}")
        return pattern.format(symbol=symbol_of(wanted.trading_pair).lower(), interval=wanted.interval)

    # ---- heads -------------------------------------------------------------------------------------------------------
    def peek(self, message: bytes) -> Peek:
        """Never raises."""
        if message.startswith(b'{"stream":"'):
            name = message[11 : message.find(b'"', 11, HEAD)]
            found = self._peeks.get(name)
            return found if found is not None else self._named(name)
        if message.startswith(b'{"e":"'):
            event = message[6 : message.find(b'"', 6, HEAD)]
            heard = HEARD.get(event)
            if heard is None:
                return OTHER
            return FAREWELL if heard is Heard.FAREWELL else self._plain(message, heard, event)
        return self._rare(message)

    def _named(self, name: bytes) -> Peek:
        symbol, _, kind = name.partition(b"@")
        pair = self._names.pair_in(_unescaped(symbol))
        heard = HEARD.get(kind.partition(b"@")[0].partition(b"_")[0])
        if heard is None or heard is Heard.FAREWELL or not pair:
            return OTHER
        found = self._peeks[name] = Peek(heard, pair)
        return found

    def _plain(self, message: bytes, heard: Heard, event: bytes) -> Peek:
        start = message.find(b'"s":"', 0, HEAD) + 5
        if start < 5:
            return OTHER
        symbol = message[start : message.find(b'"', start, start + 60)]
        key = symbol + b"!" + event
        found = self._peeks.get(key)
        if found is None:
            pair = self._names.pair_in(_unescaped(symbol).lower())
            if not pair:
                return OTHER
            found = self._peeks[key] = Peek(heard, pair)
        return found

    def _rare(self, message: bytes) -> Peek:
        """Acknowledgements, spot tickers without an event, farewells of the WebSocket API; anything with odd white space."""
        head = message[:HEAD]
        if message.startswith(b'{"u":') and b'"B":' in head:
            return self._plain(message, Heard.TICKER, b"bookTicker")
        if b'"serverShutdown"' in head:
            return FAREWELL
        if len(message) > ACK_LIMIT or b'"id"' not in message:
            return OTHER
        try:
            found = orjson.loads(message)
        except orjson.JSONDecodeError:
            return OTHER
        return _ack(found) if type(found) is dict else OTHER

    # ---- whole messages ------------------------------------------------------------------------------------------------
    def trade(self, message: bytes) -> TradeTick:
        """A trade, or an aggregate of trades at one price."""
        row = unwrapped(quick(message))
        instrument = self._names.get(text(row, "s"))
        ticks, lots = _ticks(instrument, positive(row, "p"), "p"), _lots(instrument, positive(row, "q"))
        return TradeTick(instrument.market, time_ns(row, "T"), ticks, lots, flag(row, "m"))

    def quote(self, message: bytes) -> Quote:
        """Best bid and ask; spot does not say when (`ts_ns` is 0)."""
        row = unwrapped(quick(message))
        instrument = self._names.get(text(row, "s"))
        return Quote(
            instrument.market.trading_pair,
            _ticks(instrument, positive(row, "b"), "b"),
            _lots(instrument, not_negative(row, "B")),
            _ticks(instrument, positive(row, "a"), "a"),
            _lots(instrument, not_negative(row, "A")),
            whole(row, "u"),
            time_ns(row, "T", "E") if "T" in row or "E" in row else 0,
        )

    def candle(self, message: bytes) -> BarClosed | None:
        """None while the candle is still open."""
        row = unwrapped(quick(message))
        bar = inner(row, "k")
        if not flag(bar, "x"):
            return None
        instrument = self._names.get(text(bar, "s"))
        opened, high, low, closed = (float(positive(bar, key)) for key in ("o", "h", "l", "c"))
        if not low <= min(opened, closed) <= max(opened, closed) <= high:
            raise Unreadable(f"k: open {opened} and close {closed} are not between low {low} and high {high}")
        open_ns = ms(bar, "t") * 1_000_000
        length_ns = interval_ns(text(bar, "i"))
        volume = float(not_negative(bar, "v"))
        return BarClosed(instrument.market, open_ns + length_ns, open_ns, length_ns, opened, high, low, closed, volume, _beside(bar))


def _beside(bar: Row) -> tuple[float, float, float, float] | None:
    """Quote volume, number of trades, base and quote that takers bought; None where the message has not all of them."""
    if not all(key in bar for key in ("q", "n", "V", "Q")):
        return None
    return float(not_negative(bar, "q")), float(whole(bar, "n")), float(not_negative(bar, "V")), float(not_negative(bar, "Q"))


def unwrapped(found: Any) -> Row:
    """The message without the envelopes that the venue has: `data` of a combined stream, `event` of the WebSocket API."""
    row = as_row(found, "message")
    if "e" not in row:
        if "stream" in row and "data" in row:
            return inner(row, "data")
        if "event" in row:
            return inner(row, "event")
    return row


def _unescaped(name: bytes) -> bytes:
    r"""A name whose letters outside ASCII may be written as \u5e01, in UTF-8."""
    if b"\\" not in name:
        return name
    try:
        found = orjson.loads(b'"' + name + b'"')
        return found.encode() if type(found) is str else name
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return name


def _ack(row: Row) -> Peek:
    request_id = row.get("id")
    if type(request_id) is not int:
        return OTHER
    error: Any = row.get("error") or (row if "code" in row else None)
    status = row.get("status", 200)
    if error is None and status == 200:
        return Peek(Heard.ACK, "", request_id)
    told = f"{error.get('code')}: {short(error.get('msg'), 120)}" if type(error) is dict else f"status {short(status)}"
    return Peek(Heard.ACK, "", request_id, False, told)


def _ticks(instrument: Instrument, price: Decimal, key: str) -> int:
    """Ticks of a price of the market, which must be on the grid: off it, the rules that we know are old (R18)."""
    try:
        ticks = instrument.floor_ticks(price)
    except (CondorError, ArithmeticError) as error:
        raise Unreadable(f"{key}: {error}") from None
    if instrument.price(ticks) != price:
        raise Unreadable(f"{key}: {price} is not on the grid of {instrument} (tick {instrument.tick_size})")
    return ticks


def _lots(instrument: Instrument, amount: Decimal) -> int:
    """Whole lots of a size of the market; less than a lot can't be had."""
    try:
        return instrument.lots(amount)
    except (CondorError, ArithmeticError) as error:
        raise Unreadable(f"size {amount} of {instrument}: {error}") from None
