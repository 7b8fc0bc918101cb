"""Latency, fee and queue: the three assumptions of every simulation, each a small thing that one swaps."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from botcore.markets.order_book import OrderBook
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fee


class LatencyModel(Protocol):
    def delay_ns(self) -> int:
        """Time from sending a request until the venue acts on it; at least 1 ns, so nothing happens at once."""


@dataclass(frozen=True, slots=True)
class ConstantLatency:
    """Every request takes the same time."""

    ns: int = 1

    def delay_ns(self) -> int:
        return max(1, self.ns)


class JitterLatency:
    """Base plus an exponential tail, seeded; requests may overtake each other no more than on a real line: the exchange keeps their order."""

    __slots__ = ("_base_ns", "_mean_ns", "_random")

    def __init__(self, base_ns: int, mean_jitter_ns: int, seed: int) -> None:
        self._base_ns, self._mean_ns = base_ns, mean_jitter_ns
        self._random = random.Random(seed)

    def delay_ns(self) -> int:
        return max(1, self._base_ns + int(self._random.expovariate(1.0) * self._mean_ns))


@dataclass(frozen=True, slots=True)
class FeeModel:
    """Maker and taker rates as fractions of the notional.

    Parameters
    ----------
    from_received : bool
        True where the venue takes the fee from what one receives (a spot buy then pays in base, as on Binance); otherwise always quote.
    """

    maker: Decimal = Decimal("0")
    taker: Decimal = Decimal("0")
    from_received: bool = False

    def fee(self, instrument: Instrument, side: TradeType, ticks: int, lots: int, is_maker: bool) -> Fee:
        rate = self.maker if is_maker else self.taker
        in_quote = instrument.notional(ticks, lots) * rate
        if self.from_received and side is TradeType.BUY and not instrument.is_perpetual:
            return Fee(instrument.amount(lots) * rate, instrument.base, in_quote)
        return Fee(in_quote, instrument.quote, in_quote)


class QueueModel(Protocol):
    """How long a resting order waits behind others at its price."""

    def ahead(self, book: OrderBook, is_bid: bool, price_ticks: int) -> int:
        """Lots that stand before an order that comes to rest now."""

    def touch_fills(self) -> bool:
        """Whether the opposite side quoting exactly our price fills us (otherwise it must go through)."""


@dataclass(frozen=True, slots=True)
class TouchQueue:
    """Filled as soon as the market reaches the price: what a candle can say."""

    def ahead(self, book: OrderBook, is_bid: bool, price_ticks: int) -> int:
        return 0

    def touch_fills(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class ThroughQueue:
    """Filled only when the market goes through the price: the pessimist's candle."""

    def ahead(self, book: OrderBook, is_bid: bool, price_ticks: int) -> int:
        return 2**62

    def touch_fills(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class BackOfQueue:
    """Joins behind all that is displayed; only trades at the price move it forward (the risk-averse model of hftbacktest's documentation)."""

    def ahead(self, book: OrderBook, is_bid: bool, price_ticks: int) -> int:
        return book.lots_at(is_bid, price_ticks)

    def touch_fills(self) -> bool:
        return True


QUEUES: Final[dict[str, QueueModel]] = {"touch": TouchQueue(), "through": ThroughQueue(), "back": BackOfQueue()}
