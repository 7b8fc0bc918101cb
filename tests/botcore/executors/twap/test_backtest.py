"""A TWAP over candles: when it trades, at which prices, and what is held."""

from __future__ import annotations

from typing import Any

from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.model.enums import CloseType, TradeType
from tests.support.bench import PERP, D
from tests.support.one_executor import backtest_of, fills_of

BUY, SELL = TradeType.BUY, TradeType.SELL


def plan(**changes: Any) -> TWAPExecutorConfig:
    values = {
        "trading_pair": "ETH-USDT",
        "connector_name": PERP,
        "side": BUY,
        "total_amount_quote": D(300),
        "total_duration": 120,
        "order_interval": 60,
    }
    return TWAPExecutorConfig(**(values | changes))


def test_taker_buys_once_a_minute_and_the_whole_is_held() -> None:
    """Sent at the closes of three bars (100, 125, 80): filled at what comes next, the opens of 100, 125 and 80."""
    bars = [(0, 100, 100, 100, 100), (60, 100, 125, 100, 125), (120, 125, 125, 80, 80), (180, 80, 80, 80, 80), (240, 80, 80, 80, 80)]
    result = backtest_of(plan(), bars)
    # 300 / 3 / 100 = 1; (300 - 100) / 2 / 125 = 0.8; (300 - 100 - 100) / 80 = 1.25
    assert fills_of(result) == [(BUY, 100, 1), (BUY, 125, D("0.8")), (BUY, 80, D("1.25"))]
    (info,) = result.executors
    assert (info.close_type, info.filled_amount_quote) == (CloseType.COMPLETED, 300)
    assert info.custom_info["current_position_average_price"] == D(300) / D("3.05")
    # 3.05 at the mid of 80, minus fees of 0.06
    assert info.net_pnl_quote == D("3.05") * 80 - 300 - D("0.06")


def test_maker_slot_that_is_not_reached_is_quoted_anew() -> None:
    """Rests at 99 behind 100; the market goes to 110; after a minute it is quoted at 108.9, which the next bar reaches."""
    of = plan(total_amount_quote=D(110), total_duration=1, mode=TWAPMode.MAKER, limit_order_buffer=D("0.01"), order_resubmission_time=60)
    bars = [(0, 100, 100, 100, 100), (60, 100, 110, 100, 110), (120, 110, 110, 110, 110), (180, 110, 110, 105, 105), (240, 105, 105, 105, 105)]
    result = backtest_of(of, bars)
    assert fills_of(result) == [(BUY, D("108.9"), 1)]
    (info,) = result.executors
    assert (info.close_type, len(info.custom_info["order_ids"])) == (CloseType.COMPLETED, 3)
