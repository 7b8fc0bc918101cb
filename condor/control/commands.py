"""`condor start`, `stop`, `status` and `link` on a home on which an instance runs; `stop` and `status` say it when none does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from botcore.executors.data_types import config_values
from botcore.model.errors import UserError
from condor.control.client import ask_if_running
from condor.home import Home, holder_of
from condor.running import END_S, GIVE_UP_S
from condor.scripts import LIVE_S, ScriptPlan

NOTHING = "nothing runs on this home"
START_S = LIVE_S + 30.0
PAUSE_S = 0.1

Say = Callable[[str], None]


def start_there(home: Home, plan: ScriptPlan, mode: str, say: Say) -> bool:
    """Have the running instance start a bot; False when nothing runs.

    Raises
    ------
    UserError
        If the instance does not answer, or refuses.
    """
    controllers = [[item.spec.name, config_values(item.config)] for item in plan.controllers]
    body = {"title": plan.title, "mode": mode, "controllers": controllers, "limits": config_values(plan.limits)}
    found = ask_if_running(home, "/start", body, START_S)
    if found is not None:
        say(f"{found['bot_id']} was started ({found['mode']}) by the instance that runs on this home")
    return found is not None


def stop(home: Home, bot_id: str | None, say: Say, *, keep: bool) -> None:
    """Stop a bot, or end the instance in order and wait for that.

    Raises
    ------
    UserError
        If the instance does not answer, refuses or does not end, or a bot was named and nothing runs.
    """
    holder = holder_of(home)
    found = ask_if_running(home, "/stop", {} if bot_id is None else {"bot_id": bot_id, "keep": keep})
    if bot_id is not None:
        if found is None:
            raise UserError(f"{NOTHING}, so {bot_id} can't be stopped: bots that were running go on with the next start")
        say(f"{bot_id} is {found['state']}")
        return
    if found is None:
        say(NOTHING)
        return
    deadline = time.monotonic() + END_S + GIVE_UP_S
    while holder_of(home) is not None:
        if time.monotonic() > deadline:
            raise UserError(f"the instance was asked to end and still holds this home ({holder}); look at its log")
        time.sleep(PAUSE_S)
    say("it has ended; bots go on with the next start")


def status(home: Home, say: Say) -> bool:
    """Say how the instance stands; False when nothing runs.

    Raises
    ------
    UserError
        If it does not answer.
    """
    found = ask_if_running(home, "/status")
    for text in [NOTHING] if found is None else lines_of(found):
        say(text)
    return found is not None


def link(home: Home) -> str:
    """A new address of the page, from the instance that holds the home.

    Raises
    ------
    UserError
        If nothing runs, or it does not answer.
    """
    found = ask_if_running(home, "/link", {})
    if found is None:
        raise UserError(f"{NOTHING}; start it with `condor run`")
    return str(found["url"])


def lines_of(found: Mapping[str, Any]) -> list[str]:
    """A status, one line for each thing."""
    unknown = f", {found['unknown_orders']} of them unknown" if found["unknown_orders"] else ""
    up = timedelta(seconds=int(found["uptime_s"]))
    lines = [
        f"condor {found['version']} runs (process {found['pid']}, up {up}): {len(found['bots'])} bots, {found['open_orders']} open orders{unknown}"
    ]
    lines += [f"NO NEW POSITIONS: {found['halted']}"] if found["halted"] else []
    lines += [f"trouble: {found['trouble']}"] if found["trouble"] else []
    lines += [f"account {name}: {reason or 'live'}" for name, reason in sorted(found["accounts"].items())]
    return lines + [f"bot {bot['bot_id']} ({bot['mode']}): {bot['state']}" for bot in found["bots"]]
