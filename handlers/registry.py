"""The registry: every screen, action and command once, with who may use it. Routing, /help, the bot's menu and the tests come from here.

A decorator only attaches a description to the function; `collect` gathers them from the screen modules into a registry that is passed on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import ModuleType
from typing import Any, TypeVar

from condor.errors import UserError, nearest
from condor.users import Role
from handlers.aliases import aliases
from handlers.context import Context
from handlers.view import Outcome, Send, SendLater, Show, View

Render = Callable[[Context, Mapping[str, Any]], Awaitable[View]]
Act = Callable[[Context, Mapping[str, Any]], Awaitable[Outcome]]
Run = Callable[[Context, list[str]], Awaitable[Show | Send | SendLater]]
F = TypeVar("F", bound=Callable[..., Any])

MARK = "__condor_description__"
TTL_S = 60


@dataclass(frozen=True, slots=True)
class Screen:
    """Draws a card; changes nothing."""

    name: str
    role: Role
    render: Render


class Danger(IntEnum):
    """What an action may do."""

    LOOK = 0
    """It changes what cards show, or settings of the chat."""
    CHANGE = 1
    """It changes something that is taken back with one tap."""
    CONFIRM = 2
    """It is done only by a button of a card that asks (`View.frozen`): see `handlers.confirm`."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a button does.

    Parameters
    ----------
    ttl_s : int
        How long a card that asks for it may be answered.
    waits : str
        What a tap is told while it waits for somebody else, such as a venue; "" for what waits for nobody.
    """

    name: str
    role: Role
    act: Act
    danger: Danger = Danger.LOOK
    ttl_s: int = TTL_S
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A word after a slash.

    Parameters
    ----------
    usage : str
        Its arguments, as /help shows them.
    """

    name: str
    role: Role
    summary: str
    usage: str
    run: Run


@dataclass(slots=True)
class Registry:
    """Everything by name."""

    screens: dict[str, Screen] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def command(self, word: str) -> Command:
        """The command of this name or alias; UserError with the nearest one when there is none."""
        found = self.commands.get(self.aliases.get(word, word))
        if found is None:
            raise UserError(f"there is no command /{word[:32]}{nearest(word, self.commands)}; /help lists them")
        return found

    def alias_of(self, name: str) -> str:
        """The shortest that may be typed for a command; empty where it has none."""
        return min((alias for alias, of in self.aliases.items() if of == name), key=len, default="")


def screen(name: str, role: Role = Role.VIEWER) -> Callable[[F], F]:
    """Describe a function as a screen."""
    return lambda function: _marked(function, lambda: Screen(name, role, function))


def action(name: str, role: Role = Role.VIEWER, danger: Danger = Danger.LOOK, ttl_s: int = TTL_S, waits: str = "") -> Callable[[F], F]:
    """Describe a function as an action."""
    return lambda function: _marked(function, lambda: Action(name, role, function, danger, ttl_s, waits))


def command(name: str, summary: str, usage: str = "", role: Role = Role.VIEWER) -> Callable[[F], F]:
    """Describe a function as a command."""
    return lambda function: _marked(function, lambda: Command(name, role, summary, usage, function))


def _marked(function: F, describe: Callable[[], Any]) -> F:
    setattr(function, MARK, [*getattr(function, MARK, []), describe()])
    return function


def collect(modules: Iterable[ModuleType]) -> Registry:
    """A registry of all described functions of these modules, in their order.

    Raises
    ------
    ValueError
        If two have the same name.
    """
    registry = Registry()
    places: dict[type, dict[str, Any]] = {Screen: registry.screens, Action: registry.actions, Command: registry.commands}
    for module in modules:
        for function in list(vars(module).values()):
            if getattr(function, "__module__", None) != module.__name__:
                continue
            for description in getattr(function, MARK, ()):
                place = places[type(description)]
                if description.name in place:
                    raise ValueError(f"{description.name} is described twice, in {module.__name__} the second time")
                place[description.name] = description
    registry.aliases = aliases(registry.commands)
    return registry
