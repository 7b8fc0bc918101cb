"""Controllers and scripts of the home: found by the name that a config says, checked, approved, and loaded as a `ControllerSpec`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botcore.compat.loader import Gathered, Source, gather, load_controller, load_script
from botcore.compat.script import StrategyV2Base
from botcore.controllers.catalog import ControllerSpec
from botcore.model.errors import ConfigError
from botcore.strategies.bot_limits import BotLimits
from condor.approvals import TERMINAL, Approval, ApprovalNeeded, Approvals

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
FOLDER = "controllers"
SCRIPTS = "scripts."
"""What the name of a script that decides by itself begins with, where a controller's name stands."""


SCRIPT_BASES = re.compile(r"\b(StrategyV2Base|ScriptStrategyBase)\b")

DECIDING = ("on_tick", "determine_executor_actions", "create_actions_proposal", "stop_actions_proposal", "store_actions_proposal")


def is_script(name: str) -> bool:
    """Whether this name, where a controller's stands, is that of a script."""
    return name.startswith(SCRIPTS)


def settings_model(spec: ControllerSpec) -> Any:
    """The model of a script's own config; Any for a script that takes none."""
    return spec.config_class.model_fields["settings"].annotation


def decides(spec: ControllerSpec) -> list[str]:
    """What a script decides by itself instead of leaving it to controllers."""
    script_class = spec.config_class.script_class  # type: ignore[attr-defined]
    return [method for method in DECIDING if getattr(script_class, method) is not getattr(StrategyV2Base, method)]


def has_markets(spec: ControllerSpec) -> bool:
    """Whether a script says by itself what its markets are."""
    script_class = spec.config_class.script_class  # type: ignore[attr-defined]
    return bool(script_class.markets) or script_class.init_markets.__func__ is not StrategyV2Base.init_markets.__func__  # type: ignore[attr-defined]


def script_limits(config: Any) -> BotLimits:
    """The bot's limits as far as a script's config has them."""
    return BotLimits.model_validate({field: getattr(config, field) for field in BotLimits.model_fields if hasattr(config, field)})


def _names_its_classes(folder: Path) -> bool:
    """Whether a folder is a controller as a whole: a package that says which of its classes that is, and has no file of its own name."""
    init = folder / "__init__.py"
    return not (folder / f"{folder.name}.py").is_file() and init.is_file() and "Controller" in init.read_text("utf-8", "ignore")


@dataclass(frozen=True, slots=True)
class UserController:
    """A controller file of the home, not run.

    Parameters
    ----------
    name, kind : str
        `controller_name` and the folder below `controllers/`; empty when it lies in `controllers/` itself.
    gathered : Gathered
        The file with those that it imports, and their hash.
    approval : Approval, optional
    """

    name: str
    kind: str
    gathered: Gathered
    approval: Approval | None


