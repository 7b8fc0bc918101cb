"""Preflight of a draft: everything that keeps it from being started, each in one sentence, with what mends it in one tap."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from botcore.model.errors import ConfigError, UserError
from botcore.model.instrument import Instrument, Market
from condor.forms import Question, check_draft
from condor.hosts import LIVE, PAPER, Hosts
from condor.services.bots import BotService
from condor.services.capped import capped
from condor.services.draft_kinds import DraftKinds
from condor.services.proposals import PRICES
from condor.services.purse import Purse
from condor.services.remedies import Fix, Problem, band_fixes, takes_amount, too_small
from condor.services.sizes import MOST_POSITIONS, ZERO, leverage_of, main_market, quotes_of, too_many
from condor.store.drafts import Draft
from condor.units import plain
from condor.user_code import is_script


class Preflight:
    """See the module."""

    def __init__(self, kinds: DraftKinds, bots: BotService, hosts: Hosts, purse: Purse) -> None:
        self._kinds = kinds
        self._bots = bots
        self._hosts = hosts
        self._purse = purse

    def config(self, draft: Draft, mode: str = PAPER) -> Any:
        """A draft as a config; UserError with the first reason why it is none."""
        for question in self._open_prices(draft):
            raise UserError(_open(question))
        return self._bots.check(*self._kinds.config_of(draft), mode)

    def problems(self, draft: Draft, mode: str = PAPER) -> list[Problem]:
        """Everything that keeps a draft from being started; empty when nothing does."""
        found = self._of_answers(draft)
        if found:
            return found
        if mode == LIVE:
            found = self._of_account(draft)
            if found:
                return found
        try:
            config = self.config(draft, mode)
        except ConfigError as error:
            return [Problem(error.problem, field=error.field)]
        except UserError as error:
            return [Problem(str(error))]
        market = main_market(config)
        if is_script(draft.controller_name):
            # what it will send only its own code knows: there is no size to judge
            return (
                [] if market is not None else [Problem("it names no market: a script says in update_markets, init_markets or markets what it trades")]
            )
        return [] if market is None else self._of_market(draft, config, market, mode)

    # ---- one after the other ---------------------------------------------------------------------------------------
    def _of_answers(self, draft: Draft) -> list[Problem]:
        form = self._kinds.form(draft.controller_name, draft.answers)
        names = {question.name for question in form.questions}
        prices = {question.name: Problem(_open(question), field=question.name) for question in self._open_prices(draft)}
        found = list(prices.values())
        for fault in check_draft(form, draft.answers):
            name = next((item for item in (fault.field, fault.field.rpartition(".")[0]) if item in names), "")
            if prices and (not name or name in prices):
                continue  # said already, or judged by prices that nobody gave
            of = form.question(name).label if name else fault.field
            text = f"{of}: {fault.problem}" if of else fault.problem
            if "required and was not given" in fault.problem and name:
                text = _open(form.question(name))
            found.append(Problem(text, () if name else band_fixes(draft.answers), name))
        return found

    def _open_prices(self, draft: Draft) -> list[Question]:
        """Prices of a band that nobody has given: what the model has instead is an example, of no market."""
        questions = self._kinds.form(draft.controller_name, draft.answers).questions
        return [question for question in questions if question.name in PRICES and question.name not in draft.answers]

    def _of_account(self, draft: Draft) -> list[Problem]:
        """Real money needs keys of each venue."""
        names = [value for name, value in draft.answers.items() if name.rpartition(".")[2].endswith(("connector_name", "connector")) and value]
        names += [
            str(value).partition(":")[0]
            for value in draft.answers.values()
            if isinstance(value, str) and value.partition(":")[0] in self._kinds.markets()
        ]
        lacking = sorted({str(name) for name in names if not self._purse.has_account(str(name))})
        return [Problem(f"no keys of {self._purse.title(name)} are connected: with real money it needs an account there") for name in lacking]

    def _of_market(self, draft: Draft, config: Any, market: Market, mode: str) -> list[Problem]:
        instrument = self._hosts.of(mode).instrument(market)
        mid = self._purse.mid(market, mode)
        many = too_many(config, instrument, mid)
        if many is not None:
            return [
                Problem(
                    f"it would open {many:,} positions: at most {MOST_POSITIONS:,} are counted here; take a wider step, a longer interval or fewer"
                )
            ]
        small = too_small(config, instrument, mid)
        down = self._purse.is_down(market, mode)
        found = [small, self._poor(config, market, instrument, mode, mid), Problem(down) if down else None]
        where = f"{self._purse.title(market.connector_name)} ({mode})"
        return [*(problem for problem in found if problem is not None), *capped(config, instrument, self._purse.caps(market, mode), mid, where)]

    def _poor(self, config: Any, market: Market, instrument: Instrument, mode: str, mid: Decimal | None) -> Problem | None:
        """More than the account has: the whole is opened at once in the worst case."""
        free = self._purse.free(mode, market.connector_name, instrument.quote, instrument)
        total = sum(quotes_of(config, mid), ZERO)
        leverage = (leverage_of(config) or 1) if instrument.is_perpetual else 1
        needed = total / leverage
        if free is None or needed <= free or (not instrument.is_perpetual and self._has_base(market, instrument, mode, total, mid)):
            return None
        at = f" at {leverage}x" if leverage > 1 else ""
        text = (
            f"the balance is too small: {total:.2f} {instrument.quote}{at} need {needed:.2f}, "
            f"and {max(free, ZERO):.2f} are free at {self._purse.title(market.connector_name)} ({mode})"
        )
        most = (free * leverage).quantize(Decimal("0.01"), ROUND_DOWN)
        fixes = (Fix(f"Use {most:f} {instrument.quote}", {"total_amount_quote": plain(most)}),) if takes_amount(config) and most > 0 else ()
        return Problem(text, fixes, "total_amount_quote")

    def _has_base(self, market: Market, instrument: Instrument, mode: str, total: Decimal, mid: Decimal | None) -> bool:
        """On a spot market a sell needs the asset itself: what is there of it counts."""
        base = self._purse.free(mode, market.connector_name, instrument.base, instrument)
        quote = self._purse.free(mode, market.connector_name, instrument.quote, instrument)
        return base is not None and mid is not None and quote is not None and base * mid + quote >= total


def _open(question: Question) -> str:
    return f"still to be answered: {question.label}"
