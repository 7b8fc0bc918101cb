"""Keys from the page to the venue (numbers are those of telegram.md section 7), and that they are nowhere else."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from condor.accounts import open_vault
from condor.home import find_home
from condor.keys_command import change_passphrase, connect, list_keys, remove_keys
from condor.redaction import Redactor
from condor.store.common import put_user
from condor.store.export import export
from condor.users import Actor, Forbidden, Role
from condor.vault import Kdf, Vault
from condor.wiring import Program
from tests.fakes.simvenue.venue import SimVenue
from tests.support.key_world import KEY, PASSPHRASE, SECRET, Browser, audit, running, venue
from tests.support.programs import OWNER
from tests.support.waiting import until

ANSWERS = {"venue": "binance", "key": KEY, "secret": SECRET}
NEW = {"passphrase": PASSPHRASE.reveal(), "again": PASSPHRASE.reveal()}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a passphrase costs is tested elsewhere."""
    monkeypatch.setattr(Kdf, "derive", lambda kdf, passphrase: hashlib.sha256(kdf.salt + passphrase.reveal().encode()).digest())


@pytest.fixture
async def box(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimVenue]:
    async with venue(monkeypatch) as found:
        yield found


async def added(program: Program, **more: str) -> tuple[int, str]:
    async with Browser(program) as browser:
        return await browser.fill_in(await program.services.key_forms.add_keys(OWNER), **ANSWERS, **NEW, **more)


def stored(folder: Path) -> None:
    """Keys that an earlier process has put into the vault."""
    home = find_home(folder)
    home.make()
    Vault(home.vault).change(PASSPHRASE, {("binance", "key"): Secret(KEY), ("binance", "secret"): Secret(SECRET)})


async def test_a_key_goes_over_the_page_into_the_vault_and_trades_at_once_and_after_the_next_start(box: SimVenue, tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        status, said = await added(program)
        assert status == 200 and "trading only" in said and KEY not in said
        (view,) = program.services.keys.list(OWNER)
        assert (view.venue, view.state, view.masked) == ("binance", "connected", f"…{KEY[-4:]}")
        await until(lambda: program.closed_accounts() == {"binance": None}, "the account")
        assert ("add_keys", "binance", view.masked, "done") in audit(program)
    async with running(tmp_path, PASSPHRASE) as program:
        await until(lambda: program.closed_accounts() == {"binance": None}, "the account")
        (view,) = program.services.keys.list(OWNER)
        assert (view.state, view.source) == ("connected", "vault")
        assert program.services.overview.trouble is None


async def test_s21_a_key_that_may_withdraw_is_refused_and_not_stored(box: SimVenue, tmp_path: Path) -> None:
    box.account.can_withdraw = True
    async with running(tmp_path) as program:
        status, said = await added(program)
        assert status == 422 and "may withdraw" in said and "Nothing was stored" in said
        assert not program.services.keys.has_vault and program.services.keys.list(OWNER) == []
        assert audit(program)[-1][0::3] == ("add_keys", "refused")


async def test_s21_a_bot_does_not_start_with_a_key_that_has_got_the_right_to_withdraw(box: SimVenue, tmp_path: Path) -> None:
    stored(tmp_path)
    box.account.can_withdraw = True
    async with running(tmp_path, PASSPHRASE) as program:
        with pytest.raises(UserError, match="may withdraw"):
            await program.services.bots.before_live(OWNER, {"binance"})
        box.account.can_withdraw = False
        await program.services.bots.before_live(OWNER, {"binance"})


async def test_the_wrong_passphrase_is_one_sentence_and_everything_else_runs(box: SimVenue, tmp_path: Path) -> None:
    stored(tmp_path)
    for given, words in ((Secret("not these words at all"), "passphrase of the vault is wrong"), (None, "the vault is locked")):
        async with running(tmp_path, given) as program:
            assert program.closed_accounts() == {} and words in (program.services.overview.trouble or "")
            (view,) = program.services.keys.list(OWNER)
            assert (view.state, view.masked) == ("not connected: the vault is locked", "")
            await program.services.drafts.begin(OWNER, "pmm_simple")


async def test_keys_of_the_environment_win_and_go_on_working(box: SimVenue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(tmp_path)
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_KEY", KEY)
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_SECRET", SECRET)
    async with running(tmp_path, PASSPHRASE) as program:
        (view,) = program.services.keys.list(OWNER)
        assert (view.source, view.state) == ("environment", "connected")


async def test_removed_keys_are_gone_from_the_vault(box: SimVenue, tmp_path: Path) -> None:
    stored(tmp_path)
    async with running(tmp_path) as program:
        async with Browser(program) as browser:
            link = await program.services.key_forms.remove_keys(OWNER)
            status, _ = await browser.fill_in(link, venue="binance", passphrase=PASSPHRASE.reveal())
        assert status == 200 and program.services.keys.list(OWNER) == []
    assert open_vault(Vault(find_home(tmp_path).vault), PASSPHRASE).keys == {}


# ---- the terminal --------------------------------------------------------------------------------------------------
async def test_connect_asks_tries_out_and_stores(box: SimVenue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    home, said = find_home(tmp_path), list[str]()

    def typed(*texts: str) -> object:
        left = iter(texts)
        return lambda _prompt: Secret(next(left))

    def run(work: object, *arguments: object) -> object:
        return asyncio.to_thread(work, home, *arguments)  # type: ignore[arg-type]

    words = PASSPHRASE.reveal()
    await run(connect, "binance", said.append, typed(KEY, SECRET, words, words))  # type: ignore[misc]
    assert any("trading only" in text for text in said) and not any(KEY in text or SECRET in text for text in said)
    list_keys(home, said.append)
    assert said[-1] == "binance"
    list_keys(home, said.append, show=True, ask=typed(words))  # type: ignore[arg-type]
    assert said[-1] == f"binance: …{KEY[-4:]}"
    change_passphrase(home, said.append, typed(words, "other words entirely", "other words entirely"))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="passphrase of the vault is wrong"):
        remove_keys(home, "binance", said.append, typed(words))  # type: ignore[arg-type]
    remove_keys(home, "binance", said.append, typed("other words entirely"))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="no keys of"):
        remove_keys(home, "binance", said.append, typed("other words entirely"))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="no account can be connected at 'kraken'"):
        await run(connect, "kraken", said.append, typed())  # type: ignore[misc]
    box.account.can_withdraw = True
    with pytest.raises(UserError, match="may withdraw"):
        await run(connect, "binance", said.append, typed(KEY, SECRET))  # type: ignore[misc]


