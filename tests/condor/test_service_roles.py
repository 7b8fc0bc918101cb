"""Every service method that changes something refuses who may not, whatever front end let them through, and everybody while their front end is frozen."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from condor.services.facade import Services
from condor.tickets import new_ticket
from condor.users import Actor, Forbidden, Frozen, Role
from tests.support.programs import running


def claim(connection: Any) -> None:
    """Of what must not get so far."""
    raise AssertionError("it got as far as the records")


CHANGES: dict[str, tuple[Role, Callable[[Services, Actor], Any]]] = {
    "start a bot": (Role.TRADER, lambda s, a: s.bots.start(a, "pmm_simple", {}, claim)),
    "start bots": (Role.TRADER, lambda s, a: s.bots.start_all(a, [], claim)),
    "start again": (Role.TRADER, lambda s, a: s.bots.start_again(a, "b", claim)),
    "change a config": (Role.TRADER, lambda s, a: s.bots.update_config(a, "b", "c", {}, claim)),
    "kill switch": (Role.TRADER, lambda s, a: s.bots.set_kill_switch(a, "b", "c", True, claim)),
    "limits": (Role.TRADER, lambda s, a: s.bots.set_limits(a, "b", {}, claim)),
    "stop": (Role.OPERATOR, lambda s, a: s.bots.stop(a, "b", claim, keep_position=True)),
    "begin a draft": (Role.TRADER, lambda s, a: s.drafts.begin(a, "pmm_simple")),
    "answer a draft": (Role.TRADER, lambda s, a: s.drafts.answer(a, "d", "leverage", "1")),
    "reset paper": (Role.TRADER, lambda s, a: s.overview.reset_paper(a, claim)),
    "halt": (Role.OPERATOR, lambda s, a: s.overview.halt(a, claim)),
    "release the halt": (Role.OWNER, lambda s, a: s.overview.release(a, claim)),
    "approve code": (Role.OWNER, lambda s, a: s.code.approve(a, "x", "0" * 12, claim)),
    "give up coins": (Role.OWNER, lambda s, a: s.missing.give_up(a, "binance", "BTC", Decimal(1), claim)),
    "release a panic": (Role.OWNER, lambda s, a: s.panic.release(a, "it was a drill", claim)),
    "set a role": (Role.OWNER, lambda s, a: s.members.set_role(a, 5, Role.OWNER, claim)),
    "remove": (Role.OWNER, lambda s, a: s.members.remove(a, 5, claim, block=False)),
    "allow": (Role.OWNER, lambda s, a: s.members.allow(a, 5, claim)),
    "block": (Role.OWNER, lambda s, a: s.members.block(a, [5], claim)),
    "unblock": (Role.OWNER, lambda s, a: s.members.unblock(a, 5, claim)),
    "invite": (Role.OWNER, lambda s, a: s.invites.create(a, Role.VIEWER, 3600, 1, claim)),
    "end an invite": (Role.OWNER, lambda s, a: s.invites.revoke(a, 1, claim)),
    "allow a group": (Role.OWNER, lambda s, a: s.groups.allow(a, "telegram", -1, claim)),
    "leave a group": (Role.OWNER, lambda s, a: s.groups.leave(a, "telegram", -1, claim)),
    "how it speaks in a group": (Role.OWNER, lambda s, a: s.groups.set_manners(a, "telegram", -1, claim, hides_sums=True)),
    "one's own authenticator": (Role.OPERATOR, lambda s, a: s.codes.set_up(a)),
    "take an authenticator away": (Role.OWNER, lambda s, a: s.codes.take_away(a, "telegram", 5, claim)),
    "take one's own away": (Role.OPERATOR, lambda s, a: s.codes.take_away(a, a.front, a.user_id, claim)),
    "codes of everybody": (Role.OWNER, lambda s, a: s.codes.require_all(a, True, claim)),
    "status pushes": (Role.VIEWER, lambda s, a: s.subscriptions.set(a, 3600, lambda connection: None)),
    "a draft of a config": (Role.TRADER, lambda s, a: s.drafts.from_config(a, "pmm_simple", {}, "", claim)),
    "a draft of a file": (Role.TRADER, lambda s, a: s.drafts.from_file(a, "x.yml", b"", claim)),
    "start a draft": (Role.TRADER, lambda s, a: s.drafts.start(a, "d", claim)),
    "edit": (Role.TRADER, lambda s, a: s.edits.apply(a, "b", "c", {}, claim)),
    "stop bots": (Role.OPERATOR, lambda s, a: s.exits.stop(a, ["b"], claim, keep_position=True)),
    "close": (Role.OPERATOR, lambda s, a: s.exits.close(a, "x", claim, keep_position=True)),
    "close what is held": (Role.OPERATOR, lambda s, a: s.hold_exits.close(a, "b", "binance:BTC-USDT", claim)),
    "a balance that is low": (Role.OPERATOR, lambda s, a: s.floors.set(a, "paper:binance", "USDT", Decimal(1), claim)),
    "rename": (Role.TRADER, lambda s, a: s.bots.rename(a, "b", "B", claim)),
    "pause": (Role.OPERATOR, lambda s, a: s.pauses.pause(a, ["b"], claim)),
    "resume": (Role.OPERATOR, lambda s, a: s.pauses.resume(a, ["b"], claim)),
    "an order by hand": (Role.TRADER, lambda s, a: s.manual.place(a, new_ticket(), claim)),
    "cancel orders by hand": (Role.OPERATOR, lambda s, a: s.manual.cancel(a, ["t-x"], claim)),
    "caps": (Role.OWNER, lambda s, a: s.caps.change(a, "binance", "pairs", "BTC-USDT", claim)),
    "limits of a role": (Role.OWNER, lambda s, a: s.role_limits.change(a, Role.TRADER, "max_order", "1", claim)),
    "release a cap": (Role.OWNER, lambda s, a: s.caps.release(a, "binance", "it was a drill", claim)),
    "mute": (Role.VIEWER, lambda s, a: s.alerts.mute(a, "b", 60, claim)),
    "digest": (Role.VIEWER, lambda s, a: s.alerts.trades_to_digest(a, "b", claim)),
    "level": (Role.VIEWER, lambda s, a: s.alerts.set_level(a, "closed", "*", "*", None, claim)),
    "alert settings": (Role.VIEWER, lambda s, a: s.alerts.set_prefs(a, {}, claim)),
    "least result": (Role.VIEWER, lambda s, a: s.alerts.set_min_pnl(a, Decimal(1), claim)),
    "topic": (Role.VIEWER, lambda s, a: s.alerts.set_topic(a, "*", "*", None, claim)),
    "price alert": (Role.VIEWER, lambda s, a: s.prices.add(a, "v", "P-Q", "above", Decimal(1), claim, is_repeated=False)),
    "no price alert": (Role.VIEWER, lambda s, a: s.prices.drop(a, 1, claim)),
}
EMERGENCIES: dict[str, tuple[Role, Callable[[Services, Actor], Any]]] = {
    "panic": (Role.OPERATOR, lambda s, a: s.panic.begin(a, lambda connection: None, flatten=False)),
    "stop telling": (Role.OPERATOR, lambda s, a: s.panic.acknowledge(a)),
    "an alert was seen": (Role.VIEWER, lambda s, a: s.alerts.acknowledge(a, 1, lambda connection: None)),
}


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with running(tmp_path, {"clock": {"tick_size": 5}}) as program:
        yield program.services


async def called(work: Callable[[Services, Actor], Any], services: Services, actor: Actor) -> None:
    found = work(services, actor)
    if isinstance(found, Awaitable):
        await found


async def test_each_change_needs_its_role_and_a_front_end_that_may_act(services: Services) -> None:
    for what, (role, work) in CHANGES.items():
        for lower in range(role):
            with pytest.raises(Forbidden, match=f"needs the role {role.title}") as refused:
                await called(work, services, Actor(9, "V", Role(lower), "telegram", 9))
            assert refused.value.role is role and not isinstance(refused.value, Frozen), what
        with pytest.raises(Frozen, match="nothing is changed from here now: somebody else reads"):
            await called(work, services, Actor(9, "O", Role.OWNER, "telegram", 9, "somebody else reads"))


async def test_what_only_makes_things_safer_needs_its_role_and_nothing_else(services: Services) -> None:
    for role, work in EMERGENCIES.values():
        with pytest.raises(Forbidden, match=f"needs the role {role.title}"):
            await called(work, services, Actor(9, "V", Role(role - 1), "telegram", 9))
        await called(work, services, Actor(9, "O", role, "telegram", 9, "somebody else reads"))
    assert services.panic.view().goal == "freeze"


def test_every_service_method_that_takes_a_claim_is_in_the_table() -> None:
    """A change is carried out once by its claim: a new one must not be forgotten above."""

    fields = [inspect.get_annotations(Services, eval_str=True)[name] for name in Services.__slots__]
    found = {
        f"{kind.__name__}.{name}"
        for kind in fields
        for name, method in vars(kind).items()
        if inspect.isfunction(method) and not name.startswith("_") and {"actor", "claim"} <= set(inspect.signature(method).parameters)
    }
    source = Path(__file__).read_text()
    words = {"PanicService.begin": "s.panic.begin"}
    names = {kind.__name__: field for field, kind in inspect.get_annotations(Services, eval_str=True).items()}
    # an invite is used by somebody who has no role yet
    apart = {"InviteService.redeem"}
    for method in sorted(found - apart):
        kind, name = method.split(".")
        assert words.get(method, f"s.{names[kind]}.{name}(") in source, method
