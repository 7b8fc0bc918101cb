"""`python -m condor.trial_worker JOB.json`: one backtest in a process of its own, so that neither the chat nor the clock waits for it.

The job names a home, a config and files of candles; the figures go to a file beside it. Code of the home runs only if its owner has approved it as it is now.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

NICE = 10
"""Trading comes first."""


def run(job: dict[str, Any]) -> dict[str, Any]:
    """The figures of a job, or why there are none."""
    from botcore.backtesting.engine import run_backtest
    from botcore.backtesting.result import summary_of
    from botcore.model.errors import CondorError
    from condor.backtests import build_job
    from condor.configs import Configs, LoadedConfig
    from condor.home import find_home
    from condor.settings import load_settings

    try:
        home = find_home(Path(job["home"]))
        configs = Configs(home)
        spec = configs.spec(job["controller_name"])
        loaded = LoadedConfig(spec, spec.config_class.model_validate(job["config"]), "the draft", "")
        backtest = build_job(loaded, job["data"], configs, load_settings(home))
        done = run_backtest(backtest)
        return {"summary": summary_of(backtest, done), "faults": done.faults[:3]}
    except CondorError as error:
        return {"problem": str(error)}


def main() -> None:
    os.nice(NICE)
    path = Path(sys.argv[1])
    result = run(json.loads(path.read_text()))
    path.with_suffix(".out").write_text(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
