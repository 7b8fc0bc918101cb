"""`condor start`: a script's config says which controllers run as one bot, or a script decides by itself; on paper unless real money is asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from botcore.compat.config import StrategyV2ConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.executors.data_types import config_values
from botcore.model.errors import ConfigError, UserError, nearest
from botcore.strategies.bot_limits import BotLimits
from condor.approvals import TERMINAL
from condor.configs import Configs, LoadedConfig
from condor.home import Home
from condor.hosts import LIVE, PAPER
from condor.services.facade import Services
from condor.store.bots import STOPPED
from condor.user_code import SCRIPTS, decides, has_markets, script_limits, settings_model
from condor.users import Actor, Role
from condor.yaml_file import YamlFile, read_yaml, validate

log = logging.getLogger(__name__)

PLAIN = "v2_with_controllers"
"""The script that only runs controllers: it needs no file."""
LIVE_S = 60.0
"""So long a start with real money waits for its accounts."""


class ScriptConfig(StrategyV2ConfigBase):
    """A script's config; what only the script itself reads is left to it."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class ScriptPlan:
    """What a script's config comes to: controllers with their configs, and the bot's limits."""

    title: str
    controllers: Sequence[LoadedConfig]
    limits: BotLimits


def read_plan(home: Home, configs: Configs, script: str, conf: str) -> ScriptPlan:
    """The plan of `condor start --script SCRIPT --conf CONF`; a script of the home is approved by it.

    Raises
    ------
    UserError
        If a file is not there or does not hold, or a script both decides by itself and runs controllers.
    """
    name = script.removesuffix(".py")
    spec = _script(home, configs, name)
    path = _found(home, "scripts", conf)
    file = read_yaml(path)
    deciding = [] if spec is None or name == PLAIN else decides(spec)
    if deciding:
        assert spec is not None
        return _plan_of_script(configs, spec, deciding, path.stem, file)
    config = validate(ScriptConfig, file)
    if not config.controllers_config and spec is not None and has_markets(spec):
        # it decides nothing and runs nobody: it looks at its markets, and its status shows them
        return _plan_of_script(configs, spec, deciding, path.stem, file)
    if not config.controllers_config:
        raise ConfigError(
            "expected controllers_config with at least one file of conf/controllers, found none", file=file.name, field="controllers_config"
        )
    loaded = [configs.load(_found(home, "controllers", item)) for item in config.controllers_config]
    return ScriptPlan(path.stem, loaded, script_limits(config))


def _script(home: Home, configs: Configs, name: str) -> ControllerSpec | None:
    """A script of the home; None for the plain one without a file."""
    spec = configs.user_code.spec(f"{SCRIPTS}{name}")
    if spec is None and name != PLAIN:
        known = [PLAIN, *sorted(item.stem for item in (home.root / "scripts").glob("*.py"))]
        raise UserError(f"there is no script {name!r}{nearest(name, known)}: put {name}.py into scripts/ of the home, or use {PLAIN}")
    return spec


def _plan_of_script(configs: Configs, spec: ControllerSpec, deciding: Sequence[str], title: str, file: YamlFile) -> ScriptPlan:
    """A bot with the script as its one decision unit."""
    settings_class = settings_model(spec)
    settings = None if settings_class is Any else validate(settings_class, file)
    if getattr(settings, "controllers_config", ()):
        raise ConfigError(
            f"{spec.origin.partition(' ')[0]} decides by itself ({', '.join(deciding)}), so it can't run controllers beside that: leave this empty",
            file=file.name,
            line=file.line_of(("controllers_config",)),
            field="controllers_config",
        )
    values = {} if settings is None else {"settings": settings}
    config = spec.config_class.model_validate({"id": title, **values})
    if not config.markets():
        raise ConfigError("names no market: a script says in update_markets, init_markets or markets what it trades", file=file.name)
    configs.check_connectors(config, file)
    return ScriptPlan(title, [LoadedConfig(spec, config, file.name, "")], script_limits(settings))


def _found(home: Home, folder: str, name: str) -> Path:
    """A YAML file by its path, or by its name among the home's."""
    path = Path(name)
    if path.is_file():
        return path
    found = home.conf_file(folder, path.name if path.suffix else f"{path.name}.yml")
    if found is None:
        raise UserError(f"can't find the config {name}; name a YAML file, or one of conf/{folder}: {', '.join(home.conf_files(folder)) or 'none'}")
    return found


class WithBot:
    """An instance that starts a bot as soon as it is up; for everything else the instance itself.

    Parameters
    ----------
    mode : str
        PAPER, or LIVE for real money.
    """

    def __init__(self, instance: Any, plan: ScriptPlan, mode: str = PAPER) -> None:
        self._instance = instance
        self._plan = plan
        self._mode = mode

    async def start(self) -> None:
        await self._instance.start()
        services: Services = self._instance.services
        owner = Actor(0, TERMINAL, Role.OWNER, "cli", 0)
        # first: a bot that is back is watched, also while its venue is away
        earlier = await self._earlier(services, owner)
        if earlier is not None:
            log.warning("bot %s of an earlier start is %s: it is not started a second time; stop it in the chat to start it anew", *earlier)
            return
        if self._mode == LIVE:
            wanted = {market.connector_name for item in self._plan.controllers for market in item.config.markets()}
            await wait_for_accounts(self._instance.closed_accounts, wanted)
        controllers = [(item.spec.name, config_values(item.config)) for item in self._plan.controllers]
        await services.bots.start_all(owner, controllers, lambda _: None, self._plan.title, self._mode, limits=self._plan.limits)

    async def _earlier(self, services: Services, owner: Actor) -> tuple[str, str] | None:
        """The bot of this plan that has come back (whoever starts a program that died starts it with the same line), and its state; None when there is none."""
        for view in await services.bots.all(owner):
            if view.state != STOPPED and (view.title, view.mode) == (self._plan.title, self._mode):
                return view.bot_id, view.state
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)


async def wait_for_accounts(closed_accounts: Callable[[], Mapping[str, str | None]], wanted: set[str]) -> None:
    """Until every account that a bot trades on may open positions; UserError when one can't within `LIVE_S`. One that is not connected is not waited for: the start of
    the bot says what is missing."""

    def closed() -> dict[str, str]:
        reasons = closed_accounts()
        return {name: reason for name in sorted(wanted & set(reasons)) if (reason := reasons[name]) is not None}

    try:
        async with asyncio.timeout(LIVE_S):
            while closed():  # noqa: ASYNC110 - several accounts, each of which opens and closes by itself
                await asyncio.sleep(0.1)
    except TimeoutError:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in closed().items())
        raise UserError(f"can't trade with real money after {LIVE_S:g} s, so no bot was started ({reasons})") from None
