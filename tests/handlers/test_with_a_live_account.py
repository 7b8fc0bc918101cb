"""Screens and taps beside an account with real money at an exchange in a box. Numbers in names are those of telegram.md section 7."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from condor.errors import UserError
from condor.tickets import read_ticket
from condor.totp import STEP_S, code_at, new_secret
from handlers.args import Given
from tests.fakes.simvenue.venue import SimVenue
from tests.handlers.crawler import crawl_of
from tests.support.hand import with_numbers
from tests.support.house import House
from tests.support.key_world import KEY, NEW, SECRET, set_up, venue
from tests.support.programs import OWNER, no_claim
from tests.support.transcript import from_bot

PERP = "binance_perpetual"
LOOKS = 100
OF_THE_LINE = "/fapi/v1/listenKey"
"""The account's own stream is kept open by POST and PUT, whoever looks."""


@pytest.fixture
async def box(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimVenue]:
    async with venue(monkeypatch, "futures", PERP) as found:
        monkeypatch.setenv(f"CONDOR_VENUE_{PERP.upper()}_KEY", KEY)
        monkeypatch.setenv(f"CONDOR_VENUE_{PERP.upper()}_SECRET", SECRET)
        yield found


@pytest.fixture
async def house(box: SimVenue, tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path / "home", {"clock": {"tick_size": 0.25}, "market": {"pairs": ["BTC-USDT"]}}) as opened:
        await opened.until(lambda: opened.program.closed_accounts() == {PERP: None}, "the account")
        yield opened


def changing(box: SimVenue) -> list[tuple[str, str]]:
    """(method, path) of every request that changes something at the venue."""
    return [(one.method, one.path) for one in box.requests() if one.method != "GET" and one.path != OF_THE_LINE]


async def test_s33_a_hundred_looks_at_every_screen_are_no_request_that_changes_anything_at_the_venue(box: SimVenue, house: House) -> None:
    assert any(one.method == "POST" for one in box.requests()), "requests that are no GET are seen here"
    before = changing(box)
    registry = house.program._fronts[0]._registry
    draft = await house.program.services.drafts.begin(OWNER, "pmm_simple")
    reviewed = await house.program.services.drafts.go(draft.draft_id, 99)
    crawl = crawl_of(house, registry)
    crawl.most = 1
    await crawl.visit(
        [("live_draft", {"draft": reviewed.draft_id}), *((name, {}) for name in ("home", "panic", "halt", "caps", "keys", "missing", "stop_which"))]
    )
    seen = {name for name, _ in crawl.views}
    assert {"live_draft", "portfolio", "status", "positions", "orders", "executors", "caps_of", "panic"} <= seen, sorted(seen)
    for name, args in crawl.views:
        for _ in range(LOOKS):
            await registry.screens[name].render(crawl.context(None, (name, args)), Given(json.loads(args)))
    for line in ("/status", "/portfolio live", "/positions", "/orders", "/pnl live", "/caps", "/keys"):
        await house.send(line)
    assert changing(box) == before


