"""`condor create`: asks a config model's questions on the console and writes the answers as YAML."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from botcore.model.errors import UserError
from condor.configs import Configs
from condor.forms import Form, Question, answer_text, check_draft, default_answers, form_of, read_answer
from condor.home import Home

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
    markets = markets_of(configs)
    form = form_of(spec.config_class, markets)
    answers = default_answers(form, configs.example(controller_name))
    fixed = _given(form, given, markets, answers)
    if ask is not None:
        for question in form.steps:
            if question.name not in fixed:
                narrowed = form_of(spec.config_class, markets, str(answers.get("connector_name"))).question(question.name)
                _asked(form, narrowed, markets, answers, ask, say)
    faults = check_draft(form, answers)
    if faults:
        raise UserError(f"{faults[0].field or 'the config'}: {faults[0].problem}")
    config = spec.config_class.model_validate(answers)
    configs.check_connectors(config)
    return _written(home, controller_name, answers)


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


def _written(home: Home, controller_name: str, answers: Mapping[str, Any]) -> Path:
    """A new file; one that is there is never overwritten."""
    folder = home.conf / "controllers"
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{controller_name}-{str(answers.get('trading_pair', 'config')).lower()}"
    path = folder / f"{stem}.yml"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}.yml"
        number += 1
    text = yaml.safe_dump({"id": path.stem, "controller_name": controller_name, **answers}, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path
