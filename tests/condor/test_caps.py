"""Caps of accounts, with real money in front of the exchange in a box and on paper: nothing above them arrives there, over restarts too, and only the owner changes them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from botcore.model.enums import PositionMode
from botcore.model.errors import UserError
from botcore.model.events import FactKind, OrderSubmitted
from botcore.recorder.migrate import migrate
from botcore.recorder.queries import facts_after
from botcore.risk.caps import AccountCaps
from condor.caps_keeper import CapsKeeper
from condor.hosts import LIVE
from condor.services.bots import Claim
from condor.services.caps import read_cap
from condor.store import MIGRATIONS, Connection
from condor.store.caps import cap_days, caps_of, put_caps
from condor.users import Actor, Forbidden, Role
from condor.wiring import Program
from tests.support import live_rig
from tests.support.key_world import KEY, SECRET, audit, running, venue
from tests.support.live_rig import PAIR, PERP, D, LiveRig
from tests.support.panics import running as on_paper
from tests.support.programs import OWNER, no_claim
from tests.support.waiting import until

TRADER = Actor(2, "Tom", Role.TRADER, "telegram", 2)


@pytest.fixture(scope="module")
def whole_home() -> bytes:
    """The records of a fresh home, the application's tables too."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "condor.db"
        migrate(path, [MIGRATIONS])
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=DELETE")
        try:
            return connection.serialize()
        finally:
            connection.close()


class CappedRig(LiveRig):
    """A live account whose owner has set caps; they are brought back with every start as the program does it."""

    def __init__(self, caps: AccountCaps, **options: Any) -> None:
        super().__init__(PERP, **options)
        self.disk.write(lambda connection: put_caps(connection, LIVE, PERP, caps.model_dump(mode="json"), 0))

    def _restore(self) -> None:
        self.keeper = CapsKeeper(self.host, self.journal)
        self.keeper.open()
        super()._restore()

    def entries(self) -> list[Decimal]:
        """Value of every order at the venue that could open something, at the price of now."""
        mid = D(str(self.state.mid()))
        return [order.lots * self.instrument.lot_size * mid for order in self.venue.account.orders.values() if not order.ask.reduce_only]

    def held(self) -> Decimal:
        return sum((fill.amount * fill.trade_type.sign for fill in self.fills), D(0))


