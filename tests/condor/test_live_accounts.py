"""Keys that come and go while the program runs, in front of the exchange in a box: an account is opened as a start opens it, and closed only where nobody uses it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from botcore.model.errors import ConfigError, UserError
from botcore.venues.dialect import Credentials
from botcore.venues.rules_keeper import RulesKeeper
from condor.home import find_home
from condor.hosts import LIVE
from condor.store.bots import STOPPED, bot_by_id
from condor.vault import Kdf, Vault
from condor.wiring import Program
from tests.fakes.simvenue.venue import SimVenue
from tests.support.key_world import KEY, PASSPHRASE, SECRET, running, venue
from tests.support.programs import OWNER, no_claim
from tests.support.waiting import until

PERP = "binance_perpetual"
GIVEN = Credentials(KEY, SECRET)
# quotes that rest far from the market, so that what is there stays there
FAR = {"buy_spreads": "0.02", "sell_spreads": "0.02", "connector_name": PERP, "trading_pair": "BTC-USDT", "executor_refresh_time": 86400}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a passphrase costs is tested elsewhere."""
    monkeypatch.setattr(Kdf, "derive", lambda kdf, passphrase: hashlib.sha256(kdf.salt + passphrase.reveal().encode()).digest())


@pytest.fixture
async def box(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimVenue]:
    async with venue(monkeypatch, "futures", PERP) as found:
        yield found


async def add_key(program: Program) -> Any:
    return await program.services.keys.add(OWNER, PERP, GIVEN, PASSPHRASE)


async def open_for_entries(program: Program) -> None:
    await until(lambda: program.closed_accounts() == {PERP: None}, "the account to be compared")


async def start_bot(program: Program) -> str:
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    return (await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, **FAR}, no_claim, mode=LIVE)).bot_id


async def quotes(box: SimVenue, count: int = 2) -> set[str]:
    """Client ids of the orders that rest, when there are so many."""
    await until(lambda: len(box.account.open) == count, f"{count} orders at the venue, there are {len(box.account.open)}")
    return {order.client_id for order in box.account.open.values()}


async def stop_bot(program: Program, bot_id: str) -> None:
    await program.services.bots.stop(OWNER, bot_id, no_claim, keep_position=False)

    async def is_stopped() -> bool:
        row = await asyncio.wrap_future(program._journal.run(lambda connection: bot_by_id(connection, bot_id)))
        return row is not None and row.state == STOPPED

    async with asyncio.timeout(60):
        while not await is_stopped():  # noqa: ASYNC110 - a row, nobody tells when it changes
            await asyncio.sleep(0.05)