class UserCode:
    """Files below one home's `controllers/` and `scripts/`.

    Parameters
    ----------
    root : Path
        The home.
    from_terminal : callable, optional
        Gives the wall time (ms) where the home's owner works in a terminal; then a file is approved by being used.
    """

    def __init__(self, root: Path, approvals: Approvals, terminal_ms: int | None = None) -> None:
        self._root = root
        self._approvals = approvals
        self._terminal_ms = terminal_ms
        self._loaded: dict[tuple[str, str], ControllerSpec] = {}

    # ---- files -----------------------------------------------------------------------------------------------------
    def read(self, module: str) -> Source | None:
        """The file of a module path; None when there is none, or it lies outside the home."""
        if not NAME.fullmatch(module):
            return None
        base = self._root.joinpath(*module.split("."))
        for path, is_package in ((base.with_name(base.name + ".py"), False), (base / "__init__.py", True)):
            if path.is_file() and path.resolve().is_relative_to(self._root.resolve()):
                try:
                    text = path.read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    raise ConfigError(f"can't be read: {error}", file=self._shown(path)) from None
                return Source(text, self._shown(path), str(path), is_package)
        return None

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def kinds(self) -> list[str]:
        """Folders below `controllers/`."""
        folder = self._root / FOLDER
        return sorted(item.name for item in folder.iterdir() if item.is_dir() and NAME.fullmatch(item.name)) if folder.is_dir() else []

    def names(self) -> dict[str, str]:
        """Controller name -> file, of everything that looks like a controller; nothing is run."""
        found: dict[str, str] = {}
        folder = self._root / FOLDER
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else []:
            parts = path.relative_to(folder).with_suffix("").parts
            inner = parts[1:] if len(parts) > 1 else parts
            if (
                path.stem.startswith("_")
                or not all(NAME.fullmatch(part) for part in parts)
                or "ControllerBase" not in path.read_text("utf-8", "ignore")
            ):
                continue
            if len(parts) > 2 and _names_its_classes(path.parent):
                inner, path = inner[:-1], path.with_name("__init__.py")
            name = inner[-1] if len(inner) == 2 and inner[0] == inner[1] else ".".join(inner)
            found.setdefault(name, self._shown(path))
        return found

    def scripts(self) -> dict[str, str]:
        """Script name (`scripts.NAME`) -> file, of everything that looks like a script; nothing is run."""
        folder = self._root / SCRIPTS.rstrip(".")
        return {
            f"{SCRIPTS}{path.stem}": self._shown(path)
            for path in (sorted(folder.glob("*.py")) if folder.is_dir() else [])
            if not path.stem.startswith("_") and NAME.fullmatch(path.stem) and SCRIPT_BASES.search(path.read_text("utf-8", "ignore"))
        }

    # ---- controllers -----------------------------------------------------------------------------------------------
    def module_of(self, name: str, kind: str = "") -> tuple[str, str] | None:
        """(module path, folder) of a controller's file.

        Raises
        ------
        ConfigError
            If several folders have one and the config does not say which.
        """
        if not NAME.fullmatch(name):
            return None
        found = [(path, folder) for folder in [*self.kinds(), ""] if (path := self._in_folder(name, folder)) is not None]
        found = [item for item in found if item[1] == kind] or found
        if len({folder for _, folder in found if folder}) > 1:
            where = ", ".join(f"{FOLDER}/{folder}" for _, folder in found if folder)
            raise ConfigError(
                f"there are several controllers {name!r} ({where}): add controller_type, the name of the folder", field="controller_name"
            )
        return found[0] if found else None

    def _in_folder(self, name: str, folder: str) -> str | None:
        base = f"{FOLDER}.{folder}.{name}" if folder else f"{FOLDER}.{name}"
        # a folder of that name may hold the file, or be a package that names its classes
        inner = f"{base}.{name.rpartition('.')[2]}"
        return next((path for path in (inner, base) if self.read(path) is not None), None)

    def _script_of(self, name: str) -> tuple[str, str] | None:
        """(module path, folder) of a script's file."""
        return (name, "") if name.startswith(SCRIPTS) and self.read(name) is not None else None

    def find(self, name: str, kind: str = "") -> UserController | None:
        """A controller or script of the home; None when there is no file for it.

        Raises
        ------
        ConfigError, FileRefused
            If the file asks for something that is not there.
        """
        found = self.module_of(name, kind) or self._script_of(name)
        if found is None:
            return None
        gathered = gather(found[0], self.read)
        return UserController(name, found[1], gathered, self._approvals.of(gathered.digest))

    def spec(self, name: str, kind: str = "") -> ControllerSpec | None:
        """A controller or script of the home, loaded; None when there is no file for it.

        Raises
        ------
        ApprovalNeeded
            If the owner has not approved it as it is now: nothing of it has run then.
        ConfigError, FileRefused
            If it can't be loaded.
        """
        found = self.find(name, kind)
        if found is None:
            return None
        if found.approval is None:
            if self._terminal_ms is None:
                raise ApprovalNeeded(found.gathered.file, found.gathered.digest)
            self.approve(found, TERMINAL, self._terminal_ms)
        key = (name, found.gathered.digest)
        spec = self._loaded.get(key)
        if spec is None:
            of_script = is_script(found.gathered.module)
            loaded = load_script(found.gathered, name.removeprefix(SCRIPTS)) if of_script else load_controller(found.gathered, name, found.kind)
            spec = self._loaded[key] = loaded
        return spec

    def approve(self, controller: UserController, by: str, at_ms: int) -> None:
        """Let a file run as it is now."""
        self._approvals.add(Approval(controller.gathered.file, controller.gathered.digest, by, at_ms))
