"""Whatever prices, partial and late fills, refusals, cancels and crashes a TWAP meets, every lot of it is accounted for and its plan is not lost."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.model.enums import CloseType, TradeType
from botcore.orders.tracker import Order
from tests.support.any_executor import STEPS, AnyExecutor
from tests.support.bench import PERP, SPOT, D

CONFIGS = st.builds(
    TWAPExecutorConfig,
    trading_pair=st.just("ETH-USDT"),
    connector_name=st.sampled_from([PERP, SPOT]),
    side=st.sampled_from([TradeType.BUY, TradeType.SELL]),
    total_amount_quote=st.just(D(100)),
    total_duration=st.sampled_from([1, 12, 40]),
    order_interval=st.sampled_from([3, 6]),
    mode=st.sampled_from(list(TWAPMode)),
    limit_order_buffer=st.just(D("0.01")),
    order_resubmission_time=st.sampled_from([None, 4]),
)


class AnyPlan(AnyExecutor):
    highest = D(0)

    def fill(self, order: Order, lots: int) -> None:
        """Limits fill at their price, orders at market near the mid that they were sized at: what was spent can be counted on."""
        price = self.bench.instrument.price(self.bench.state.book.best_bid if order.request.price_ticks is None else order.request.price_ticks)
        self.bench.venue.trade(order, D(lots) / 1000, price, fee="0.01")

    def check_live(self, opening: list[Order], opened: int) -> None:
        staying = [order for order in opening if not order.cancel_asked]
        # 92 is the lowest price and 108 the highest: what is sized at the one may be filled at the other
        spent = sum((fill.notional for fill, _ in self.bench.records.fills if fill.trade_type is self.config.side), Decimal(0))
        wanted = sum((order.remaining_lots for order in staying), 0) * D("0.001") * 92
        assert spent + wanted <= 100 * D(108) / 92 + self.late_lots * D("0.001") * 110, "never trades more than its amount"
        assert len({order.client_order_id for order in opening}) == len(opening) <= self.config.number_of_orders
        if not self.executor.is_closed and self.executor.status.name == "RUNNING":
            counts = self.executor.custom_info()["slots_by_state"]
            assert sum(counts.values()) == self.config.number_of_orders, "the plan is not lost"
            assert counts["PLACED"] == len(opening)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(config=CONFIGS, min_amount=st.sampled_from(["0", "0.05"]), happenings=STEPS)
def test_plan_is_accounted_for_to_the_lot(config: TWAPExecutorConfig, min_amount: str, happenings: list[tuple[str, int, int]]) -> None:
    plan = AnyPlan(config, min_amount)
    plan.check()
    for happening in happenings:
        plan.apply(*happening)
        plan.check()
    plan.wind_up()
    if plan.executor.close_type is CloseType.COMPLETED:
        assert plan.executor.info.has_fills
