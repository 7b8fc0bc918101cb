"""Controller configs and venue files: found by name, read, checked, refused with file, line, field and the nearest valid name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from botcore.compat.gateway import is_of_gateway
from botcore.controllers.base import ControllerConfigBase
from botcore.controllers.by_hand import BY_HAND
from botcore.controllers.catalog import ControllerSpec, shipped_controllers
from botcore.controllers.manual import MANUAL
from botcore.model.errors import ConfigError, nearest
from botcore.venues.spec import InstrumentSpec, VenueSpec
from condor.approvals import Approvals
from condor.home import Home
from condor.user_code import SCRIPTS, UserCode, is_script
from condor.yaml_file import YamlFile, read_yaml, validate

UNLISTED = {spec.name: spec for spec in (BY_HAND, MANUAL)}
"""Controllers that nobody picks by name."""


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A controller's config with what it configures and where it came from.

    Parameters
    ----------
    name : str
        File name.
    digest : str
        First 12 hex digits of the file's SHA-256.
    """

    spec: ControllerSpec
    config: ControllerConfigBase
    name: str
    digest: str


def _named_by(file: YamlFile | None, connector_name: str) -> str:
    """The field of a file that says this connector; `connector_name` when none does."""
    data = file.data if file is not None and isinstance(file.data, dict) else {}
    return next((str(name) for name, value in data.items() if value == connector_name), "connector_name")


class Configs:
    """Everything configurable of one home.

    Parameters
    ----------
    terminal_ms : int, optional
        Wall time, where the home's owner works in a terminal: using a controller of the home approves it then.
    """

    def __init__(self, home: Home, terminal_ms: int | None = None) -> None:
        self._home = home
        self.controllers = shipped_controllers()
        self.user_code = UserCode(home.root, Approvals(home.approvals), terminal_ms)
        self._venues: dict[str, VenueSpec] | None = None

    @property
    def home(self) -> Home:
        return self._home

    # ---- controllers -----------------------------------------------------------------------------------------------
    def spec(self, name: str, file: YamlFile | None = None) -> ControllerSpec:
        """The controller of this name, the home's before a shipped one; ConfigError with the nearest one when there is none."""
        kind = str(file.data.get("controller_type", "")) if file is not None and isinstance(file.data, dict) else ""
        found = self.user_code.spec(name, kind) or self.controllers.get(name) or UNLISTED.get(name)
        if found is None:
            names = [name for name, _ in self.listed()]
            hint = nearest(name, names) or f" (there are {', '.join(names)})"
            line = file.line_of(("controller_name",)) if file else None
            raise ConfigError(f"unknown controller {name!r}{hint}", file=file.name if file else "", line=line, field="controller_name")
        return found

    def listed(self) -> list[tuple[str, str]]:
        """(name, one line) of every controller, and every script of the home, that there is; no code of the home is run for it."""
        own = self.user_code.names() | self.user_code.scripts()
        found = {spec.name: spec.summary for spec in self.controllers.values()} | {name: f"of this home, {file}" for name, file in own.items()}
        return list(found.items())

    def load(self, path: Path) -> LoadedConfig:
        """Read a controller's YAML file.

        Raises
        ------
        ConfigError, ConfigErrors
            If the file, the controller, a field, the venue or the pair does not hold.
        """
        file = read_yaml(path)
        return self.parse(file, hashlib.sha256(path.read_bytes()).hexdigest()[:12])

    def parse(self, file: YamlFile, digest: str = "") -> LoadedConfig:
        """As `load`, from a parsed file."""
        if not isinstance(file.data, dict) or "controller_name" not in file.data:
            raise ConfigError("expected a controller's configuration with the key controller_name", file=file.name, line=1)
        spec = self.spec(str(file.data["controller_name"]), file)
        data = dict(file.data)
        data.setdefault("id", Path(file.name).stem)
        config = validate(spec.config_class, file, data)
        kind = config.controller_type
        if kind != spec.kind and "controller_type" in file.data:
            line = file.line_of(("controller_type",))
            raise ConfigError(f"{spec.name} is of controller_type {spec.kind}, found {kind!r}", file=file.name, line=line, field="controller_type")
        self.check_connectors(config, file)
        return LoadedConfig(spec, config, file.name, digest)

    def check_connectors(self, config: ControllerConfigBase, file: YamlFile | None = None) -> None:
        """Refuse connectors that no venue file describes."""
        for market in sorted(config.markets()):
            if market.connector_name not in self.venues:
                field = _named_by(file, market.connector_name)
                line = file.line_of((field,)) if file else None
                problem = f"unknown connector {market.connector_name!r}"
                if is_of_gateway(market.connector_name):
                    problem = f"{market.connector_name} is reached through the Gateway only, and Condor has no Gateway yet: it can't trade there"
                else:
                    problem += nearest(market.connector_name, self.venues) or f" (there are {', '.join(self.venues)})"
                raise ConfigError(problem, file=file.name if file else "", line=line, field=field)

    def example(self, name: str) -> dict[str, Any]:
        """Values of the example config of a controller or script: what the wizard begins with; empty when there is none."""
        folder = "scripts" if is_script(name) else "controllers"
        path = self._home.conf_file(folder, f"{name.removeprefix(SCRIPTS)}.yml")
        if path is None:
            return {}
        data = read_yaml(path).data
        return dict(data) if isinstance(data, dict) else {}

    # ---- venues ----------------------------------------------------------------------------------------------------
    @property
    def venues(self) -> dict[str, VenueSpec]:
        """Connector name -> venue, from conf/connectors; read once."""
        if self._venues is None:
            common = self._common_instruments()
            self._venues = {}
            for name, path in self._home.conf_files("connectors").items():
                self._venues[name] = _venue(name, path, common)
        return self._venues

    def venue(self, name: str) -> VenueSpec:
        spec = self.venues.get(name)
        if spec is None:
            raise ConfigError(f"unknown connector {name!r}{nearest(name, self.venues)}", field="connector_name")
        return spec

    def _common_instruments(self) -> dict[str, InstrumentSpec]:
        path = self._home.conf_file("instruments.yml")
        if path is None:
            return {}
        file = read_yaml(path)
        try:
            return TypeAdapter(dict[str, InstrumentSpec]).validate_python(file.data)
        except ValidationError as error:
            item = error.errors()[0]
            location = tuple(item["loc"])
            raise ConfigError(
                f"{str(item['msg'])[0].lower()}{str(item['msg'])[1:]}, found {item.get('input')!r}",
                file=file.name,
                line=file.line_of(location),
                field=".".join(str(part) for part in location),
            ) from None


def _venue(name: str, path: Path, common: dict[str, InstrumentSpec]) -> VenueSpec:
    file = read_yaml(path)
    spec = validate(VenueSpec, file)
    if spec.name != name:
        raise ConfigError(
            f"expected name: {name} (as the file is called), found {spec.name!r}", file=file.name, line=file.line_of(("name",)), field="name"
        )
    return spec.model_copy(update={"instruments": common | spec.instruments})
