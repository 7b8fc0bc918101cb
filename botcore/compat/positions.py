"""`PositionSummary` with the fields and signs that files of Strategy V2 expect of a hold."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.model.enums import TradeType

NAN = Decimal("NaN")


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSummary:
    """One hold. `amount` has no sign, `side` says which way it is; money in quote, `realized_pnl_quote` before fees; an unknown mark makes PnL NaN."""

    connector_name: str
    trading_pair: str
    volume_traded_quote: Decimal
    side: TradeType
    amount: Decimal
    breakeven_price: Decimal
    unrealized_pnl_quote: Decimal
    realized_pnl_quote: Decimal
    cum_fees_quote: Decimal
    timestamp: float = 0.0

    @property
    def amount_quote(self) -> Decimal:
        return self.amount * self.breakeven_price

    @property
    def global_pnl_quote(self) -> Decimal:
        return self.unrealized_pnl_quote + self.realized_pnl_quote - self.cum_fees_quote

    @property
    def entry_price(self) -> Decimal:
        return self.breakeven_price

    @property
    def current_price(self) -> Decimal:
        """Price behind the unrealised PnL."""
        if not self.amount:
            return NAN
        return self.breakeven_price + self.unrealized_pnl_quote / self.amount * self.side.sign

    @property
    def pnl_quote(self) -> Decimal:
        return self.global_pnl_quote

    @property
    def pnl_percentage(self) -> Decimal:
        """PnL in percent of what the position cost; 0 while nothing is held."""
        return self.global_pnl_quote / self.amount_quote * 100 if self.amount_quote else Decimal(0)

    def as_values(self) -> dict[str, Any]:
        names = ("connector_name", "trading_pair", "side", "amount", "entry_price", "current_price", "pnl_percentage", "pnl_quote", "timestamp")
        return {name: getattr(self, name) for name in names}


def seen_as(hold: Any, provider: Any) -> PositionSummary:
    """A hold of the runtime in these terms."""
    unrealized = hold.unrealized_pnl_quote
    return PositionSummary(
        connector_name=hold.connector_name,
        trading_pair=hold.trading_pair,
        volume_traded_quote=hold.volume_traded_quote,
        side=TradeType.SELL if hold.amount < 0 else TradeType.BUY,
        amount=abs(hold.amount),
        breakeven_price=hold.breakeven_price,
        unrealized_pnl_quote=NAN if unrealized is None else unrealized,
        realized_pnl_quote=hold.realized_pnl_quote + hold.cum_fees_quote,
        cum_fees_quote=hold.cum_fees_quote,
        timestamp=provider.time(),
    )
