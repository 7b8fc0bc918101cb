"""`condor start`: a script's config says which controllers run as one bot, and how much it may lose; the instance that it starts trades it on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from botcore.compat.config import StrategyV2ConfigBase
from botcore.compat.loader import gather, load_script
from botcore.compat.script import StrategyV2Base
from botcore.executors.data_types import config_values
from botcore.model.errors import ConfigError, UserError, nearest
from botcore.strategies.bot_limits import BotLimits
from condor.approvals import TERMINAL, Approval, Approvals
from condor.configs import Configs, LoadedConfig
from condor.home import Home
from condor.services.facade import Services
from condor.users import Actor, Role
from condor.yaml_file import read_yaml, validate

PLAIN = "v2_with_controllers"
"""The script that only runs controllers: it needs no file."""
DECIDING = ("on_tick", "create_actions_proposal", "stop_actions_proposal", "store_actions_proposal")


class ScriptConfig(StrategyV2ConfigBase):
    """A script's config; what only the script itself reads is left to it."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class ScriptPlan:
    """What a script's config comes to: controllers with their configs, and the bot's limits."""

    title: str
    controllers: Sequence[LoadedConfig]
    limits: BotLimits


def read_plan(home: Home, configs: Configs, script: str, conf: str, wall_ms: int) -> ScriptPlan:
    """The plan of `condor start --script SCRIPT --conf CONF`.

    Raises
    ------
    UserError
        If a file is not there or does not hold, or the script decides by itself instead of running controllers.
    """
    name = script.removesuffix(".py")
    _check_script(home, configs, name, wall_ms)
    path = _found(home, "scripts", conf)
    file = read_yaml(path)
    config = validate(ScriptConfig, file)
    if not config.controllers_config:
        raise ConfigError(
            "expected controllers_config with at least one file of conf/controllers, found none", file=file.name, field="controllers_config"
        )
    loaded = [configs.load(_found(home, "controllers", item)) for item in config.controllers_config]
    values = {field: getattr(config, field) for field in BotLimits.model_fields}
    return ScriptPlan(path.stem, loaded, BotLimits.model_validate(values))


def _check_script(home: Home, configs: Configs, name: str, wall_ms: int) -> None:
    """A script of the home is checked, approved by being started, and run once; it must leave the decisions to its controllers."""
    code = configs.user_code
    if code.read(f"scripts.{name}") is None:
        if name != PLAIN:
            known = [PLAIN, *sorted(item.stem for item in (home.root / "scripts").glob("*.py"))]
            raise UserError(f"there is no script {name!r}{nearest(name, known)}: put {name}.py into scripts/ of the home, or use {PLAIN}")
        return
    gathered = gather(f"scripts.{name}", code.read)
    Approvals(home.approvals).add(Approval(gathered.file, gathered.digest, TERMINAL, wall_ms))
    script_class = load_script(gathered)
    own = [method for method in DECIDING if getattr(script_class, method) is not getattr(StrategyV2Base, method)]
    if own and name != PLAIN:
        raise UserError(
            f"{gathered.file} decides by itself ({', '.join(own)}): only scripts that run controllers can be started; make it a controller"
        )


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
    """An instance that starts a bot as soon as it is up; for everything else the instance itself."""

    def __init__(self, instance: Any, plan: ScriptPlan) -> None:
        self._instance = instance
        self._plan = plan

    async def start(self) -> None:
        await self._instance.start()
        services: Services = self._instance.services
        owner = Actor(0, TERMINAL, Role.OWNER, "cli", 0)
        controllers = [(item.spec.name, config_values(item.config)) for item in self._plan.controllers]
        await services.bots.start_all(owner, controllers, lambda _: None, self._plan.title, limits=self._plan.limits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)
