"""Who may do what, over HTTP against a Telegram with many people. Numbers (`s03`) are those of the acceptance scenarios of the chat (telegram.md, section 7)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from botcore.model.secret import Secret
from condor.totp import STEP_S, code_at
from condor.users import Actor, Role
from tests.fakes.telegram import Message, Telegram
from tests.support.access import ANN, BEN, EVE, World, running, world
from tests.support.someone import Someone

OWNER = Actor(ANN, "Ann", Role.OWNER, "telegram", ANN)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


async def test_s03_the_first_code_makes_the_owner_and_five_wrong_ones_lock_their_sender_only(tmp_path: Path) -> None:
    async with world(tmp_path, roles={}) as w:
        code = await w.program.claim_code()
        assert code is not None
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        for _ in range(5):
            w.eve.write(wrong)
        w.eve.write(code)
        await w.telegram.polled()
        await asyncio.sleep(0.1)
        assert w.telegram.sent == [] and w.rows("SELECT * FROM users") == [], "her right one came too late"
        await w.ann.say(f"it is {code}", "You are the owner now")
        w.ben.write(code)
        await w.telegram.polled()
        w.clock.ahead_ms = 16 * 60_000
        w.eve.write(code)
        await w.ann.say("/whoami", "11", "owner")
        assert w.rows("SELECT user_id, role FROM users") == [(ANN, "OWNER")]
        assert w.audit("user_id", "action", "after")[:1] == [(ANN, "claim", "OWNER")]
        assert [message.chat_id for message in w.telegram.sent if message.chat_id in (BEN, EVE)] == []


async def test_s03_the_lock_of_five_wrong_codes_ends_after_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with world(tmp_path, roles={}) as w:
        access = w.program.services.access
        code = await w.program.claim_code()
        assert code is not None
        eve = await access.actor("telegram", EVE, "Eve", EVE)
        for _ in range(5):
            assert not await access.claim(eve, f"{(int(code) + 1) % 1_000_000:06d}")
        w.clock.ahead_ms = 14 * 60_000
        assert not await access.claim(eve, code) and w.rows("SELECT * FROM users") == [], "not yet"
        w.clock.ahead_ms = 16 * 60_000
        assert await access.claim(eve, code)
        assert w.rows("SELECT user_id, role FROM users") == [(EVE, "OWNER")]


async def test_s05_s09_who_may_not_act_is_told_what_it_needs_and_the_audit_keeps_it(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.VIEWER, EVE: Role.ALERT_ONLY}) as w:
        status = await w.ben.say("/status", "Status")
        assert "needs the role operator, yours is viewer" in await w.ben.tap(status, "No new positions")
        assert "needs the role trader" in (await w.ben.say("/new")).text
        assert w.audit("user_id", "name", "role", "action", "result") == [
            (BEN, "Ben", "VIEWER", "open halt", "refused"),
            (BEN, "Ben", "VIEWER", "/new", "refused"),
        ]
        assert w.program._hosts.halt_reason is None
        assert "refused" not in (await w.ben.say("/help")).text and "/users" not in w.telegram.sent[-1].text
        card = await w.eve.say("/whoami", "13", "alert-only")
        assert card.labels == ["❔ Help"]
        assert "needs the role viewer, yours is alert-only" in (await w.eve.say("/status")).text


async def test_s05_a_viewer_who_taps_pause_is_told_what_it_needs_and_the_bot_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.VIEWER}) as w:
        draft = await w.program.services.drafts.begin(OWNER, "pmm_simple")
        bot = await w.program.services.bots.start(OWNER, draft.controller_name, draft.answers, lambda connection: None)
        panel = await w.ben.say(f"/bots {bot.bot_id}", "running")
        assert "needs the role operator, yours is viewer" in await w.ben.tap(panel, "Pause")
        assert "needs the role operator, yours is viewer" in (await w.ben.say(f"/pause {bot.bot_id}", "⚠️")).text
        assert not w.program._manager.running[bot.bot_id].strategy.orchestrator.pause_reason and "running" in panel.text
        assert w.rows("SELECT * FROM pauses") == []
        refused = [row for row in w.audit("user_id", "role", "action", "result") if row[3] == "refused"]
        assert refused == [(BEN, "VIEWER", "open pause", "refused"), (BEN, "VIEWER", "/pause", "refused")]


# ---- users ---------------------------------------------------------------------------------------------------------
async def test_users_change_roles_and_a_removed_ones_open_cards_do_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.OPERATOR}) as w:
        assert w.telegram.menus[f"chat:{BEN}"].count("panic") == 1 and "users" not in w.telegram.menus[f"chat:{BEN}"]
        open_card = await w.ben.say("/status", "Status")
        await w.ben.tap(open_card, "No new positions")
        asked = await w.telegram.says(BEN, "No bot opens anything")
        card = await w.ann.say("/users", "Ann", "owner", "Ben", "operator")
        # the last owner stays
        await w.ann.tap(card, "Ann")
        await w.ann.tap(card, "Remove")
        assert "the last owner stays" in await w.ann.tap(card, "Remove Ann")
        await w.ann.tap(card, "Leave it")
        await w.ann.tap(card, "Users")
        await w.ann.tap(card, "Ben")
        await w.ann.tap(card, "Make viewer")
        assert "look" in card.text and w.rows(f"SELECT role FROM users WHERE user_id = {BEN}") == [("OPERATOR",)], "asking changes nothing"
        twice = replace(card)
        assert await w.ann.tap(card, "Make Ben viewer") == "Ben is viewer now"
        assert "already done" in await w.ann.tap(twice, "Make Ben viewer")
        await w.telegram.says(BEN, "Your role is viewer now.")
        assert "panic" not in w.telegram.menus[f"chat:{BEN}"]
        assert "needs the role operator, yours is viewer" in await w.ben.tap(asked, "Switch off now")
        await w.ann.tap(card, "Remove")
        assert await w.ann.tap(card, "Remove Ben") == "Ben has no role any more"
        said = len(w.telegram.told(BEN))
        assert await w.ben.tap(open_card, "Leave it on") == ""
        assert len(w.telegram.told(BEN)) == said and w.program._hosts.halt_reason is None
        assert w.rows(f"SELECT * FROM chats WHERE chat_id = {BEN}") == [] and f"chat:{BEN}" not in w.telegram.menus
        found = w.audit("user_id", "action", "target", "before", "after", "result", "reason")
        assert found[-2:] == [
            (BEN, "halt", "trading", "", "", "refused", "this needs the role operator, yours is viewer"),
            (ANN, "remove_user", "user 12", "VIEWER", "NOBODY", "done", ""),
        ]
        assert (ANN, "set_role", "user 12", "OPERATOR", "VIEWER", "done", "") in found


async def test_giving_a_role_asks_for_a_code_where_codes_are_on(tmp_path: Path) -> None:
    secret = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.VIEWER}) as w:
        w.program.services.step_up.use(secret)
        card = await w.ann.say("/users", "Ben")
        for label in ("Ben", "Make trader"):
            await w.ann.tap(card, label)
        assert "digits of your authenticator" in await w.ann.tap(card, "Make Ben trader")
        assert w.rows(f"SELECT role FROM users WHERE user_id = {BEN}") == [("VIEWER",)]
        invites = await w.ann.say("/invite viewer 2h 3", "Make a link", "2h")
        assert "digits of your authenticator" in await w.ann.tap(invites, "Make a viewer link")
        assert w.rows("SELECT * FROM invites") == []
        digits = code_at(secret, w.clock.wall_ms() // 1000 // STEP_S)
        # the code leads back to what was asked
        again = await w.ann.say(digits, "Make a link", "2h", "Uses", reply_to_message=invites.raw())
        await w.ann.tap(again, "Make a viewer link")
        assert "3 of 3" in again.text
        again = await w.ann.say("/users", "Ben")
        for label in ("Ben", "Make trader", "Make Ben trader"):
            last = await w.ann.tap(again, label)
        assert last == "Ben is trader now"


# ---- strangers -----------------------------------------------------------------------------------------------------
async def test_s04_fifty_strangers_are_one_card_that_is_edited_and_blocked_ones_stay_silent_for_good(tmp_path: Path) -> None:
    async with Telegram().served() as telegram:
        async with running(tmp_path, telegram) as w:
            w.eve.write("/start")
            card = await telegram.says(ANN, "A stranger wrote", "Eve", "13")
            assert card.labels[:2] == ["Allow as viewer …", "Block …"]
            strangers = [Someone(telegram, 1000 + number, f"S{number}") for number in range(49)]
            for stranger in strangers:
                stranger.write("/start")
                stranger.write("let me in")
            w.ben.write("/start inv_nothing")
            await telegram.says(ANN, "51 strangers wrote", "… and 46 more")
            assert len(telegram.told(ANN)) == 1 and telegram.edits <= 12, "one message, edited"
            assert {message.chat_id for message in telegram.sent} == {ANN}
            await w.ann.tap(card, "Block Eve …")
            assert await w.ann.tap(card, "Block Eve") == "1 blocked"
            await w.ann.tap(card, "Allow S0 …")
            assert await w.ann.tap(card, "Allow S0") == "S0 may look now"
            await telegram.says(1000, "You may look now")
            await strangers[0].say("/status", "Status")
            await w.ann.tap(card, "Block all 49 …")
            assert "… and 44 more" in card.text
            assert await w.ann.tap(card, "Block all 49") == "49 blocked"
            assert "Nobody waits." in card.text
        # over a restart, and an hour later, too
        async with running(tmp_path, telegram, roles={}) as w:
            w.clock.ahead_ms = 2 * 3_600_000
            w.eve.write("/start")
            strangers[5].write("hello?")
            frank = Someone(telegram, 77, "Frank")
            frank.write("hi")
            fresh = await telegram.until(lambda: telegram.told(ANN)[1:], "a card of its own after an hour")
            assert "Frank" in fresh[0].text and "Eve" not in fresh[0].text and "S5" not in fresh[0].text
            assert w.rows("SELECT count(*) FROM strangers WHERE state = 'blocked'") == [(50,)]
            since_ms = w.clock.wall_ms() - 3_600_000
            await telegram.until(lambda: w.rows(f"SELECT 1 FROM visitor_cards WHERE sent_ms > {since_ms}"), "it to be noted as told")
        # what was told is not told again, what was not is
        telegram.sent.clear()
        async with running(tmp_path, telegram, roles={}) as w:
            w.clock.ahead_ms = 2 * 3_600_000
            Someone(telegram, 78, "Gil").write("hi")
            await telegram.says(ANN, "2 strangers wrote", "Frank", "Gil")
            assert telegram.sent == []


@pytest.mark.parametrize(("way", "answer", "state"), [("Block", "1 blocked", "blocked"), ("Allow", "Ben may look now", None)])
async def test_s04_a_double_tap_at_the_door_acts_on_who_was_shown_and_on_nobody_else(
    tmp_path: Path, way: str, answer: str, state: str | None
) -> None:
    async with world(tmp_path) as w:
        w.ben.write("/start")
        await w.telegram.says(ANN, "A stranger wrote", "Ben")
        w.eve.write("/start")
        card = await w.telegram.says(ANN, "2 strangers wrote", "Ben", "Eve")
        await w.telegram.until(lambda: f"{way} Eve …" in card.labels, "a row for each")
        before = replace(card)
        await w.ann.tap(card, f"{way} Ben …")
        # the second of two taps: on a button that is gone, and at the place where the answer might stand
        assert "changed since" in await w.ann.tap(before, f"{way} Ben …")
        row = next(number for number, row in enumerate(before.buttons) if row[0]["text"].endswith("Ben …"))
        assert f"{way} Ben" not in [button["text"] for button in card.buttons[row]]
        asked = replace(card)
        assert await w.ann.tap(asked, f"{way} Ben") == answer
        assert "already done" in await w.ann.tap(asked, f"{way} Ben")
        assert w.rows("SELECT user_id, state FROM strangers WHERE user_id = 13") == [(EVE, "waiting")], "she waits as before"
        assert w.rows("SELECT state FROM strangers WHERE user_id = 12") == ([(state,)] if state else [])
        assert [row for row in w.audit("user_id", "action", "target") if row[1] in ("block", "allow_user", "block_user")]


async def test_t7_a_crowd_of_strangers_leaves_a_bounded_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("condor.services.visitors.MAX_WAITING", 20)
    monkeypatch.setattr("condor.services.visitors.MAX_REMEMBERED", 50)
    async with world(tmp_path) as w:
        visitors = w.program.services.visitors
        for user_id in range(1000, 1100):
            await visitors.met(user_id, "x" * 1000)
        assert w.rows("SELECT count(*), max(length(name)) FROM strangers") == [(20, 200)]
        assert len(visitors._noted) == 50
        await w.telegram.says(ANN, "20 strangers wrote")
        await w.telegram.until(lambda: w.audit("action") == [("strangers",)], "one row of the audit for all")
        w.clock.ahead_ms = 31 * 86_400_000
        await visitors.prune()
        assert w.rows("SELECT count(*) FROM strangers") == [(0,)]


# ---- invites -------------------------------------------------------------------------------------------------------
async def invited(w: World, words: str, *shown: str) -> Message:
    """An invite as its owner makes it: asked for in a line, made by the card that asks; the card with its link."""
    before = w.rows("SELECT count(*) FROM invites")
    card = await w.ann.say(f"/invite {words}", "Make a link that gives the role")
    assert w.rows("SELECT count(*) FROM invites") == before, "a line alone gives no role"
    await w.ann.tap(card, "Make a")
    assert all(word in card.text for word in shown)
    return card


async def test_invites_work_once_in_their_time_and_late_ones_are_silence_and_told_to_the_owner(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        card = await invited(w, "operator 2h", "t.me/condor_test_bot?start=inv_", "1 of 1")
        token = card.text.partition("?start=")[2].partition("<")[0]
        await w.ben.say(f"/start {token}", "You may look, pause and stop now")
        assert "panic" in w.telegram.menus[f"chat:{BEN}"]
        w.eve.write(f"/start {token}")
        late = await w.telegram.says(ANN, "Invite 1 (operator) has ended", "Eve (13)")
        assert "Allow as viewer …" in late.labels
        # nobody loses by an invite, and one that gives nothing is not used up
        trader = await invited(w, "viewer 1h 2", "2 of 2")
        second = trader.text.partition("?start=")[2].partition("<")[0]
        assert "still good for somebody else" in (await w.ben.say(f"/start {second}")).text
        assert w.rows("SELECT uses_left FROM invites ORDER BY invite_id") == [(0,), (2,)]
        w.clock.ahead_ms = 61 * 60_000
        assert "has ended" in (await w.ben.say(f"/start {second}")).text
        third = (await invited(w, "viewer", "1 of 1")).text.partition("?start=")[2].partition("<")[0]
        ends = await w.telegram.says(ANN, "Invite 3")
        await w.ann.tap(ends, "End it")
        assert await w.ann.tap(ends, "End invite 3 now") == "It lets nobody in any more"
        w.eve.write(f"/start {third}")
        await w.telegram.says(ANN, "Invite 3 (viewer) has ended")
        assert {message.chat_id for message in w.telegram.sent} == {ANN, BEN}
        assert w.rows(f"SELECT role FROM users WHERE user_id = {BEN}") == [("OPERATOR",)]
        kept = [row for row in w.audit("user_id", "action", "target", "after") if row[1] != "strangers"]
        assert kept[:2] == [(ANN, "new_invite", "invite 1", "OPERATOR, 1 uses, 2h"), (BEN, "use_invite", "invite 1", "OPERATOR")]
        assert token.removeprefix("inv_") not in str(w.audit("*"))


async def test_links_open_cards(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        draft = await w.program.services.drafts.begin(OWNER, "pmm_simple")
        bot = await w.program.services.bots.start(OWNER, draft.controller_name, draft.answers, lambda connection: None)
        await w.ann.say(f"/start bot_{bot.bot_id}", bot.bot_id, "running")
        assert "there is no bot nowhere any more" in (await w.ann.say("/start bot_nowhere")).text
        assert "leads nowhere" in (await w.ann.say("/start xyz")).text
