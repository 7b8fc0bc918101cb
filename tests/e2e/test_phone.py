"""Moving to the phone: a token on the page, a link to scan, the same bots on Telegram. Another local chat plays Telegram's server."""

from __future__ import annotations

import asyncio
import json
import stat
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.instance import FAST, Instance
from tests.support.served_chat import Served, bot_says, served_chat


async def ask(instance: Instance, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return dict(await asyncio.to_thread(instance.person().call, "/chat/phone", body))


async def refused(instance: Instance, **body: Any) -> str:
    with pytest.raises(urllib.error.HTTPError) as caught:
        await ask(instance, body)
    return str(json.load(caught.value)["error"])


async def until(instance: Instance, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(200):
        found = await ask(instance)
        if is_so(found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(found)


def instance_of(folder: Path, telegram: Served | None, **more: str) -> Instance:
    api = "http://127.0.0.1:9" if telegram is None else telegram.root
    return Instance(folder / "home", FAST, CONDOR_TELEGRAM_API=api, NO_PROXY="127.0.0.1", **more)


async def test_s02_a_token_that_telegram_refuses_or_that_is_none_is_said_and_nothing_is_kept(tmp_path: Path) -> None:
    async with served_chat(tmp_path) as telegram:
        instance = instance_of(tmp_path, telegram)
        await asyncio.to_thread(instance.start)
        try:
            assert "found 5 characters that are none" in await refused(instance, token="hello")
            assert "Telegram refused this token (401)" in await refused(instance, token="1000000001:" + "x" * 35)
            assert (await ask(instance))["state"] == "none"
            assert not (instance.home / "data" / "telegram.token").exists()
            answer = await asyncio.to_thread(instance.person().send, "/start", "Paper trading")
            assert answer["from"] == "bot", "the local chat goes on"
        finally:
            await asyncio.to_thread(instance.kill)


async def test_bots_and_history_are_on_the_phone_after_a_token_a_scan_and_start_and_stay_over_a_restart(tmp_path: Path) -> None:
    async with served_chat(tmp_path) as telegram:
        telegram.clock.at = 1_795_000_000.0
        instance = instance_of(tmp_path, telegram)
        await asyncio.to_thread(instance.start)
        try:
            await ask(instance, {"token": f"Use this token: {telegram.web.bot_token} Keep it safe"})
            found = await until(instance, lambda found: found["state"] == "up")
            link, _, start = str(found["link"]).partition("?start=")
            assert link == "https://t.me/condor_local_bot" and found["picture"].startswith("data:image/svg+xml")
            assert await refused(instance, token=telegram.web.bot_token) == "a bot is connected already; forget it first"
            await telegram.say(f"/start {start}")
            await bot_says(telegram, "You are the owner now")
            assert (await until(instance, lambda found: found["claimed"]))["link"] == link
            kept = instance.home / "data" / "telegram.token"
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600
            await asyncio.to_thread(instance.kill)
            await asyncio.to_thread(instance.start)
            await until(instance, lambda found: found["state"] == "up")
            said = await telegram.say("/start")
            await bot_says(telegram, "Running bots", said["seq"])
            secret = telegram.web.bot_token.partition(":")[2]
            assert secret not in (instance.home / "logs" / "condor.log").read_text() + (instance.home / "stderr.txt").read_text()
            assert secret not in str(await asyncio.to_thread(instance.person().call, "/chat/messages"))
            assert (await ask(instance, {"forget": True}))["state"] == "none" and not kept.exists()
            said = await telegram.say("/start")
            await asyncio.sleep(1)
            assert [event for event in await telegram.events(said["seq"]) if event["kind"] == "message"] == []
        finally:
            await asyncio.to_thread(instance.kill)


async def test_a_network_without_telegram_is_said_and_a_token_of_the_environment_is_not_changed(tmp_path: Path) -> None:
    instance = instance_of(tmp_path, None)
    await asyncio.to_thread(instance.start)
    try:
        assert "can't be reached from here" in await refused(instance, token="1000000001:" + "x" * 35)
        assert (await ask(instance))["state"] == "none"
    finally:
        await asyncio.to_thread(instance.kill)
    fixed = instance_of(tmp_path, None, CONDOR_CHAT="both", CONDOR_TELEGRAM_TOKEN="1000000001:" + "x" * 35)
    fixed.launch()
    try:
        for _ in range(200):
            if (fixed.home / "data" / "chat.address").is_file():
                break
            await asyncio.sleep(0.1)
        await until_answers(fixed)
        assert "CONDOR_TELEGRAM_TOKEN" in await refused(fixed, token="1000000001:" + "y" * 35)
        assert "CONDOR_TELEGRAM_TOKEN" in await refused(fixed, forget=True)
    finally:
        await asyncio.to_thread(fixed.kill)


async def until_answers(instance: Instance) -> None:
    for _ in range(200):
        try:
            await ask(instance)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("it does not answer")
