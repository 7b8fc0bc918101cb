"""What else is under way while `/panic` is: starts, releases, exits that are just being sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.markets.market_state import MarketState
from botcore.model.enums import TradeType
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Instrument, InstrumentKind, Market
from condor.manager import BotManager
from condor.panic.accounts import hold_problem
from condor.running_bots import RunningBot
from condor.store.common import HALT, latch_reason
from condor.store.panels import AlreadyDone
from condor.store.panic import held_rows, panic_row
from condor.wiring import Program
from tests.support.panics import OPERATOR, PAIR, D, bot_with_position, open_orders, order, read, running
from tests.support.programs import OWNER, no_claim
from tests.support.waiting import until


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    async with running(tmp_path) as found:
        yield found


def states(program: Program) -> list[str]:
    return [row[0] for row in read(program, lambda connection: connection.exec_driver_sql("SELECT state FROM bots").all())]


async def test_a_bot_that_is_just_being_started_does_not_start(program: Program) -> None:
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    starting = asyncio.create_task(program.services.bots.start(OWNER, "pmm_simple", draft.answers, no_claim))
    # it has looked whether bots may start, and waits for the disk
    await asyncio.sleep(0)
    assert not starting.done()
    await program.services.panic.begin(OPERATOR, no_claim, flatten=False)
    with pytest.raises(UserError, match="no bot starts until the owner releases it with a reason"):
        await starting
    assert states(program) == [] and program._manager.running == {}


async def test_a_bot_that_is_just_being_started_again_does_not_start(program: Program) -> None:
    bot_id = await bot_with_position(program)
    await program.services.bots.stop(OWNER, bot_id, no_claim, keep_position=True)
    await until(lambda: program._manager.running == {} and states(program) == ["stopped"], "its end")
    starting = asyncio.create_task(program.services.bots.start_again(OWNER, bot_id, no_claim))
    await asyncio.sleep(0)
    assert not starting.done()
    await program.services.panic.begin(OPERATOR, no_claim, flatten=False)
    with pytest.raises(UserError, match="no bot starts until the owner releases it with a reason"):
        await starting
    assert states(program) == ["stopped"] and open_orders(program) == []


@pytest.mark.parametrize("is_written", [False, True], ids=["not written yet", "written"])
async def test_a_release_of_the_kill_switch_under_way_does_not_open_what_panic_has_latched(program: Program, is_written: bool) -> None:
    await program.services.overview.halt(OWNER, no_claim)
    releasing = asyncio.create_task(program.services.overview.release(OWNER, no_claim))
    await asyncio.sleep(0)
    while is_written and read(program, lambda connection: latch_reason(connection, HALT)) is not None:
        # on the disk, and the loop has not turned since
        pass
    assert not releasing.done()
    await program.services.panic.begin(OPERATOR, no_claim, flatten=False)
    with pytest.raises(UserError, match="released with a reason"):
        await releasing
    assert program._hosts.halt_reason is not None and read(program, panic_row) is not None


async def test_a_release_while_an_exit_is_being_prepared_closes_nothing_and_leaves_no_bot_behind(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot_with_position(program)
    panic = program.services.panic
    await panic.begin(OWNER, no_claim, flatten=False)
    await until(lambda: panic.view().is_done, "the freeze")
    watch = BotManager.watch_holds
    watched: list[str] = []

    async def released_meanwhile(self: BotManager, bot_id: str, reason: str) -> RunningBot:
        bot = await watch(self, bot_id, reason)
        await panic.release(OWNER, "the feed is repaired", no_claim)
        watched.append(bot_id)
        return bot

    monkeypatch.setattr(BotManager, "watch_holds", released_meanwhile)
    await panic.begin(OWNER, no_claim, flatten=True)
    await until(lambda: watched, "an exit to be prepared")
    await until(lambda: program._manager.running == {} and states(program) == ["stopped"], "the bot to be let go")
    assert panic.view().goal is None
    assert [row.net_amount_base for row in read(program, held_rows)] == ["0.01"]


async def test_a_release_while_a_second_panic_is_being_written_down_ends_both(program: Program) -> None:
    panic = program.services.panic
    await panic.begin(OWNER, no_claim, flatten=False)
    again = asyncio.create_task(panic.begin(OPERATOR, no_claim, flatten=False))
    await asyncio.sleep(0)
    await panic.release(OWNER, "it was a drill", no_claim)
    assert (await again).goal is None
    assert read(program, panic_row) is None and program._hosts.halt_reason is None


async def test_a_used_button_that_closes_does_not_close_what_was_frozen_since(program: Program) -> None:
    def used(connection: Any) -> None:
        raise AlreadyDone("this was done already")

    await bot_with_position(program)
    panic = program.services.panic
    await panic.begin(OWNER, no_claim, flatten=False)
    with pytest.raises(AlreadyDone):
        await panic.begin(OWNER, used, flatten=True)
    assert panic.view().goal == "freeze" and read(program, panic_row).goal == "freeze"
    await until(lambda: panic.view().is_done, "the freeze")
    assert [row.net_amount_base for row in read(program, held_rows)] == ["0.01"]


def test_what_is_worth_less_than_the_smallest_order_on_spot_is_named_and_holds_up_nothing() -> None:
    market = Market("binance", PAIR)
    instrument = Instrument(market, InstrumentKind.SPOT, D("0.01"), D("0.00001"), min_notional=D(5))
    account = SimpleNamespace(balance=lambda asset: (D(1), D(1)))
    state = MarketState(instrument)
    host: Any = SimpleNamespace(runtime=SimpleNamespace(connectors={"binance": account}, markets={market: state}))
    # without a price nothing speaks against trying
    assert hold_problem(host, instrument, D("0.00004")) == ""
    state.book.set_quote(10_000_000, 100, 10_000_100, 100, 1)
    assert hold_problem(host, instrument, D("0.00005")) == ""
    assert hold_problem(host, instrument, D("0.00004")) == "notional 4.0000000 is below the smallest order value 5 USDT of BTC-USDT"


async def test_a_bot_that_ends_while_the_records_are_read_does_not_hide_what_it_holds(program: Program) -> None:
    await bot_with_position(program)
    panic, journal, loop = program.services.panic, program._journal, asyncio.get_running_loop()
    facts: list[Fact] = []
    program._host.bus.subscribe(Fact, facts.append)
    tick = program._host.tick
    # its orders are canceled by the market's next turn: none comes before the records are read
    program._host.tick = lambda: None  # type: ignore[method-assign]

    async def late() -> list[Any]:
        """Nothing was held when this was read, and the bot has ended when it comes."""
        assert program._manager.running
        program._host.tick = tick  # type: ignore[method-assign]
        await until(lambda: program._manager.running == {}, "the bot's end")
        panic._journal = journal
        return []

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(late(), loop) if work is held_rows else journal.run(work)

    panic._journal = SimpleNamespace(run=run)  # type: ignore[assignment]
    await panic.begin(OWNER, no_claim, flatten=False)
    await until(lambda: any(fact.kind == FactKind.PANIC_REPORT for fact in facts), "the report")
    (report,) = [fact.payload for fact in facts if fact.kind == FactKind.PANIC_REPORT]
    assert [account["positions"] for account in report["accounts"]] == [(f"0.01 {PAIR} (held of pmm-btc-1)",)]


async def test_a_bot_that_holds_less_than_the_smallest_order_is_left_in_peace(program: Program) -> None:
    empty = await bot_with_position(program)
    orchestrator = program._manager.running[empty].strategy.orchestrator
    sold = orchestrator.create(order(TradeType.SELL), "by_hand")
    await until(lambda: sold.is_closed, "a sale")
    await program.services.bots.stop(OWNER, empty, no_claim, keep_position=True)
    await until(lambda: states(program) == ["stopped"], "its end")
    dust = "UPDATE holds SET net_amount_base = '0.0000001' WHERE bot_id = ?"
    await asyncio.wrap_future(program._journal.run(lambda connection: connection.exec_driver_sql(dust, (empty,)).close()))
    holder = await bot_with_position(program)
    panic = program.services.panic
    await panic.begin(OWNER, no_claim, flatten=False)
    await until(lambda: panic.view().is_done, "the freeze")
    facts: list[Fact] = []
    program._host.bus.subscribe(Fact, facts.append)
    await panic.begin(OWNER, no_claim, flatten=True)
    await until(lambda: panic.view().is_done and program._manager.running == {}, "everything to be flat")
    assert [fact.bot_id for fact in facts if fact.kind == FactKind.BOT_STOPPED] == [holder]
    (account,) = panic.view().accounts
    assert account.left == (f"0.0000001 {PAIR} (held of {empty}): less than the smallest order",)
