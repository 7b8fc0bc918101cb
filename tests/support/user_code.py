"""Controllers of the tests' own in the dialect of Strategy V2 files, and what it takes to load and run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from botcore.controllers.catalog import ControllerSpec
from botcore.model.market_events import BarClosed
from condor.approvals import Approvals
from condor.user_code import UserCode
from tests.support.bench import PERP, SECOND_NS, T0_S
from tests.support.paper_bench import PaperBench

HOME = Path(__file__).resolve().parents[1] / "botcore" / "compat" / "home"
FIRST_S = T0_S // 3600 * 3600


def load(name: str, tmp_path: Path, root: Path = HOME) -> ControllerSpec:
    """A controller of the tests' home, approved as from a terminal."""
    spec = UserCode(root, Approvals(tmp_path / "approved.jsonl"), terminal_ms=1).spec(name)
    assert spec is not None
    return spec


def write(root: Path, path: str, text: str) -> Path:
    """A file below `controllers/` of a home."""
    file = root / "controllers" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


class Stage:
    """A controller of the tests' home as a bot of a paper bench."""

    def __init__(self, name: str, tmp_path: Path, bench: PaperBench | None = None, **values: Any) -> None:
        self.bench = bench or PaperBench()
        self.spec = load(name, tmp_path)
        self.config = self.spec.config_class.model_validate({"id": "c1", **values})
        self.bot = self.bench.bot((self.spec, self.config))
        self.controller: Any = self.bot.controllers[0]

    @property
    def infos(self) -> list[Any]:
        return self.bot.orchestrator.shelf("c1").infos

    @property
    def faults(self) -> list[str]:
        return [seat.fault for seat in self.bot.seats if seat.fault]

    def tick(self, seconds: float = 1) -> None:
        self.bench.tick(seconds)
        assert not self.faults, self.faults
        assert not self.bench.part_faults


def history(closes: Any, interval_s: int = 60) -> np.ndarray:
    """Closed candles that end at the bench's start, float64 [n, 6]."""
    closes = np.asarray(closes, dtype=float)
    end_s = T0_S // interval_s * interval_s
    times = end_s - interval_s * np.arange(len(closes), 0, -1)
    return np.column_stack((times, closes, closes + 0.5, closes - 0.5, closes, np.ones(len(closes))))


def bar(bench: PaperBench, close: float, number: int, interval_s: int = 60) -> None:
    """One more closed candle of the bench's market, the `number`-th after its start."""
    open_ns = (T0_S // interval_s * interval_s + number * interval_s) * SECOND_NS
    state = bench.runtime.markets[bench.instrument.market]
    state.apply(
        BarClosed(
            bench.instrument.market, open_ns + interval_s * SECOND_NS, open_ns, interval_s * SECOND_NS, close, close + 0.5, close - 0.5, close, 1.0
        )
    )


WHERE = {"connector_name": PERP, "trading_pair": "ETH-USDT"}
