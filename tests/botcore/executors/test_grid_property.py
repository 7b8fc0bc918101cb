"""Whatever prices, partial fills, refusals, cancels and restarts a grid meets, every lot of it is accounted for."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.executors.data_types import TrailingStop, TripleBarrierConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.model.enums import OrderType, TradeType
from botcore.orders.tracker import Order
from tests.support.any_executor import STEPS, AnyExecutor
from tests.support.bench import PERP, SPOT, D

LEVEL_LOTS = 120
"""A level's amount is at most this many lots whatever the mid: 10 USDT at 90 or more."""


def grid(side: TradeType, connector: str, barriers: TripleBarrierConfig, max_open: int, bounds: Decimal | None, keep: bool) -> GridExecutorConfig:
    return GridExecutorConfig(
        connector_name=connector,
        trading_pair="ETH-USDT",
        side=side,
        start_price=D(96),
        end_price=D(104),
        limit_price=D(90) if side is TradeType.BUY else D(110),
        total_amount_quote=D(50),
        min_spread_between_orders=D("0.01"),
        min_order_amount_quote=D(9),
        max_open_orders=max_open,
        activation_bounds=bounds,
        triple_barrier_config=barriers,
        keep_position=keep,
    )


barriers = st.builds(
    TripleBarrierConfig,
    stop_loss=st.sampled_from([None, D("0.02"), D("0.05")]),
    take_profit=st.sampled_from([D("0.005"), D("0.02")]),
    time_limit=st.sampled_from([None, 30]),
    trailing_stop=st.sampled_from([None, TrailingStop(activation_price=D("0.01"), trailing_delta=D("0.005"))]),
    open_order_type=st.sampled_from([OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER]),
    take_profit_order_type=st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER]),
)
configs = st.builds(
    grid,
    st.sampled_from([TradeType.BUY, TradeType.SELL]),
    st.sampled_from([PERP, SPOT]),
    barriers,
    st.integers(1, 5),
    st.sampled_from([None, D("0.03")]),
    st.booleans(),
)


class AnyGrid(AnyExecutor):
    """A grid among random happenings; `fee_asset` is what the venue takes its fees in."""

    def __init__(self, config: GridExecutorConfig, fee_asset: str) -> None:
        self._fee_asset = fee_asset
        super().__init__(config, min_notional="1")

    def fill(self, order: Order, lots: int) -> None:
        price = self.bench.instrument.price(self.bench.state.book.best_bid)
        is_base = self._fee_asset == self.bench.instrument.base
        fee, rate = (D(lots) / 1000 / 1000, price) if is_base else (D("0.01"), D(1))
        self.bench.venue.trade(order, D(lots) / 1000, price, fee=fee, asset=self._fee_asset, rate=rate)

    def check_live(self, opening: list[Order], opened: int) -> None:
        executor = self.executor
        assert len(opening) <= self.config.max_open_orders
        if executor.status.name == "RUNNING":
            held = opened - self.lots(self.config.side.opposite)
            budget = len(executor.levels) * LEVEL_LOTS + self.late_lots
            assert held + sum(order.remaining_lots for order in opening) <= budget, "never more than its budget"
            exposure = self.config.side.sign * D(held) / 1000 - self.base_fees()
            assert sum(level.base for level in executor.levels) == abs(exposure) or self.base_fees(), "levels hold what the grid holds"
        for level in executor.levels if not executor.is_closed else ():
            assert (level.open_order is not None) == (level.state.name == "OPEN_ORDER_PLACED")
            assert (level.close_order is not None) == (level.state.name == "CLOSE_ORDER_PLACED")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs, st.sampled_from(["USDT", "ETH"]), STEPS)
def test_every_lot_of_a_grid_is_accounted_for(config: GridExecutorConfig, fee_asset: str, happenings: list[tuple[str, int, int]]) -> None:
    grid = AnyGrid(config, fee_asset if config.connector_name == SPOT else "USDT")
    grid.check()
    for happening in happenings:
        grid.apply(*happening)
        grid.check()
    grid.wind_up()
