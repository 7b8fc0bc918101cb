"""A bot that somebody else reads too (409), or whose token was revoked (401): from there nothing is changed, and that is said. Trading goes on.

Numbers: `s61` of telegram.md section 7, T9 and T10 of the fault catalogue of reliability.md.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.access import ANN, World, world
from tests.support.programs import OWNER


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def health_of(w: World) -> object:
    """What the local page looks at to say that something is wrong with Telegram."""
    return w.program._health()[1]["chats"]


async def test_s61_t10_a_second_reader_freezes_telegram_until_polling_is_well_again(tmp_path: Path) -> None:
    async with world(tmp_path, chat="both") as w:
        asked = await w.ann.say("/status", "everything runs")
        await w.ann.tap(asked, "No new positions")
        frozen = w.program.services.access.frozen
        w.telegram.faults.conflict = True
        await w.telegram.until(lambda: frozen("telegram"), "the freeze")
        w.telegram.faults.conflict = False
        # what still comes through is answered with why, and changes nothing
        refused = await w.ann.tap(asked, "Switch off now")
        assert "nothing is changed from here now: another program reads the same bot's messages (409)" in refused
        assert w.program._hosts.halt_reason is None
        # the alert that tells of it may come first, and says (409) too
        for line in ("/new", "/status every 1h"):
            assert "(409)" in (await w.ann.say(line, "nothing is changed from here now")).text
        # looking goes on, and says so; so does the local page, where everything may be done
        assert "another program reads" in (await w.ann.say("/status", "Status")).text
        await w.ann.say("/whoami", "Only looking, for now")
        assert "(409)" in w.program.services.overview.status(OWNER).trouble
        await w.telegram.until(
            lambda: [row for row in w.rows("SELECT notice FROM outbox WHERE front = 'local'") if "409" in row[0]], "the local alert"
        )
        await w.program.services.overview.halt(OWNER, lambda connection: None)
        ticked = w.program._vigil._last_tick_ns
        await w.telegram.until(lambda: w.program._vigil._last_tick_ns != ticked, "trading to go on")
        assert w.audit("user_id", "action", "result")[:2] == [(ANN, "halt", "refused"), (ANN, "/new", "refused")]
        # /panic makes things only safer
        panic = await w.ann.say("/panic", "Stop everything?")
        assert "Entries are off" in await w.ann.tap(panic, "STOP EVERYTHING")
        # not before it has been well for a while
        w.clock.ahead_ms = 60_000
        await w.program._fronts[-1].look_around()
        assert frozen("telegram")
        w.clock.ahead_ms = 121_000
        polls = w.telegram.polls
        w.ann.write("hello")
        await w.telegram.until(lambda: w.telegram.polls > polls + 1, "another poll")
        await w.program._fronts[-1].look_around()
        assert not frozen("telegram") and "(409)" not in (w.program.services.overview.status(OWNER).trouble or "")
        assert await w.ann.say("/new", "Which strategy?")


async def test_t9_a_revoked_token_is_said_here_and_heals_by_itself(tmp_path: Path) -> None:
    async with world(tmp_path, chat="both") as w:
        w.telegram.faults.webhook = True
        await w.telegram.until(lambda: "(a webhook, 409)" in str(health_of(w)), "the webhook to be known")
        w.telegram.faults.webhook, w.telegram.faults.revoked = False, True
        await w.telegram.until(lambda: "(401)" in str(health_of(w)), "the trouble to be known")
        assert "refuses the token" in (w.program.services.overview.status(OWNER).trouble or "")
        polls = w.telegram.polls
        w.telegram.faults.revoked = False
        await w.telegram.until(lambda: w.telegram.polls > polls, "polling to go on")
        w.clock.ahead_ms = 121_000
        await w.ann.say("/status", "(401)")
        await w.program._fronts[-1].look_around()
        await w.ann.say("/status", "everything runs")
