"""`/panic` on paper: the table of moves, what is stopped and closed, and what stands until the owner releases it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from botcore.model.enums import TradeType
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind
from condor.panic.states import MOVES, Goal, Phase, Sight, is_at_rest, moved
from condor.store.panels import AlreadyDone
from condor.store.panic import held_rows, panic_row
from condor.users import Actor, Forbidden, Role
from condor.wiring import Program
from tests.support.panics import OPERATOR, PAIR, D, audited, bot_with_position, open_orders, order, position, read, running
from tests.support.programs import OWNER, no_claim, unreachable
from tests.support.waiting import until


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    async with running(tmp_path) as found:
        yield found


# ---- the table -----------------------------------------------------------------------------------------------------
def test_every_account_can_come_to_rest_and_leaves_it_when_an_order_turns_up() -> None:
    for goal, rest in ((Goal.FREEZE, Phase.FROZEN), (Goal.FLATTEN, Phase.FLAT)):
        for phase in {of for (on, of, _) in MOVES if on is goal} | {Phase.CANCELLING}:
            assert moved(goal, phase, Sight.BARE) is rest, (goal, phase)
        assert moved(goal, rest, Sight.ORDERS) is Phase.CANCELLING
        assert is_at_rest(goal, rest)
    assert moved(Goal.FREEZE, Phase.CANCELLING, Sight.HELD) is Phase.FROZEN


def test_nothing_is_closed_and_nothing_is_at_rest_before_no_order_is_open() -> None:
    for goal in Goal:
        for phase in Phase:
            after = moved(goal, phase, Sight.ORDERS)
            assert after is phase or after is Phase.CANCELLING
            assert not is_at_rest(goal, after)
    assert moved(Goal.FLATTEN, Phase.CANCELLING, Sight.HELD) is Phase.CLOSING
    assert not is_at_rest(Goal.FLATTEN, Phase.FROZEN) and not is_at_rest(Goal.FREEZE, Phase.FLAT)


# ---- freeze and flatten --------------------------------------------------------------------------------------------
async def test_s35_freeze_latches_first_and_leaves_no_order_and_every_position(program: Program) -> None:
    await bot_with_position(program)
    program._host.tick = lambda: None  # type: ignore[method-assign] - no tick comes: it must not need one
    beginning = asyncio.create_task(program.services.panic.begin(OPERATOR, no_claim, flatten=False))
    await asyncio.sleep(0)
    # in the first step of all, before anything is waited for
    assert program._hosts.halt_reason is not None
    await beginning
    row = read(program, panic_row)
    assert (row.goal, row.by) == ("freeze", "Op (telegram)")
    assert "Op (telegram)" in program._hosts.halt_reason
    del program._host.tick  # type: ignore[attr-defined]
    await until(lambda: program.services.panic.view().is_done, "the freeze")
    assert open_orders(program) == [] and program._manager.running == {}
    (account,) = program.services.panic.view().accounts
    assert account.phase == "frozen" and account.positions == (f"0.01 {PAIR} (held of pmm-btc-1)",)
    assert position(program) != 0


async def test_flatten_after_freeze_closes_what_stopped_bots_hold_by_one_order(program: Program) -> None:
    bot_id = await bot_with_position(program)
    facts: list[Fact] = []
    program._host.bus.subscribe(Fact, facts.append)
    await program.services.panic.begin(OWNER, no_claim, flatten=False)
    await until(lambda: program.services.panic.view().is_done, "the freeze")
    before = read(program, lambda connection: connection.exec_driver_sql("SELECT count(*) FROM fills").scalar_one())
    await program.services.panic.begin(OWNER, no_claim, flatten=True)
    await until(lambda: program.services.panic.view().is_done, "everything to be flat")
    assert position(program) == 0 and open_orders(program) == []
    await until(lambda: program._manager.running == {}, "the bot to be gone")
    assert read(program, held_rows) == []
    exits = read(program, lambda connection: connection.exec_driver_sql("SELECT count(*) FROM fills").scalar_one()) - before
    assert exits == 1
    reports = [fact for fact in facts if fact.kind == FactKind.PANIC_REPORT]
    assert [(fact.payload["goal"], fact.payload["is_done"]) for fact in reports] == [("freeze", True), ("flatten", True)]
    assert audited(program)[-2:] == ["panic", "panic_again"]
    view = await program.services.bots.one(OWNER, bot_id)
    assert view is not None and view.state == "stopped"


async def test_flatten_leaves_a_living_executor_its_own_exit(program: Program) -> None:
    """Its position is closed once, by itself; a second exit beside it would open one on the other side."""
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    far = {"buy_spreads": "0.0001", "sell_spreads": "0.05", "stop_loss": "0.5", "take_profit": "0.5", "time_limit": 86400}
    view = await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, **far}, no_claim)
    orchestrator = program._manager.running[view.bot_id].strategy.orchestrator
    await until(lambda: any(executor.has_fills for executor in orchestrator.running), "a position")
    await program.services.panic.begin(OWNER, no_claim, flatten=True)
    await until(lambda: program.services.panic.view().is_done, "everything to be flat")
    assert position(program) == 0 and read(program, held_rows) == []
    kinds = read(program, lambda connection: connection.exec_driver_sql("SELECT DISTINCT type FROM executors").all())
    assert kinds == [("position_executor",)]


# ---- what stands until it is released ------------------------------------------------------------------------------
async def test_s37_no_bot_starts_before_the_owner_releases_it_with_a_reason_over_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        bot_id = await bot_with_position(first)
        await first.services.panic.begin(OPERATOR, no_claim, flatten=False)
    async with running(tmp_path) as second:
        panic = second.services.panic
        await until(lambda: panic.view().is_done, "the freeze to go on")
        assert second._manager.running == {} and open_orders(second) == []
        for start in (second.services.bots.start_again(OWNER, bot_id, no_claim), second.services.bots.start(OWNER, "pmm_simple", {}, no_claim)):
            with pytest.raises(UserError, match="no bot starts until the owner releases it with a reason"):
                await start
        with pytest.raises(UserError, match="released with a reason"):
            await second.services.overview.release(OWNER, no_claim)
        with pytest.raises(Forbidden):
            await panic.release(OPERATOR, "all is well again", no_claim)
        with pytest.raises(UserError, match="expected a reason in words"):
            await panic.release(OWNER, " ok ", no_claim)
        assert second._hosts.halt_reason is not None
        await panic.release(OWNER, "the spread config is repaired", no_claim)
        assert second._hosts.halt_reason is None and read(second, panic_row) is None
        last = read(second, lambda connection: connection.exec_driver_sql("SELECT action, after FROM audit ORDER BY audit_id DESC LIMIT 1").one())
        assert tuple(last) == ("release", "the spread config is repaired")
        await second.services.bots.start_again(OWNER, bot_id, no_claim)


async def test_s38_asked_for_twice_at_once_it_is_carried_out_once(program: Program) -> None:
    await bot_with_position(program)
    facts: list[Fact] = []
    program._host.bus.subscribe(Fact, facts.append)
    panic = program.services.panic
    await asyncio.gather(panic.begin(OWNER, no_claim, flatten=True), panic.begin(OPERATOR, no_claim, flatten=True))
    await until(lambda: panic.view().is_done, "everything to be flat")
    assert [fact.kind for fact in facts if fact.kind.startswith("panic")] == [FactKind.PANIC_BEGUN, FactKind.PANIC_REPORT]
    assert audited(program)[-2:] == ["panic", "panic_again"]
    assert panic.view().by == "You (local)" and position(program) == 0


async def test_a_button_that_was_used_stops_nothing_twice(program: Program) -> None:
    def used(connection: Any) -> None:
        raise AlreadyDone("this was done already")

    panic = program.services.panic
    await panic.begin(OWNER, no_claim, flatten=False)
    with pytest.raises(AlreadyDone):
        await panic.begin(OWNER, used, flatten=False)
    assert panic.view().goal == "freeze"


async def test_viewers_stop_nothing(program: Program) -> None:
    with pytest.raises(Forbidden):
        await program.services.panic.begin(Actor(3, "V", Role.VIEWER, "telegram", 3), no_claim, flatten=False)
    assert program._hosts.halt_reason is None and read(program, panic_row) is None


async def test_a_disk_that_takes_nothing_does_not_hold_up_the_cancels(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    await bot_with_position(program)
    run = program._journal.run
    blocked: list[Any] = []

    def blocks(work: Any) -> Future[None]:
        blocked.append(work)
        return Future()

    with monkeypatch.context() as while_full:
        while_full.setattr(program._journal, "run", blocks)
        await program.services.panic.begin(OWNER, no_claim, flatten=False)
        assert blocked
        assert program._hosts.halt_reason is not None
        assert all(order.cancel_asked for order in open_orders(program))
    run(blocked[0]).result()
    assert read(program, panic_row) is not None


# ---- what can't be verified ----------------------------------------------------------------------------------------
async def test_s36_a_venue_that_does_not_answer_is_told_again_and_again_until_somebody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("condor.services.panic.REPORT_S", (0.2, 0.4))
    away = unreachable(tmp_path, monkeypatch)
    await away.start()
    try:
        facts: list[Fact] = []
        away._host.bus.subscribe(Fact, facts.append)
        panic = away.services.panic
        await panic.begin(OWNER, no_claim, flatten=False)

        def reports() -> list[Fact]:
            return [fact for fact in facts if fact.kind == FactKind.PANIC_REPORT]

        await until(lambda: len(reports()) >= 3, "three reports")
        assert not any(fact.payload["is_done"] for fact in reports())
        (account,) = [account for account in panic.view().accounts if account.mode == "live"]
        assert (account.phase, account.orders, account.is_at_rest) == ("cancelling", (), False)
        assert "binance_perpetual" in account.why
        # what can be stopped is
        assert all(account.is_at_rest for account in panic.view().accounts if account.mode == "paper")
        panic.acknowledge(OPERATOR)
        told = len(reports())
        await asyncio.sleep(1.5)
        assert len(reports()) == told and not panic.view().is_done
    finally:
        await away.close()


async def test_a_second_panic_trusts_nothing_that_the_first_one_saw(program: Program) -> None:
    panic = program.services.panic
    await panic.begin(OWNER, no_claim, flatten=False)
    await until(lambda: panic.view().is_done, "the freeze")
    await panic.release(OWNER, "it was a drill", no_claim)
    assert panic.view().goal is None
    await panic.begin(OWNER, no_claim, flatten=False)
    assert panic._eyes._clean_ns == {} and not panic.view().is_done
    await until(lambda: panic.view().is_done, "the second freeze")


async def test_holds_of_spot_accounts_are_sold_and_what_was_sold_is_not_bought_back(tmp_path: Path) -> None:
    async with running(tmp_path, "binance") as program:
        draft = await program.services.drafts.begin(OWNER, "pmm_simple")
        wide = {"connector_name": "binance", "buy_spreads": "0.05", "sell_spreads": "0.05"}
        view = await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, **wide}, no_claim)
        orchestrator = program._manager.running[view.bot_id].strategy.orchestrator
        bought = orchestrator.create(order(TradeType.BUY, "0.02", "binance"), "long")
        await until(lambda: bought.is_closed, "a purchase")
        sold = orchestrator.create(order(TradeType.SELL, "0.005", "binance"), "short")
        await until(lambda: sold.is_closed, "a sale")
        await program.services.panic.begin(OWNER, no_claim, flatten=True)
        await until(lambda: program.services.panic.view().is_done, "everything to be closed")
        (account,) = program.services.panic.view().accounts
        assert account.positions == ()
        assert any("sold from what the account had: it is not bought back" in text for text in account.left)
        # the account had nothing before: all that it has is sold, and what is missing is named
        assert any("the account has no BTC left to sell" in text for text in account.left)
        amounts = [(row.controller_id, D(row.net_amount_base)) for row in read(program, held_rows)]
        assert ("short", D("-0.005")) in amounts
        assert D("0.0049") < sum(amount for _, amount in amounts if amount > 0) < D("0.0051")
        total, _ = program._host.runtime.connectors["binance"].balance("BTC")
        assert total < D("0.0001")
