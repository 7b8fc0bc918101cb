"""`Instrument`: what is traded where, and the only converter between Decimal money and integer ticks and lots.

A price in ticks is `price / tick_size`, an amount in lots `amount / lot_size`; both are int64 because the book, the tracker and the simulated
connector match on integers. Rounding never lets anybody pay more than was asked: a buy's price goes down, a sell's price up, an amount down.
An instrument is a value: when the venue changes a rule, a new one with a higher `version` replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Final, NamedTuple

from botcore.model.enums import InstrumentKind, TradeType
from botcore.model.errors import ConfigError, ScaleOverflow
from botcore.model.trading_rule import TradingRule

# members of enums as names of this module: compiled code reads them without a lookup
LINEAR_PERPETUAL: Final = InstrumentKind.LINEAR_PERPETUAL
BUY: Final = TradeType.BUY
SELL: Final = TradeType.SELL

MAX_INT64: Final = 2**63 - 1
UNBOXED: Final = 2**62 - 1
"""Largest number that compiled code compares without making an object of it."""
ZERO: Final = Decimal(0)


class Market(NamedTuple):
    """Where and what: the key of books, candles, positions and fills."""

    connector_name: str
    trading_pair: str

    def __str__(self) -> str:
        return f"{self.connector_name}:{self.trading_pair}"


def split_pair(trading_pair: str) -> tuple[str, str]:
    """Base and quote of `BASE-QUOTE`.

    Raises
    ------
    ConfigError
        If the text is not two names with one dash between them.
    """
    base, dash, quote = trading_pair.partition("-")
    if not (base and dash and quote) or "-" in quote:
        raise ConfigError(f"expected a pair as BASE-QUOTE (for example BTC-USDT), found {trading_pair!r}")
    return base, quote


def quote_of(trading_pair: str) -> str:
    """Quote asset of a pair; empty where there is none."""
    return trading_pair.rpartition("-")[2]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One pair at one venue with its trading rules.

    Parameters
    ----------
    market : Market
        Connector name and pair.
    kind : InstrumentKind
        Spot or linear perpetual (margined and settled in the quote asset).
    tick_size, lot_size : Decimal
        Smallest step of a price (quote per base) and of an amount (base).
    min_amount, min_notional : Decimal
        Smallest order in base and in quote; 0 where the venue has no such rule.
    max_amount : Decimal, optional
        Largest order in base.
    max_significant_digits : int, optional
        Venues such as Hyperliquid also limit a price's significant digits.
    version : int
        Grows by one with every change of a rule.
    """

    market: Market
    kind: InstrumentKind
    tick_size: Decimal
    lot_size: Decimal
    min_amount: Decimal = ZERO
    min_notional: Decimal = ZERO
    max_amount: Decimal | None = None
    max_significant_digits: int | None = None
    version: int = 1
    base: str = field(init=False)
    quote: str = field(init=False)
    unit: Decimal = field(init=False)
    """Quote value of one tick times one lot."""
    tick: float = field(init=False)
    lot: float = field(init=False)
    min_lots: int = field(init=False)

    def __post_init__(self) -> None:
        for name in ("tick_size", "lot_size"):
            step = getattr(self, name)
            if not step.is_finite() or step <= 0:
                raise ConfigError(f"{self.market}: expected a positive {name}, found {step}")
        base, quote = split_pair(self.market.trading_pair)
        put = object.__setattr__
        put(self, "base", base)
        put(self, "quote", quote)
        put(self, "unit", self.tick_size * self.lot_size)
        put(self, "tick", float(self.tick_size))
        put(self, "lot", float(self.lot_size))
        put(self, "min_lots", max(1, self._scaled(self.min_amount, self.lot_size, ROUND_CEILING)))

    def __str__(self) -> str:
        return str(self.market)

    @property
    def is_perpetual(self) -> bool:
        return self.kind is LINEAR_PERPETUAL

    # ---- Decimal -> integer ----------------------------------------------------------------------------------------
    def price_ticks(self, price: Decimal, side: TradeType) -> int:
        """Ticks of an order's price; a buy rounds down, a sell up, so that nobody pays more than asked."""
        price = self._significant(price, side)
        return self.ceil_ticks(price) if side is SELL else self.floor_ticks(price)

    def floor_ticks(self, price: Decimal) -> int:
        """Largest tick at or below `price`; rounds towards minus infinity also below zero."""
        return self._scaled(price, self.tick_size, ROUND_FLOOR)

    def ceil_ticks(self, price: Decimal) -> int:
        """Smallest tick at or above `price`."""
        return self._scaled(price, self.tick_size, ROUND_CEILING)

    def lots(self, amount: Decimal) -> int:
        """Whole lots in `amount`, rounded down."""
        return self._scaled(amount, self.lot_size, ROUND_DOWN)

    def _scaled(self, value: Decimal, step: Decimal, mode: str) -> int:
        """Steps in `value`; exact, whatever number of digits it has: a quotient rounded to the context's precision could land on the wrong side."""
        try:
            whole, rest = divmod(value, step)
        except InvalidOperation:
            # more digits in the quotient than a Decimal holds, or no number at all
            raise self._overflow(value) from None
        scaled = int(whole)
        if rest:
            if rest > 0 and mode == ROUND_CEILING:
                scaled += 1
            elif rest < 0 and mode == ROUND_FLOOR:
                scaled -= 1
        if -UNBOXED <= scaled <= UNBOXED or -MAX_INT64 <= scaled <= MAX_INT64:
            return scaled
        raise self._overflow(value)

    def _overflow(self, value: Decimal) -> ScaleOverflow:
        return ScaleOverflow(f"{value} of {self.market} does not fit int64 at tick {self.tick_size}, lot {self.lot_size}")

    def _significant(self, price: Decimal, side: TradeType) -> Decimal:
        digits = self.max_significant_digits
        if digits is None or price == 0:
            return price
        step = Decimal(1).scaleb(price.adjusted() - digits + 1)
        mode = ROUND_FLOOR if side is BUY else ROUND_CEILING
        return (price / step).to_integral_value(mode) * step

    # ---- integer -> Decimal ----------------------------------------------------------------------------------------
    def price(self, ticks: int) -> Decimal:
        return ticks * self.tick_size

    def amount(self, lots: int) -> Decimal:
        return lots * self.lot_size

    def notional(self, ticks: int, lots: int) -> Decimal:
        """Quote value of `lots` at `ticks`; the product is a Python int, so it can't overflow."""
        return (ticks * lots) * self.unit

    # ---- rules -----------------------------------------------------------------------------------------------------
    def refusal(self, lots: int, ticks: int | None) -> str | None:
        """Why the venue would refuse an order of this size, as one sentence; None when it would not.

        Parameters
        ----------
        lots : int
            Size.
        ticks : int, optional
            Limit price, or the price that a market order expects; None skips the rules that need a price.
        """
        pair = self.market.trading_pair
        if lots < 1:
            return f"the amount is below the lot size {self.lot_size} {self.base} of {pair}"
        if lots < self.min_lots:
            return f"amount {self.amount(lots)} is below the smallest order {self.min_amount} {self.base} of {pair}"
        if self.max_amount is not None and self.amount(lots) > self.max_amount:
            return f"amount {self.amount(lots)} is above the largest order {self.max_amount} {self.base} of {pair}"
        if ticks is None:
            return None
        if ticks < 1:
            return f"price {self.price(ticks)} is below the tick size {self.tick_size} of {pair}"
        if self.min_notional and self.notional(ticks, lots) < self.min_notional:
            return f"notional {self.notional(ticks, lots)} is below the smallest order value {self.min_notional} {self.quote} of {pair}"
        return None

    def trading_rule(self) -> TradingRule:
        """The same rules under the names that Strategy V2 uses."""
        return TradingRule(
            trading_pair=self.market.trading_pair,
            min_order_size=self.min_lots * self.lot_size,
            max_order_size=self.max_amount if self.max_amount is not None else Decimal(MAX_INT64) * self.lot_size,
            min_price_increment=self.tick_size,
            min_base_amount_increment=self.lot_size,
            min_quote_amount_increment=self.unit,
            min_notional_size=self.min_notional,
            max_price_significant_digits=self.max_significant_digits,
            collateral_token=self.quote,
        )