async def test_a_bot_trades_for_real_right_after_its_key_was_added(box: SimVenue, tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        with pytest.raises(UserError, match="no live account is connected"):
            await start_bot(program)
        view = await add_key(program)
        assert (view.state, view.source) == ("connected", "vault")
        await open_for_entries(program)
        await start_bot(program)
        await quotes(box)
        assert next(view.account for view in program.services.caps.all(OWNER)) == PERP


async def test_a_key_is_removed_only_while_nobody_uses_its_account_and_may_come_back(box: SimVenue, tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await add_key(program)
        await open_for_entries(program)
        bot_id = await start_bot(program)
        await quotes(box)
        keys = program.services.keys
        with pytest.raises(UserError, match=f"is used by .*{bot_id}"):
            await keys.remove(OWNER, PERP, PASSPHRASE)
        assert keys.stored() == [PERP] and program.closed_accounts() == {PERP: None}, "nothing has changed"
        await stop_bot(program, bot_id)
        assert box.sessions
        await keys.remove(OWNER, PERP, PASSPHRASE)
        assert keys.stored() == [] and keys.list(OWNER) == [] and program._hosts.live is None and program.closed_accounts() == {}
        with pytest.raises(UserError, match="no live account is connected"):
            await start_bot(program)
        await until(lambda: not box.sessions, "its streams to be closed")
        # and back: other books, other connectors, nothing of the first time is believed
        await add_key(program)
        await open_for_entries(program)
        await program.services.bots.start_again(OWNER, bot_id, no_claim)
        await quotes(box)


async def test_a_bot_that_lacked_its_account_at_the_start_comes_back_with_its_orders_when_the_key_is_added(box: SimVenue, tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await add_key(program)
        await open_for_entries(program)
        bot_id = await start_bot(program)
        before = await quotes(box)
    Vault(find_home(tmp_path).vault).change(PASSPHRASE, {(PERP, part): None for part in ("key", "secret")})
    async with running(tmp_path) as program:
        assert "no live account is connected" in program._manager.broken[bot_id]
        await add_key(program)
        assert list(program._manager.running) == [bot_id] and program._manager.broken == {} and program._manager.waiting == {}
        await open_for_entries(program)
        tracked = {order.client_order_id for order in program._live.accounts[PERP].connector.tracker.open_orders()}
        assert tracked == before == await quotes(box), "they are the same orders, and no others"


async def test_a_process_that_ends_between_storing_a_key_and_opening_its_account_opens_it_at_the_next_start(
    box: SimVenue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as program:
        arrived = asyncio.Event()

        async def never(plan: Any) -> None:
            arrived.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(program._live_accounts, "open", never)
        adding = asyncio.create_task(add_key(program))
        await arrived.wait()
        adding.cancel()
    async with running(tmp_path, PASSPHRASE) as program:
        await open_for_entries(program)
        assert program.services.keys.list(OWNER)[0].state == "connected"


async def test_a_latch_holds_for_an_account_that_is_added_under_it(box: SimVenue, tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await program.services.overview.halt(OWNER, no_claim)
        await add_key(program)
        await open_for_entries(program)
        assert program._live.runtime.gate.is_halted and program._hosts.halt_reason is not None


async def test_an_account_in_use_keeps_its_key_until_the_next_start(box: SimVenue, tmp_path: Path) -> None:
    other = Credentials(KEY[::-1], SECRET)
    box.open_account(other.key.reveal(), other.secret.reveal(), {})
    async with running(tmp_path) as program:
        await add_key(program)
        await open_for_entries(program)
        with program._manager.start_of("a bot that is being started", {PERP}):
            view = await program.services.keys.add(OWNER, PERP, other, PASSPHRASE)
            assert view.state == "connected with the key before; the new one from the next start on"
            assert program._live_accounts.plans[PERP].credentials == GIVEN
        view = await program.services.keys.add(OWNER, PERP, other, PASSPHRASE)
        assert view.state == "connected" and program._live_accounts.plans[PERP].credentials == other


async def test_a_venue_that_does_not_answer_is_connected_when_it_does(box: SimVenue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, read = asyncio.Event(), RulesKeeper.read

    async def late(keeper: RulesKeeper) -> None:
        await answers.wait()
        await read(keeper)

    monkeypatch.setattr(RulesKeeper, "read", late)
    monkeypatch.setattr("condor.live_host.READY_S", 0.01)
    async with running(tmp_path) as program:
        view = await add_key(program)
        assert view.state == "connected" and view.waits
        with pytest.raises(ConfigError, match="does not trade 'BTC-USDT'"):
            await start_bot(program)
        answers.set()
        await open_for_entries(program)
        await start_bot(program)
        await quotes(box)


async def test_an_account_that_comes_while_values_are_noted_is_noted_the_next_time(box: SimVenue, tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await add_key(program)
        await open_for_entries(program)
        portfolio, live = program.services.data.portfolio, program._live
        read = portfolio._read

        async def then_another_comes(host: Any) -> None:
            await read(host)
            live.accounts["another"] = live.accounts[PERP]

        portfolio._read = then_another_comes  # type: ignore[method-assign]
        try:
            await portfolio.look()
            assert set(portfolio._written) == {PERP}
        finally:
            del live.accounts["another"]
