"""Services in front of a live account whose venue can't be reached: what is said of its bots, and that paper and real money are never mixed up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from botcore.executors.data_types import config_values
from botcore.model.errors import ConfigError, UserError
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Market
from botcore.orders.own import OwnBook
from botcore.orders.shortages import Shortage
from botcore.recorder import tables
from botcore.recorder.queries import facts_after
from botcore.venues.wire import Reply
from condor.descriptors import COUNT
from condor.hosts import LIVE, PAPER
from condor.panic.accounts import AccountEyes
from condor.store.bots import RUNNING, STOPPED, STOPPING, BotRow, ConfigRow, add_bot, bot_by_id
from condor.users import Actor, Role
from condor.wiring import Program
from tests.support import programs
from tests.support.bench import quote_event
from tests.support.live_rig import PERP, LiveRig
from tests.support.programs import OWNER, no_claim, unreachable

D = Decimal
BTC = Market(PERP, "BTC-USDT")


@pytest.fixture(scope="module")
def rules() -> bytes:
    """The venue's rules, as an earlier start has kept them."""
    rig = LiveRig(PERP)

    async def play(rig: LiveRig) -> None:
        return None

    rig.run(play)
    body = rig.rules.get(PERP)
    assert body is not None
    return body


@pytest.fixture
async def program(rules: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Program]:
    made = unreachable(tmp_path, monkeypatch, rules)
    try:
        await made.start()
        yield made
    finally:
        await made.close()


async def write(program: Program, work: Any) -> Any:
    return await asyncio.wrap_future(program._journal.run(work))


async def add(program: Program, bot_id: str = "pmm-btc-1", state: str = RUNNING, controller: str = "pmm_simple", **stored: Any) -> None:
    """A live bot's row, as an earlier life of the program has written it, with these values in its config."""
    values = {**program._manager._configs.example("pmm_simple"), "connector_name": PERP, "trading_pair": "BTC-USDT"}
    config = program.services.bots.check("pmm_simple", values, LIVE)
    row = BotRow(bot_id, bot_id, LIVE, "live", state, False, 1, 1, None)
    await write(program, lambda connection: add_bot(connection, row, [ConfigRow(str(config.id), 1, controller, config_values(config) | stored)]))


def compared(program: Program, lots: int) -> None:
    """The live account is read with so many lots, a minute after it was read last."""
    live = program._live
    assert live is not None
    live.clock.skip_to(live.clock.now_ns + 60 * 1_000_000_000)
    program._manager.unaccounted.compare_live(PERP, {BTC: (live.instrument(BTC), lots)})


async def test_bot_that_runs_is_not_built_a_second_time_by_a_late_tap(program: Program) -> None:
    """Else its orders and fills would be taken up twice."""
    await add(program)
    assert program._manager.recover() == ["pmm-btc-1"]
    built: list[str] = []
    build = program._manager.build_again

    async def noted(bot_id: str, *args: Any) -> Any:
        built.append(bot_id)
        return await build(bot_id, *args)

    program._manager.build_again = noted  # type: ignore[method-assign]
    with pytest.raises(UserError, match="not stopped"):
        await program.services.bots.start_again(OWNER, "pmm-btc-1", no_claim)
    assert built == []


async def test_o16_bot_that_is_started_again_waits_for_leverage_and_mode(program: Program) -> None:
    await add(program, state=STOPPED)
    with pytest.raises(UserError, match="could not be set"):
        await program.services.bots.start_again(OWNER, "pmm-btc-1", no_claim)
    assert program._manager.running == {}
    row = await asyncio.wrap_future(program._journal.read(lambda connection: bot_by_id(connection, "pmm-btc-1")))
    assert row is not None and row.state == STOPPED


