"""YAML files as people write them: read with the line of every field, refused with one sentence that says where.

Booleans are `true` and `false` only and `12:30` stays text (YAML 1.1 would read `no` as a boolean and times as numbers). Duplicate keys, aliases that explode and
files beyond 1 MiB are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from botcore.core.config import plain_types
from botcore.model.errors import ConfigError, UserError, nearest

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
SECRET = re.compile(
    r"(?:.*_)?(?:api_?key|api_?secret|secret|secret_key|private_key|passphrase|password|seed_phrase|mnemonic)|(?:telegram|bot)_token", re.IGNORECASE
)
"""Names of what never stands in a file."""

M = TypeVar("M", bound=BaseModel)
Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file.

    Parameters
    ----------
    name : str
        File name for messages.
    data : object
        Plain values.
    lines : dict
        Path of keys and indexes -> 1-based line.
    """

    name: str
    data: Any
    lines: dict[Location, int]

    def line_of(self, location: Location) -> int | None:
        """Line of a field, or of the nearest thing around it that has one."""
        while location:
            if location in self.lines:
                return self.lines[location]
            location = location[:-1]
        return None


class ConfigErrors(UserError):
    """Several faults of one configuration; `errors` has one each, the text has all of them, a line each."""

    def __init__(self, errors: list[ConfigError]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2's plain scalars."""


_REPLACED = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "timestamp")}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_FLOAT = r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(_FLOAT), list("-+0123456789."))


def read_yaml(path: Path) -> YamlFile:
    """Read a file.

    Raises
    ------
    ConfigError
        If it can't be read, is not YAML, has a key twice or a secret in it, or is out of all proportion.
    """
    name = path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"can't read the file: {error.strerror}", file=name) from None
    return parse_yaml(raw, name)


def parse_yaml(raw: bytes, name: str) -> YamlFile:
    """Read bytes as `read_yaml` reads a file."""
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"expected at most {MAX_BYTES} bytes, found {len(raw)}", file=name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"expected UTF-8 text, found byte 0x{raw[error.start]:02x} at position {error.start}", file=name) from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return YamlFile(name, {}, {})
        lines: dict[Location, int] = {}
        _walk(node, (), lines, name, [0])
        return YamlFile(name, loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at column {mark.column + 1}" if mark else ""
        raise ConfigError(f"not valid YAML: {error.problem or error.context}{where}", file=name, line=mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"not valid YAML: {str(error).splitlines()[0]}", file=name) from None
    finally:
        loader.dispose()


def _walk(node: yaml.Node, location: Location, lines: dict[Location, int], name: str, seen: list[int]) -> None:
    """Note the line of every field; refuse doubled keys and aliases that multiply."""
    seen[0] += 1
    if seen[0] > MAX_NODES:
        raise ConfigError(f"expected at most {MAX_NODES} values, found more (aliases multiply?)", file=name)
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            text = str(key.value)
            if text in keys:
                raise ConfigError(f"key {text} stands twice", file=name, line=key.start_mark.line + 1)
            keys.add(text)
            _refuse_secret(text, key, value, name)
            lines[(*location, text)] = key.start_mark.line + 1
            _walk(value, (*location, text), lines, name, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*location, index), lines, name, seen)


def _refuse_secret(text: str, key: yaml.Node, value: yaml.Node, name: str) -> None:
    """Keys are no configuration: files are copied, shared and read by others. What stands there is not repeated."""
    if SECRET.fullmatch(text) and isinstance(value, yaml.ScalarNode) and value.value.strip():
        problem = "keys and secrets never stand in a file: take it out, revoke it where others may have read it, and use /keys or condor connect"
        raise ConfigError(problem, file=name, line=key.start_mark.line + 1, field=text)


def validate(model: type[M], file: YamlFile, data: Any = None) -> M:
    """Values as a model.

    Raises
    ------
    ConfigErrors
        With one entry for every field that does not hold: file, line, field, what was expected and found, and the nearest valid name.
    """
    try:
        return model.model_validate(file.data if data is None else data)
    except ValidationError as error:
        raise ConfigErrors(config_errors(model, error, file)) from None


def config_errors(model: type[BaseModel], error: ValidationError, file: YamlFile | None = None) -> list[ConfigError]:
    """A pydantic error as sentences for people."""
    name = file.name if file else ""
    found: list[ConfigError] = []
    for item in error.errors(include_url=False):
        location = tuple(
            part for part in item["loc"] if not (isinstance(part, str) and part.startswith(("function-", "nullable", "list[", "union[")))
        )
        line = file.line_of(location) if file else None
        field = ".".join(str(part) for part in location)
        found.append(ConfigError(_problem(model, dict(item), location), file=name, line=line, field=field))
    return found


def _problem(model: type[BaseModel], item: dict[str, Any], location: Location) -> str:
    kind, text, value = item["type"], str(item["msg"]), item.get("input")
    if kind == "extra_forbidden":
        known = _fields_at(model, location[:-1])
        return f"unknown key{nearest(str(location[-1]), known)}"
    if kind == "missing":
        return "this field is required and was not given"
    if kind == "value_error":
        return text.removeprefix("Value error, ")
    shown = repr(value) if not isinstance(value, dict | list) else "a mapping" if isinstance(value, dict) else "a list"
    if text.startswith("Input should be "):
        return f"expected {text.removeprefix('Input should be ')}, found {shown}"
    return f"{text[0].lower()}{text[1:]}, found {shown}"


def _fields_at(model: type[BaseModel], location: Location) -> list[str]:
    """Names of the fields of the model that stands at a location."""
    here: Any = model
    for part in location:
        fields = getattr(here, "model_fields", {})
        if part not in fields:
            return []
        models = [kind for kind in plain_types(fields[part].annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not models:
            return []
        here = models[0]
    return list(getattr(here, "model_fields", {}))
