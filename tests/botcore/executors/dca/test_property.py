"""Whatever prices, partial and late fills, refusals, cancels and crashes a ladder meets, every lot of it is accounted for."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.executors.data_types import TrailingStop
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.model.enums import TradeType
from botcore.orders.tracker import Order
from tests.support.any_executor import STEPS, AnyExecutor
from tests.support.bench import PERP, SPOT, D

LOTS = [300, 400, 500]


def ladder(side: TradeType, mode: DCAMode, connector: str, bounds: list[Decimal] | None, **barriers: object) -> DCAExecutorConfig:
    prices = [D(100 - side.sign * step) for step in (0, 2, 4)]
    return DCAExecutorConfig.model_validate(
        {
            "trading_pair": "ETH-USDT",
            "connector_name": connector,
            "side": side,
            "mode": mode,
            "prices": prices,
            "amounts_quote": [price * lots / 1000 for price, lots in zip(prices, LOTS, strict=True)],
            "activation_bounds": bounds,
            **barriers,
        }
    )


CONFIGS = st.builds(
    ladder,
    side=st.sampled_from([TradeType.BUY, TradeType.SELL]),
    mode=st.sampled_from(list(DCAMode)),
    connector=st.sampled_from([PERP, SPOT]),
    bounds=st.sampled_from([None, [D("0.02"), D("0.02")]]),
    stop_loss=st.sampled_from([None, D("0.02"), D("0.05")]),
    take_profit=st.sampled_from([None, D("0.01"), D("0.04")]),
    time_limit=st.sampled_from([None, 20]),
    trailing_stop=st.sampled_from([None, TrailingStop(activation_price=D("0.01"), trailing_delta=D("0.005"))]),
)


class AnyLadder(AnyExecutor):
    def check_live(self, opening: list[Order], opened: int) -> None:
        staying = sum(order.remaining_lots for order in opening if not order.cancel_asked)
        assert opened + staying <= sum(LOTS) + self.late_lots, "never buys more than its levels"
        assert opened + sum(order.remaining_lots for order in opening) <= sum(LOTS) + 2 * self.late_lots
        by_level = [order.request.price_ticks for order in opening if order.request.price_ticks is not None]
        assert len(by_level) == len(set(by_level)), "one order a level"
        assert len(opening) <= len(LOTS)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(config=CONFIGS, min_amount=st.sampled_from(["0", "0.05"]), happenings=STEPS)
def test_ladder_is_accounted_for_to_the_lot(config: DCAExecutorConfig, min_amount: str, happenings: list[tuple[str, int, int]]) -> None:
    ladder = AnyLadder(config, min_amount)
    ladder.check()
    for happening in happenings:
        ladder.apply(*happening)
        ladder.check()
    ladder.wind_up()