async def test_t5_two_taps_start_a_bot_once(program: Program) -> None:
    await add(program, state=STOPPED)

    async def settled(*args: Any) -> None:
        await asyncio.sleep(0)

    program._live.accounts[PERP].session.line.settle = settled  # type: ignore[union-attr, method-assign, assignment]
    results = await asyncio.gather(
        *(program.services.bots.start_again(OWNER, "pmm-btc-1", no_claim) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["BotView", "UserError"]
    assert len(program._live.runtime.bots) == 1  # type: ignore[union-attr]


def spoil_hold(connection: Any, bot_id: str) -> None:
    """A hold of a bot that nobody can read."""
    hold = {"account": "live", "bot_id": bot_id, "controller_id": "main", "connector_name": PERP, "trading_pair": "BTC-USDT", "bucket": "net"}
    sums = dict.fromkeys(("cost_quote", "breakeven_price", "realized_gross", "fees_in_pnl", "cum_fees_quote", "volume_quote"), "0")
    connection.execute(insert(tables.holds).values(hold | sums | {"net_amount_base": "1.2.3", "unpriced": False, "updated_ns": 1}))


async def test_a_bot_whose_controller_is_gone_watches_its_executors(program: Program) -> None:
    await add(program, controller="gone_for_good")
    program._manager.recover()
    assert not program._manager.broken
    (bot,) = program._manager.running.values()
    assert "unknown controller 'gone_for_good'" in bot.strategy.seats[0].fault
    assert {market.connector_name for market in bot.strategy.controllers[0].config.markets()} == {PERP}


async def test_bot_that_can_not_be_put_together_is_named_as_broken_wherever_it_is_looked_at(program: Program) -> None:
    await add(program, trading_pair="NOBODY-USDT")
    assert program._manager.recover() == []
    assert "pmm-btc-1 could not be put back" in (program.services.overview.status(OWNER).trouble or "")
    (listed,) = await program.services.bots.all(OWNER)
    one = await program.services.bots.one(OWNER, "pmm-btc-1")
    assert (listed.state, one and one.state) == ("broken", "broken")
    with pytest.raises(UserError, match="can't be stopped"):
        await program.services.bots.stop(OWNER, "pmm-btc-1", no_claim, keep_position=False)
    row = await asyncio.wrap_future(program._journal.read(lambda connection: bot_by_id(connection, "pmm-btc-1")))
    assert row is not None and row.state == RUNNING, "what was not stopped is not written down as being stopped"


async def test_p1_a_row_that_can_not_be_read_breaks_its_own_bot_and_no_other(program: Program) -> None:
    for bot_id in ("bad-row", "bad-code", "good"):
        await add(program, bot_id)

    await write(program, lambda connection: spoil_hold(connection, "bad-row"))
    give_back = program._manager._give_back

    def breaks(strategy: Any, records: Any, host: Any) -> None:
        if strategy.bot_id == "bad-code":
            raise ZeroDivisionError("a defect")
        give_back(strategy, records, host)

    program._manager._give_back = breaks  # type: ignore[method-assign]
    program._recover()
    assert list(program._manager.running) == ["good"]
    assert program._manager.broken == {"bad-row": "InvalidOperation: [<class 'decimal.ConversionSyntax'>]", "bad-code": "ZeroDivisionError: a defect"}
    await write(program, lambda connection: None)
    facts = await asyncio.wrap_future(program._journal.read(lambda connection: facts_after(connection, 0)))
    assert sorted(fact["bot_id"] for fact in facts if fact["kind"] == FactKind.PART_FAULT) == ["bad-code", "bad-row"], "each is told"


@pytest.mark.parametrize("state", [RUNNING, STOPPING])
async def test_r17_first_start_while_the_venue_is_away_waits_for_it_and_its_bots_come_back_by_themselves(
    rules: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """No rules were ever read here (a new home, or one that lost its cache), and the venue does not answer."""
    program = unreachable(tmp_path, monkeypatch)
    try:
        await program.start()
        live, manager = program._live, program._manager
        assert live is not None and live.without_rules() == {PERP}
        account = live.accounts[PERP]
        row = BotRow("pmm-btc-1", "pmm-btc-1", LIVE, "live", state, False, 1, 1, None)
        values = {**manager._configs.example("pmm_simple"), "connector_name": PERP, "trading_pair": "BTC-USDT"}
        spec = manager._configs.spec("pmm_simple")
        config = spec.config_class.model_validate(values)
        await write(program, lambda connection: add_bot(connection, row, [ConfigRow(str(config.id), 1, "pmm_simple", config_values(config))]))
        assert manager.recover() == [] and manager.broken == {}
        (view,) = await program.services.bots.all(OWNER)
        one = await program.services.bots.one(OWNER, "pmm-btc-1")
        assert (view.state, one and one.state) == ("waiting for the venue", "waiting for the venue")
        assert "pmm-btc-1 is waiting for the venue" in (program.services.overview.status(OWNER).trouble or "")
        with pytest.raises(UserError, match="waits for its venue"):
            await program.services.bots.stop(OWNER, "pmm-btc-1", no_claim, keep_position=False)
        told: list[Any] = []
        live.bus.subscribe(Fact, told.append)
        account.session._rules._learn(Reply(200, {}, rules, 1, 1))
        assert manager.waiting == manager.broken == {}, "at once, before anything else is asked of the venue"
        assert list(manager.running) == (["pmm-btc-1"] if state == RUNNING else [])
        kinds = [fact.kind for fact in told]
        assert (FactKind.RECOVERED if state == RUNNING else FactKind.BOT_STOPPED) in kinds
    finally:
        await program.close()


async def test_r17_a_bot_waits_for_every_account_that_its_config_names_wherever_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hedge names two accounts under names of its own, a script may keep its markets as the names of a mapping."""
    program = unreachable(tmp_path, monkeypatch)
    try:
        await program.start()
        manager = program._manager
        for bot_id, values in (
            ("hedges", {"spot_connector_name": "binance", "hedge_connector_name": PERP}),
            ("scripts", {"settings": {"markets": {PERP: ["BTC-USDT"]}}}),
            ("quotes", {"pairs": [{"venue": f"{PERP}_of_another_name"}]}),
        ):
            row = BotRow(bot_id, bot_id, LIVE, "live", RUNNING, False, 1, 1, None)
            await write(
                program,
                lambda connection, row=row, values=values: add_bot(
                    connection, row, [ConfigRow("c", 1, "gone", {"id": "c", "controller_name": "gone", **values})]
                ),
            )
        assert manager.recover() == ["quotes"], "a name that only contains the account's is another's"
        assert manager.waiting == {"hedges": (PERP,), "scripts": (PERP,)} and manager.broken == {}
    finally:
        await program.close()


async def test_r17_a_bot_whose_code_names_its_markets_waits_too_and_is_broken_only_when_the_venue_has_answered(
    rules: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = unreachable(tmp_path, monkeypatch)
    try:
        await program.start()
        live, manager = program._live, program._manager
        assert live is not None

        def add_bot_(strategy: Any) -> None:
            raise ConfigError("BTC-USDT is not traded here")

        monkeypatch.setattr(live.runtime, "add_bot", add_bot_)
        row = BotRow("silent", "silent", LIVE, "live", RUNNING, False, 1, 1, None)
        await write(program, lambda connection: add_bot(connection, row, [ConfigRow("c", 1, "gone", {"id": "c", "controller_name": "gone"})]))
        assert manager.recover() == []
        assert manager.waiting == {"silent": (PERP,)} and manager.broken == {}
        live.accounts[PERP].session._rules._learn(Reply(200, {}, rules, 1, 1))
        assert manager.waiting == {} and manager.broken == {"silent": "BTC-USDT is not traded here"}
    finally:
        await program.close()


async def test_panic_waits_at_an_account_for_the_bots_that_name_it_and_for_no_namesake(program: Program) -> None:
    program._manager.waiting["silent"] = (f"{PERP}_of_another_name",)
    eyes = AccountEyes(program._hosts, program._manager)
    live = program._live
    assert live is not None
    connector = live.runtime.connectors[PERP]
    assert "silent" not in eyes._unverified(LIVE, live, PERP, connector, is_clean=True)
    program._manager.waiting["silent"] = ("binance", PERP)
    assert eyes._unverified(LIVE, live, PERP, connector, is_clean=True) == f"silent: binance, {PERP} has not said yet what it trades"
    assert "silent" not in eyes._unverified(PAPER, program._host, PERP, connector, is_clean=True)


async def test_bot_whose_account_has_no_key_at_this_start_is_told_and_its_row_is_kept(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(program)
    await program.close()
    monkeypatch.undo()
    again = programs.made(tmp_path, {})
    try:
        await again.start()
        assert "no live account is connected" in again._manager.broken["pmm-btc-1"]
        await asyncio.wrap_future(again._journal.run(lambda connection: None))
        facts = await asyncio.wrap_future(again._journal.read(lambda connection: facts_after(connection, 0)))
        assert [fact["bot_id"] for fact in facts if fact["kind"] == FactKind.PART_FAULT] == ["pmm-btc-1"]
        row = await asyncio.wrap_future(again._journal.read(lambda connection: bot_by_id(connection, "pmm-btc-1")))
        assert row is not None and row.state == RUNNING
    finally:
        await again.close()


async def test_halt_reaches_real_money_also_when_another_halt_ends_meanwhile(program: Program) -> None:
    live = program._live
    assert live is not None

    def claim(connection: Any) -> None:
        # in the writer's thread: records can be written again, and their guard lets go of its halt
        for host in program._hosts.all():
            host.runtime.gate.release()

    await program.services.overview.halt(OWNER, claim)
    assert [host.runtime.gate.halt_reason for host in program._hosts.all()] == ["switched off by You"] * 2


async def test_what_a_stopped_paper_bot_holds_is_valued_on_paper(program: Program) -> None:
    """Paper may be a replay of another year: the same pair has another price there."""
    live = program._live
    assert live is not None
    paper = program._host.runtime.open_market(BTC)
    real = live.runtime.open_market(BTC)
    paper.apply(quote_event(paper.instrument, program._host.clock.now_ns, D(100)))
    real.apply(quote_event(real.instrument, live.clock.now_ns, D(90_000)))
    assert program.services.bots._mids(PAPER)[BTC] < 1_000
    assert program.services.bots._mids(LIVE)[BTC] == D(90_000)


async def test_resetting_paper_leaves_what_is_said_of_real_accounts(program: Program) -> None:
    live = program._live
    assert live is not None
    compared(program, 5)
    compared(program, 5)
    assert program.services.overview.status(OWNER).trouble is not None
    await add(program)
    program._manager.recover()
    await program.services.overview.reset_paper(OWNER, no_claim)
    assert "BTC-USDT" in (program.services.overview.status(OWNER).trouble or "")


async def test_comparing_a_real_account_leaves_what_is_said_of_paper(program: Program) -> None:
    live = program._live
    assert live is not None
    manager = program._manager
    manager.unaccounted._report(PAPER, {BTC: D(3)})
    manager.unaccounted.compare_live(PERP, {BTC: (live.instrument(BTC), 0)})
    assert "is nobody's" in (program.services.overview.status(OWNER).trouble or "")


async def test_p13_descriptors_are_set_aside_before_the_first_order(program: Program) -> None:
    assert len(program._shortages.descriptors._held) == COUNT


async def test_o18_what_is_missing_at_a_spot_account_stands_in_the_status_while_it_lasts(program: Program) -> None:
    live = program._live
    assert live is not None
    shortages = live.runtime.connectors[PERP].shortages
    shortages.proven["ETH"] = Shortage("ETH", D("1.50"), D("0.4"))
    trouble = program.services.overview.status(OWNER).trouble or ""
    assert f"{PERP}: the account has 0.4 ETH, the bots' records hold 1.5" in trouble and "wait until it is there" in trouble
    shortages.settle("ETH")
    assert program.services.overview.status(OWNER).trouble is None


async def test_o18_only_the_owner_gives_up_what_is_missing_and_only_while_it_is(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    live, missing = program._live, program.services.missing
    assert live is not None
    given: list[tuple[str, str, Decimal]] = []

    def give_up(connector_name: str, asset: str, amount: Decimal) -> Decimal:
        given.append((connector_name, asset, amount))
        return amount

    monkeypatch.setattr(live.runtime, "give_up", give_up)
    monkeypatch.setattr(live.runtime, "_held_books", lambda connector, asset: [OwnBook(live.instrument(BTC))])
    with pytest.raises(UserError, match="nothing of ETH is missing"):
        await missing.give_up(OWNER, PERP, "ETH", D("1.1"), no_claim)
    shortages = live.runtime.connectors[PERP].shortages
    shortages.proven["ETH"] = Shortage("ETH", D("1.50"), D("0.4"), (("bot", "main", "", D("1.50")),))
    (seen,) = missing.all(OWNER)
    assert (seen.connector_name, seen.asset, seen.missing, seen.holders) == (PERP, "ETH", D("1.1"), (("bot", "", D("1.50")),))
    with pytest.raises(UserError, match="needs the role owner"):
        await missing.give_up(Actor(2, "Tom", Role.TRADER, "local", 2), PERP, "ETH", D("1.1"), no_claim)
    with pytest.raises(UserError, match=r"1\.1 ETH are missing at .* now, not 1: look again"):
        await missing.give_up(OWNER, PERP, "ETH", D(1), no_claim)
    assert given == []
    assert await missing.give_up(OWNER, PERP, "ETH", D("1.1"), no_claim) == D("1.1")
    assert given == [(PERP, "ETH", D("1.1"))]
    audited = program._journal.read(
        lambda connection: connection.exec_driver_sql("SELECT before, after FROM audit WHERE action = 'give_up'").all()
    ).result()
    assert audited == [("records 1.5, account 0.4", "1.1")]


async def test_o18_nothing_is_given_up_without_a_price(program: Program) -> None:
    live = program._live
    assert live is not None
    live.runtime.connectors[PERP].shortages.proven["ETH"] = Shortage("ETH", D("1.50"), D("0.4"))
    with pytest.raises(UserError, match="there is no price of ETH now"):
        await program.services.missing.give_up(OWNER, PERP, "ETH", D("1.1"), no_claim)
    query = "SELECT count(*) FROM audit WHERE action = 'give_up'"
    assert program._journal.read(lambda connection: connection.exec_driver_sql(query).scalar_one()).result() == 0, "what was refused changed nothing"


async def test_w13_account_that_is_compared_while_fills_are_on_their_way_is_no_alarm(program: Program) -> None:
    """A position is read a moment before its execution is booked; the next look agrees."""
    live = program._live
    assert live is not None
    told: list[Any] = []
    live.bus.subscribe(Fact, told.append)
    for lots in (5, 0, 5):
        compared(program, lots)
    assert [fact.kind for fact in told] == []
    for lots in (5, 5):
        compared(program, lots)
    assert [fact.kind for fact in told] == ["position_unaccounted"]


async def test_p1_how_a_bot_ended_is_on_disk_before_it_counts_as_stopped(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the two finds a bot that is still being stopped, never one that is stopped with executors in the air."""
    await add(program)
    program._manager.recover()
    journal, order = program._journal, []
    commit, run = journal.commit, journal.run

    def noted_commit(writes: Any, then: Any = None) -> None:
        order.extend(item.values["kind"] for item in writes if item.table.name == "facts")
        commit(writes, then)

    def noted_run(work: Any) -> Any:
        order.append("state")
        return run(work)

    monkeypatch.setattr(journal, "commit", noted_commit)
    monkeypatch.setattr(journal, "run", noted_run)
    await program.services.bots.stop(OWNER, "pmm-btc-1", no_claim, keep_position=True)
    assert order[-2:] == ["bot_stopped", "state"]


async def test_p16_paper_that_breaks_holds_up_no_real_stop(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    live = program._live
    assert live is not None
    before = live.clock.stepper.serial

    def broken(*_args: Any) -> None:
        raise RuntimeError("paper is broken")

    with monkeypatch.context() as while_broken:
        while_broken.setattr(program._host, "tick", broken)
        while_broken.setattr("condor.live_host.exposures", broken)
        with pytest.raises(RuntimeError):
            await program._tick()
    assert live.clock.stepper.serial > before
