"""`/logs`, at the chat's own HTTP interface; the number in a name is that of `telegram.md`, section 7."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from condor.errors import UserError
from condor.redaction import Redactor
from condor.services import log_files
from condor.services.log_files import LogService
from condor.users import Actor, Forbidden, Role
from tests.support.house import House
from tests.support.programs import OWNER

SECRET = "a-secret-of-the-venue-4711"
log = logging.getLogger("condor.test")


def service(folder: Path) -> LogService:
    return LogService(folder, Redactor([SECRET]))


def line(number: int, level: str = "INFO", text: str = "") -> str:
    return f"2026-11-27 10:{number // 60:02d}:{number % 60:02d},000 {level:<7} condor.part: {text or f'entry {number}'}\n"


async def test_s55_newest_first_by_pages_and_level_and_as_a_file_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_KEY", "k" * 20)
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_SECRET", SECRET)
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_REST", "http://127.0.0.1:9")
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_WS", "ws://127.0.0.1:9")
    monkeypatch.setattr("condor.live_host.READY_S", 0.01)
    async with House(tmp_path) as chat:
        log.error("it broke %s", SECRET)
        for number in range(1, 21):
            log.info("noted %d <b>", number)
        # what got into the file in another way is taken out on the way too
        await asyncio.sleep(0.3)
        with open(tmp_path / "logs" / "condor.log", "a") as file:  # noqa: ASYNC230
            file.write(line(1, "WARNING", f"raw {SECRET}"))
        card = await chat.send("/logs", "📋 Log · all · newest first")
        assert "raw [secret]" in card["text"] and card["text"].index("raw [secret]") < card["text"].index("noted 20 <b>") < card["text"].index(
            "noted 14 <b>"
        )
        assert "noted 13" not in card["text"]
        await chat.tap("Older", card)
        assert "noted 13 <b>" in chat.text(card) and "noted 14" not in chat.text(card)
        await chat.tap("Newer", card)
        await chat.tap("errors", card)
        assert "it broke [secret]" in chat.text(card) and "raw" not in chat.text(card)
        await chat.tap("📎 As file", card)
        message = await chat.wait(lambda item: bool(item["media"]) and item["media"]["name"] == "condor.log")
        content = (await chat.file(message["media"]["file_id"])).decode()
        assert content.index("it broke [secret]") < content.index("noted 1 <b>") < content.index("noted 20 <b>") < content.index("raw [secret]")
        assert SECRET not in content and (await chat.send("/logs file", "secrets are taken out"))["media"]["name"] == "condor.log"
        assert SECRET not in str(chat.events)
    logged = (tmp_path / "logs" / "condor.log").read_text()
    assert logged.count(SECRET) == 1, "what this test has written itself"
    (tmp_path / "logs" / "condor.log").write_text(logged.replace(SECRET, ""))


def test_s55_a_log_as_a_file_is_at_most_20_mb() -> None:
    assert log_files.MAX_FILE == 20 * 1024 * 1024


async def test_a_file_is_at_most_as_large_as_can_be_read_back_and_begins_with_a_whole_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "MAX_FILE", 5_000)
    (tmp_path / "condor.log.2").write_text("".join(line(number) for number in range(100)))
    (tmp_path / "condor.log.1").write_text("".join(line(number) for number in range(100, 150)))
    (tmp_path / "condor.log").write_text("".join(line(number) for number in range(150, 180)))
    file = await service(tmp_path).file(OWNER)
    assert file is not None
    content = file.content.decode()
    assert 4_900 < len(content) <= 5_000
    assert content.endswith(line(179)) and content.startswith("2026-11-27 ")
    numbers = [int(text.rpartition(" ")[2]) for text in content.splitlines()]
    assert numbers == list(range(numbers[0], 180))


async def test_pages_go_back_over_the_parts_of_a_log_and_keep_tracebacks_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "READ_AT_ONCE", 64)
    (tmp_path / "condor.log.1").write_text(line(1, "ERROR", "broke") + "Traceback:\n  deep\nValueError: at last\n" + line(2))
    (tmp_path / "condor.log").write_text(line(3, "WARNING") + line(4))
    logs = service(tmp_path)
    page = await logs.page(OWNER, "all", 0, 3)
    assert [entry.text for entry in page.entries] == ["entry 4", "entry 3", "entry 2"] and page.has_older
    (last,) = (await logs.page(OWNER, "all", 3, 3)).entries
    assert (last.level, last.text) == ("ERROR", "broke\nTraceback:\n  deep\nValueError: at last")
    assert [entry.level for entry in (await logs.page(OWNER, "warnings", 0, 9)).entries] == ["WARNING", "ERROR"]
    assert (await logs.page(OWNER, "errors", 1, 9)).entries == ()


async def test_who_may_not_read_the_log_and_what_is_no_level(tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        await service(tmp_path).page(Actor(2, "V", Role.VIEWER, "telegram", 2))
    with pytest.raises(UserError, match="expected all, warnings, errors, found 'loud'"):
        await service(tmp_path).page(OWNER, "loud")
    assert await service(tmp_path).file(OWNER) is None
