"""A ladder over candles: fills, exits and PnL that can be worked out by hand."""

from __future__ import annotations

from typing import Any

from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.model.enums import CloseType, TradeType
from tests.support.bench import PERP, D
from tests.support.one_executor import backtest_of, fills_of

BUY, SELL = TradeType.BUY, TradeType.SELL
FLAT = (0, 101, 101, 101, 101)


def ladder(side: TradeType = BUY, prices: str = "100 98 96", amounts: str = "100 98 96", **changes: Any) -> DCAExecutorConfig:
    values = {
        "trading_pair": "ETH-USDT",
        "connector_name": PERP,
        "side": side,
        "amounts_quote": [D(amount) for amount in amounts.split()],
        "prices": [D(price) for price in prices.split()],
    }
    return DCAExecutorConfig(**(values | changes))


def test_two_levels_fill_and_the_average_takes_its_profit() -> None:
    """1 @ 100 and 1 @ 98 cost 198 and 0.0396 in fees; net more than 2 % (3.96) is first at (198 + 3.96 + 0.0396) / 2 = 100.9998: at 101.00."""
    result = backtest_of(ladder(take_profit=D("0.02")), [FLAT, (60, 101, 101, 97, 98), (120, 98, 103, 98, 103), (180, 103, 103, 103, 103)])
    assert fills_of(result) == [(BUY, 100, 1), (BUY, 98, 1), (SELL, 101, 2)]
    (info,) = result.executors
    assert info.close_type is CloseType.TAKE_PROFIT
    # 4 - 0.0396 - 202 * 0.0002
    assert info.net_pnl_quote == D("4") - D("0.0396") - D("0.0404")
    assert info.custom_info["levels_by_state"] == {"WAITING": 0, "PLACED": 0, "DONE": 3}


def test_stop_loss_in_a_wick_sells_what_was_filled_at_its_price() -> None:
    """1 @ 100 and 1 @ 98, fees 0.0396; 3 % of 198 is 5.94: stopped at (198 - 5.94 + 0.0396) / 2 = 96.0498, so at 96.04, before the level at 96 fills."""
    result = backtest_of(ladder(stop_loss=D("0.03")), [FLAT, (60, 101, 101, 95, 100), (120, 100, 100, 100, 100)])
    assert fills_of(result) == [(BUY, 100, 1), (BUY, 98, 1), (SELL, D("96.04"), 2)]
    (info,) = result.executors
    assert info.close_type is CloseType.STOP_LOSS
    assert info.net_pnl_quote == D("-5.92") - D("0.0396") - D("192.08") * D("0.0002")


def test_taker_levels_are_taken_where_the_price_comes_to_them_not_at_the_end_of_the_bar() -> None:
    """The bar falls from 101 to 95 in one line; the levels are taken when the mid comes below 100 * 1.005 and 98 * 1.005."""
    result = backtest_of(ladder(prices="100 98", amounts="100 98", mode=DCAMode.TAKER), [FLAT, (60, 101, 101, 95, 95), (120, 95, 95, 95, 95)])
    assert fills_of(result) == [(BUY, D("100.49"), 1), (BUY, D("98.48"), 1), (SELL, 95, 2)]
    (info,) = result.executors
    assert info.close_type is CloseType.EARLY_STOP, "closed at the end of the data"


def test_short_ladder() -> None:
    """Sells 1 @ 102 and 1 @ 104, buys back at the time limit."""
    of = ladder(SELL, prices="102 104", amounts="102 104", time_limit=120)
    result = backtest_of(of, [FLAT, (60, 101, 105, 101, 103), (120, 103, 103, 103, 103), (180, 103, 103, 103, 103), (240, 103, 103, 103, 103)])
    assert fills_of(result) == [(SELL, 102, 1), (SELL, 104, 1), (BUY, 103, 2)]
    (info,) = result.executors
    assert (info.close_type, info.net_pnl_quote) == (CloseType.TIME_LIMIT, D("0") - D("412") * D("0.0002"))
