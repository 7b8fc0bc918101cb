"""The same program with a bot token: another local chat plays Telegram's server, so that nothing leaves this machine."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from tests.support.instance import CHECKOUT, FAST, clean_environment
from tests.support.served_chat import bot_says, served_chat


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 40)).decode().strip()


async def test_owner_comes_in_by_code_strangers_get_silence_and_a_bot_is_started(tmp_path: Path) -> None:
    (tmp_path / "home" / "conf").mkdir(parents=True)
    (tmp_path / "home" / "conf" / "condor.yml").write_text(FAST)
    async with served_chat(tmp_path) as telegram:
        telegram.clock.at = 1_795_000_000.0
        environment = clean_environment(
            CONDOR_HTTP="127.0.0.1:0", CONDOR_TELEGRAM_TOKEN=telegram.web.bot_token, CONDOR_TELEGRAM_API=telegram.root, NO_PROXY="127.0.0.1"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "condor", "run", "--home", str(tmp_path / "home"), cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            code = re.search(r"send (\d{6}) to the bot", await line_of(process))
            assert code is not None
            assert await line_of(process) == "ready https://t.me/condor_local_bot"
            sent = await telegram.say("/start")
            await asyncio.sleep(1)
            assert [event for event in await telegram.events(sent["seq"]) if event["kind"] == "message"] == []
            await telegram.say(code.group(1))
            await bot_says(telegram, "You are the owner now")
            await telegram.say("/new")
            card = await bot_says(telegram, "Which strategy?")
            await telegram.tap(int(str(card["message_id"])), 0, 0)
            await bot_says(telegram, "On which venue?")
            text = (tmp_path / "home" / "logs" / "condor.log").read_text()
            assert telegram.web.bot_token not in text
            assert telegram.web.bot_token.partition(":")[2] not in text
        finally:
            process.kill()
            await process.wait()


async def test_a_wrong_token_is_said_and_trading_goes_on(tmp_path: Path) -> None:
    async with served_chat(tmp_path) as telegram:
        environment = clean_environment(
            CONDOR_HTTP="127.0.0.1:0",
            CONDOR_CHAT="both",
            CONDOR_TELEGRAM_TOKEN="1000000001:wrong",
            CONDOR_TELEGRAM_API=telegram.root,
            NO_PROXY="127.0.0.1",
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "condor", "run", "--home", str(tmp_path / "home"), cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            lines = [await line_of(process), await line_of(process)]
            assert any(line.startswith("ready http://127.0.0.1:") for line in lines)
            for _ in range(100):
                if "Telegram refused this token (401)" in (tmp_path / "home" / "logs" / "condor.log").read_text():
                    break
                await asyncio.sleep(0.1)
            assert "Telegram refused this token (401)" in (tmp_path / "home" / "logs" / "condor.log").read_text()
            assert process.returncode is None
        finally:
            process.kill()
            await process.wait()
