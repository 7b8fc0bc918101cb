"""The wizard without its looks: drafts, questions, answers, review. A front end draws what it says and passes on what a person answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.configs import Configs
from condor.executor_drafts import executor_name, is_executor
from condor.forms import answer_text, default_answers
from condor.host import WallClock
from condor.hosts import LIVE, PAPER, Hosts
from condor.pictures.drawings import CandleChart
from condor.services.bots import BotService, Claim
from condor.services.draft_answers import DraftAnswers
from condor.services.draft_files import DraftFiles
from condor.services.draft_kinds import BOT, DraftKinds
from condor.services.draft_pictures import DraftPictures
from condor.services.draft_reviews import DraftReviews
from condor.services.draft_shelf import DraftShelf
from condor.services.draft_sizes import DraftSizes
from condor.services.draft_views import ReviewView, StepView
from condor.services.overview import OverviewService
from condor.services.past_candles import PastCandles
from condor.services.preflight import Preflight
from condor.services.purse import Purse
from condor.services.sizes import main_market
from condor.services.trials import TrialService, TrialView
from condor.store import drafts as store
from condor.store.drafts import Draft, Notes
from condor.store.panels import new_id
from condor.user_code import is_script, script_limits
from condor.users import Actor, Role, require
from condor.views import BotView


class DraftService:
    """Drafts of new bots."""

    def __init__(self, configs: Configs, bots: BotService, overview: OverviewService, hosts: Hosts, journal: Journal, wall: WallClock) -> None:
        self._bots = bots
        self._overview = overview
        self._hosts = hosts
        self._shelf = DraftShelf(journal, wall)
        self.kinds = DraftKinds(configs, overview)
        self.files = DraftFiles(configs, self.kinds)
        self._purse = Purse(hosts, configs)
        past = PastCandles(hosts)
        self.trials = TrialService(configs.home, past, self._tried, overview.describe_market)
        self._pictures = DraftPictures(hosts, self._purse, past)
        self._sizes = DraftSizes(hosts, self._purse)
        self._answers = DraftAnswers(self.kinds, self._sizes, self._purse)
        self._preflight = Preflight(self.kinds, bots, hosts, self._purse)
        self._reviews = DraftReviews(configs, self.kinds, self._preflight, hosts, self._purse)

    def controllers(self) -> list[tuple[str, str]]:
        """(name, one line) of every controller."""
        return self.kinds.listed()

    # ---- a draft's life --------------------------------------------------------------------------------------------
    async def begin(self, actor: Actor, controller_name: str) -> Draft:
        """A new draft of a controller, a script or an executor, with the example's answers and what the market proposes."""
        require(actor, Role.TRADER, "creating a bot")
        name = executor_name(controller_name) if is_executor(controller_name) else controller_name
        form = self.kinds.form(name)
        answers = default_answers(form, self.kinds.example(name))
        draft = self._new(actor, name, answers, Notes())
        return await self._shelf.add(self._answers.proposed(draft))

    def _new(self, actor: Actor, name: str, answers: dict[str, Any], notes: Notes, step: int = 0) -> Draft:
        return Draft(new_id(), actor.front, actor.chat_id, actor.user_id, name, answers, step, store.OPEN, self._shelf.now_ms(), notes)

    async def from_config(
        self,
        actor: Actor,
        controller_name: str,
        config: Mapping[str, Any],
        origin: str,
        claim: Claim | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> Draft:
        """A draft at its review with the values of a config, such as a file's or a bot's, and what that bot may lose."""
        require(actor, Role.TRADER, "creating a bot")
        name, answers, beside = self.kinds.answers_of(controller_name, config)
        answers |= {f"{BOT}.{field}": value for field, value in (limits or {}).items()}
        form = self.kinds.form(name, answers)
        notes = Notes(tuple(answers), {}, beside, origin)
        return await self._shelf.add(self._new(actor, name, answers, notes, len(form.steps)), claim)

    async def from_file(self, actor: Actor, name: str, raw: bytes, claim: Claim) -> Draft:
        """A draft at its review from a YAML file that somebody sent; FileFaults when it does not hold."""
        require(actor, Role.TRADER, "creating a bot")
        controller_name, config = self.files.read(name, raw)
        return await self.from_config(actor, controller_name, config, f"the file {name}", claim)

    async def as_file(self, draft_id: str) -> tuple[str, str]:
        """(file name, YAML) of a draft."""
        return self.files.write(await self.draft(draft_id))

    async def duplicate(self, actor: Actor, bot_id: str) -> Draft:
        """A draft like a bot, running or not; UserError for one with several controllers."""
        configs = await self._bots.configs(actor, bot_id)
        if not configs:
            raise UserError(f"there is no bot {bot_id}")
        if len(configs) > 1:
            raise UserError(f"{bot_id} has {len(configs)} controllers, and a draft has one: export its configs instead (condor export)")
        limits = await self._shelf.limits(bot_id)
        return await self.from_config(actor, configs[0].controller_name, configs[0].config, f"a copy of {bot_id}", limits=limits)

    async def unfinished(self, actor: Actor) -> list[Draft]:
        """Drafts of this chat that can be continued."""
        return await self._shelf.unfinished(actor)

    async def draft(self, draft_id: str) -> Draft:
        """UserError when there is no such draft."""
        return await self._shelf.get(draft_id)

    # ---- answers ---------------------------------------------------------------------------------------------------
    async def answer(self, actor: Actor, draft_id: str, name: str, text: str, claim: Claim | None = None) -> Draft:
        """Take an answer, or several as `tp=0.4% sl=1%`, and go on to the next question.

        Parameters
        ----------
        claim : Claim, optional
            Makes a typed line count once.

        Raises
        ------
        Ambiguous, Several, UserError
            If the text can't be read or the value does not hold; the draft is unchanged then.
        """
        require(actor, Role.TRADER, "changing a draft")
        draft = await self._shelf.open(draft_id)
        form = self.kinds.form(draft.controller_name, draft.answers)
        several = self._answers.several(draft, text)
        changed = several or self._answers.answered(draft, name, text)
        step = draft.step
        now = self.kinds.form(draft.controller_name, changed.answers)
        if several is None and step < len(form.steps) and form.steps[step].name == name:
            step = 1 + next((at for at, question in enumerate(now.steps) if question.name == name), step)
        return await self._shelf.save(replace(changed, step=min(step, len(now.steps))), claim)

    def noted(self, draft: Draft, text: str) -> str:
        """What a line of several answers has set, in words; empty for any other line."""
        return self._answers.noted(draft, text)

    # ---- moves -----------------------------------------------------------------------------------------------------
    async def go(self, draft_id: str, step: int) -> Draft:
        """Turn to a question; beyond the last one is the review."""
        draft = await self._shelf.open(draft_id)
        count = len(self.kinds.form(draft.controller_name, draft.answers).steps)
        return await self._shelf.turn(draft_id, max(0, min(step, count)))

    async def reset(self, actor: Actor, draft_id: str, name: str) -> Draft:
        """Give a question its default again."""
        require(actor, Role.TRADER, "changing a draft")
        return await self._shelf.save(self._answers.reset(await self._shelf.open(draft_id), name))

    async def change(self, actor: Actor, draft_id: str, changes: Mapping[str, Any]) -> Draft:
        """Take answers as values, such as those of a fix."""
        require(actor, Role.TRADER, "changing a draft")
        draft = await self._shelf.open(draft_id)
        given = tuple(dict.fromkeys((*draft.notes.given, *changes)))
        return await self._shelf.save(replace(draft, answers={**draft.answers, **changes}, notes=replace(draft.notes, given=given)))

    async def cancel(self, actor: Actor, draft_id: str) -> None:
        """Give a draft up; UserError when it can't be any more, for it has its bot."""
        require(actor, Role.TRADER, "changing a draft")
        await self._shelf.open(draft_id)
        await self._shelf.cancel(draft_id)

    async def start(self, actor: Actor, draft_id: str, claim: Claim, mode: str = PAPER) -> BotView:
        """Start the bot of a draft once, on paper or with real money."""
        require(actor, Role.TRADER, "starting a bot")
        draft = await self._shelf.open(draft_id)
        if mode == LIVE and is_script(draft.controller_name):
            raise UserError("a script is started with real money in a terminal: condor start --script NAME --conf FILE --live")
        problems = self._preflight.problems(draft, mode)
        if problems:
            raise UserError(problems[0].text)

        claimed = self._shelf.started(draft_id, claim)
        name, values = self.kinds.config_of(draft)
        if is_script(draft.controller_name):
            own = script_limits(self._bots.check(name, values, mode).settings)  # a script's config says how much its bot may lose
            return await self._bots.start_all(actor, [(name, values)], claimed, mode=mode, limits=own)
        return await self._bots.start_all(actor, [(name, values)], claimed, mode=mode, limits=self.kinds.limits(draft))

    # ---- views -----------------------------------------------------------------------------------------------------
    async def step(self, draft_id: str, name: str | None = None) -> StepView | None:
        """The question that a draft stands at, or the one of a field; None at the review."""
        draft = await self.draft(draft_id)
        form = self.kinds.form(draft.controller_name, draft.answers)
        steps = [question.name for question in form.steps]
        if name is None:
            if draft.step >= len(steps):
                return None
            name = steps[draft.step]
        question = form.question(name)
        presets, free = self._sizes.presets(draft, question)
        # what Skip would give: the market's proposal where there is one, not the price of an example
        default = self._answers.reset(draft, name).answers.get(name)
        return StepView(
            draft_id,
            draft.controller_name,
            question,
            steps.index(name) + 1 if name in steps else 0,
            len(steps),
            answer_text(question, draft.answers.get(name)),
            name not in steps,
            answer_text(question, default),
            draft.notes.why.get(name, ""),
            presets,
            free,
        )

    async def review(self, draft_id: str, mode: str = PAPER) -> ReviewView:
        """The whole draft with what it may cost."""
        return self._reviews.review(await self.draft(draft_id), mode)

    async def picture(self, draft_id: str, interval: str) -> CandleChart:
        """Candles of a draft's market with its levels and barriers; UserError where it names no market, does not hold yet, or there are no candles."""
        config = self._preflight.config(await self.draft(draft_id))
        market = main_market(config)
        if market is None:
            raise UserError("it names no market")
        return await self._pictures.picture(config, market, interval)

    async def fields(self, draft_id: str, search: str = "") -> Iterable[tuple[str, str, str]]:
        """(field, label, text) of every question whose name, prompt or answer has these words."""
        draft = await self.draft(draft_id)
        form = self.kinds.form(draft.controller_name, draft.answers)
        rows = [(question, answer_text(question, draft.answers.get(question.name))) for question in form.questions]
        words = search.lower().split()
        return [
            (question.name, question.label, text)
            for question, text in rows
            if all(word in f"{question.name} {question.label} {question.prompt} {text}".lower() for word in words)
        ]

    # ---- trials ----------------------------------------------------------------------------------------------------
    def _tried(self, draft: Draft) -> tuple[str, Any]:
        """(controller name, config) of a draft that holds."""
        return self.kinds.config_of(draft)[0], self._preflight.config(draft)

    async def begin_trial(self, actor: Actor, draft_id: str) -> None:
        """Start a backtest of a draft over the last days."""
        require(actor, Role.TRADER, "trying a draft")
        self.trials.begin(await self._shelf.open(draft_id))

    async def trial(self, draft_id: str) -> TrialView | None:
        """How that stands; None when there is none for its present answers."""
        return self.trials.look(await self.draft(draft_id))
