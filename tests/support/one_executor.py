"""A backtest of one executor, opened at the close of the first bar."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from botcore.backtesting.engine import BacktestRun, run_backtest
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.markets.candles_config import CandlesConfig
from botcore.model.actions import CreateExecutorAction
from botcore.model.enums import TradeType
from botcore.model.times import NEVER
from tests.support.bench import PERP, backtest_job, spec_of, table_of


class OnceConfig(ControllerConfigBase):
    controller_name: str = "of_test"
    connector_name: str = PERP
    trading_pair: str = "ETH-USDT"
    executor: Any = None


class Once(ControllerBase):
    """Opens its executor, or its executors, at the close of the first bar, and nothing ever after."""

    done = False

    def get_candles_config(self) -> list[CandlesConfig]:
        return [CandlesConfig(connector=PERP, trading_pair="ETH-USDT", interval="1m", max_records=1)]

    def determine_executor_actions(self) -> list[Any]:
        if self.done:
            return []
        self.done = True
        wanted = self.config.executor if isinstance(self.config.executor, list) else [self.config.executor]
        return [CreateExecutorAction(controller_id=self.id, executor_config=config) for config in wanted]

    def quiet_until_ns(self) -> int:
        return NEVER if self.done else 0


def backtest_of(executor: Any, bars: Sequence[Sequence[float]], **rules: Any) -> BacktestRun:
    """Run it over bars of (time in s, open, high, low, close), one minute each; 2 basis points a side unless the rules say otherwise."""
    result = run_backtest(backtest_job([(spec_of(Once, OnceConfig), OnceConfig(executor=executor))], table_of(bars), **rules))
    assert result.faults == []
    return result


def fills_of(result: BacktestRun) -> list[tuple[TradeType, Decimal, Decimal]]:
    """(side, price, amount) of every fill, in their order."""
    return [(fill.trade_type, fill.price, fill.amount) for fill, _ in result.fills]
