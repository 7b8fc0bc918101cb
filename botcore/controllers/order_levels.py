"""`OrderLevelBuilder`: the levels of a ladder on both sides, from one number, a list, or a distribution each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from botcore.controllers.distributions import Distributions, Number, exact
from botcore.core.config import Side
from botcore.executors.data_types import TripleBarrierConfig
from botcore.model.enums import TradeType
from botcore.model.errors import nearest

T = TypeVar("T")
Exact = Annotated[Decimal, BeforeValidator(exact)]
Input = Number | Sequence[Number] | Mapping[str, Any]
"""One number for all levels, one for each level, or {"method": name of a distribution, "params": its arguments}."""

METHODS: dict[str, Callable[..., list[Decimal]]] = {
    "linear": Distributions.linear,
    "fibonacci": Distributions.fibonacci,
    "logarithmic": Distributions.logarithmic,
    "arithmetic": Distributions.arithmetic,
    "geometric": Distributions.geometric,
}


class OrderLevel(BaseModel):
    """One level of a ladder.

    Parameters
    ----------
    level : int
        Counts from 1, the level next to the market first.
    order_amount_usd : Decimal
        Size in quote.
    spread_factor : Decimal
        Distance from the reference price, a fraction.
    order_refresh_time, cooldown_time : int
        Seconds.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    level: Annotated[int, Field(ge=0)]
    side: Side
    order_amount_usd: Exact
    spread_factor: Exact = Decimal(0)
    order_refresh_time: Annotated[int, Field(ge=0)] = 60
    cooldown_time: Annotated[int, Field(ge=0)] = 0
    triple_barrier_conf: TripleBarrierConfig

    @property
    def level_id(self) -> str:
        """`BUY_1`: under this name the level's executors are found again."""
        return f"{self.side.name}_{self.level}"


class OrderLevelBuilder:
    """Builds ladders of `n_levels` levels a side."""

    def __init__(self, n_levels: int) -> None:
        self.n_levels = n_levels

    def resolve_input(self, input_data: Input) -> list[Decimal]:
        """One exact number for each level.

        Raises
        ------
        ValueError
            If a list has another length, a distribution is not known, or it refuses its arguments.
        """
        if isinstance(input_data, Mapping):
            return self._distributed(input_data)
        if isinstance(input_data, Sequence) and not isinstance(input_data, str):
            return [exact(value) for value in self._each(input_data)]
        return [exact(input_data)] * self.n_levels

    def build_order_levels(
        self,
        amounts: Input,
        spreads: Input,
        triple_barrier_confs: TripleBarrierConfig | Sequence[TripleBarrierConfig] | None = None,
        order_refresh_time: Input = 300,
        cooldown_time: Input = 0,
        sides: Sequence[TradeType] | None = None,
    ) -> list[OrderLevel]:
        """Levels by distance, within a level by side; both sides when none are named, the default barriers when none are given."""
        values = zip(
            self.resolve_input(amounts),
            self.resolve_input(spreads),
            self._barriers(triple_barrier_confs),
            self.resolve_input(order_refresh_time),
            self.resolve_input(cooldown_time),
            strict=True,
        )
        return [
            OrderLevel(
                level=number,
                side=side,
                order_amount_usd=amount,
                spread_factor=spread,
                triple_barrier_conf=barriers,
                order_refresh_time=int(refresh),
                cooldown_time=int(cooldown),
            )
            for number, (amount, spread, barriers, refresh, cooldown) in enumerate(values, start=1)
            for side in (sides or (TradeType.BUY, TradeType.SELL))
        ]

    def _barriers(self, given: TripleBarrierConfig | Sequence[TripleBarrierConfig] | None) -> Sequence[TripleBarrierConfig]:
        if given is None or isinstance(given, TripleBarrierConfig):
            return [given or TripleBarrierConfig()] * self.n_levels
        return self._each(given)

    def _each(self, values: Sequence[T]) -> Sequence[T]:
        if len(values) != self.n_levels:
            raise ValueError(f"expected {self.n_levels} values (one for each level), found {len(values)}")
        return values

    def _distributed(self, wanted: Mapping[str, Any]) -> list[Decimal]:
        name = str(wanted.get("method"))
        method = METHODS.get(name)
        if method is None:
            raise ValueError(f"there is no distribution {name!r}{nearest(name, METHODS) or ' (there are ' + ', '.join(METHODS) + ')'}")
        try:
            return method(self.n_levels, **wanted.get("params", {}))
        except TypeError as error:
            raise ValueError(f"distribution {name}: {error}") from None
