"""Groups and topics over HTTP. Numbers (`s06`) are those of the acceptance scenarios of the chat (telegram.md, section 7)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from condor.store.people import ALLOWED, GroupRow, Manners, put_group
from condor.users import Actor, Role
from tests.fakes.telegram import BOT, chat_of
from tests.support.access import ANN, BEN, EVE, World, world
from tests.support.someone import Someone

GROUP, SUPER = -500, -(10**12) - 500


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def bot_is(w: World, who: Someone, chat_id: int, before: str, after: str) -> None:
    """Somebody has added the bot to a chat, or taken it out."""
    until = {"until_date": 0}
    value = {
        "chat": chat_of(chat_id),
        "from": who.user,
        "date": 1_790_000_000,
        "old_chat_member": {"user": BOT, "status": before, **(until if before == "kicked" else {})},
        "new_chat_member": {"user": BOT, "status": after, **(until if after == "kicked" else {})},
    }
    w.telegram.push(my_chat_member=value)


def group_of(w: World, chat_id: int) -> list[Any]:
    return w.rows(f"SELECT state FROM groups WHERE chat_id = {chat_id}")


async def test_s06_t8_t13_t14_the_tapping_users_role_counts_and_a_card_is_its_owners_alone(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.TRADER}) as w:
        bot_is(w, w.ann, GROUP, "left", "member")
        group = chat_of(GROUP)
        card = await w.ann.say("/status@condor_test_bot", "Status", chat=group)
        assert w.telegram.allowed == ["message", "callback_query", "my_chat_member"]
        await w.ann.tap(card, "No new positions")
        assert await w.ben.tap(card, "Switch off now") == "only Ann can confirm this"
        assert await w.eve.tap(card, "Switch off now") == "only Ann can confirm this"
        assert await w.ben.tap(card, "Leave it on") == "only Ann can use this card; open your own with /start"
        assert w.program._hosts.halt_reason is None
        assert await w.ann.tap(card, "Switch off now") == "No new positions from now on", "hers is still good"
        assert "switched off by Ann" in (w.program._hosts.halt_reason or "")
        refused = w.audit("user_id", "role", "chat_id", "action", "result")[1:3]
        assert refused == [(BEN, "TRADER", GROUP, "halt", "refused"), (EVE, "NOBODY", GROUP, "halt", "refused")]
        # what is not said to the bot, by somebody with a role, in person, is not heard
        for chat_id in (GROUP, ANN, BEN):
            await w.telegram.says(chat_id, "What is open stays watched")
        said = len(w.telegram.sent)
        w.ben.write("we should sell BTC-USDT", group)
        w.ben.write("/status@another_bot", group)
        w.eve.write("/status", group)
        w.ann.write("/panic", group, sender_chat={"id": GROUP, "type": "group", "title": "Trading"})
        w.ann.write("/stop", group, via_bot=BOT)
        w.ann.write("/stop", group, forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "x"})
        bot = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        w.telegram.push(message={"message_id": 1, "date": 1, "chat": group, "from": bot, "text": "/start"})
        w.telegram.push(channel_post={"message_id": 1, "date": 1, "chat": {"id": -7, "type": "channel", "title": "C"}, "text": "/start"})
        await w.ben.say("/whoami", "trader", chat=group)
        assert len(w.telegram.sent) == said + 1 and w.program.services.panic.view().goal is None
        assert w.telegram.told(EVE) == [] and w.rows("SELECT * FROM strangers") == [], "a member of a group is no stranger at the door"
        # the menu of groups only looks
        assert {"panic", "stop", "new", "users"} & set(w.telegram.menus["all_group_chats"]) == set()
        assert {"status", "bots", "whoami"} <= set(w.telegram.menus["all_group_chats"])
        assert w.telegram.menus["default"] == ["start", "help", "whoami"]
        assert {"panic", "users", "audit"} <= set(w.telegram.menus[f"chat:{ANN}"])


async def test_s06_a_question_in_a_group_is_answered_by_its_owner_as_a_reply(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.OWNER}) as w:
        bot_is(w, w.ann, GROUP, "left", "member")
        group = chat_of(GROUP)
        await w.program.services.panic.begin(await w.program.services.access.actor("telegram", ANN, "Ann", ANN), lambda c: None, flatten=False)
        card = await w.ann.say("/panic", "By Ann", "New positions are off", chat=group)
        await w.ann.tap(card, "Release")
        answer = {"reply_to_message": card.raw()}
        assert "only Ann can answer this card" in (await w.ben.say("it was a drill", chat=group, **answer)).text
        w.ann.write("it was a drill", group)
        await w.telegram.polled()
        await asyncio.sleep(0.05)
        assert w.program.services.panic.view().goal is not None, "a line that replies to nothing is talk"
        await w.ann.say("it was a drill", "Condor", chat=group, **answer)
        assert w.program.services.panic.view().goal is None


async def test_s58_t15_a_key_in_a_group_is_taken_away_though_it_was_not_said_to_the_bot(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        bot_is(w, w.ann, GROUP, "left", "member")
        await w.ann.say("/whoami", "owner", chat=chat_of(GROUP))
        key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
        await w.ann.say(key, "key", chat=chat_of(GROUP))
        assert [chat_id for chat_id, _ in w.telegram.deleted] == [GROUP]
        assert not any(key in message.text for message in w.telegram.sent)


async def test_s09_in_a_topic_whoami_names_it_and_answers_there(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        bot_is(w, w.ann, SUPER, "left", "member")
        said = await w.ann.say("/whoami", "User", chat=chat_of(SUPER), message_thread_id=5, is_topic_message=True)
        assert "5\n" in said.text and str(SUPER) in said.text and "owner" in said.text
        assert said.thread_id == 5


async def test_s07_t8_an_unknown_group_is_left_and_the_owner_told(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        bot_is(w, w.eve, GROUP, "left", "member")
        await w.telegram.says(ANN, "At the door", "Trading", "Eve added the bot", "it has left")
        assert w.telegram.left == [GROUP] and group_of(w, GROUP) == [("refused",)]
        bot_is(w, w.eve, GROUP, "member", "left")
        # spoken to in one whose adding was never told
        w.eve.write("/start", chat_of(-501))
        await w.telegram.until(lambda: w.telegram.left == [GROUP, -501], "the other one to be left")
        assert {message.chat_id for message in w.telegram.sent} == {ANN}
        assert w.audit("user_id", "action", "after")[0] == (EVE, "bot_added", "refused") and group_of(w, GROUP) == [("refused",)]
        # the owner adds it: it stays
        bot_is(w, w.ann, GROUP, "left", "member")
        await w.ann.say("/whoami", "owner", chat=chat_of(GROUP))
        assert w.telegram.left == [GROUP, -501]


async def test_s07_t8_or_it_stays_mute_until_the_owner_decides(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.TRADER}, access={"unknown_groups": "mute"}) as w:
        bot_is(w, w.ben, GROUP, "left", "member")
        card = await w.telegram.says(ANN, "Ben added the bot", "says nothing")
        w.ben.write("/start", chat_of(GROUP))
        w.ann.write("/start", chat_of(GROUP))
        await w.telegram.polled()
        assert w.telegram.left == [] and w.telegram.told(GROUP) == []
        await w.ann.tap(card, "Speak in Trading …")
        assert await w.ann.tap(card, "Speak in Trading") == "The bot speaks in Trading now"
        await w.ben.say("/start", "Condor", chat=chat_of(GROUP))
        await w.ann.tap(card, "Leave Trading …")
        assert "Alerts and status pushes to it end" in card.text
        assert await w.ann.tap(card, "Leave Trading") == "The bot has left Trading"
        assert w.telegram.left == [GROUP] and w.rows(f"SELECT is_dead FROM chats WHERE chat_id = {GROUP}") == [(1,)]
        # blocked in private: nothing is sent there; unblocked: as before
        bot_is(w, w.ben, BEN, "member", "kicked")
        await w.telegram.until(lambda: w.rows(f"SELECT is_dead FROM chats WHERE chat_id = {BEN}") == [(1,)], "Ben's chat to be dead")
        bot_is(w, w.ben, BEN, "kicked", "member")
        await w.telegram.until(lambda: w.rows(f"SELECT is_dead FROM chats WHERE chat_id = {BEN}") == [(0,)], "Ben's chat to live")


async def test_what_is_sent_to_a_group_can_not_be_forwarded_unless_the_owner_says_so(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.VIEWER}) as w:
        bot_is(w, w.ann, GROUP, "left", "member")
        group = chat_of(GROUP)
        assert (await w.ann.say("/status", "Status", chat=group)).is_protected, "groups are protected from the start"
        assert (await w.ann.say("/nonsense", "⚠️", chat=group)).is_protected
        assert not (await w.ann.say("/status", "Status")).is_protected, "a private chat is one's own"
        settings = await w.ann.say("/users", "Ann")
        for label in ("Groups", "Trading", "Allow forwarding …"):
            await w.ann.tap(settings, label)
        assert "by everybody in it" in settings.text and (await w.ann.say("/status", "Status", chat=group)).is_protected
        assert await w.ann.tap(settings, "Allow forwarding") == "Saved"
        assert not (await w.ann.say("/status", "Status", chat=group)).is_protected
        before, after = "sums shown, protected", "sums shown, not protected"
        assert w.audit("user_id", "action", "target", "before", "after")[-1] == (ANN, "group_manners", f"group {GROUP} Trading", before, after)
        # it is gone and comes back: what the owner has said stays
        bot_is(w, w.ann, GROUP, "member", "left")
        bot_is(w, w.ann, GROUP, "left", "member")
        assert not (await w.ann.say("/status", "Status", chat=group)).is_protected


async def test_sums_are_hidden_in_a_group_where_the_owner_says_so(tmp_path: Path) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.VIEWER}) as w:
        bot_is(w, w.ann, GROUP, "left", "member")
        group = chat_of(GROUP)
        shown = await w.ann.say("/start", "Equity", chat=group)
        assert "10,000.00 USDT" in shown.text
        settings = await w.ann.say("/users", "Ann")
        for label in ("Groups", "Trading", "Hide sums …"):
            await w.ann.tap(settings, label)
        assert await w.ann.tap(settings, "Hide sums") == "Saved"
        home = await w.ann.say("/start", "Equity", chat=group)
        assert "••• USDT" in home.text and "10,000" not in home.text
        await w.ann.tap(shown, "Refresh" if "Refresh" in shown.labels else "Status")
        await w.ann.tap(shown, "Home")
        assert "10,000" not in shown.text, "a card of before is drawn without them too"
        assert "10,000.00 USDT" in (await w.ann.say("/start", "Equity")).text, "a private chat shows them"
        assert "Mid" in (await w.ann.say("/price BTC-USDT", "Mid", chat=group)).text and "•••" not in w.telegram.sent[-1].text
        assert "••• USDT" in (await w.ann.say("/pnl", "Result", chat=group)).text
        await w.ann.say("/report csv", "files have sums in them", chat=group)


@pytest.mark.parametrize("how", ["message", "error"])
async def test_s08_alerts_go_on_in_the_supergroup(tmp_path: Path, how: str) -> None:
    async with world(tmp_path) as w:
        bot_is(w, w.ann, GROUP, "left", "member")
        await w.ann.say("/status every 1h", "Status", chat=chat_of(GROUP))
        w.telegram.faults.moved[GROUP] = SUPER
        if how == "message":
            service = {"message_id": 3, "date": 1, "chat": chat_of(GROUP), "from": w.ann.user, "migrate_to_chat_id": SUPER}
            w.telegram.push(message=service)
            w.telegram.push(message={**service, "chat": chat_of(SUPER), "migrate_to_chat_id": None, "migrate_from_chat_id": GROUP})
            await w.telegram.until(lambda: group_of(w, SUPER), "the group to have moved")
        await w.program.services.overview.halt(await w.program.services.access.actor("telegram", ANN, "Ann", ANN), lambda connection: None)
        await w.telegram.says(SUPER, "No new positions")
        assert w.rows("SELECT chat_id, status_every_s FROM chats WHERE chat_id < 0") == [(SUPER, 3600)]
        assert group_of(w, SUPER) == [("allowed",)] and group_of(w, GROUP) == []
        assert w.rows(f"SELECT count(*) FROM panels WHERE chat_id = {GROUP}") == [(0,)]
        assert [job for job in ("GROUP", "SUPER") if w.program._scheduler._scheduler.get_job(f"status telegram {globals()[job]}")] == ["SUPER"]
        assert ("chat_moved", str(GROUP), str(SUPER)) in w.audit("action", "before", "after")
        await w.ann.say("/start", "Condor", chat=chat_of(SUPER))


async def test_t14_an_edited_message_never_acts_again_and_one_that_can_not_be_read_holds_nothing_up(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.telegram.push(my_chat_member={"chat": chat_of(GROUP), "from": w.ann.user, "date": 1, "old_chat_member": {"status": "kicked"}})
        w.telegram.push(message={"message_id": "x"})
        first = await w.ann.say("/status off", "Status")
        said = {
            "message_id": first.message_id - 1,
            "date": 1,
            "chat": chat_of(ANN),
            "from": w.ann.user,
            "edit_date": 2,
            "text": "/status every 1h",
        }
        w.telegram.push(edited_message=said)
        await w.ann.say("/whoami", "owner")
        assert w.rows(f"SELECT status_every_s FROM chats WHERE chat_id = {ANN}") == [(0,)]
        assert first.labels, "the card of the first time stands"


async def test_one_setting_of_a_group_leaves_what_another_owner_has_changed(tmp_path: Path) -> None:
    """Two owners look at one card and each changes one thing: both hold."""
    async with world(tmp_path) as w:
        row = GroupRow("telegram", GROUP, "Desk", ALLOWED, 1, "Olga", 1, is_protected=True)
        w.program._journal.run(lambda connection: put_group(connection, row)).result(10)
        owner = Actor(1, "Olga", Role.OWNER, "telegram", 1)
        groups = w.program.services.groups
        await groups.set_manners(owner, "telegram", GROUP, lambda connection: None, hides_sums=True)
        await groups.set_manners(owner, "telegram", GROUP, lambda connection: None, is_protected=False)
        assert await groups.manners("telegram", GROUP) == Manners(hides_sums=True, is_protected=False)
        said = [after for (after,) in w.rows("SELECT after FROM audit WHERE action = 'group_manners' ORDER BY audit_id")]
        assert said == ["sums hidden, protected", "sums hidden, not protected"]
