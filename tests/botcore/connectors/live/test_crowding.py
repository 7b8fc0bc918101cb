"""O16: what says that resting orders keep an exit from reducing the position, and for how long."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.connectors.live.crowding import STANDS_NS, Crowding
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument, InstrumentKind, Market
from botcore.model.order import OrderRequest, Purpose
from botcore.model.refusals import CROWDED
from tests.support.instance import CHECKOUT

PERP = Instrument(Market("binance_perpetual", "ETH-USDT"), InstrumentKind.LINEAR_PERPETUAL, Decimal("0.01"), Decimal("0.001"))


def exit_of(side: TradeType) -> OrderRequest:
    return OrderRequest(PERP, side, OrderType.MARKET, 5, None, PositionAction.CLOSE, Purpose.CLOSE)


@pytest.mark.parametrize(
    ("now_ns", "true_at_ns", "proven"), [(20, 11, True), (20, 10, False), (10 + STANDS_NS, 11, True), (11 + STANDS_NS, 11, False)]
)
def test_o16_a_refusal_proves_it_only_with_a_later_position_and_only_for_some_time(now_ns: int, true_at_ns: int, proven: bool) -> None:
    crowding = Crowding()
    crowding.refused(exit_of(TradeType.SELL), 10)
    crowding.refused(exit_of(TradeType.SELL), 15)
    assert crowding.is_proven(exit_of(TradeType.SELL), now_ns, true_at_ns) is proven
    assert not crowding.is_proven(exit_of(TradeType.BUY), now_ns, true_at_ns)


def test_o16_the_spec_calls_it_by_the_name_that_is_looked_for() -> None:
    lines = (CHECKOUT / "conf" / "connectors" / "binance_perpetual.yml").read_text(encoding="utf-8").splitlines()
    assert [CROWDED in line for line in lines if line.strip().startswith("-4118:")] == [True]
