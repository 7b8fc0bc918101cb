"""`condor backtest`, the command itself, of every shipped controller of one market over the recorded month; prints the table of docs/controllers.md.

Each runs its commented example of `conf/controllers/` on BTC-USDT, with the venue's fees and 10,000 USDT; grids get bands of that month. `python -m benchmarks.month
[NAME ...]`; `--json FOLDER` keeps the whole results, which are the same bytes on every machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bench_backtest import recording

EXAMPLES = Path(__file__).resolve().parents[1] / "conf" / "controllers"
TWO_MARKETS = {"arbitrage_controller", "hedge_asset", "stat_arb", "xemm_multiple_levels"}
BANDS: dict[str, dict[str, Any]] = {
    "grid_strike": {"start_price": 40_000, "end_price": 47_000, "limit_price": 38_000},
    "multi_grid_strike": {"grids": "low BUY 36000 40000 34000 0.5; high SELL 44000 47000 49000 0.5"},
}
"""The examples' own bands are where bitcoin is today."""


def config_of(name: str) -> dict[str, Any]:
    """A shipped example, moved to the recorded market."""
    values: dict[str, Any] = yaml.safe_load((EXAMPLES / f"{name}.yml").read_text())
    return values | {"connector_name": "binance_perpetual", "trading_pair": "BTC-USDT"} | BANDS.get(name, {})


def run(name: str, data: Path, keep: Path) -> tuple[dict[str, Any], float]:
    """The result of one controller, and the seconds of processor time that the command took."""
    config, out = keep / f"{name}.yml", keep / f"{name}.json"
    config.write_text(yaml.safe_dump(config_of(name)))
    command = [sys.executable, "-m", "condor", "backtest", str(config), "--data", str(data), "--json", str(out), "--home", str(keep / "home")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{name} ended with {child.returncode}")
    return json.loads(out.read_text()), usage.ru_utime + usage.ru_stime


def row_of(name: str, result: dict[str, Any], seconds: float) -> str:
    summary = result["summary"]
    ended = ", ".join(f"{kind.lower()} {count:,}" for kind, count in summary["close_types"].items())
    figures = [
        f"{summary['executors']:,} ({summary['trades']:,})",
        f"{float(summary['net_pnl_quote']):+,.2f}",
        f"{float(summary['fees_quote']):,.2f}",
        f"{float(summary['volume_quote']):,.0f}",
        f"{summary['max_drawdown_quote']:,.2f}",
        f"{seconds:.0f}",
        ended,
    ]
    return f"| `{name}` | {' | '.join(figures)} |"


def main(arguments: list[str]) -> None:
    data = recording()
    if data is None:
        raise SystemExit("the recording is not on this machine (CONDOR_TEST_DATA)")
    keep = Path(arguments.pop(arguments.index("--json") + 1)) if "--json" in arguments else Path(tempfile.mkdtemp())
    names = [name for name in arguments if name != "--json"] or sorted(path.stem for path in EXAMPLES.glob("*.yml") if path.stem not in TWO_MARKETS)
    keep.mkdir(parents=True, exist_ok=True)
    print("| controller | executors (traded) | net PnL | fees | volume | max drawdown | s | ended by |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        result, seconds = run(name, data, keep)
        print(row_of(name, result, seconds), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
