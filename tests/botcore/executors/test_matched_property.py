"""Whatever prices, partial and late fills, refusals, cancels and crashes two legs meet, every lot is accounted for, and no leg is forgotten."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.executors.pair.config import PairExecutorConfig, PairLeg
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.orders.tracker import Order
from tests.support.any_executor import STEPS
from tests.support.any_legged import AnyLegged
from tests.support.bench import D
from tests.support.two_venues import HERE, THERE, arbitrage, xemm

AROUND = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def pair(**changes: Any) -> PairExecutorConfig:
    legs = {
        "long": PairLeg(connector_name=HERE, trading_pair="ETH-USDT", side=TradeType.BUY, amount_quote=D(100)),
        "short": PairLeg(connector_name=THERE, trading_pair="ETH-USDT", side=TradeType.SELL, amount_quote=D(104)),
    }
    return PairExecutorConfig(**(legs | changes))


PAIRS = st.builds(
    pair,
    take_profit=st.sampled_from([None, D("0.01")]),
    stop_loss=st.sampled_from([None, D("0.03")]),
    time_limit=st.sampled_from([None, 40]),
    open_order_type=st.sampled_from([OrderType.MARKET, OrderType.LIMIT]),
)


class AnyPair(AnyLegged):
    def check_live(self, opening: list[Order]) -> None:
        for leg in self.executor.legs:
            exposure = leg.exposure
            live = sum(order.remaining_lots for order in opening if order.instrument.market == leg.instrument.market)
            assert exposure.opened_lots + live <= 1000 + self.late_lots, "never opens more than its size"
            assert exposure.closed_lots <= exposure.opened_lots + self.late_lots, "never closes more than it holds"


def run(anyone: AnyLegged, happenings: list[tuple[str, int, int]]) -> None:
    anyone.check()
    for happening in happenings:
        anyone.apply(*happening)
        anyone.check()
    anyone.wind_up()


@AROUND
@given(config=PAIRS, min_amount=st.sampled_from(["0", "0.05"]), happenings=STEPS)
def test_pair_is_accounted_for_to_the_lot(config: PairExecutorConfig, min_amount: str, happenings: list[tuple[str, int, int]]) -> None:
    made = AnyPair(config, min_amount)
    run(made, happenings)
    if made.executor.close_type in (CloseType.TAKE_PROFIT, CloseType.STOP_LOSS):
        assert made.executor.info.has_fills


@AROUND
@given(min_amount=st.sampled_from(["0", "0.05"]), happenings=STEPS)
def test_arbitrage_is_accounted_for_to_the_lot(min_amount: str, happenings: list[tuple[str, int, int]]) -> None:
    run(AnyLegged(arbitrage(), min_amount), happenings)


@AROUND
@given(side=st.sampled_from([TradeType.BUY, TradeType.SELL]), min_amount=st.sampled_from(["0", "0.05"]), happenings=STEPS)
def test_xemm_is_accounted_for_to_the_lot(side: TradeType, min_amount: str, happenings: list[tuple[str, int, int]]) -> None:
    run(AnyLegged(xemm(side, order_amount=D(1)), min_amount), happenings)
