"""Loads a user's controller or script: gathers its files, checks what they ask for, and runs them with the names of `surface`.

The names are given to these files only: each runs with an import of its own, so nothing else in the process ever sees a package `hummingbot`.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from botcore.compat.base import ControllerBase
from botcore.compat.check import HOME, Checker, absolute, imports_of
from botcore.compat.config import BaseClientModel, ControllerConfigBase, StrategyV2ConfigBase
from botcore.compat.script import StrategyV2Base
from botcore.compat.script_controller import spec_of
from botcore.compat.stand_ins import STAND_INS
from botcore.compat.surface import surface_of
from botcore.compat.tools import said
from botcore.controllers.catalog import ControllerSpec
from botcore.model.errors import ConfigError, UserError, nearest

MAX_FILES = 200


class FileRefused(UserError):
    """Several things that a file asks for are not there; `errors` has one each, the text has all of them, a line each."""

    def __init__(self, errors: list[ConfigError]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the home.

    Parameters
    ----------
    text : str
    file : str
        Its path within the home, for people.
    path : str
        Its path on this machine.
    is_package : bool
        Whether it is the `__init__` of a folder.
    """

    text: str
    file: str
    path: str
    is_package: bool = False


Read = Callable[[str], Source | None]
"""Module path (`controllers.generic.mine`) -> its file; None when the home has none."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A file with the files of the home that it imports, not run yet.

    Parameters
    ----------
    module : str
        Module path of the file itself.
    sources : mapping of str to Source
    digest : str
        SHA-256 over all of them, in hex.
    """

    module: str
    sources: Mapping[str, Source]
    digest: str

    @property
    def file(self) -> str:
        return self.sources[self.module].file

    @property
    def root(self) -> str:
        """The home's folder."""
        source = self.sources[self.module]
        return source.path.removesuffix(source.file).rstrip("/\\")


def gather(module: str, read: Read) -> Gathered:
    """Read a file and those it imports from the home.

    Raises
    ------
    ConfigError, FileRefused
        If one can't be parsed, or asks for something that is not there: one entry each, with name and line.
    """
    sources: dict[str, Source] = {}
    problems: list[ConfigError] = []
    checker = Checker(surface_of(""), lambda name: read(name) is not None)
    waiting = _with_parents(module)
    while waiting:
        name = waiting.pop()
        source = read(name) if name not in sources else None
        if source is None:
            continue
        if len(sources) >= MAX_FILES:
            raise ConfigError(f"imports more than {MAX_FILES} files of the home", file=source.file)
        sources[name] = source
        tree = _parsed(source)
        package = name if source.is_package else name.rpartition(".")[0]
        problems += checker.findings(tree, package, source.file)
        for item in imports_of(tree, package):
            if item.module.partition(".")[0] in HOME:
                waiting += _with_parents(item.module) + ([f"{item.module}.{item.name}"] if item.name else [])
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise FileRefused(problems)
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\n{len(sources[name].text)}\n{sources[name].text}".encode())
    return Gathered(module, sources, digest.hexdigest())


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _parsed(source: Source) -> ast.Module:
    try:
        return ast.parse(source.text, source.path)
    except (SyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        raise ConfigError(f"not valid Python: {error.msg if isinstance(error, SyntaxError) else error}", file=source.file, line=line) from None


def load_controller(gathered: Gathered, name: str, kind: str) -> ControllerSpec:
    """Run a controller's files and find its classes.

    Parameters
    ----------
    name, kind : str
        What configs call it; an empty kind is taken from its config's default.

    Raises
    ------
    ConfigError
        If its code raises, or a class is not there.
    """
    module = _Runner(gathered).run()
    source = gathered.sources[gathered.module]
    configs = _own_classes(module, ControllerConfigBase)
    controllers = _own_classes(module, ControllerBase)
    if not configs or not controllers:
        missing = "ControllerConfigBase" if not configs else "ControllerBase"
        raise ConfigError(f"defines no class that derives from {missing}", file=source.file)
    config_class = next((item for item in configs if _default(item, "controller_name") == name), configs[-1])
    leaves = [item for item in controllers if not any(other is not item and issubclass(other, item) for other in controllers)]
    summary = (inspect.getdoc(leaves[-1]) or inspect.getdoc(config_class) or "").strip().partition("\n")[0]
    return ControllerSpec(
        name,
        kind or str(_default(config_class, "controller_type")),
        config_class,
        leaves[-1],
        summary if leaves[-1].__doc__ and summary else f"Controller of this home, {source.file}",
        f"{source.file} {gathered.digest[:12]}",
    )


def load_script(gathered: Gathered, name: str) -> ControllerSpec:
    """Run a script's files and find its class and that of its config; ConfigError if its code raises or there is no script."""
    module = _Runner(gathered).run()
    scripts = _own_classes(module, StrategyV2Base)
    if not scripts:
        raise ConfigError("defines no class that derives from StrategyV2Base", file=gathered.file)
    leaves = [item for item in scripts if not any(other is not item and issubclass(other, item) for other in scripts)]
    settings = next(iter([*_own_classes(module, StrategyV2ConfigBase)[::-1], *_own_classes(module, BaseClientModel)[::-1]]), None)
    return spec_of(
        name, leaves[-1], settings or _plain_settings(leaves[-1]), f"{gathered.file} {gathered.digest[:12]}", f"Script of this home, {gathered.file}"
    )


def _plain_settings(script_class: Any) -> Any:
    """The base config for a script that takes one without having a class for it; None for one that takes none."""
    parameters = list(inspect.signature(script_class.__init__).parameters.values())
    takes = len(parameters) > 2 or any(item.kind is item.VAR_POSITIONAL for item in parameters)
    return StrategyV2ConfigBase if takes else None


def _own_classes(module: ModuleType, kind: type) -> list[Any]:
    """Classes of a kind that the home's files define, in the order in which this module names them."""
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, kind) and hasattr(sys.modules.get(item.__module__), "__condor_home__")
    ]
    return list(dict.fromkeys(found))


