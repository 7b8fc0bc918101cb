"""The command line's socket: who can open it, where it is, and what is said over it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from condor.configs import Configs
from condor.control import place
from condor.control.client import SocketConnection, ask_instance
from condor.control.commands import lines_of, link, start_there, status, stop
from condor.control.desk import ControlDesk
from condor.home import find_home
from condor.hosts import PAPER
from condor.keys_command import connect, remove_keys
from condor.scripts import read_plan
from condor.vault import Kdf
from tests.support.key_world import KEY, PASSPHRASE, SECRET, running, venue
from tests.support.waiting import until

LONG = "a-home-with-a-name-that-is-as-long-as-some-people-make-them-" * 2


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def short_runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's folder for what runs now, of a test's own."""
    found = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(found))
    return found


def accepts(path: Path) -> bool:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(5)
    try:
        made.connect(place.address(path))
    except OSError:
        return False
    finally:
        made.close()
    return True


# ---- where it is ---------------------------------------------------------------------------------------------------
def test_only_its_owner_can_open_it_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        listening = place.listen(tmp_path / "condor.sock")
        assert os.umask(0) == 0, "everything else is written as before"
    finally:
        os.umask(before)
    with listening:
        assert mode(tmp_path / "condor.sock") == 0o600 and accepts(tmp_path / "condor.sock")


def test_what_a_killed_process_has_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "condor.sock"
    place.listen(path).close()
    assert path.is_socket() and not accepts(path)
    with place.listen(path):
        assert accepts(path)
    place.remove(path)
    assert not path.exists()


def test_a_home_with_a_long_path_has_its_socket_in_a_private_folder_that_goes_with_it(tmp_path: Path, short_runtime: Path) -> None:
    folder = tmp_path / LONG
    folder.mkdir()
    path = folder / "condor.sock"
    assert len(os.fsencode(path)) > 108
    place.listen(path).close()
    (left,) = short_runtime.iterdir()
    assert mode(left) == 0o700 and mode(left / "condor.sock") == 0o600
    # after a kill: another folder, and the first one is gone
    with place.listen(path):
        (found,) = short_runtime.iterdir()
        assert found != left and accepts(path)
    place.remove(path)
    assert list(short_runtime.iterdir()) == [] and not path.is_symlink()


