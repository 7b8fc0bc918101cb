"""Backtests of drafts over the last days: in a process of their own, one at a time, so that neither the chat nor the clock waits."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botcore.executors.data_types import config_values
from botcore.model.errors import UserError
from condor.home import Home
from condor.services.past_candles import PastCandles
from condor.store.drafts import Draft, revision_of
from condor.user_code import is_script

log = logging.getLogger(__name__)

DAYS = 7
LEAST_BARS = 60
TIMEOUT_S = 180.0
WORKER = "condor.trial_worker"
KEPT = 50
"""Results that are kept to be looked at again."""


@dataclass(frozen=True, slots=True)
class TrialView:
    """How a backtest of a draft stands.

    Parameters
    ----------
    state : str
        running, done or failed.
    summary : mapping
        Its figures, as `condor backtest` has them.
    note : str
        Over which candles; or why there is no result.
    revision : str
        Of the draft that it belongs to.
    """

    state: str
    summary: dict[str, Any]
    note: str
    revision: str = ""


class TrialService:
    """See the module.

    Parameters
    ----------
    config_of : callable
        Draft -> (controller name, checked config); UserError when it is none.
    """

    def __init__(self, home: Home, candles: PastCandles, config_of: Callable[[Draft], tuple[str, Any]], describe: Callable[[], str]) -> None:
        self._home = home
        self._candles = candles
        self._config_of = config_of
        self._describe = describe
        self._one = asyncio.Lock()
        self._views: dict[str, TrialView] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def look(self, draft: Draft) -> TrialView | None:
        """The backtest of a draft as it stands now; None when there was none, or its answers have changed since."""
        view = self._views.get(draft.draft_id)
        return view if view is not None and view.revision == revision_of(draft) else None

    def begin(self, draft: Draft) -> None:
        """Start the backtest of a draft, unless it is running with the same answers.

        Raises
        ------
        UserError
            If the draft does not hold.
        """
        present = self.look(draft)
        if present is not None and present.state == "running":
            return
        if is_script(draft.controller_name):
            raise UserError("a script is not tried out here")
        name, config = self._config_of(draft)
        old = self._tasks.pop(draft.draft_id, None)
        if old is not None:
            old.cancel()
        while len(self._views) >= KEPT:
            self._views.pop(next(iter(self._views)))
        self._views[draft.draft_id] = TrialView("running", {}, f"a backtest over the last {DAYS} days is running", revision_of(draft))
        task = asyncio.create_task(self._run(draft, name, config), name=f"trial {draft.draft_id}")
        self._tasks[draft.draft_id] = task
        task.add_done_callback(lambda done: self._tasks.pop(draft.draft_id, None) if self._tasks.get(draft.draft_id) is done else None)

    async def _run(self, draft: Draft, name: str, config: Any) -> None:
        running = self._views[draft.draft_id]
        try:
            async with self._one:
                with tempfile.TemporaryDirectory(prefix="condor-trial-") as folder:
                    found = await self._outcome(Path(folder), name, config)
        except UserError as error:
            found = TrialView("failed", {}, str(error))
        except Exception as error:
            log.error("a backtest of a draft failed", exc_info=error)
            found = TrialView("failed", {}, f"the backtest failed by a fault of this program ({type(error).__name__})")
        if self._views.get(draft.draft_id) is running:
            self._views[draft.draft_id] = replace(found, revision=running.revision)

    async def _outcome(self, folder: Path, name: str, config: Any) -> TrialView:
        data, bars, days = [], 0, float(DAYS)
        for number, market in enumerate(sorted(config.markets())):
            path = folder / f"{number}.csv"
            count, covered = await self._candles.write(market, DAYS, path)
            if count < LEAST_BARS:
                raise UserError(f"there are no candles of {market} to try it on: this home has {count} bars of them, it takes at least {LEAST_BARS}")
            data.append(f"{market}={path}")
            bars, days = max(bars, count), min(days, covered)
        job = {"home": str(self._home.root), "controller_name": name, "config": config_values(config), "data": data}
        (folder / "job.json").write_text(json.dumps(job))
        result = await _worked(folder / "job.json")
        if "problem" in result:
            raise UserError(f"no backtest: {result['problem']}")
        short = "" if days >= DAYS - 0.1 else f", all that there is (not {DAYS} days)"
        note = f"{bars} candles over {days:.1f} days{short}; {self._describe()}"
        if result["faults"]:
            return TrialView("failed", result["summary"], f"it raised: {result['faults'][0]}")
        return TrialView("done", result["summary"], note)

    async def close(self) -> None:
        """End what is running."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _worked(job: Path) -> dict[str, Any]:
    """The outcome of a job in a process of its own; it is ended with whoever waits for it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", WORKER, str(job), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, errors = await process.communicate()
    except TimeoutError:
        raise UserError(f"the backtest took longer than {TIMEOUT_S:.0f} s and was ended: try it with condor backtest") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    out = job.with_suffix(".out")
    if process.returncode or not out.is_file():
        log.error("a backtest of a draft ended with %s: %s", process.returncode, errors.decode(errors="replace")[-2000:])
        raise UserError("the backtest ended without a result; the log has why")
    found: dict[str, Any] = json.loads(out.read_text())
    return found
