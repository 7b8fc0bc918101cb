"""Everything that a button can change asks first (`handlers.confirm`), or is listed here with the reason why it need not."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, get_type_hints

from condor.services.data import DataServices
from condor.services.facade import Services
from condor.users import Role
from handlers.app import build_registry
from handlers.calls import EMERGENCIES
from handlers.context import Args, Context
from handlers.registry import Action, Danger, Registry, action
from handlers.view import Outcome, Toast

WIZARD = "an answer of a draft: nothing runs by it, and it is given anew at will"
CHAT = "what this chat is told of: set back by a tap on the same card"
TYPED = "the whole of it is typed, in answer to a card of the owner's own or as a command"
NEED_NOT: dict[str, str] = {
    "answer": WIZARD,
    "search_fields": WIZARD,
    "duplicate": WIZARD,
    "upload": WIZARD,
    "start_draft": "paper money, below the review of all that it does; stopped at will",
    "start_again": "paper money; stopped at will (one with real money asks)",
    "rename": TYPED,
    "panic_release": f"{TYPED}, with a reason and a code; no bot starts by it",
    "panic_freeze": "an emergency: /panic and this one are the two taps",
    "panic_flatten": "an emergency: /panic and this one are the two taps",
    "panic_seen": "quiet about what goes on; it says so again when something changes",
    "status_every": CHAT,
    "alerts_level": CHAT,
    "alerts_mute": CHAT,
    "alert_mute": CHAT,
    "alert_digest": CHAT,
    "alert_seen": CHAT,
    "price_alert": CHAT,
    "price_drop": CHAT,
    "plan_report": CHAT,
    "plan_changes": CHAT,
    "end_plan": CHAT,
    "settings_set": CHAT,
    "balance_set": "what is told of a balance: it trades nothing, and is set back on the same card",
    "step_up": "a code that was typed",
    "codes_own": "it opens a page, which asks",
}
"""Actions that change something and act with one tap or line: why that is right."""

COMMANDS: dict[str, str] = {
    "start": "a link that mutes an alert",
    "status": CHAT,
    "settings": CHAT,
    "alerts": CHAT,
    "price": CHAT,
    "report": CHAT,
}
"""The same for commands, which are typed."""


def changes_of(act: Callable[..., Any]) -> set[str]:
    """The calls of services by which an action changes something: they take a claim, or write the audit."""
    return {f"{attribute}.{method}" for attribute, method in _service_calls(act, set()) if _is_change(_service(attribute), method)}


def _service(attribute: str) -> type:
    hints = get_type_hints(Services) | get_type_hints(DataServices)
    found: type = hints[attribute]
    return found


def _service_calls(function: Any, seen: set[Any]) -> Iterator[tuple[str, str]]:
    """(service, method) of every `services.NAME.method` that a function names, and the functions of the chat that it names."""
    if function in seen:
        return
    seen.add(function)
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr != "data":
            holder = node.value.value
            if (getattr(holder, "attr", "") or getattr(holder, "id", "")) in ("services", "data"):
                yield node.value.attr, node.attr
        if isinstance(node, ast.Name):
            named = function.__globals__.get(node.id)
            if isinstance(named, FunctionType) and named.__module__.startswith("handlers."):
                yield from _service_calls(named, seen)


def _is_change(service: type, method: str, seen: frozenset[str] = frozenset()) -> bool:
    function = inspect.getattr_static(service, method, None)
    if not isinstance(function, FunctionType) or method in seen:
        return False
    if "claim" in inspect.signature(function).parameters:
        return True
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Name) and node.id == "write_audit":
            return True
        is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        if is_own and _is_change(service, node.attr, seen | {method}):  # type: ignore[union-attr]
            return True
    return False


def _tree(function: Any) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def unasked(registry: Registry) -> set[str]:
    """Actions that change something and are not held to the contract."""
    return {name for name, action in registry.actions.items() if action.danger is not Danger.CONFIRM and changes_of(action.act)}


def test_what_changes_something_asks_first_or_says_why_it_need_not() -> None:
    registry = build_registry()
    assert unasked(registry) == set(NEED_NOT)
    assert {name for name in EMERGENCIES if name in registry.actions} < set(NEED_NOT)
    asked = {name: action for name, action in registry.actions.items() if action.danger is Danger.CONFIRM}
    assert len(asked) > 15 and all(action.role >= Role.OPERATOR for action in asked.values()), "who may only look is never asked"


def test_a_command_turns_to_a_card_that_asks() -> None:
    found = {name for name, command in build_registry().commands.items() if changes_of(command.run)}
    assert found == set(COMMANDS)


def test_a_new_action_without_a_question_is_found() -> None:
    @action("sell_all", Role.VIEWER)
    async def sell_all(ctx: Context, args: Args) -> Outcome:
        await ctx.services.exits.close(ctx.actor, "E1", ctx.claim, keep_position=False)
        return Toast("Sold")

    @action("look", Role.VIEWER)
    async def look(ctx: Context, args: Args) -> Outcome:
        return Toast(str(ctx.services.bots.running()))

    registry = build_registry()
    registry.actions |= {"sell_all": Action("sell_all", Role.VIEWER, sell_all), "look": Action("look", Role.VIEWER, look)}
    assert unasked(registry) - set(NEED_NOT) == {"sell_all"}