def test_a_link_that_somebody_else_has_put_there_is_only_taken_away(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    path = tmp_path / "condor.sock"
    path.symlink_to(kept / "condor.sock")
    with place.listen(path):
        assert accepts(path) and not path.is_symlink() and kept.is_dir()


def test_a_folder_with_something_else_in_it_stays_whatever_its_name_is(tmp_path: Path) -> None:
    kept = tmp_path / "condor-mine"
    kept.mkdir()
    (kept / "notes.txt").write_text("mine")
    path = tmp_path / "condor.sock"
    path.symlink_to(kept / "condor.sock")
    with place.listen(path):
        assert accepts(path) and (kept / "notes.txt").read_text() == "mine"


async def test_a_fault_of_the_instance_is_not_taken_for_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = find_home(tmp_path)

    async def fails(desk: ControlDesk, body: object) -> dict[str, object]:
        raise RuntimeError("a fault")

    monkeypatch.setattr(ControlDesk, "status", fails)
    async with running(tmp_path):
        with pytest.raises(UserError, match=r"could not do that \(500\); look at its log"):
            await asyncio.to_thread(ask_instance, home, "/status")


def test_a_folder_of_the_session_that_is_too_long_itself_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / LONG
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    path = folder / "condor.sock"
    with place.listen(path):
        assert accepts(path) and [found.name for found in folder.iterdir()] == [path.name]
        assert place.address(path).startswith(tempfile.gettempdir())
    place.remove(path)


def test_a_machine_without_a_short_place_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / LONG
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(UserError, match="set XDG_RUNTIME_DIR to a short one"):
        place.listen(folder / "condor.sock")
    assert list(folder.iterdir()) == []


# ---- what is said --------------------------------------------------------------------------------------------------
def test_without_an_instance_stop_and_status_say_that_nothing_runs(tmp_path: Path) -> None:
    home, said = find_home(tmp_path), list[str]()
    assert not status(home, said.append)
    stop(home, None, said.append, keep=False)
    assert said == ["nothing runs on this home"] * 2
    with pytest.raises(UserError, match="nothing runs on this home, so pmm can't be stopped"):
        stop(home, "pmm", said.append, keep=False)
    with pytest.raises(UserError, match="start it with `condor run`"):
        link(home)


async def test_a_bot_is_started_looked_at_and_stopped_by_the_instance_that_runs(tmp_path: Path) -> None:
    home, said = find_home(tmp_path), list[str]()
    (tmp_path / "conf" / "scripts").mkdir(parents=True)
    (tmp_path / "conf" / "scripts" / "two.yml").write_text("controllers_config: [pmm_simple.yml]\n")
    async with running(tmp_path) as program:
        assert mode(home.socket) == 0o600
        plan = read_plan(home, Configs(home), "v2_with_controllers", "two.yml")
        assert await asyncio.to_thread(start_there, home, plan, PAPER, said.append)
        (bot_id,) = program._manager.running
        assert said == [f"{bot_id} was started (paper) by the instance that runs on this home"]
        assert await asyncio.to_thread(status, home, said.append)
        assert said[1].startswith("condor ") and f"process {os.getpid()}" in said[1] and said[-1] == f"bot {bot_id} (paper): running"
        with pytest.raises(UserError, match="nosuch"):
            await asyncio.to_thread(stop, home, "nosuch", said.append, keep=False)
        await asyncio.to_thread(stop, home, bot_id, said.append, keep=True)
        await until(lambda: not program._manager.running, "the bot to be stopped")
        address = await asyncio.to_thread(link, home)
        assert address.startswith(f"{program.web.base}/enter/")
        seen = await asyncio.to_thread(ask_instance, home, "/panic", {"flatten": False})
        assert seen["goal"] == "freeze" and program._hosts.halt_reason is not None
    assert not home.socket.exists()


async def test_what_is_not_understood_is_a_sentence_and_the_socket_goes_on(tmp_path: Path) -> None:
    home = find_home(tmp_path)
    async with running(tmp_path):
        for path, body, words in (
            ("/start", {}, "not understood"),
            ("/stop", {"bot_id": 7}, "7"),
            ("/nosuch", {}, r"could not do that \(404\)"),
        ):
            with pytest.raises(UserError, match=words):
                await asyncio.to_thread(ask_instance, home, path, body)

        def raw(data: bytes) -> tuple[int, bytes]:
            connection = SocketConnection(place.address(home.socket), 5)
            connection.request("POST", "/stop", data)
            answer = connection.getresponse()
            try:
                return answer.status, answer.read()
            finally:
                connection.close()

        for data in (b"", b"[]", b"\xff", b"{" * 100_000):
            code, said = await asyncio.to_thread(raw, data)
            assert code == 422 and b"expected an object in JSON" in said
        assert (await asyncio.to_thread(ask_instance, home, "/status"))["pid"] == os.getpid()


async def test_keys_go_over_the_socket_and_the_account_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kdf, "derive", lambda kdf, passphrase: hashlib.sha256(kdf.salt + passphrase.reveal().encode()).digest())
    home, said, words = find_home(tmp_path), list[str](), PASSPHRASE.reveal()

    def typed(*texts: str) -> object:
        left = iter(texts)
        return lambda _prompt: Secret(next(left))

    async with venue(monkeypatch) as box, running(tmp_path) as program:
        box.account.can_withdraw = True
        with pytest.raises(UserError, match="may withdraw"):
            await asyncio.to_thread(connect, home, "binance", said.append, typed(KEY, SECRET, words, words))  # type: ignore[arg-type]
        box.account.can_withdraw = False
        await asyncio.to_thread(connect, home, "binance", said.append, typed(KEY, SECRET, words, words))  # type: ignore[arg-type]
        assert "trading only. It is connected" in said[-1] and KEY not in "".join(said)
        await until(lambda: program.closed_accounts() == {"binance": None}, "the account")
        with program._manager.start_of("pmm-1", {"binance"}), pytest.raises(UserError, match="is used by pmm-1"):
            await asyncio.to_thread(remove_keys, home, "binance", said.append, typed(words))  # type: ignore[arg-type]
        await asyncio.to_thread(remove_keys, home, "binance", said.append, typed(words))  # type: ignore[arg-type]
        assert program.closed_accounts() == {} and "its account is closed" in said[-1]


def test_a_status_says_what_stands_in_the_way() -> None:
    found = {
        "version": "1", "pid": 7, "uptime_s": 3661.2, "bots": [], "open_orders": 2, "unknown_orders": 1,
        "halted": "switched off by Ann", "trouble": "the disk is full", "accounts": {"binance": None, "okx": "starting"},
    }  # fmt: skip
    assert lines_of(found) == [
        "condor 1 runs (process 7, up 1:01:01): 0 bots, 2 open orders, 1 of them unknown",
        "NO NEW POSITIONS: switched off by Ann",
        "trouble: the disk is full",
        "account binance: live",
        "account okx: starting",
    ]
