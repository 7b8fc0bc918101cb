"""Everybody's own authenticator (numbers are those of telegram.md section 7): set up over pages, asked of its person only, kept over restarts, and never passed by for a lost file."""

from __future__ import annotations

from pathlib import Path

import pytest

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from condor.authenticators import Authenticators
from condor.services.step_up import StepUpNeeded
from condor.store.common import put_user
from condor.users import Actor, Forbidden, Role
from condor.vault import Vault
from condor.wiring import Program
from handlers.app import build_registry
from handlers.context import Context
from tests.handlers.crawler import faults_of
from tests.support.key_world import NEW, PASSPHRASE, Browser, audit, code, running, seen, set_up

ANN = Actor(1, "You", Role.OWNER, "local", 1)
BEN, EVE = Actor(12, "Ben", Role.TRADER, "telegram", 12), Actor(13, "Eve", Role.TRADER, "telegram", 13)


def unclaimed(connection: object) -> None: ...


def has_role(program: Program, actor: Actor, role: Role) -> None:
    program._journal.run(lambda connection: put_user(connection, actor.user_id, actor.name, role, 1)).result(10)


async def test_s59_each_person_sets_up_their_own_and_shows_codes_of_no_other(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        services = program.services
        for actor in (BEN, EVE):
            has_role(program, actor, Role.TRADER)
        with pytest.raises(UserError, match="the owner sets up the first authenticator"):
            await services.codes.set_up(BEN)
        mine = await set_up(program, ANN, await services.key_forms.set_up_codes(ANN), **NEW)
        assert not services.step_up.is_asked(BEN), "only who has one is asked"
        with pytest.raises(UserError, match="private chat"):
            await services.codes.set_up(Actor(12, "Ben", Role.TRADER, "telegram", -5))
        bens = await set_up(program, BEN, await services.codes.set_up(BEN))
        with pytest.raises(UserError, match="wrong"):
            await services.step_up.show(BEN, code(mine))
        used = code(bens)
        await services.step_up.show(BEN, used)
        assert services.step_up.is_fresh(BEN) and not services.step_up.is_fresh(ANN)
        with pytest.raises(UserError, match="used before"):
            await services.step_up.show(BEN, used)
        await services.step_up.show(ANN, code(mine))
        # everybody must: who has none is told what to do, and may do just that
        with pytest.raises(Forbidden):
            await services.codes.require_all(BEN, True, unclaimed)
        await services.step_up.require_fresh(EVE)
        await services.codes.require_all(ANN, True, unclaimed)
        with pytest.raises(UserError, match="/codes sets up yours"):
            await services.bots.before_live(EVE, set())
        with pytest.raises(UserError, match="set up another one instead"):
            await services.codes.take_away(BEN, "telegram", 12, unclaimed)
        await cards_are_sound(program)
        # a page of somebody who lost the role in the meantime takes nothing
        link = await services.codes.set_up(EVE)
        has_role(program, EVE, Role.VIEWER)
        async with Browser(program) as browser:
            status, said = await browser.fill_in(link, code=code(await seen(browser, link)))
        assert status == 422 and "needs the role operator" in said and not services.step_up.has_own("telegram", 13)
        # a lost phone
        await services.codes.take_away(ANN, "telegram", 12, unclaimed)
        assert not services.step_up.has_own("telegram", 12) and not services.step_up.is_fresh(BEN)
        rows = [row for row in audit(program) if row[0] == "authenticator"]
        assert [row[1:3] for row in rows] == [("user 1", "on"), ("user 12", "on"), ("codes", "everybody"), ("user 12", "off")]
    text = (tmp_path / "data" / "codes.json").read_text()
    assert mine.reveal() not in text and "authenticator" in text
    assert mine.reveal() not in (tmp_path / "logs" / "condor.log").read_text()
    await after_a_restart(tmp_path, mine)


async def cards_are_sound(program: Program) -> None:
    registry = build_registry()
    drawn = {}
    for actor in (ANN, BEN):
        ctx = Context(program.services, registry, actor, unclaimed, program._wall.wall_ms)
        for name, args in (("codes", {}), ("ask_codes_off", {"front": actor.front, "user": actor.user_id}), ("codes_page", {})):
            drawn[name, actor.name] = await registry.screens[name].render(ctx, args)
    owner = Context(program.services, registry, ANN, unclaimed, program._wall.wall_ms)
    for name, args in (("ask_codes_all", {"to": False}), ("ask_codes_off", {"front": "telegram", "user": 12}), ("user", {"user": 12}), ("keys", {})):
        drawn[name, "of Ben"] = await registry.screens[name].render(owner, args)
    assert [fault for view in drawn.values() for fault in faults_of(view, registry)] == []
    labels = {key: [button.text for row in view.rows for button in row] for key, view in drawn.items()}
    assert "Ask only who has one …" in labels["codes", "You"] and not any("Ask" in label for label in labels["codes", "Ben"])
    assert "📴 Take the authenticator away …" in labels["user", "of Ben"] and "📴 Take all away …" in labels["keys", "of Ben"]
    assert "needs one" in drawn["codes", "Ben"].text and "is over" in drawn["codes_page", "Ben"].text


async def after_a_restart(home: Path, mine: Secret) -> None:
    async with running(home, PASSPHRASE) as program:
        services = program.services
        assert services.step_up.is_required and services.step_up.has_own("local", 1)
        with pytest.raises(StepUpNeeded):
            await services.step_up.require_fresh(ANN)
        await services.step_up.show(ANN, code(mine, 1))
    async with running(home) as program:
        for actor in (ANN, EVE):
            with pytest.raises(UserError, match="the vault is locked"):
                await program.services.step_up.require_fresh(actor)
    # somebody takes the file away: that opens nothing, and the owner begins anew with the passphrase
    (home / "data" / "codes.json").unlink()
    async with running(home, PASSPHRASE) as program:
        services = program.services
        for ask in (services.step_up.require_fresh(ANN), services.step_up.show(ANN, code(mine)), services.codes.set_up(ANN)):
            with pytest.raises(UserError, match="are gone"):
                await ask
        async with Browser(program) as browser:
            status, said = await browser.fill_in(await services.key_forms.end_codes(ANN), passphrase=PASSPHRASE.reveal())
        assert status == 200 and "not asked for any more" in said
        await services.step_up.require_fresh(ANN)


async def test_a_wrong_passphrase_or_code_sets_up_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        link = await program.services.key_forms.set_up_codes(ANN)
        async with Browser(program) as browser:
            secret = await seen(browser, link)
            near = {code(secret, ahead) for ahead in (-2, -1, 0, 1, 2)}
            wrong = next(text for text in ("000000", "111111", "222222", "333333", "444444", "555555") if text not in near)
            for values, words in (
                ({"code": wrong, **NEW}, "is not the one"),
                ({"code": code(secret), "passphrase": "short", "again": "short"}, "longer"),
            ):
                status, said = await browser.fill_in(link, **values)
                assert status == 422 and words in said
        assert not program.services.codes.can_set_up and not (tmp_path / "data" / "codes.json").exists()
        assert not program.services.step_up.is_asked(ANN)


async def test_a_file_that_somebody_has_changed_is_trouble_and_one_without_its_key_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "codes.json"
    own = Authenticators(Vault(path))
    key = own.new_key()
    await own.begin(key)
    await own.put("local", 1, Secret("A" * 32))
    assert Authenticators(Vault(path), key).secret("local", 1) == Secret("A" * 32)
    assert not Authenticators(Vault(path)).has("local", 1), "left over"
    path.write_text(path.read_text().replace("local 1", "local 2"))
    changed = Authenticators(Vault(path), key)
    assert "damaged" in changed.trouble and changed.secret("local", 2) is None and not changed.can_set_up
