"""Drafts from YAML files and back: a file that does not hold is answered with every fault, its line, its field and what is allowed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic_core import to_jsonable_python

from botcore.controllers.by_hand import NAME as BY_HAND
from botcore.executors.data_types import config_values
from botcore.model.errors import ConfigError, UserError, nearest
from condor.configs import Configs
from condor.forms import Form, Question
from condor.services.draft_kinds import DraftKinds
from condor.store.drafts import Draft
from condor.yaml_file import ConfigErrors, YamlFile, parse_yaml


@dataclass(frozen=True, slots=True)
class FileFault:
    """One fault of a file.

    Parameters
    ----------
    line : int, optional
        1-based.
    allowed : str
        What may stand there; empty where nobody can say.
    """

    line: int | None
    field: str
    problem: str
    allowed: str


class FileFaults(UserError):
    """A file that is no config; every fault by itself."""

    def __init__(self, name: str, faults: tuple[FileFault, ...]) -> None:
        self.name, self.faults = name, faults
        super().__init__(f"{name} does not hold: " + "; ".join(fault.problem for fault in faults[:3]))


class DraftFiles:
    """See the module."""

    def __init__(self, configs: Configs, kinds: DraftKinds) -> None:
        self._configs = configs
        self._kinds = kinds

    def read(self, name: str, raw: bytes) -> tuple[str, dict[str, Any]]:
        """(controller name, config values) of a file; FileFaults with everything that does not hold."""
        try:
            file = parse_yaml(raw, name)
            loaded = self._configs.parse(file)
        except ConfigErrors as error:
            controller = str(file.data.get("controller_name"))
            faults = [*(self._fault(fault, controller) for fault in error.errors), *self._unknown_venues(file)]
            # as somebody goes through the file who mends it
            raise FileFaults(name, tuple(sorted(faults, key=lambda fault: (fault.line is None, fault.line or 0)))) from None
        except ConfigError as error:
            raise FileFaults(name, (FileFault(error.line, error.field, error.problem, ""),)) from None
        return loaded.spec.name, config_values(loaded.config)

    def _fault(self, error: ConfigError, controller: str) -> FileFault:
        return FileFault(error.line, error.field, error.problem, "" if controller == BY_HAND else _allowed(self._kinds.form(controller), error.field))

    def _unknown_venues(self, file: YamlFile) -> Iterator[FileFault]:
        """Venues that there are not: a config that does not hold is never asked for them."""
        for key, value in file.data.items():
            if str(key).endswith("connector_name") and isinstance(value, str) and value not in self._configs.venues:
                problem = f"unknown connector {value!r}{nearest(value, self._configs.venues)}"
                yield FileFault(file.line_of((key,)), str(key), problem, ", ".join(sorted(self._configs.venues)))

    def write(self, draft: Draft) -> tuple[str, str]:
        """(file name, YAML) of a draft; reading it gives the same draft, without what the bot may lose: that is no controller's."""
        name, values = self._kinds.config_of(draft)
        if "settings" in values:
            raise UserError("a script's settings stand in conf/scripts, written by condor create --script-config")
        return self.text(name, {key: value for key, value in values.items() if value is not None})

    @staticmethod
    def text(controller_name: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """(file name, YAML) of a config's values."""
        plain = {key: value for key, value in to_jsonable_python(dict(values)).items() if key != "controller_name"}
        pair = str(plain.get("trading_pair", "")).lower()
        text = yaml.safe_dump({"controller_name": controller_name, **plain}, sort_keys=False, allow_unicode=True)
        return f"{controller_name}{'-' if pair else ''}{pair}.yml", f"# Condor. Ratios are fractions (0.01 = 1 %), times are seconds.\n{text}"


def _allowed(form: Form, field: str) -> str:
    """What may stand at a field."""
    names = {question.name: question for question in form.questions}
    found = names.get(field) or names.get(field.partition(".")[0])
    return "" if found is None else _values_of(found)


def _values_of(question: Question) -> str:
    if question.choices:
        return ", ".join(question.choices)
    return question.range_text
