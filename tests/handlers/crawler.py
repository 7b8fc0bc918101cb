"""Visits every screen that buttons and commands lead to, as data, and says what is wrong with each card."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from condor.errors import UserError
from condor.localchat.entities import parse_html, utf16_length
from condor.users import Actor
from condor.wiring import Program, wall_clock
from handlers.args import Given
from handlers.context import Context
from handlers.html import WIDTH, columns, visible_length
from handlers.registry import Danger, Registry
from handlers.view import Button, Show, View
from tests.support.house import House
from tests.support.programs import OWNER

Node = tuple[str, str]
"""A screen and its arguments as JSON."""

OF_PEOPLE = {
    "user",
    "ask_role",
    "ask_remove",
    "ask_leave",
    "ask_speak",
    "ask_allow",
    "ask_block",
    "ask_unblock",
    "invite",
    "ask_end",
    "group",
    "ask_manners",
}
"""Screens of users, invites and groups, of which a fresh home has none: `test_people_screens.py` visits them."""

ENDS = {"cancel_draft": "home"}
"""Buttons that are not pressed, and where they lead."""


def faults_of(view: View, registry: Registry) -> list[str]:
    """Everything that is wrong with a card."""
    found: list[str] = []
    text, entities = parse_html(view.text)
    if not 0 < utf16_length(text) <= (4096 if view.drawing is None and view.picture is None else 1024):
        found.append(f"{utf16_length(text)} characters")
    if len(entities) > 100:
        found.append(f"{len(entities)} entities")
    if visible_length(view.text) != utf16_length(text) and text == view.text:
        found.append(f"{visible_length(view.text)} characters as the cards count them, {utf16_length(text)} as the chat does")
    for block in re.findall(r"<pre>(.*?)</pre>", view.text, re.DOTALL):
        wide = [line for line in html.unescape(block).split("\n") if columns(line) > WIDTH]
        found += [f"{columns(line)} columns in a table: {line!r}" for line in wide[:1]]
    buttons = [button for row in view.rows for button in row]
    if not buttons:
        found.append("a dead end")
    if len(buttons) > 100 or any(not 1 <= len(row) <= 8 for row in view.rows):
        found.append("too many buttons")
    for button in buttons:
        found += _faults_of_button(button, view, registry)
    return found


def _faults_of_button(button: Button, view: View, registry: Registry) -> list[str]:
    found = []
    if not 0 < utf16_length(button.text) <= 64 or "\n" in button.text:
        found.append(f"the label {button.text!r}")
    action = registry.actions.get(button.action)
    if action is None:
        return [*found, f"no route {button.action}"]
    if button.action in ("show", "open") and button.args.get("screen") not in registry.screens:
        found.append(f"no screen {button.args.get('screen')}")
    if action.danger is Danger.CONFIRM and not (button.confirm and view.frozen is not None):
        found.append(f"{button.action} acts without asking")
    if button.confirm and action.danger is not Danger.CONFIRM:
        found.append(f"{button.action} asks and need not")
    return found


@dataclass(slots=True)
class Crawl:
    """One visit.

    Parameters
    ----------
    presses : callable
        Which buttons beside those that only show are pressed on the way.
    most : int
        Cards of one screen that are looked at.

    Attributes
    ----------
    faults : list of str
        What is wrong.
    refusals : list of str
        Buttons that were pressed and said why not; whether they may is the test's business.
    """

    registry: Registry
    context: Callable[[View | None, Node | None], Context]
    presses: Callable[[Button], bool]
    most: int = 12
    views: dict[Node, View] = field(default_factory=dict)
    ways: dict[Node, set[Node]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    async def visit(self, start: list[tuple[str, Mapping[str, Any]]]) -> None:
        waiting: list[tuple[str, Mapping[str, Any]]] = list(start)
        names: Counter[str] = Counter()
        while waiting:
            name, args = waiting.pop(0)
            node = _node(name, args)
            if node in self.views or names[name] >= self.most:
                continue
            names[name] += 1
            view = await self._drawn(name, args, node)
            if view is None:
                continue
            self.views[node] = view
            self.faults += [f"{name} {node[1][:120]}: {fault}" for fault in faults_of(view, self.registry)]
            self.ways[node] = set()
            for button in [button for row in view.rows for button in row]:
                for shown in await self._followed(button, view, node):
                    self.ways[node].add(_node(*shown))
                    waiting.append(shown)

    async def _drawn(self, name: str, args: Mapping[str, Any], node: Node) -> View | None:
        screen = self.registry.screens.get(name)
        if screen is None:
            self.faults.append(f"there is no screen {name}")
            return None
        try:
            return await screen.render(self.context(None, node), Given(args))
        except UserError as error:
            # a card that is refused in words is drawn by nobody; what led to it keeps its ways
            self.faults.append(f"{name} {node[1][:120]} raised {error}")
            return None

    async def _followed(self, button: Button, view: View, node: Node) -> list[tuple[str, Mapping[str, Any]]]:
        if button.action in ("show", "open"):
            return [(button.args["screen"], dict(button.args.get("args", {})))]
        if button.action in ENDS:
            return [(ENDS[button.action], {})]
        if not self.presses(button):
            return []
        act: Callable[[Context, Mapping[str, Any]], Awaitable[Any]] = self.registry.actions[button.action].act
        try:
            outcome = await act(self.context(view, node), Given(button.args))
        except UserError as error:
            self.refusals.append(f"{node[0]}, {button.text!r}: {error}")
            return []
        return [(outcome.screen, dict(outcome.args))] if isinstance(outcome, Show) else []

    def dead_ends(self) -> list[Node]:
        """Cards from which no way of buttons leads home."""
        good = {node for node in self.views if node[0] == "home"}
        grown = True
        while grown:
            more = {node for node, ways in self.ways.items() if node not in good and ways & good}
            # what was not looked at for there were enough of its kind is as good as those
            kinds = {node[0] for node in good}
            more |= {node for node, ways in self.ways.items() if node not in good and any(way not in self.views and way[0] in kinds for way in ways)}
            grown = bool(more)
            good |= more
        return sorted(set(self.views) - good)


def _node(name: str, args: Mapping[str, Any]) -> Node:
    return name, json.dumps(args, sort_keys=True)


# ---- ways to make a visit ------------------------------------------------------------------------------------------
def context(program: Program, registry: Registry, actor: Actor = OWNER) -> Context:
    """A tap that is always the first, on no card."""
    return Context(program.services, registry, actor, lambda connection: None, wall_clock().wall_ms)


def check(view: View, registry: Registry, where: str) -> None:
    assert not faults_of(view, registry), where


def presses(button: Button) -> bool:
    """Whether a button is pressed on the way beside those that only show: nothing that acts once, or asks."""
    return not (button.once or button.confirm or button.action in ("begin", "status_every", "try_draft"))


async def crawl(program: Program, registry: Registry, start: list[tuple[str, dict[str, Any]]], most: int = 60) -> set[str]:
    """Follow every button that only shows, and every step of the wizard, so often for each screen; returns the names of the screens that were seen."""
    ctx = context(program, registry)
    found = Crawl(registry, lambda view, node: ctx, presses, most)
    await found.visit(start)
    assert not found.faults + found.refusals, "\n".join(found.faults + found.refusals)
    return {name for name, _ in found.views}


def crawl_of(house: House, registry: Registry, actor: Actor = OWNER) -> Crawl:
    """A visit of a house whose time stands still, which picks and turns over too."""

    def given(view: View | None, node: Node | None) -> Context:
        panel = None
        if node is not None:
            panel = house.program.services.panels.fresh(actor, node[0], json.loads(node[1]))
        return Context(house.program.services, registry, actor, lambda connection: None, lambda: 1_790_000_000_000, panel)

    def is_pressed(button: Button) -> bool:
        harmless = {"pick", "pick_page", "with_picked", "go", "keep", "edit_answer", "duplicate"}
        return button.action in harmless and registry.actions[button.action].danger is Danger.LOOK

    return Crawl(registry, given, is_pressed)
