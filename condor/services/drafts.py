"""The wizard without its looks: drafts, questions, answers, review. A front end draws what it says and passes on what a person answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from botcore.model.errors import ConfigError, UserError
from botcore.recorder.journal import Journal
from condor.configs import Configs
from condor.forms import Form, Question, answer_text, check_draft, default_answers, form_of, read_answer
from condor.host import WallClock
from condor.hosts import LIVE, PAPER, Hosts
from condor.services.bots import BotService, Claim
from condor.services.estimates import estimates, main_market, quotes_of, too_small
from condor.services.overview import OverviewService
from condor.store import Connection
from condor.store import drafts as store
from condor.store.drafts import Draft
from condor.store.panels import new_id
from condor.user_code import decides, is_script, script_limits, settings_model
from condor.users import Actor, Role, require
from condor.views import BotView

T = TypeVar("T")


class NoQuestions(BaseModel):
    """Config of a script that takes none."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One question of a draft.

    Parameters
    ----------
    current : str
        Its present answer, as text.
    is_last_asked : bool
        Whether the review comes next.
    """

    draft_id: str
    controller_name: str
    question: Question
    number: int
    count: int
    current: str
    is_advanced: bool


@dataclass(frozen=True, slots=True)
class LiveOffer:
    """What starting a draft with real money would mean.

    Parameters
    ----------
    total : Decimal
        Notional that may be held at once, in `quote`.
    closed : str, optional
        Why nothing new can be opened there right now.
    markets : tuple of str
        What it would trade.
    """

    account: str
    total: Decimal
    quote: str
    closed: str | None
    markets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A whole draft before it is started.

    Parameters
    ----------
    answers : tuple of (field, label, text)
        As they will be used.
    estimates : tuple of (name, text)
        What it may cost.
    faults : tuple of str
        Why it can't be started; empty when it can.
    """

    draft_id: str
    controller_name: str
    summary: str
    answers: tuple[tuple[str, str, str], ...]
    advanced: tuple[tuple[str, str, str], ...]
    estimates: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]
    state: str
    live: LiveOffer | None = None


