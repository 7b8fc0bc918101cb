"""S48: who blocks the bot on Telegram is seen on the local page, and no longer once the bot is unblocked."""

from __future__ import annotations

from pathlib import Path

from botcore.model.events import FactKind, PartFault
from tests.fakes.telegram import TOKEN, Telegram
from tests.support.alert_bench import OWNER
from tests.support.beside_a_chat import make_known
from tests.support.house import House
from tests.support.someone import Someone


async def test_s48_the_local_page_shows_a_chat_that_blocks_the_bot_until_it_is_unblocked(tmp_path: Path) -> None:
    async with (
        Telegram().served() as telegram,
        House(tmp_path / "house", chat="both", telegram_token=TOKEN, telegram_api=telegram.root) as house,
    ):
        program = house.program
        await make_known(program)
        assert "takes no messages" not in (await house.send("/alerts", "Alerts of this chat"))["text"]
        telegram.faults.blocked.add(OWNER)
        program._host.bus.publish(PartFault(FactKind.CONTROLLER_FAULT, program._host.clock.now_ns, "while it is blocked", "bot-1", ""))
        await house.until(lambda: telegram.calls_of("sendMessage", OWNER) == 1, "the message that is refused")
        await house.until(lambda: bool(house.rows("SELECT 1 FROM outbox WHERE front = 'telegram' AND state = 'failed'")), "the chat to be left alone")
        shown = (await house.send("/alerts", "Alerts of this chat"))["text"]
        assert f"telegram {OWNER} takes no messages (blocked): alerts wait for it" in shown
        telegram.faults.blocked.clear()
        await Someone(telegram, OWNER, "Olga").say("/alerts", "Alerts of this chat")
        await house.until(lambda: any("while it is blocked" in message.text for message in telegram.told(OWNER)), "what it missed")
        assert "takes no messages" not in (await house.send("/alerts", "Alerts of this chat"))["text"]
