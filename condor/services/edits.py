"""Live edit: which fields of a bot's config may change while it runs, what was typed as values, and how the config would differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from botcore.controllers.updates import changed_fields, updatable_fields, updated
from condor.answers import clip_text
from condor.configs import Configs
from condor.errors import UserError
from condor.forms import Form, Question, answer_text, form_of, read_answer
from condor.manager import BotManager
from condor.services.bots import BotService, Claim
from condor.services.overview import OverviewService
from condor.shortcuts import read_shortcuts
from condor.store.bots import ConfigRow
from condor.units import Ambiguous
from condor.users import Actor, Role, require


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field that may change: its question, and what it is now as a person would type it."""

    question: Question
    current: str


@dataclass(frozen=True, slots=True)
class DiffView:
    """What an edit would change: (field, label, before, after) each."""

    bot_id: str
    controller_id: str
    controller_name: str
    version: int
    rows: tuple[tuple[str, str, str, str], ...]
    is_running: bool


class EditService:
    """See the module. Values travel as the texts that were typed, so that they can be read again at the tap that applies them."""

    def __init__(self, manager: BotManager, bots: BotService, configs: Configs, overview: OverviewService) -> None:
        self._manager = manager
        self._bots = bots
        self._configs = configs
        self._overview = overview

    async def controllers(self, actor: Actor, bot_id: str) -> list[ConfigRow]:
        """The bot's controllers with their newest configs; UserError when there is no such bot."""
        rows = await self._bots.configs(actor, bot_id)
        if not rows:
            raise UserError(f"there is no bot {bot_id}")
        return rows

    async def fields(self, actor: Actor, bot_id: str, controller_id: str) -> list[FieldView]:
        """Fields that may change while it runs, with their present values."""
        row, form = await self._form(actor, bot_id, controller_id)
        config = self._bots.present_config(bot_id, row)
        allowed = updatable_fields(form.model)
        asked = {question.name: question for question in (*form.steps, *form.advanced)}
        return [FieldView(asked[name], answer_text(asked[name], _plain(getattr(config, name)))) for name in allowed if name in asked]

    async def named(self, actor: Actor, bot_id: str, controller_id: str, text: str) -> dict[str, str]:
        """The fields and texts of a line such as `tp=1% sl=2%`, with the short names of the wizard; what is no field of this config is left to it to refuse."""
        _, form = await self._form(actor, bot_id, controller_id)
        found = read_shortcuts(text, list(form.model.model_fields), keeps_unknown=True)
        if not found:
            raise UserError(f"expected FIELD=VALUE such as stop_loss=2%, found {clip_text(text, 40)!r}")
        return dict(found)

    async def unclear(self, actor: Actor, bot_id: str, controller_id: str, changes: Mapping[str, str]) -> str:
        """The first field whose text can be meant in two ways; empty where there is none."""
        row, form = await self._form(actor, bot_id, controller_id)
        config = self._bots.present_config(bot_id, row)
        for name, text in changes.items():
            try:
                self._values(form, config, {name: text})
            except Ambiguous:
                return name
            except UserError:
                continue
        return ""

    async def diff(self, actor: Actor, bot_id: str, controller_id: str, changes: Mapping[str, str]) -> DiffView:
        """How the config would differ from the one of now.

        Raises
        ------
        Ambiguous, UserError
            If a field can't change, a text can't be read, or the whole does not hold.
        """
        require(actor, Role.TRADER, "changing a bot")
        row, form = await self._form(actor, bot_id, controller_id)
        before = self._bots.present_config(bot_id, row)
        after = updated(before, self._values(form, before, changes))
        asked = {question.name: question for question in (*form.steps, *form.advanced)}
        rows = tuple(
            (name, asked[name].label, answer_text(asked[name], _plain(getattr(before, name))), answer_text(asked[name], _plain(getattr(after, name))))
            for name in changed_fields(before, after)
            if name in asked
        )
        return DiffView(bot_id, row.controller_id, row.controller_name, row.version, rows, bot_id in self._manager.running)

    async def apply(self, actor: Actor, bot_id: str, controller_id: str, changes: Mapping[str, str], claim: Claim) -> ConfigRow:
        """Write the next version of the config; a running bot takes it over with its next tick."""
        require(actor, Role.TRADER, "changing a bot")
        row, form = await self._form(actor, bot_id, controller_id)
        values = self._values(form, self._bots.present_config(bot_id, row), changes)
        return await self._bots.update_config(actor, bot_id, row.controller_id, values, claim)

    # ---- parts -----------------------------------------------------------------------------------------------------
    def _values(self, form: Form, config: Any, changes: Mapping[str, str]) -> dict[str, Any]:
        """Typed texts as values; a field that has no question, or is fixed, is left to the model to refuse."""
        asked = {question.name: question for question in (*form.steps, *form.advanced) if question.is_updatable}
        draft = {"connector_name": str(getattr(config, "connector_name", ""))}
        markets = self._overview.available_markets()
        return {name: read_answer(asked[name], text, markets, draft) if name in asked else text for name, text in changes.items()}

    async def _form(self, actor: Actor, bot_id: str, controller_id: str) -> tuple[ConfigRow, Form]:
        require(actor, Role.VIEWER, "looking at bots")
        row = await self._bots.config_row(bot_id, controller_id)
        spec = self._configs.spec(row.controller_name)
        return row, form_of(spec.config_class, self._overview.available_markets(), row.config.get("connector_name"))


def _plain(value: Any) -> Any:
    """A config's value as an answer."""
    plain = to_jsonable_python(value)
    return json.loads(json.dumps(plain)) if isinstance(plain, dict | list) else value