async def test_s54_a_tap_that_waits_for_a_venue_is_answered_before_the_venue_has(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, said = asyncio.Event(), asyncio.Event()

    async def slow(actor: object, accounts: set[str]) -> None:
        asked.set()
        await said.wait()
        raise UserError(f"the key of {min(accounts)} may withdraw")

    monkeypatch.setattr(house.program.services.bots, "before_live", slow)
    draft = await house.program.services.drafts.begin(OWNER, "pmm_simple")
    await house.program.services.drafts.go(draft.draft_id, 99)
    await house.send("/new", "Which strategy?")
    card = house.last()
    await house.tap("continue pmm_simple", card)
    card = await house.wait(from_bot("review"))
    await house.tap("Start LIVE", card)
    toast = await house.tap("for real", card)
    assert toast == "The venue is being asked …" and asked.is_set() and not said.is_set()
    said.set()
    refusal = await house.wait(from_bot("⚠️ the key of binance_perpetual may withdraw", after=card["message_id"]))
    assert refusal["reply_to"]["message_id"] == card["message_id"]
    assert len(house.answers) == 3, "each tap is answered once"
    assert house.program.services.bots.running() == []


async def test_an_order_by_hand_with_real_money_says_its_amount_heeds_caps_and_is_one_request(box: SimVenue, house: House) -> None:
    before = changing(box)
    manual = house.program.services.manual
    card = await house.send("/trade buy 0.01 BTC-USDT live", "Buy 0.01 BTC", "real money")
    await with_numbers(house, card)
    ticket = await manual.settled(OWNER, read_ticket("buy 0.01 BTC-USDT live".split(), manual.pairs(OWNER)))  # noqa: SIM905
    for _ in range(LOOKS):
        await manual.preview(OWNER, ticket)
    assert changing(box) == before, "looking asks the venue for nothing that changes anything"
    await house.program.services.caps.change(OWNER, PERP, "max_order_quote", "100", no_claim)
    capped = await house.send("/trade buy 0.01 BTC-USDT live", f"cap of {PERP}", "above the limit of 100")
    assert not any("Confirm" in label for label in house.labels(capped))
    await house.program.services.caps.change(OWNER, PERP, "max_order_quote", "off", no_claim)
    await house.tap("Confirm LIVE buy 0.01 BTC", card)
    await house.until(lambda: "→ filled" in house.text(card), "the order to be filled")
    orders = [path for method, path in changing(box)[len(before) :] if method == "POST" and path.endswith("/order")]
    assert len(orders) == 1, orders
    # it is closed by another order the other way, which no cap holds up
    await house.program.services.caps.change(OWNER, PERP, "max_order_quote", "100", no_claim)
    back = await house.send("/trade sell 0.01 BTC-USDT live", "Sell 0.01 BTC", "It gives back what was traded by hand")
    await house.tap("Confirm LIVE sell 0.01 BTC", back)
    await house.until(lambda: "→ filled" in house.text(back), "the way back to be filled")
    positions = await house.send("/positions", "Positions")
    assert "BTC-USDT" not in house.text(positions)


async def test_s59_a_bot_with_real_money_is_changed_after_a_code_but_stopping_a_controller_needs_none(house: House) -> None:
    services = house.program.services
    draft = await services.drafts.begin(OWNER, "pmm_simple")
    values = {
        **draft.answers,
        "connector_name": PERP,
        "trading_pair": "BTC-USDT",
        "buy_spreads": [0.05],
        "sell_spreads": [0.05],
        "total_amount_quote": "400",
    }
    bot_id = (await services.bots.start(OWNER, "pmm_simple", values, no_claim, mode="live")).bot_id
    secret = new_secret()
    services.step_up.use(secret)

    async def present() -> tuple[Decimal, bool]:
        [row] = await services.bots.configs(OWNER, bot_id)
        config = services.bots.present_config(bot_id, row)
        return config.total_amount_quote, config.manual_kill_switch

    card = await house.send(f"/edit {bot_id} manual_kill_switch=yes", "Change pmm")
    await house.tap("Apply 1 change", card)
    await house.until(lambda: "Apply" not in str(house.labels(card)), "the change")
    assert await present() == (400, True)
    card = await house.send(f"/edit {bot_id} total_amount_quote=500", "Change pmm")
    await house.tap("Apply 1 change", card)
    await house.wait(from_bot("Code, please"))
    assert await present() == (400, True), "nothing changes before the code"
    await house.write(code_at(secret, int(time.time()) // STEP_S))
    await house.until(lambda: services.step_up.is_fresh(OWNER), "the step-up")
    card = await house.send(f"/edit {bot_id} total_amount_quote=500", "Change pmm")
    await house.tap("Apply 1 change", card)
    await house.until(lambda: "Apply" not in str(house.labels(card)), "the change")
    assert await present() == (500, True)


async def test_s59_start_live_asks_a_code_five_wrong_ones_lock_a_right_one_opens_and_every_code_is_deleted(house: House) -> None:
    services = house.program.services
    secret = new_secret()
    services.step_up.use(secret)
    draft = await services.drafts.begin(OWNER, "pmm_simple")
    for name, text in (("buy_spreads", "5%"), ("sell_spreads", "5%")):
        await services.drafts.answer(OWNER, draft.draft_id, name, text)
    await services.drafts.go(draft.draft_id, 99)
    await house.send("/new", "Which strategy?")
    await house.tap("continue pmm_simple", house.last())
    card = await house.wait(from_bot("review"))
    await house.tap("Start LIVE", card)

    async def typed(text: str) -> None:
        message_id = await house.write(text)
        await house.until(lambda: any((event["kind"], event.get("message_id")) == ("deleted", message_id) for event in house.events), "the deletion")

    def tries() -> list[str]:
        return [result for (result,) in house.rows("SELECT result FROM audit WHERE action = 'step_up' ORDER BY audit_id")]

    await house.tap("for real", card)
    await house.wait(from_bot("Code, please"))
    assert services.bots.running() == [], "nothing starts before the code"
    await typed(code_at(secret, int(time.time()) // STEP_S))
    await house.until(lambda: services.step_up.is_fresh(OWNER), "the step-up")
    again = await house.wait(from_bot("real money", after=card["message_id"]))
    await house.tap("for real", again)
    await house.until(lambda: len(services.bots.running()) == 1, "the bot")
    assert tries() == ["done"]
    # five minutes later
    services.step_up.forget("local", OWNER.user_id)
    asked = await house.send("/caps binance_perpetual", "Caps of")
    await house.tap("Leverage", asked)
    for _ in range(5):
        await house.wait(from_bot("Code, please"))
        await typed("not a code")
    await house.until(lambda: tries() == ["done", *["wrong"] * 4, "locked"], "the lock")
    await typed(code_at(secret, int(time.time()) // STEP_S + 1))
    await house.wait_text("too many wrong codes")
    assert not services.step_up.is_fresh(OWNER) and tries()[-1] == "locked"


async def test_s59_an_order_by_hand_and_a_higher_leverage_wait_for_a_code_of_the_persons_own_authenticator(box: SimVenue, house: House) -> None:
    services, before = house.program.services, changing(box)
    line = "/trade buy 0.01 BTC-USDT 5x live"
    secret = await set_up(house.program, OWNER, await services.key_forms.set_up_codes(OWNER), **NEW)
    assert services.step_up.has_own(OWNER.front, OWNER.user_id) and not services.step_up.is_fresh(OWNER)
    card = await house.send(line, "Buy 0.01 BTC", "real money")
    await with_numbers(house, card)
    await house.tap("Confirm LIVE buy 0.01 BTC", card)
    await house.wait(from_bot("Code, please"))
    assert changing(box) == before, "neither the leverage nor the order leaves before the code"
    assert house.rows("SELECT 1 FROM executors") == [] and house.rows("SELECT 1 FROM v_intents") == []
    wrong = await house.write("000000")
    await house.until(lambda: _is_gone(house, wrong), "the deletion of the wrong code")
    assert changing(box) == before and not services.step_up.is_fresh(OWNER)
    right = await house.write(code_at(secret, int(time.time()) // STEP_S + 1))
    await house.until(lambda: services.step_up.is_fresh(OWNER), "the step-up")
    await house.until(lambda: _is_gone(house, right), "the deletion of the code")
    # nothing was confirmed by showing it: the order is looked at once more
    assert changing(box) == before
    card = await house.send(line, "Buy 0.01 BTC", "real money")
    await with_numbers(house, card)
    await house.tap("Confirm LIVE buy 0.01 BTC", card)
    await house.until(lambda: "→ filled" in house.text(card), "the order to be filled")
    paths = [path.rpartition("/")[2] for method, path in changing(box)[len(before) :] if method == "POST"]
    assert paths.count("order") == 1 and "leverage" in paths and paths.index("leverage") < paths.index("order"), paths
    account = house.program._hosts.of("live")
    assert account.leverage(PERP, "BTC-USDT") == 5
    # raised while its bot runs: set at the venue first, then the order
    sent = len(changing(box))
    card = await house.send("/trade buy 0.01 BTC-USDT 7x live", "Buy 0.01 BTC", "(now 5x) is set to 7x first")
    await house.tap("Confirm LIVE buy 0.01 BTC", card)
    await house.until(lambda: "→ filled" in house.text(card), "the second order to be filled")
    posts = [path.rpartition("/")[2] for method, path in changing(box)[sent:] if method == "POST"]
    assert posts == ["leverage", "order"]
    assert account.leverage(PERP, "BTC-USDT") == 7


def _is_gone(house: House, message_id: int) -> bool:
    return any((event["kind"], event.get("message_id")) == ("deleted", message_id) for event in house.events)
