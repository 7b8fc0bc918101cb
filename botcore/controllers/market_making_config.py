"""Config of market makers: spreads and weights of the levels on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from botcore.controllers.barrier_fields import Numbers, TradingControllerConfig, read_numbers
from botcore.core.config import ask
from botcore.model.enums import TradeType

OptionalNumbers = Annotated[
    list[Annotated[Decimal, Field(gt=0)]] | None, BeforeValidator(lambda raw: None if raw in ("", None) else read_numbers(raw))
]


@dataclass(frozen=True, slots=True)
class Level:
    """One quote of a market maker: its side, its distance from the reference price (fraction) and its size in quote."""

    side: TradeType
    spread: Decimal
    quote: Decimal


class MarketMakingControllerConfigBase(TradingControllerConfig):
    """Spreads are fractions of the reference price; amounts are weights (any positive numbers), equal when left out.

    Parameters
    ----------
    inventory_skew : Decimal
        Of ours: by how much of the reference price all levels move against the inventory when the whole budget is held on one side; 0 leaves them centred.
    """

    controller_type: str = "market_making"
    buy_spreads: Annotated[
        Numbers,
        Field(json_schema_extra=ask("Buy spreads?", updatable=True, unit="ratios", suggest=("0.1%, 0.2%", "0.5%, 1%", "1%, 2%"), group="levels")),
    ] = [Decimal("0.01"), Decimal("0.02")]
    sell_spreads: Annotated[
        Numbers,
        Field(json_schema_extra=ask("Sell spreads?", updatable=True, unit="ratios", suggest=("0.1%, 0.2%", "0.5%, 1%", "1%, 2%"), group="levels")),
    ] = [Decimal("0.01"), Decimal("0.02")]
    buy_amounts_pct: Annotated[OptionalNumbers, Field(json_schema_extra=ask("Weights of the buy levels?", new=False, updatable=True))] = None
    sell_amounts_pct: Annotated[OptionalNumbers, Field(json_schema_extra=ask("Weights of the sell levels?", new=False, updatable=True))] = None
    executor_refresh_time: Annotated[
        int,
        Field(
            gt=0, json_schema_extra=ask("Replace unfilled orders after?", updatable=True, unit="seconds", suggest=("30s", "1m", "5m"), group="levels")
        ),
    ] = 300
    cooldown_time: Annotated[
        int, Field(ge=0, json_schema_extra=ask("Wait after a level has traded?", new=False, updatable=True, unit="seconds", suggest=("15s", "1m")))
    ] = 15
    position_rebalance_threshold_pct: Annotated[
        Decimal, Field(ge=0, json_schema_extra=ask("Rebalance inventory beyond?", new=False, unit="ratio"))
    ] = Decimal("0.05")
    inventory_skew: Annotated[
        Decimal, Field(ge=0, lt=1, json_schema_extra=ask("Lean quotes against the inventory by?", new=False, updatable=True, unit="ratio"))
    ] = Decimal(0)
    skip_rebalance: Annotated[bool, Field(json_schema_extra=ask("Skip the spot rebalance?", new=False))] = False

    @model_validator(mode="after")
    def _weights_fit(self) -> MarketMakingControllerConfigBase:
        if not self.buy_spreads and not self.sell_spreads:
            raise ValueError("expected at least one buy or sell spread, found none")
        for side in ("buy", "sell"):
            spreads, weights = getattr(self, f"{side}_spreads"), getattr(self, f"{side}_amounts_pct")
            if weights is not None and len(weights) != len(spreads):
                raise ValueError(f"expected {len(spreads)} {side}_amounts_pct (one for each spread), found {len(weights)}")
        return self

    def spreads(self, side: TradeType) -> list[Decimal]:
        return self.buy_spreads if side is TradeType.BUY else self.sell_spreads

    def level_quotes(self, side: TradeType) -> list[Decimal]:
        """Quote amount of each level: the budget, shared by weight over both sides."""
        buys = self.buy_amounts_pct or [Decimal(1)] * len(self.buy_spreads)
        sells = self.sell_amounts_pct or [Decimal(1)] * len(self.sell_spreads)
        total = sum(buys, Decimal(0)) + sum(sells, Decimal(0))
        return [self.total_amount_quote * weight / total for weight in (buys if side is TradeType.BUY else sells)]

    def levels(self) -> dict[str, Level]:
        """Level id (`buy_0`, `sell_1`) -> level, best price first on each side."""
        return {
            f"{prefix}_{index}": Level(side, spread, quote)
            for side, prefix in ((TradeType.BUY, "buy"), (TradeType.SELL, "sell"))
            for index, (spread, quote) in enumerate(zip(self.spreads(side), self.level_quotes(side), strict=True))
        }