@pytest.fixture
def rig(whole_home: bytes, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(live_rig, "fresh_home", lambda: whole_home)

    def made(**caps: Any) -> CappedRig:
        return CappedRig(AccountCaps(**caps))

    return made


def test_nothing_above_a_cap_reaches_the_venue_also_after_a_crash_and_exits_do(rig: Any) -> None:
    # the market stands at about 65,000: an executor of 0.01 is worth 650
    capped = rig(max_order_quote=1000, max_day_quote=1500)

    async def play(rig: CappedRig) -> None:
        big = rig.open(amount=D("0.1"))
        await rig.until(lambda: "above the limit of 1000 an order" in big.info.reason)
        rig.stop(big)
        two = [rig.open() for _ in range(2)]
        await rig.until(lambda: rig.held() == D("0.02"))
        third = rig.open()
        await rig.until(lambda: "above the limit of 1500 a day" in third.info.reason)
        rig.stop(third)
        rig.kill()
        await rig.boot()
        fourth = rig.open()
        await rig.until(lambda: "above the limit of 1500 a day" in fourth.info.reason)
        rig.stop(fourth)
        assert [value < 1000 for value in rig.entries()] == [True, True] and sum(rig.entries()) < 1500
        del two
        await rig.finish()
        assert rig.held() == 0, "what was open has been closed, above the day's cap as it is"

    capped.run(play)


def test_a_loss_latches_the_account_and_the_latch_survives_a_crash(rig: Any) -> None:
    capped = rig(max_day_loss=20)

    async def play(rig: CappedRig) -> None:
        rig.open()
        await rig.until(lambda: rig.held() == D("0.01"))
        rig.move(62_000)
        await rig.until(lambda: any(fact.kind == FactKind.DAY_LOSS_REACHED for fact in rig.facts))
        assert "the cap is 20" in next(fact.payload["text"] for fact in rig.facts if fact.kind == FactKind.DAY_LOSS_REACHED)
        await rig.sleep(2)
        rig.kill()
        await rig.boot()
        rig.move(66_000)
        refused = rig.open()
        await rig.until(lambda: "until the owner releases" in refused.info.reason)
        rig.stop(refused)
        rig.inside(lambda: rig.keeper.caps.release(PERP, rig.clock.now_ns))
        rig.open()
        await rig.until(lambda: rig.held() == D("0.02"))
        await rig.finish()

    capped.run(play)


def test_leverage_is_that_which_the_account_has_now(rig: Any) -> None:
    capped = rig(max_leverage=5)

    async def play(rig: CappedRig) -> None:
        rig.inside(lambda: rig.connector.configure_perpetual(PAIR, 10, PositionMode.ONEWAY))
        await rig.until(lambda: rig.connector.account.leverage.get(PAIR) == 10)
        refused = rig.open()
        await rig.until(lambda: "has leverage 10, above the limit of 5" in refused.info.reason)
        rig.stop(refused)
        rig.inside(lambda: rig.connector.configure_perpetual(PAIR, 5, PositionMode.ONEWAY))
        await rig.until(lambda: rig.connector.account.leverage.get(PAIR) == 5)
        rig.open()
        await rig.until(lambda: rig.held() == D("0.01"))
        await rig.finish()

    capped.run(play)


def test_an_entry_into_a_thin_book_waits_and_goes_when_it_is_deep_enough(rig: Any) -> None:
    capped = rig(min_depth_quote=10**9)

    async def play(rig: CappedRig) -> None:
        waits = rig.open()
        await rig.until(lambda: "rest within 1.00 % of the market, the cap wants 1000000000 at least" in waits.info.reason)
        assert rig.entries() == []
        rig.inside(lambda: rig.keeper.caps.set(PERP, AccountCaps(min_depth_quote=D(1000))))
        await rig.until(lambda: rig.held() == D("0.01"))
        await rig.finish()

    capped.run(play)


# ---- the owner -----------------------------------------------------------------------------------------------------
@pytest.fixture
async def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Program]:
    async with venue(monkeypatch):
        monkeypatch.setenv("CONDOR_VENUE_BINANCE_KEY", KEY)
        monkeypatch.setenv("CONDOR_VENUE_BINANCE_SECRET", SECRET)
        async with running(tmp_path) as made:
            yield made


