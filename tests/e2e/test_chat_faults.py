"""Faults of the chat (T12 and T16 of reliability.md) over HTTP: lines that waited for hours, and edits that Telegram refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.telegram import Telegram
from tests.support.access import ANN, running, world

HOUR_S = 3600


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


# ---- T12 -----------------------------------------------------------------------------------------------------------
async def test_t12_what_was_sent_hours_ago_looks_but_changes_nothing_and_is_asked_for_again(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        now = int(w.telegram.now_s())
        for age_s, words in ((HOUR_S * 3, "was sent 3h ago and was not carried out"), (130, "was sent 2m")):
            await w.ann.say("/status every 1h", words, "send it again", date=now - age_s)
        await w.ann.say("/settings zone Europe/Berlin", "was not carried out", date=now - HOUR_S)
        # one that asks first gives nothing away, however late it comes
        await w.ann.say("/invite trader 2h", "Make a link", date=now - HOUR_S)
        assert w.rows("SELECT count(*) FROM invites") == [(0,)]
        assert w.rows("SELECT status_every_s FROM chats") == [(0,)]
        # to look is never too late, and neither is a moment on a slow line
        await w.ann.say("/status", "Status", date=now - HOUR_S * 3)
        await w.ann.say("/panic", "Stop everything?", date=now - HOUR_S * 3)
        await w.ann.say("/status every 1h", "Status", date=now - 50)
        assert w.rows("SELECT status_every_s FROM chats") == [(3600,)]


async def test_t12_an_answer_that_waited_while_nothing_ran_is_asked_for_again(tmp_path: Path) -> None:
    async with Telegram().served() as telegram:
        async with running(tmp_path, telegram) as w:
            card = await w.ann.say("/settings", "Settings")
            await w.ann.tap(card, "Time zone")
            await telegram.says(ANN, "type another one")
        # nobody is there: it waits at Telegram
        w.ann.write("Madrid", date=int(telegram.now_s()) - HOUR_S)
        async with running(tmp_path, telegram) as w:
            await telegram.says(ANN, "was sent 1h ago and was not carried out")
            assert "Europe/Madrid" not in (await w.ann.say("/settings", "Settings")).text
            await w.ann.say("/settings zone Madrid", "Europe/Madrid")


# ---- T16 -----------------------------------------------------------------------------------------------------------
async def test_t16_an_edit_that_changes_nothing_is_done_and_a_card_that_is_gone_comes_again(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        telegram = w.telegram
        card = await w.ann.say("/caps", "Caps")
        # as after a death between the edit and its note: nobody knows what the card shows
        w.program._journal.run(lambda connection: connection.exec_driver_sql("UPDATE panels SET digest = ''")).result(10)
        # a card that was drawn just now is not drawn again
        w.clock.ahead_ms += 60_000
        said = len(telegram.sent)
        await w.ann.tap(card, "Refresh")
        assert telegram.unmodified == 1 and len(telegram.sent) == said, "it is as it should be: nothing is said of it"
        # somebody has deleted the card; his button is still on another device
        telegram.messages[ANN].remove(card)
        assert await w.ann.tap(card, "Home") == ""
        fresh = await telegram.says(ANN, "Condor")
        assert fresh.message_id > card.message_id and await w.ann.tap(fresh, "Status") == ""
        await telegram.says(ANN, "Status")
