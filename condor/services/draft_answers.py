"""Answers taken into a draft: read, checked, and what the market proposes after them. Nothing is written down here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botcore.model.errors import UserError
from condor.forms import PairUnknown, Question, Several, answer_text, check_draft, default_answers, read_answer
from condor.services.draft_kinds import DraftKinds
from condor.services.draft_sizes import DraftSizes
from condor.services.proposals import PRICES, proposed
from condor.services.purse import Purse
from condor.shortcuts import read_shortcuts, with_values
from condor.store.drafts import Draft
from condor.units import Ambiguous

MARKET = ("connector_name", "trading_pair")


class DraftAnswers:
    """See the module."""

    def __init__(self, kinds: DraftKinds, sizes: DraftSizes, purse: Purse) -> None:
        self._kinds = kinds
        self._sizes = sizes
        self._purse = purse

    def answered(self, draft: Draft, name: str, text: str) -> Draft:
        """A draft with one more answer; Ambiguous or UserError where it can't be read or does not hold."""
        question = self._kinds.form(draft.controller_name, draft.answers).question(name)
        value = self._sizes.share(draft, question, text) or self._sizes.of_dollars(draft, question, text)
        if value is None:
            value = read_answer(question, text, self._kinds.markets(), draft.answers)
        return self._taken(draft, question, value)

    def several(self, draft: Draft, text: str) -> Draft | None:
        """A draft after a line such as `tp=0.4% sl=1%`, all of it or nothing; None for a line that is no such thing.

        Raises
        ------
        Several
            If some of it can be meant in more than one way: each way is the whole line again, for a reading without its field would answer another question.
        UserError
            If some of it does not hold.
        """
        readings: dict[int, tuple[str, ...]] = {}
        problems: list[str] = []
        named = read_shortcuts(text, self._fields(draft))
        changed = draft
        for number, (field, value) in enumerate(named):
            try:
                changed = self.answered(changed, field, value)
            except (Ambiguous, PairUnknown) as error:
                readings[number] = error.readings if isinstance(error, Ambiguous) else error.close
                problems.append(str(error))
        if readings and all(readings.values()):
            ways = range(max(map(len, readings.values())))
            chosen = [{number: each[min(way, len(each) - 1)] for number, each in readings.items()} for way in ways]
            raise Several("; ".join(problems), tuple(with_values(text, values) for values in chosen))
        if problems:
            raise UserError("; ".join(problems))
        return changed if named else None

    def noted(self, draft: Draft, text: str) -> str:
        """What a line such as `tp=0.4% sl=1%` has set: `take profit 0.4%, stop loss 1%`; empty for any other line."""
        form = self._kinds.form(draft.controller_name, draft.answers)
        questions = [form.question(field) for field, _ in read_shortcuts(text, self._fields(draft))]
        return ", ".join(f"{question.label} {answer_text(question, draft.answers.get(question.name))}" for question in questions)

    def _fields(self, draft: Draft) -> list[str]:
        return [question.name for question in self._kinds.form(draft.controller_name, draft.answers).questions]

    def _taken(self, draft: Draft, question: Question, value: Any) -> Draft:
        name = question.name
        answers = {**draft.answers, name: value}
        if name.rpartition(".")[2] == "connector_name":
            answers = self._moved(answers, name)
        faults = check_draft(self._kinds.form(draft.controller_name, answers), answers, name)
        if faults:
            allowed = f"; allowed: {question.range_text}" if question.range_text and question.range_text not in faults[0].problem else ""
            raise UserError(f"{question.label}: {faults[0].problem}{allowed}")
        notes = draft.notes
        why = {field: reason for field, reason in notes.why.items() if field != name}
        given = tuple(dict.fromkeys((*notes.given, name)))
        changed = replace(draft, answers=answers, notes=replace(notes, given=given, why=why))
        if name not in (*MARKET, "side"):
            return changed
        is_same = all(draft.answers.get(field) == answers.get(field) for field in MARKET)
        return self.proposed(changed if is_same else _without_prices(changed))

    def _moved(self, answers: dict[str, Any], name: str) -> dict[str, Any]:
        """After a change of venue: a pair that is not there is replaced by the first that is."""
        pair_name = name.replace("connector_name", "trading_pair")
        pairs = self._kinds.markets().get(str(answers[name]), [])
        if pairs and pair_name in answers and answers[pair_name] not in pairs:
            return {**answers, pair_name: pairs[0]}
        return answers

    def proposed(self, draft: Draft) -> Draft:
        """A draft with what its market proposes for the fields that nobody has answered."""
        market, instrument = self._sizes.market(draft.answers)
        if market is None or instrument is None:
            return draft
        form = self._kinds.form(draft.controller_name, draft.answers)
        fields = {question.name: None for question in form.questions if question.name not in draft.notes.given}
        values, why = proposed(fields, draft.answers, instrument, self._purse.mid(market), self._purse.day(market))
        return replace(draft, answers={**draft.answers, **values}, notes=replace(draft.notes, why={**draft.notes.why, **why}))

    def reset(self, draft: Draft, name: str) -> Draft:
        """A draft in which a question has its default again."""
        form = self._kinds.form(draft.controller_name, draft.answers)
        form.question(name)
        default = default_answers(form, self._kinds.example(draft.controller_name)).get(name)
        notes = replace(draft.notes, given=tuple(field for field in draft.notes.given if field != name))
        return self.proposed(replace(draft, answers={**draft.answers, name: default}, notes=notes))


def _without_prices(draft: Draft) -> Draft:
    """A draft of another market than before: no price stays that nobody has given, for it was one of the old market."""
    old = {name for name in (*PRICES, "prices") if name not in draft.notes.given}
    answers = {name: value for name, value in draft.answers.items() if name not in old}
    return replace(draft, answers=answers, notes=replace(draft.notes, why={name: why for name, why in draft.notes.why.items() if name not in old}))