async def test_the_owner_sets_caps_and_releases_latches_which_is_audited_and_stays(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caps = program.services.caps
    view = await caps.change(OWNER, "binance", "max_order_quote", "2k", no_claim)
    assert view.caps["max_order_quote"] == 2000 and caps.all(TRADER)[0].caps["max_order_quote"] == 2000
    await caps.change(OWNER, "binance", "pairs", "btc/usdt, ETH-USDT", no_claim)
    await caps.change(OWNER, "binance", "price_deviation", "1%", no_claim)
    await caps.change(OWNER, "binance", "max_order_quote", "off", no_claim)
    assert ("change_caps", "binance max_order_quote", '"2000"', "done") in audit(program)
    assert ("change_caps", "binance max_order_quote", "null", "done") in audit(program)
    with pytest.raises(Forbidden):
        await caps.change(TRADER, "binance", "max_leverage", "100", no_claim)
    for field, text, words in (
        ("max_day_loss", "-5", "loss of a day"),
        ("max_leverage", "ten", "expected a whole number"),
        ("pairs", "bitcoin", "expected pairs such as BTC-USDT"),
        ("price_deviation", "1", "can mean"),
        ("currency", "off", "must be in some currency"),
        ("no_such", "1", "there is no cap"),
    ):
        with pytest.raises(UserError, match=words):
            await caps.change(OWNER, "binance", field, text, no_claim)
    with pytest.raises(UserError, match="no account 'okx'"):
        caps.one(OWNER, "okx")
    await released(program)
    await program.close()
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_KEY", KEY)
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_SECRET", SECRET)
    async with running(tmp_path) as again:
        view = again.services.caps.one(OWNER, "binance")
        assert view.caps["pairs"] == ["BTC-USDT", "ETH-USDT"] and view.caps["price_deviation"] == D("0.01")
        assert again._live is not None and again._live.runtime.gate.caps is not None


async def test_of_two_owners_changes_at_once_neither_takes_the_other_back(program: Program) -> None:
    caps = program.services.caps
    changes = {"max_day_loss": "100", "max_order_quote": "500", "orders_per_minute": "60"}
    await asyncio.gather(*(caps.change(OWNER, "binance", field, text, no_claim) for field, text in changes.items()))
    kept = program._journal.read(lambda connection: caps_of(connection, LIVE)["binance"]).result(10)
    assert {field: kept[field] for field in changes} == {"max_day_loss": "100", "max_order_quote": "500", "orders_per_minute": 60}
    assert caps.one(OWNER, "binance").caps == AccountCaps.model_validate(kept).model_dump()


async def released(program: Program) -> None:
    """A latch is released by the owner, with a reason."""
    caps = program.services.caps
    with pytest.raises(UserError, match="not held back"):
        await caps.release(OWNER, "binance", "all is well", no_claim)
    assert program._caps is not None
    await until(lambda: program._caps.caps._accounts["binance"].ledger.is_based, "the day")  # type: ignore[union-attr]
    program._caps.caps._accounts["binance"].ledger.latched = "the day has lost 10 USDT, the cap is 5"
    assert caps.one(OWNER, "binance").latched
    with pytest.raises(UserError, match="say in a few words"):
        await caps.release(OWNER, "binance", "", no_claim)
    with pytest.raises(Forbidden):
        await caps.release(TRADER, "binance", "go on", no_claim)
    await caps.release(OWNER, "binance", "the market was wrong", no_claim)
    assert caps.one(OWNER, "binance").latched == ""
    assert audit(program)[-1] == ("release_caps", "binance", "the market was wrong", "done")


def while_written(program: Program, happens: Callable[[], None]) -> Claim:
    """The claim of a change between whose call and whose end something happens on the program's own thread."""
    loop = asyncio.get_running_loop()

    def claim(connection: Connection) -> None:
        done = threading.Event()
        loop.call_soon_threadsafe(lambda: (happens(), done.set()))
        assert done.wait(10)

    return claim


async def test_an_account_that_closes_while_its_caps_are_changed_takes_the_change_up_when_it_is_back(program: Program) -> None:
    keeper, caps = program._caps, program.services.caps
    assert keeper is not None
    closes = while_written(program, lambda: keeper.forget("binance"))
    view = await caps.change(OWNER, "binance", "max_day_loss", "9", closes)
    assert (view.account, view.caps["max_day_loss"], view.sent) == ("binance", 9, None)
    assert caps.one(OWNER, "binance").caps["max_day_loss"] == 9, "a look at it watches it again, as it was written down"
    await until(lambda: keeper.caps._accounts["binance"].ledger.is_based, "the day")
    keeper.caps._latch("binance", keeper.caps._accounts["binance"], D(-10))
    assert caps.one(OWNER, "binance").latched
    await caps.release(OWNER, "binance", "the market was wrong", closes)
    assert ("release_caps", "binance", "the market was wrong", "done") in audit(program)
    assert caps.one(OWNER, "binance").latched == ""


async def test_a_process_that_dies_right_after_a_release_was_written_has_released_it(program: Program) -> None:
    keeper, caps = program._caps, program.services.caps
    assert keeper is not None
    await caps.change(OWNER, "binance", "max_day_loss", "9", no_claim)
    await until(lambda: keeper.caps._accounts["binance"].ledger.is_based, "the day")
    keeper.caps._latch("binance", keeper.caps._accounts["binance"], D(-10))
    # as if nothing came after the commit
    keeper.release = lambda name: None  # type: ignore[method-assign]
    before_ns = keeper.now_ns
    await caps.release(OWNER, "binance", "the market was wrong", no_claim)
    row = program._journal.read(lambda connection: cap_days(connection, LIVE)["binance"]).result(10)
    assert row.latched == "" and row.begun_with["since_ns"] >= before_ns, "losses of before do not latch it again"


def test_what_people_type_for_a_cap() -> None:
    assert read_cap("max_day_quote", "$1,500") == 1500 and read_cap("max_leverage", "3x") == 3
    assert read_cap("pairs", "eth/usdc btc-usdt") == ["ETH-USDC", "BTC-USDT"] and read_cap("pairs", "off") is None
    assert read_cap("price_deviation", "25bp") == D("0.0025") and read_cap("currency", "usdc") == "USDC"


# ---- on paper ------------------------------------------------------------------------------------------------------
ON_PAPER = "paper:binance_perpetual"


async def paper_bot(program: Program) -> None:
    """A market maker on paper, its quotes at the market."""
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    close = {"buy_spreads": "0.0001", "sell_spreads": "0.0001"}
    await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, **close}, no_claim)