def _default(config_class: Any, name: str) -> Any:
    field = config_class.model_fields.get(name)
    return None if field is None else field.default


class _Runner:
    """Runs the files of one controller, each once."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._prefix = f"home_{gathered.digest[:12]}"
        self._given = _tree(surface_of(gathered.digest, gathered.root))
        self._stand_ins: dict[str, ModuleType] = {}
        self._builtins = dict(vars(builtins)) | {"__import__": self._import, "print": said}

    def run(self) -> ModuleType:
        """The file as a module; packages that it lies in come first."""
        with warnings.catch_warnings():
            # what these files could write in a newer way is nothing that their owner needs to hear at each start
            warnings.simplefilter("ignore")
            self._import_own(self._gathered.module, ())
            return self._own(self._gathered.module)

    def _own(self, name: str) -> ModuleType:
        """A module of the home, run when it is asked for first."""
        full = f"{self._prefix}.{name}"
        if full in sys.modules:
            return sys.modules[full]
        source = self._gathered.sources.get(name)
        module = ModuleType(full, None)
        vars(module).update(
            __condor_home__="" if source is None else source.file,
            __builtins__=self._builtins,
            __package__=name if source is None or source.is_package else name.rpartition(".")[0],
        )
        # annotations of models and dataclasses are looked up there, under a name that nobody imports
        sys.modules[full] = module
        if source is not None:
            module.__file__ = source.path
            try:
                exec(compile(source.text, source.path, "exec"), vars(module))
            except BaseException as error:
                del sys.modules[full]
                if isinstance(error, ConfigError) or not isinstance(error, Exception):
                    raise
                raise ConfigError(
                    f"raised {type(error).__name__} while it was loaded: {error}", file=source.file, line=_line_in(error, source.path)
                ) from error
        return module

    def _import(self, name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
        package = str((scope or {}).get("__package__") or "")
        full = absolute(name, level, package)
        top = full.partition(".")[0]
        if top in HOME:
            return self._import_own(full, wanted)
        if top in self._given:
            return self._import_given(full, wanted)
        if full == "pandas_ta" or full.startswith("pandas_ta."):
            return importlib.import_module("botcore.controllers.pandas_ta")
        if full == "pydantic.v1":
            full = "pydantic"
        try:
            found = builtins.__import__(full, scope, local, wanted, 0)
            return self._stand_in(full, found) if full in STAND_INS else found
        except ModuleNotFoundError:
            if top != "sklearn":
                raise
            return _linear_models(full, wanted)

    def _stand_in(self, name: str, real: ModuleType) -> ModuleType:
        """A module as these files get it, the same for all of them."""
        if name not in self._stand_ins:
            self._stand_ins[name] = STAND_INS[name](real)
        return self._stand_ins[name]

    def _import_own(self, full: str, wanted: Any) -> Any:
        parts = full.split(".")
        modules = [self._own(".".join(parts[:depth])) for depth in range(1, len(parts) + 1)]
        for outer, inner, part in zip(modules, modules[1:], parts[1:], strict=False):
            if not hasattr(outer, part):
                setattr(outer, part, inner)
        for item in wanted or ():
            path = f"{full}.{item}"
            if not hasattr(modules[-1], item) and path in self._gathered.sources:
                setattr(modules[-1], item, self._own(path))
        return modules[-1] if wanted else modules[0]

    def _import_given(self, full: str, wanted: Any) -> Any:
        module = self._given[full.partition(".")[0]]
        for part in full.split(".")[1:]:
            inner = getattr(module, part, None)
            if not isinstance(inner, ModuleType):
                raise ModuleNotFoundError(f"Condor does not have {full}{nearest(part, vars(module))}", name=full)
            module = inner
        return module if wanted else self._given[full.partition(".")[0]]


def _tree(surface: Mapping[str, Mapping[str, Any]]) -> dict[str, ModuleType]:
    """Modules of a surface, by their first part."""
    tops: dict[str, ModuleType] = {}
    for path, names in surface.items():
        parts = path.split(".")
        module = tops.setdefault(parts[0], ModuleType(parts[0]))
        for depth, part in enumerate(parts[1:], start=2):
            inner = getattr(module, part, None)
            if inner is None:
                inner = ModuleType(".".join(parts[:depth]))
                setattr(module, part, inner)
            module = inner
        vars(module).update(names)
    return tops


def _linear_models(full: str, wanted: Any) -> ModuleType:
    """What there is of scikit-learn where it is not installed."""
    from botcore.compat.linear import LinearRegression

    top, models = ModuleType("sklearn"), ModuleType("sklearn.linear_model")
    vars(models)["LinearRegression"] = LinearRegression
    vars(top)["linear_model"] = models
    if full not in ("sklearn", "sklearn.linear_model"):
        raise ModuleNotFoundError(f"{full} needs scikit-learn, which is not installed here (only LinearRegression is there without it)", name=full)
    return models if wanted and full != "sklearn" else top


def _line_in(error: BaseException, path: str) -> int | None:
    """Line of a file that an error came through last."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
