"""What a file asks for, found without running it: imports, members and fields that are not there are told with name and line."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

from botcore.compat.market_data import MarketDataView
from botcore.model.errors import ConfigError, nearest

HOME = ("controllers", "scripts")
"""Packages of the home's own files."""
GIVEN = frozenset({"pandas_ta", "talib", "sklearn"})
CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a file imports.

    Parameters
    ----------
    module : str
        Absolute path.
    name : str, optional
        What is taken from it; None imports the module.
    alias : str
        What the file calls it.
    is_needed : bool
        False where the file itself looks after its absence.
    """

    module: str
    name: str | None
    alias: str
    line: int
    is_needed: bool


def imports_of(tree: ast.AST, package: str) -> Iterator[Import]:
    """All imports of a file, those within functions too; what only type checkers see is left out."""
    yield from _walk(tree, package, True)


def _walk(node: ast.AST, package: str, is_needed: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield from _walk(ast.Module([other], []), package, is_needed)
        elif isinstance(child, ast.Try):
            is_caught = any(CAUGHT & set(_exception_names(handler.type)) or handler.type is None for handler in child.handlers)
            yield from _walk(ast.Module(child.body, []), package, is_needed and not is_caught)
            rest: list[Any] = [*child.handlers, *child.orelse, *child.finalbody]
            yield from _walk(ast.Module(rest, []), package, is_needed)
        elif isinstance(child, ast.Import):
            for item in child.names:
                yield Import(item.name, None, item.asname or item.name.partition(".")[0], child.lineno, is_needed)
        elif isinstance(child, ast.ImportFrom):
            module = absolute(child.module or "", child.level, package)
            for item in child.names:
                yield Import(module, item.name, item.asname or item.name, child.lineno, is_needed)
        else:
            yield from _walk(child, package, is_needed)


def absolute(module: str, level: int, package: str) -> str:
    """A relative module path as an absolute one."""
    if not level:
        return module
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{module}" if module else base


def _is_type_checking(test: ast.expr) -> bool:
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"


def _exception_names(kind: ast.expr | None) -> list[str]:
    items = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return [item.id for item in items if isinstance(item, ast.Name)]


# ---- findings ------------------------------------------------------------------------------------------------------
class Checker:
    """Checks one file against what it may import.

    Parameters
    ----------
    surface : mapping
        Module path -> names.
    has_own : callable
        Whether the home has a module of this path.
    """

    def __init__(self, surface: Mapping[str, Mapping[str, Any]], has_own: Callable[[str], bool]) -> None:
        self._surface = surface
        self._has_own = has_own
        self._packages = {".".join(path.split(".")[:depth]) for path in surface for depth in range(1, path.count(".") + 1)}

    def findings(self, tree: ast.Module, package: str, file: str) -> list[ConfigError]:
        """What is missing, by line."""
        found: list[tuple[int, str, str]] = []
        known: dict[str, Any] = {}
        for item in imports_of(tree, package):
            problem = self._import_problem(item)
            if problem and item.is_needed:
                found.append((item.line, item.name or item.module, problem))
            thing = self._surface.get(item.module, {}).get(item.name or "")
            if thing is not None:
                known[item.alias] = thing
        found += _member_problems(tree, known)
        return [ConfigError(problem, file=file, line=line, field=name) for line, name, problem in sorted(found)]

    def _import_problem(self, item: Import) -> str:
        top = item.module.partition(".")[0]
        if top in HOME:
            is_there = self._has_own(item.module) or bool(item.name and self._has_own(f"{item.module}.{item.name}"))
            return "" if is_there else f"imports {item.module}, which this home does not have"
        if any(path.partition(".")[0] == top for path in self._surface):
            return self._given_problem(item)
        if top in GIVEN:
            return ""
        try:
            is_there = bool(item.module) and importlib.util.find_spec(top) is not None
        except (ImportError, ValueError):
            is_there = False
        return "" if is_there else f"imports {item.module}, which is not installed here"

    def _given_problem(self, item: Import) -> str:
        names = self._surface.get(item.module)
        if item.name == "*" and names is not None:
            return ""
        inner = f"{item.module}.{item.name}"
        if names is None and item.module not in self._packages:
            return (
                f"imports {item.name or item.module} from {item.module}, which Condor does not have"
                if item.name
                else f"imports {item.module}, which Condor does not have"
            )
        if item.name is None or item.name in (names or {}) or inner in self._surface or inner in self._packages:
            return ""
        return f"imports {item.name} from {item.module}, where Condor has no such name{nearest(item.name, names or {})}"


def _member_problems(tree: ast.Module, known: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Members of enums, fields of configs and methods of the market data that are not there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            kind = known.get(node.value.id)
            if isinstance(kind, type) and issubclass(kind, Enum) and not hasattr(kind, node.attr):
                name = f"{node.value.id}.{node.attr}"
                yield node.lineno, name, f"there is no {name} here{nearest(node.attr, kind.__members__)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            kind = known.get(node.func.id)
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                for keyword in node.keywords:
                    if keyword.arg and keyword.arg not in kind.model_fields:
                        yield node.lineno, keyword.arg, f"{node.func.id} has no field {keyword.arg!r} here{nearest(keyword.arg, kind.model_fields)}"
        if (
            isinstance(node, ast.Attribute)
            and _is_provider(node.value)
            and not hasattr(MarketDataView, node.attr)
            and node.attr not in PROVIDER_ATTRIBUTES
        ):
            yield node.lineno, node.attr, f"market_data_provider has no {node.attr} here{nearest(node.attr, dir(MarketDataView))}"


def _is_provider(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "market_data_provider"


PROVIDER_ATTRIBUTES = frozenset({"rates", "rate_troubles"})