async def test_caps_hold_on_paper_over_a_restart_and_there_are_none_before_somebody_sets_some(tmp_path: Path) -> None:
    async with on_paper(tmp_path) as program:
        caps = program.services.caps
        (view,) = caps.all(TRADER)
        assert (view.account, view.is_paper) == (ON_PAPER, True) and view.caps == AccountCaps().model_dump()
        assert caps.one(OWNER, "binance_perpetual") == view, "without an account with real money the short name is enough"
        await caps.change(OWNER, ON_PAPER, "max_order_quote", "10", no_claim)
        assert ("change_caps", f"{ON_PAPER} max_order_quote", '"10"', "done") in audit(program)
        with pytest.raises(Forbidden):
            await caps.change(TRADER, ON_PAPER, "max_order_quote", "off", no_claim)
    async with on_paper(tmp_path) as program:
        caps = program.services.caps
        assert caps.one(OWNER, ON_PAPER).caps["max_order_quote"] == 10
        reasons: list[str] = []
        program._host.bus.subscribe(OrderSubmitted, lambda event: reasons.append(event.order.reason))
        await paper_bot(program)
        await until(lambda: any("above the limit of 10 an order" in reason for reason in reasons), "a refusal")
        assert caps.one(OWNER, ON_PAPER).sent == 0
        await caps.change(OWNER, ON_PAPER, "max_order_quote", "off", no_claim)
        await until(lambda: (caps.one(OWNER, ON_PAPER).sent or 0) > 10, "an entry that leaves")


async def test_a_day_on_paper_latches_goes_on_over_a_restart_and_counts_anew_after_a_reset(tmp_path: Path) -> None:
    async with on_paper(tmp_path) as program:
        caps = program.services.caps
        await paper_bot(program)
        await until(lambda: (caps.one(OWNER, ON_PAPER).gained or 0) < 0, "a loss, be it a fee")
        await caps.change(OWNER, ON_PAPER, "max_day_loss", "0.000001", no_claim)
        await until(lambda: caps.one(OWNER, ON_PAPER).latched, "the latch")
        sent = caps.one(OWNER, ON_PAPER).sent
        told = program._journal.run(lambda connection: facts_after(connection, 0, 1000)).result(10)
        texts = [str(fact["payload"]) for fact in told if fact["kind"] == FactKind.DAY_LOSS_REACHED]
        assert sum("cap of its day" in text and "(paper)" in text for text in texts) == 1
    async with on_paper(tmp_path) as program:
        caps = program.services.caps
        assert caps.one(OWNER, ON_PAPER).latched and caps.one(OWNER, ON_PAPER).sent == sent
        await program.services.panic.begin(OWNER, no_claim, flatten=True)
        await until(lambda: not program._manager.running, "the bot to end")
        await program.services.overview.reset_paper(OWNER, no_claim)
        view = caps.one(OWNER, ON_PAPER)
        assert view.gained == 0 and view.latched, "losses of before are gone with the account; entries are taken again when the owner says so"
        await caps.release(OWNER, ON_PAPER, "it was reset", no_claim)
        assert not caps.one(OWNER, ON_PAPER).latched


async def test_real_money_goes_first_and_is_never_mixed_up_with_paper(program: Program) -> None:
    caps = program.services.caps
    assert next(view.account for view in caps.all(OWNER)) == "binance" and all(view.is_paper for view in caps.all(OWNER)[1:])
    paper = next(view.account for view in caps.all(OWNER) if view.is_paper)
    await caps.change(OWNER, paper, "max_day_loss", "7", no_claim)
    assert caps.one(OWNER, paper).caps["max_day_loss"] == 7 and caps.one(OWNER, "binance").caps["max_day_loss"] is None
    assert program._live.runtime.gate.caps is not program._host.runtime.gate.caps
    await program._live_accounts.close("binance")
    with pytest.raises(UserError, match="no account 'binance'"):
        await caps.change(OWNER, "binance", "max_day_loss", "9", no_claim)
    assert caps.one(OWNER, paper).caps["max_day_loss"] == 7