class DraftService:
    """Drafts of new bots."""

    def __init__(self, configs: Configs, bots: BotService, overview: OverviewService, hosts: Hosts, journal: Journal, wall: WallClock) -> None:
        self._configs = configs
        self._bots = bots
        self._overview = overview
        self._hosts = hosts
        self._journal = journal
        self._wall = wall

    def controllers(self) -> list[tuple[str, str]]:
        """(name, one line) of every controller."""
        return self._configs.listed()

    # ---- a draft's life --------------------------------------------------------------------------------------------
    async def begin(self, actor: Actor, controller_name: str) -> Draft:
        """A new draft with the example's answers."""
        require(actor, Role.TRADER, "creating a bot")
        form = self._form(controller_name, None)
        answers = default_answers(form, self._configs.example(controller_name))
        draft = Draft(new_id(), actor.front, actor.chat_id, actor.user_id, controller_name, answers, 0, store.OPEN, self._wall.wall_ms())
        await self._write(lambda connection: store.add_draft(connection, draft))
        return draft

    async def copy_of(self, actor: Actor, bot_id: str) -> Draft:
        """A new draft with the answers of a bot's config, at its review; UserError when it has several controllers."""
        require(actor, Role.TRADER, "creating a bot")
        rows = await self._bots.configs(actor, bot_id)
        if not rows:
            raise UserError(f"there is no bot {bot_id}")
        if len(rows) > 1:
            raise UserError(f"{bot_id} has {len(rows)} controllers: only bots with one can be duplicated here")
        row = rows[0]
        given = row.config.get("settings", {}) if is_script(row.controller_name) else row.config
        form = self._form(row.controller_name, given.get("connector_name"))
        answers = default_answers(form, given)
        draft = Draft(
            new_id(), actor.front, actor.chat_id, actor.user_id, row.controller_name, answers, len(form.steps), store.OPEN, self._wall.wall_ms()
        )
        await self._write(lambda connection: store.add_draft(connection, draft))
        return draft

    async def unfinished(self, actor: Actor) -> list[Draft]:
        """Drafts of this chat that can be continued."""
        return await self._read(lambda connection: store.open_drafts(connection, actor.front, actor.chat_id))

    async def draft(self, draft_id: str) -> Draft:
        """UserError when there is no such draft."""
        found = await self._read(lambda connection: store.draft_by_id(connection, draft_id))
        if found is None:
            raise UserError("this draft is gone; begin a new one with /new")
        return found

    async def answer(self, actor: Actor, draft_id: str, name: str, text: str) -> Draft:
        """Take an answer and go on to the next question.

        Raises
        ------
        Ambiguous, UserError
            If the text can't be read or the value does not hold; the draft is unchanged then.
        """
        require(actor, Role.TRADER, "changing a draft")
        draft = await self._open(draft_id)
        form = self._form(draft.controller_name, draft.answers.get("connector_name"))
        question = form.question(name)
        value = read_answer(question, text, self._overview.available_markets(), draft.answers)
        answers = {**draft.answers, name: value}
        if name == "connector_name":
            answers = self._moved(draft.controller_name, answers)
        faults = check_draft(form, answers, name)
        if faults:
            raise UserError(f"{question.label}: {faults[0].problem}")
        step = draft.step
        if step < len(form.steps) and form.steps[step].name == name:
            step += 1
        await self._write(lambda connection: store.save_draft(connection, draft_id, self._wall.wall_ms(), answers=answers, step=step))
        return await self.draft(draft_id)

    def _moved(self, controller_name: str, answers: dict[str, Any]) -> dict[str, Any]:
        """After a change of venue: a pair that is not there is replaced by the first that is."""
        pairs = self._overview.available_markets().get(str(answers["connector_name"]), [])
        if pairs and answers.get("trading_pair") not in pairs:
            return {**answers, "trading_pair": pairs[0]}
        return answers

    async def go(self, draft_id: str, step: int) -> Draft:
        """Turn to a question; beyond the last one is the review."""
        draft = await self._open(draft_id)
        count = len(self._form(draft.controller_name, None).steps)
        await self._write(lambda connection: store.save_draft(connection, draft_id, self._wall.wall_ms(), step=max(0, min(step, count))))
        return await self.draft(draft_id)

    async def cancel(self, draft_id: str) -> None:
        await self._write(lambda connection: store.save_draft(connection, draft_id, self._wall.wall_ms(), state=store.CANCELLED))

    async def start(self, actor: Actor, draft_id: str, claim: Claim, mode: str = PAPER) -> BotView:
        """Start the bot of a draft once, on paper or with real money."""
        require(actor, Role.TRADER, "starting a bot")
        draft = await self._open(draft_id)
        if mode == LIVE and is_script(draft.controller_name):
            raise UserError("a script is started with real money in a terminal: condor start --script NAME --conf FILE --live")
        faults = self._faults(draft, mode)
        if faults:
            raise UserError(faults[0])

        def claimed(connection: Connection) -> None:
            claim(connection)
            store.save_draft(connection, draft_id, self._wall.wall_ms(), state=store.STARTED)

        values = self._values(draft)
        limits = None
        if is_script(draft.controller_name):
            limits = script_limits(self._bots.check(draft.controller_name, values, mode).settings)  # a script's config says how much its bot may lose
        return await self._bots.start_all(actor, [(draft.controller_name, values)], claimed, mode=mode, limits=limits)

    def _values(self, draft: Draft) -> dict[str, Any]:
        """A draft as the config of its controller; what a script is asked for is a part of that."""
        if not is_script(draft.controller_name):
            return dict(draft.answers)
        return {"settings": dict(draft.answers)} if draft.answers else {}

    async def _open(self, draft_id: str) -> Draft:
        draft = await self.draft(draft_id)
        if draft.state != store.OPEN:
            raise UserError(f"this draft was {draft.state} already; begin a new one with /new")
        return draft

    # ---- views -----------------------------------------------------------------------------------------------------
    async def step(self, draft_id: str, name: str | None = None) -> StepView | None:
        """The question that a draft stands at, or the one of a field; None at the review."""
        draft = await self.draft(draft_id)
        form = self._form(draft.controller_name, draft.answers.get("connector_name"))
        steps = [question.name for question in form.steps]
        if name is None:
            if draft.step >= len(steps):
                return None
            name = steps[draft.step]
        question = form.question(name)
        number = steps.index(name) + 1 if name in steps else 0
        current = answer_text(question, draft.answers.get(name))
        return StepView(draft_id, draft.controller_name, question, number, len(steps), current, name not in steps)

    async def review(self, draft_id: str, mode: str = PAPER) -> ReviewView:
        """The whole draft with what it may cost."""
        draft = await self.draft(draft_id)
        form = self._form(draft.controller_name, draft.answers.get("connector_name"))
        faults = self._faults(draft, mode)
        return ReviewView(
            draft_id,
            draft.controller_name,
            self._configs.spec(draft.controller_name).summary,
            tuple((question.name, question.label, answer_text(question, draft.answers.get(question.name))) for question in form.steps),
            tuple((question.name, question.label, answer_text(question, draft.answers.get(question.name))) for question in form.advanced),
            () if faults else self._estimates(draft, mode),
            tuple(faults),
            draft.state,
            self._at_stake(draft) if not faults else None,
        )

    def _at_stake(self, draft: Draft) -> LiveOffer | None:
        """What a live start would put at stake; None where no account of that venue is connected."""
        live = self._hosts.live
        if is_script(draft.controller_name):
            # the amount belongs on the button, and nobody knows it: a terminal may start it with real money (condor start --script ... --live)
            return None
        config = self._bots.check(draft.controller_name, self._values(draft))
        market = main_market(config)
        account = live.accounts.get(market.connector_name) if live is not None and market is not None else None
        if account is None or market is None:
            return None
        session = account.session.view()
        instrument = self._hosts.of(LIVE).instrument(market)
        total = sum(quotes_of(config), Decimal(0))
        title = live.title(market.connector_name) if live else ""
        closed = account.connector.closed_reason() or session.trouble
        return LiveOffer(title, total, instrument.quote, closed, tuple(sorted(str(each) for each in config.markets())))

    def _faults(self, draft: Draft, mode: str = PAPER) -> list[str]:
        """Everything that keeps a draft from being started."""
        form = self._form(draft.controller_name, draft.answers.get("connector_name"))
        faults = [f"{fault.field or 'the whole'}: {fault.problem}" for fault in check_draft(form, draft.answers)]
        if faults:
            return faults
        try:
            config = self._bots.check(draft.controller_name, self._values(draft), mode)
        except ConfigError as error:
            return [error.problem]
        except UserError as error:
            return [str(error)]
        market = main_market(config)
        if is_script(draft.controller_name):
            # what it will send only its own code knows: there is no size to judge
            return [] if market is not None else ["it names no market: a script says in update_markets, init_markets or markets what it trades"]
        return [] if market is None else too_small(config, self._hosts.of(mode).instrument(market))

    def _estimates(self, draft: Draft, mode: str) -> tuple[tuple[str, str], ...]:
        if is_script(draft.controller_name):
            return (("orders and worst case", "only the script knows"),)
        config = self._bots.check(draft.controller_name, self._values(draft), mode)
        market = main_market(config)
        if market is None:
            return ()
        taker = self._configs.venue(market.connector_name).fees.taker
        return estimates(config, self._hosts.of(mode).instrument(market), taker)

    def _form(self, controller_name: str, connector: Any) -> Form:
        spec = self._configs.spec(controller_name)
        model: Any = spec.config_class
        if is_script(controller_name):
            if not decides(spec):
                file = spec.origin.partition(" ")[0]
                raise UserError(f"{file} decides nothing by itself: begin a bot with a controller, or run it by condor start --script")
            own = settings_model(spec)
            model = NoQuestions if own is Any else own
        return form_of(model, self._overview.available_markets(), None if connector is None else str(connector))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))
