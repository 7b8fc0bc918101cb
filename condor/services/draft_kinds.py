"""What a draft can be of: a controller, a script of the home, or an executor by hand; its questions, and the config that its answers come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from botcore.controllers.by_hand import NAME as BY_HAND
from botcore.controllers.manual import NAME as MANUAL
from botcore.model.errors import UserError, nearest
from botcore.strategies.bot_limits import BotLimits
from condor.configs import Configs
from condor.executor_drafts import EXAMPLES, PREFIX, SUMMARIES, by_hand_values, executor_model, is_executor
from condor.forms import Form, form_of, own_answers
from condor.nested import nested, value_at, within
from condor.services.overview import OverviewService
from condor.store.drafts import Draft
from condor.user_code import decides, is_script, settings_model

BOT = "bot"
"""First name of the answers that are the bot's own: its limits."""
ONLY_PERPETUAL = ("leverage", "position_mode")


class NoQuestions(BaseModel):
    """Config of a script that takes none."""


class DraftKinds:
    """See the module."""

    def __init__(self, configs: Configs, overview: OverviewService) -> None:
        self._configs = configs
        self._overview = overview

    def listed(self) -> list[tuple[str, str]]:
        """(name, one line) of every controller and script."""
        return self._configs.listed()

    def named(self, word: str) -> list[str]:
        """The controllers and scripts that a word means: the one of this name, or else those that begin with it, or else those that have it in them.

        Raises
        ------
        UserError
            If there is none.
        """
        names = [name for name, _ in self.listed()]
        if word in names:
            return [word]
        found = [name for name in names if name.startswith(word)] or [name for name in names if word in name.split("_")]
        if not found:
            raise UserError(f"there is no strategy {word[:40]!r}{nearest(word, names)}; /new lists them")
        return found

    def executors(self) -> list[tuple[str, str]]:
        """(whole name, one line) of every executor that can be set up by hand."""
        return [(f"{PREFIX}{kind}", summary) for kind, summary in SUMMARIES.items()]

    def summary(self, name: str) -> str:
        return SUMMARIES[name.removeprefix(PREFIX)] if is_executor(name) else self._configs.spec(name).summary

    def markets(self) -> dict[str, list[str]]:
        return self._overview.available_markets()

    # ---- questions -------------------------------------------------------------------------------------------------
    def form(self, name: str, answers: Mapping[str, Any] | None = None) -> Form:
        """The questions; the answers that there are narrow them."""
        connector = (answers or {}).get("connector_name")
        if is_script(name):
            return form_of(self._script_model(name), self.markets(), connector)
        model: Any = executor_model(name) if is_executor(name) else self._configs.spec(name).config_class
        venue = self._configs.venues.get(str(connector))
        left_out = ONLY_PERPETUAL if venue is not None and venue.kind == "spot" else ()
        return form_of(model, self.markets(), connector, {BOT: BotLimits}, left_out)

    def _script_model(self, name: str) -> Any:
        spec = self._configs.spec(name)
        if not decides(spec):
            file = spec.origin.partition(" ")[0]
            raise UserError(f"{file} decides nothing by itself: begin a bot with a controller, or run it by condor start --script")
        own = settings_model(spec)
        return NoQuestions if own is Any else own

    def example(self, name: str) -> dict[str, Any]:
        """What a new draft begins with."""
        return dict(EXAMPLES.get(name.removeprefix(PREFIX), {})) if is_executor(name) else self._configs.example(name)

    # ---- configs ---------------------------------------------------------------------------------------------------
    def config_of(self, draft: Draft) -> tuple[str, dict[str, Any]]:
        """(controller name, config values) that a draft's answers come to."""
        name = draft.controller_name
        if is_script(name):
            own = nested(draft.answers)
            return name, {"settings": own} if own else {}
        form = self.form(name, draft.answers)
        values = draft.notes.beside | nested(own_answers(form, draft.answers))
        return (
            (BY_HAND, by_hand_values(name, {key: value for key, value in values.items() if key != "controller_name"}))
            if is_executor(name)
            else (name, values)
        )

    def limits(self, draft: Draft) -> BotLimits | None:
        """The bot's limits as far as they were given."""
        limits = BotLimits.model_validate(dict(within(BOT, draft.answers)))
        return limits if limits.are_set else None

    def answers_of(self, controller_name: str, config: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """(kind, answers, what the form does not ask for) of a config as values."""
        if controller_name == MANUAL:
            raise UserError("orders by hand are no strategy that could be copied: /trade gives another one")
        if controller_name == BY_HAND:
            executor = dict(config["executor"])
            name = f"{PREFIX}{executor['type']}"
            source: Mapping[str, Any] = executor
        else:
            name, source = controller_name, config
        if is_script(name):
            raise UserError("a script's settings can't be taken over into a draft; begin it with /new")
        form = self.form(name, source)
        answers = {question.name: value_at(source, question.name) for question in form.questions}
        answers = {question: value for question, value in answers.items() if not question.startswith(f"{BOT}.")}
        firsts = {question.partition(".")[0] for question in answers}
        beside = {
            key: value for key, value in source.items() if key not in firsts and key not in ("id", "type", "timestamp", "controller_id", "level_id")
        }
        return name, answers, {key: value for key, value in beside.items() if key != "controller_name"}
