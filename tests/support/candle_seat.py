"""A controller in front of a market whose candles close when the test says so; its executors are made up."""

from __future__ import annotations

from typing import Any

import numpy as np

from botcore.controllers.base import ControllerBase
from botcore.controllers.catalog import shipped_controllers
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, RunnableStatus
from botcore.model.market_events import BarClosed
from tests.support.bench import PERP, SECOND_NS, T0_S, instrument
from tests.support.venue_bench import VenueBench

BAR_S = 60
FIRST_S = T0_S // 180 * 180


def config_of(name: str, **changes: Any) -> Any:
    values = {"connector_name": PERP, "trading_pair": "ETH-USDT", "total_amount_quote": 1000, "leverage": 5} | changes
    return shipped_controllers()[name].config_class(**values)


def random_candles(count: int, seed: int = 5, step: float = 0.4) -> np.ndarray:
    """float64 [count, 4]: open, high, low, close of a walk around 100."""
    random = np.random.default_rng(seed)
    close = np.round(100 + np.cumsum(random.normal(0, step, count)), 2)
    opened = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(opened, close) + np.round(random.exponential(step / 2, count), 2)
    low = np.minimum(opened, close) - np.round(random.exponential(step / 2, count), 2)
    return np.column_stack((opened, high, low, close))


class CandleSeat:
    """See the module.

    Attributes
    ----------
    infos, positions : list
        Executors and holds that the controller is shown.
    """

    def __init__(self, config: Any, price: Any = 100, **rules: Any) -> None:
        self.bench = VenueBench(instrument(connector=config.connector_name, **rules), price=price)
        self.bench.state.candles.set_base(BAR_S)
        self.controller: ControllerBase = shipped_controllers()[config.controller_name].build(config, self.bench.market_data)
        for candles in self.controller.get_candles_config():
            self.bench.market_data.initialize_candles_feed(candles)
        self.infos: list[ExecutorInfo] = []
        self.positions: list[Any] = []
        self.bars = 0

    def bar(self, candle: Any) -> list[Any]:
        """One more closed candle (open, high, low, close), then the controller's step."""
        opened, high, low, close = (float(value) for value in candle)
        open_ns = (FIRST_S + self.bars * BAR_S) * SECOND_NS
        end_ns = open_ns + BAR_S * SECOND_NS
        self.bars += 1
        if end_ns > self.bench.clock.now_ns:
            self.bench.clock.tick(end_ns)
        self.bench.state.apply(BarClosed(self.bench.instrument.market, end_ns, open_ns, BAR_S * SECOND_NS, opened, high, low, close, 1.0))
        return self.step()

    def bar_all(self, candles: np.ndarray) -> list[Any]:
        actions: list[Any] = []
        for candle in candles:
            actions = self.bar(candle)
        return actions

    def step(self) -> list[Any]:
        return list(self.controller.step(self.infos, self.positions))

    def created(self) -> list[Any]:
        """Configs of the executors that it asks for."""
        return [action.executor_config for action in self.step() if isinstance(action, CreateExecutorAction)]

    def stopped(self) -> list[str]:
        return [action.executor_id for action in self.step() if isinstance(action, StopExecutorAction)]

    def take_in(self, wanted: Any) -> ExecutorInfo:
        """Let an executor run, unfilled."""
        info = ExecutorInfo(wanted, f"x-{len(self.infos)}", "main", self.bench.clock.now_ns)
        info.status = RunnableStatus.RUNNING
        self.infos.append(info)
        return info

    def close(self, info: ExecutorInfo, close_type: CloseType) -> None:
        info.status, info.close_type, info.close_ns = RunnableStatus.TERMINATED, close_type, self.bench.clock.now_ns
        self.infos.remove(info)
        self.infos.insert(sum(other.is_done for other in self.infos), info)

    def signal(self, **known: Any) -> list[Any]:
        """The decision on what is given as processed data."""
        self.controller.processed_data = known
        self.controller.executors_info = self.infos
        return list(self.controller.determine_executor_actions())

    def pass_time(self, seconds: float) -> None:
        self.bench.clock.tick(self.bench.clock.now_ns + int(seconds * SECOND_NS))
