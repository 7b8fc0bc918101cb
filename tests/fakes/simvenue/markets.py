"""The markets that SimVenue lists when nobody asks for others."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tests.fakes.simvenue.house import Style
from tests.fakes.simvenue.values import Market


@dataclass(frozen=True, slots=True)
class Listing:
    """A market and how it moves."""

    market: Market
    style: Style


def _spot(base: str, quote: str, price: str, tick: str, lot: str, least: int, most: int, gap: int) -> Listing:
    market = Market(base + quote, base, quote, Decimal(tick), Decimal(lot), max_lots=9000 * int(1 / Decimal(lot)))
    return Listing(market, Style(Decimal(price), least_lots=least, most_lots=most, spread_ticks=gap, gap_ticks=gap))


def _futures(base: str, price: str, tick: str, lot: str, least: int, most: int, notional: int, gap: int) -> Listing:
    market = Market(
        f"{base}USDT", base, "USDT", Decimal(tick), Decimal(lot), max_lots=1000 * int(1 / Decimal(lot)), min_notional=Decimal(notional),
        maker=Decimal("0.0002"), taker=Decimal("0.0005"), band=Decimal("1.05"),
    )  # fmt: skip
    return Listing(market, Style(Decimal(price), least_lots=least, most_lots=most, spread_ticks=gap, gap_ticks=gap))


SPOT_MARKETS = (
    _spot("BTC", "USDT", "65000", "0.01", "0.00001", 1000, 50_000, 100),
    _spot("ETH", "USDT", "3200", "0.01", "0.0001", 500, 50_000, 5),
    _spot("BNB", "USDT", "600", "0.01", "0.001", 100, 10_000, 1),
    _spot("SOL", "USDT", "150", "0.01", "0.001", 1000, 100_000, 1),
    _spot("ETH", "BTC", "0.0492", "0.00001", "0.0001", 500, 50_000, 1),
)
FUTURES_MARKETS = (
    _futures("BTC", "65000", "0.10", "0.001", 10, 3000, 100, 10),
    _futures("ETH", "3200", "0.01", "0.001", 100, 30_000, 20, 5),
    _futures("SOL", "150", "0.01", "0.01", 100, 30_000, 5, 1),
)
