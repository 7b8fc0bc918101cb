"""Cards that ask before something is done: how they are drawn, and what a tap on their answer does. The contract is in `condor.services.confirms`.

A screen says what it asks about (`View.frozen`) and which of its buttons answer (`Button.confirm`); everything else is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from telegram import CallbackQuery

from condor.errors import UserError
from condor.services.bots import Claim
from condor.services.confirms import Choice, ConfirmService, Stale
from condor.services.step_up import StepUpNeeded
from condor.store.confirms import DONE, EXECUTING, FAILED, UNKNOWN
from condor.store.panels import AlreadyDone, Panel
from condor.users import Actor
from handlers.view import Button, Outcome, Show, Toast, View

CONFIRM = "confirm"
"""What a confirming button means once its card is written down."""

Draw = Callable[[Show, Actor], Awaitable[View]]
Call = Callable[[Choice, Actor, Claim], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the button was that was tapped: its row, and how many there were."""

    row: int
    rows: int


def place_of(query: CallbackQuery) -> Place | None:
    """None when the message does not say."""
    markup = getattr(query.message, "reply_markup", None)
    keyboard = markup.inline_keyboard if markup is not None else ()
    for number, row in enumerate(keyboard):
        if any(button.callback_data == query.data for button in row):
            return Place(number, len(keyboard))
    return None


def arranged(rows: tuple[tuple[Button, ...], ...], place: Place | None) -> tuple[tuple[Button, ...], ...]:
    """Rows in an order in which no answer stands where the tapped button stood, counted from above or from below: a double tap can't confirm."""
    if place is None:
        return rows
    taken = {place.row, len(rows) - place.rows + place.row} & set(range(len(rows)))
    harmless = [row for row in rows if not any(button.confirm for button in row)]
    asking = [row for row in rows if row not in harmless]
    order: list[tuple[Button, ...]] = []
    for number in range(len(rows)):
        left = sum(later in taken for later in range(number + 1, len(rows)))
        # harmless rows are kept for the places that need them
        if harmless and (number in taken or not asking or len(harmless) > left):
            order.append(harmless.pop(0))
        else:
            order.append((asking or harmless).pop(0))
    return tuple(order)


class Confirming:
    """See the module.

    Parameters
    ----------
    ttl_s : callable
        How long an action's card may be answered.
    draw : callable
        Draws a screen.
    call : callable
        Carries out a choice.
    """

    def __init__(self, confirms: ConfirmService, ttl_s: Callable[[str], int], draw: Draw, call: Call) -> None:
        self._confirms = confirms
        self._ttl_s = ttl_s
        self._draw = draw
        self._call = call

    async def written(self, panel: Panel, view: View, actor: Actor, place: Place | None) -> View:
        """A card that asks, written down, with its answers where no second tap meets them."""
        if view.frozen is None:
            return view
        buttons = [button for row in view.rows for button in row if button.confirm]
        choices = [Choice(button.text, button.action, button.args, button.by_price) for button in buttons]
        ttl_ms = min((self._ttl_s(choice.action) for choice in choices), default=0) * 1000
        confirm_id = await self._confirms.ask(actor, panel, view.frozen, view.text, choices, ttl_ms)
        numbers = iter(range(len(buttons)))
        rows = tuple(
            tuple(replace(button, action=CONFIRM, args={"id": confirm_id, "choice": next(numbers)}) if button.confirm else button for button in row)
            for row in view.rows
        )
        return replace(view, rows=arranged(rows, place), frozen=None)

    async def refuse_old(self, args: Mapping[str, Any], actor: Actor) -> None:
        """For a button of an older drawing: raises when it is somebody else's, or was answered."""
        confirm = await self._confirms.find(str(args["id"]))
        if confirm is not None:
            self._confirms.refuse_others(confirm, actor)
            self._confirms.refuse_second(confirm)

    async def meant(self, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The action that an answer stands for, and what it is done to, for the audit."""
        confirm = await self._confirms.find(str(args["id"]))
        if confirm is None:
            return "confirm", {}
        return self._confirms.choice(confirm, int(args["choice"])).action, {"id": confirm.target}

    async def may_have_acted(self, args: Mapping[str, Any]) -> bool:
        """Whether what a card asked about may have been done: it was recorded together with the answer."""
        confirm = await self._confirms.find(str(args["id"]))
        return confirm is not None and confirm.state in (EXECUTING, DONE, UNKNOWN)

    async def tapped(self, args: Mapping[str, Any], actor: Actor) -> Outcome:
        """Carry out an answer, if what was asked still stands.

        Raises
        ------
        UserError
            If it does not, or the answer can't be carried out; nothing was done unless the words say otherwise.
        """
        confirms = self._confirms
        confirm = await confirms.find(str(args["id"]))
        if confirm is None:
            raise Stale("This card is too old; here it is anew.")
        confirms.refuse_others(confirm, actor)
        confirms.refuse_second(confirm)
        choice = confirms.choice(confirm, int(args["choice"]))
        view = await self._draw(Show(confirm.screen, confirm.args), actor)
        if view.frozen is None:
            raise Stale(view.gone or "There is nothing left to confirm.")
        confirms.refuse_stale(confirm, choice, view.frozen)
        try:
            outcome = await self._call(choice, actor, confirms.claim(confirm, choice))
        except (AlreadyDone, StepUpNeeded):
            # done by another tap, or asked for a code first: then nothing was done, and the card may be answered after it
            raise
        except Exception as error:
            # what is written as "executing" was committed together with what it does
            latest = await confirms.find(confirm.confirm_id)
            was_taken = latest is not None and latest.state == EXECUTING
            words = str(error) if isinstance(error, UserError) else "a fault of this program"
            await confirms.finish(confirm, choice, UNKNOWN if was_taken else FAILED, words)
            raise
        await confirms.finish(confirm, choice, DONE, outcome.text if isinstance(outcome, Toast) else outcome.toast)
        return outcome