# ---- the chat ------------------------------------------------------------------------------------------------------
async def say(program: Program, text: str) -> int:
    """Type a line on the local page; its message id."""
    bearer = {"Authorization": f"Bearer {program._home.chat_token.read_text().strip()}"}
    async with aiohttp.ClientSession(headers=bearer) as session, session.post(f"{program.web.base}/chat/send", json={"text": text}) as answer:
        return int((await answer.json())["message_id"])


async def test_s58_t15_a_key_typed_in_a_private_chat_is_deleted_for_sure_and_used_for_nothing(box: SimVenue, tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        messages = program._doors.state.messages
        typed = await say(program, f"binance {KEY} {SECRET}")
        await until(lambda: any("looked like a key" in message["text"] for message in messages.values()), "the answer")
        shown = next(message for message in messages.values() if "looked like a key" in message["text"])
        assert typed not in messages and "it is gone" in shown["text"] and "Nothing was stored" in shown["text"]
        assert ("key_pasted", "private chat", "deleted", "refused") in audit(program)
        assert not program.services.keys.has_vault
        # nobody but the owner gets a page, and he in no group
        trader = Actor(2, "Tom", Role.TRADER, "telegram", 2)
        for ask in (program.services.key_forms.add_keys, program.services.key_forms.set_up_codes):
            with pytest.raises(Forbidden):
                await ask(trader)
        with pytest.raises(Forbidden):
            program.services.keys.list(trader)
        with pytest.raises(UserError, match="private chat"):
            await program.services.key_forms.add_keys(Actor(1, "You", Role.OWNER, "telegram", -100))


async def test_a_page_takes_nothing_from_somebody_who_is_no_owner_any_more_or_whose_chat_may_only_look(box: SimVenue, tmp_path: Path) -> None:
    ann = Actor(11, "Ann", Role.OWNER, "telegram", 11)
    async with running(tmp_path) as program:

        def owns(role: Role) -> None:
            program._journal.run(lambda connection: put_user(connection, ann.user_id, ann.name, role, 1)).result(10)

        owns(Role.OWNER)
        async with Browser(program) as browser:
            link = await program.services.key_forms.add_keys(ann)
            owns(Role.TRADER)
            status, said = await browser.fill_in(link, **ANSWERS, **NEW)
            assert status == 422 and "needs the role owner, yours is trader" in said
            owns(Role.OWNER)
            program.services.access.freeze("telegram", "another program reads")
            status, said = await browser.fill_in(link, **ANSWERS, **NEW)
            assert status == 422 and "nothing is changed from here now" in said
            assert not program.services.keys.has_vault and not any(row[0] == "add_keys" for row in audit(program)), "it was not even tried out"
            program.services.access.thaw("telegram")
            status, _ = await browser.fill_in(link, **ANSWERS, **NEW)
            assert status == 200 and program.services.keys.has_vault


# ---- canary --------------------------------------------------------------------------------------------------------
async def test_s65_no_key_in_logs_databases_chat_exports_metrics_or_tracebacks(
    box: SimVenue, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "8123456789:AAF9x-canary-canary-canary-canary-c4"
    bodies: list[str] = []
    async with running(tmp_path) as program:
        box.account.can_withdraw = True
        bodies.append((await added(program))[1])
        box.account.can_withdraw = False
        bodies.append((await added(program))[1])
        await say(program, f"api key: {KEY}")
        await until(lambda: any("looked like a key" in message["text"] for message in program._doors.state.messages.values()), "the answer")
        program.services.keys.list(OWNER)
    async with running(tmp_path, PASSPHRASE) as program:
        await until(lambda: program.closed_accounts() == {"binance": None}, "the account")
        account = program._live.accounts["binance"]  # type: ignore[union-attr]
        # a venue that says our own key back, a library that puts addresses into errors, a fault of ours with everything in its locals
        program._live.on_warned("binance", account.caller._credentials.hidden_in(f"bad key {KEY}"))  # type: ignore[union-attr]
        log = logging.getLogger("test.canary")
        log.warning("GET https://venue/api?timestamp=1&signature=%s X-MBX-APIKEY: %s", "ab12" * 16, KEY)
        log.warning("POST https://api.telegram.org/bot%s/sendMessage failed", token)
        try:
            raise RuntimeError(f"{SECRET} in the text of an error, {PASSPHRASE.reveal()!r} too")
        except RuntimeError:
            log.exception("with a traceback")
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {program._home.chat_token.read_text().strip()}"}) as session:
            for path in ("/metrics", "/healthz", "/chat/messages", "/chat/transcript?after=0"):
                async with session.get(program.web.base + path) as answer:
                    bodies.append(await answer.text())
        export(program._home, tmp_path / "export", "jsonl")
    bodies += rows_of(tmp_path)
    captured = capsys.readouterr()
    bodies += [captured.out, captured.err]
    wanted = (KEY, SECRET, PASSPHRASE.reveal(), "canary-canary", "ab12" * 16)
    assert not [word for body in bodies for word in wanted if word in body]
    assert files_with(tmp_path, wanted) == []
    logged = (tmp_path / "logs" / "condor.log").read_text()
    assert "with a traceback" in logged and "[secret]" in logged and "[token]" in logged


def rows_of(folder: Path) -> list[str]:
    """All rows of all databases."""
    found = []
    for path in sorted(folder.rglob("*.db")):
        with sqlite3.connect(path) as connection:
            found += connection.iterdump()
    return found


def files_with(folder: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Files in whose bytes a word stands, free pages of databases included."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [(path.name, word) for path in files for word in words if word.encode() in path.read_bytes()]


def test_s65_a_redactor_knows_secrets_in_every_dress() -> None:
    redact = Redactor([Secret("pa/ss+word=with signs")])
    for text in ("pa/ss+word=with signs", "pa%2Fss%2Bword%3Dwith%20signs", "cGEvc3Mrd29yZD13aXRoIHNpZ25z"):
        assert redact(f"<{text}>") == "<[secret]>"
    assert redact(json.dumps({"apiKey": "k" * 30})) == '{"apiKey": "[secret]"}'
    assert "abc" not in redact("{'X-MBX-APIKEY': 'abcabcabcabcabcabcabc'}")
    assert redact("signature is a word, and so is apiKey") == "signature is a word, and so is apiKey"
    assert "[token]" in redact("https://api.telegram.org/bot8123456789%3AAAF9xAAF9xAAF9xAAF9xAAF9xAAF9xAAF9x/getMe")


def test_s65_the_traceback_that_ends_the_process_is_redacted_until_it_is_let_go(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.excepthook
    end = Redactor([Secret(SECRET)]).watch_tracebacks()
    try:
        error = RuntimeError(f"it broke over {SECRET}")
        sys.excepthook(RuntimeError, error, None)
    finally:
        end()
    assert sys.excepthook is before
    shown = capsys.readouterr().err
    assert "it broke over [secret]" in shown and SECRET not in shown
