"""`condor create`: asks a config model's questions on the console and writes the answers as YAML."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from botcore.model.errors import UserError, nearest
from condor.configs import Configs
from condor.forms import Form, Question, answer_text, check_draft, default_answers, form_of, read_answer
from condor.home import Home
from condor.nested import nested
from condor.private_file import write_private
from condor.user_code import SCRIPTS

Ask = Callable[[Question, str], str]
"""Question and present answer -> what a person types; empty keeps the answer."""


def markets_of(configs: Configs) -> dict[str, list[str]]:
    """Connector -> pairs that its venue file describes."""
    return {name: list(venue.instruments) for name, venue in configs.venues.items()}


def create_config(home: Home, controller_name: str, ask: Ask | None, given: Sequence[str], say: Callable[[str], None]) -> Path:
    """Ask for a controller's config and write it to the home's conf/controllers.

    Parameters
    ----------
    ask : callable, optional
        None takes the defaults for what is not given.
    given : sequence of str
        `field=value`, not asked any more.

    Raises
    ------
    UserError
        If an answer can't be read (without a person to ask again), or the whole does not hold.
    """
    configs = Configs(home, time.time_ns() // 1_000_000)
    spec = configs.spec(controller_name)
    if spec.origin:
        say(f"using {spec.origin}")
    answers = _answers(configs, spec.config_class, configs.example(controller_name), ask, given, say)
    configs.check_connectors(spec.config_class.model_validate(nested(answers)))
    stem = f"{controller_name}-{str(answers.get('trading_pair', 'config')).lower()}"
    return _written(home.conf / "controllers", stem, lambda name: {"id": name, "controller_name": controller_name, **nested(answers)})


def create_script_config(home: Home, script: str, ask: Ask | None, given: Sequence[str], say: Callable[[str], None]) -> Path:
    """Ask for the config of a script of the home and write it to the home's conf/scripts; parameters and errors as `create_config`."""
    configs = Configs(home, time.time_ns() // 1_000_000)
    name = script.removesuffix(".py")
    spec = configs.user_code.spec(f"{SCRIPTS}{name}")
    if spec is None:
        known = sorted(item.stem for item in (home.root / "scripts").glob("*.py"))
        raise UserError(
            f"there is no script {name!r} in scripts/ of the home{nearest(name, known)}; for v2_with_controllers write a file with controllers_config"
        )
    say(f"using {spec.origin}")
    model: Any = spec.config_class.model_fields["settings"].annotation
    if model is Any:
        raise UserError(f"{name} has no config: start it with an empty file")
    answers = _answers(configs, model, {}, ask, given, say)
    configs.check_connectors(spec.config_class.model_validate({"settings": nested(answers)}))
    return _written(home.conf / "scripts", name, lambda _: {"script_file_name": f"{name}.py", **nested(answers)})


def _answers(
    configs: Configs, model: type[BaseModel], example: Mapping[str, Any], ask: Ask | None, given: Sequence[str], say: Callable[[str], None]
) -> dict[str, Any]:
    """Answers to a model's questions that hold together."""
    markets = markets_of(configs)
    form = form_of(model, markets)
    answers = default_answers(form, example)
    fixed = _given(form, given, markets, answers)
    if ask is not None:
        for question in form.steps:
            if question.name not in fixed:
                narrowed = form_of(model, markets, str(answers.get("connector_name"))).question(question.name)
                _asked(form, narrowed, markets, answers, ask, say)
    faults = check_draft(form, answers)
    if faults:
        raise UserError(f"{faults[0].field or 'the config'}: {faults[0].problem}")
    return answers


def _given(form: Form, given: Sequence[str], markets: Mapping[str, Sequence[str]], answers: dict[str, Any]) -> set[str]:
    """Take `field=value` texts into the answers; returns the fields."""
    names = set()
    for item in given:
        name, sign, text = item.partition("=")
        if not sign:
            raise UserError(f"expected --set FIELD=VALUE, found {item!r}")
        answers[name.strip()] = read_answer(form.question(name.strip()), text, markets, answers)
        names.add(name.strip())
    return names


def _asked(
    form: Form, question: Question, markets: Mapping[str, Sequence[str]], answers: dict[str, Any], ask: Ask, say: Callable[[str], None]
) -> None:
    """Ask one question until its answer holds."""
    while True:
        text = ask(question, answer_text(question, answers.get(question.name)))
        if not text.strip():
            return
        try:
            value = read_answer(question, text, markets, answers)
            faults = check_draft(form, {**answers, question.name: value}, question.name)
            if faults:
                raise UserError(faults[0].problem)
        except UserError as error:
            say(str(error))
            continue
        answers[question.name] = value
        return


def _written(folder: Path, stem: str, values: Callable[[str], Mapping[str, Any]]) -> Path:
    """A new file with the values for its name, whole or not at all; one that is there is never overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.yml"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}.yml"
        number += 1
    write_private(path, yaml.safe_dump(dict(values(path.stem)), sort_keys=False, allow_unicode=True))
    return path
