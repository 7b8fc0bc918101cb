"""The vault: without its passphrase a copy of the home gives nothing, and nothing in it can be moved, taken out or put back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from condor import vault as module
from condor.passphrase import ask_new, given_passphrase
from condor.vault import Kdf, Vault, VaultLocked

PASSPHRASE = Secret("four words nobody guesses")
KEY, SECRET = Secret("canary-key-5d1f0a7e"), Secret("canary-secret-93bb42c6")
BINANCE = {("binance", "key"): KEY, ("binance", "secret"): SECRET}


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB and three passes for each key are what a vault is for, and what a test of something else does not need."""
    if "true_key" not in request.keywords:
        monkeypatch.setattr(Kdf, "derive", lambda kdf, passphrase: hashlib.sha256(kdf.salt + passphrase.reveal().encode()).digest())


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault.json")
    made.change(PASSPHRASE, BINANCE)
    return made


@pytest.mark.true_key
def test_what_went_in_comes_out_and_only_with_the_passphrase(vault: Vault, tmp_path: Path) -> None:
    assert vault.open(PASSPHRASE) == BINANCE
    assert vault.names() == [("binance", "key"), ("binance", "secret")]
    with pytest.raises(VaultLocked, match="passphrase of the vault is wrong"):
        vault.open(Secret("four words nobody guesse"))
    for path in tmp_path.iterdir():
        assert b"canary" not in path.read_bytes() and b"nobody" not in path.read_bytes(), path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_key_costs_64_mib_and_a_file_that_asks_for_less_is_not_opened(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    values = json.loads(path.read_text())
    assert values["kdf"]["name"] == "argon2id" and values["kdf"]["memory_kib"] >= 64 * 1024 and values["kdf"]["passes"] >= 3
    values["kdf"]["memory_kib"] = 1024
    path.write_text(json.dumps(values))
    with pytest.raises(VaultLocked, match="memory_kib"):
        vault.open(PASSPHRASE)


@pytest.mark.true_key
async def test_the_clock_goes_on_while_a_key_is_made() -> None:
    loop = asyncio.get_running_loop()
    making = loop.create_task(asyncio.to_thread(Kdf(b"salt" * 4).derive, PASSPHRASE))
    began = last = loop.time()
    longest = 0.0
    while not making.done():
        await asyncio.sleep(0.002)
        longest, last = max(longest, loop.time() - last), loop.time()
    assert longest < 0.8 * (loop.time() - began), "somebody has held the interpreter's lock all the time"


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaaaaaaaaa", "ababababababab"])
def test_no_vault_is_made_with_a_weak_passphrase(weak: str, tmp_path: Path) -> None:
    made = Vault(tmp_path / "vault.json")
    with pytest.raises(UserError, match="at least 12 characters"):
        made.change(Secret(weak), BINANCE)
    assert not made.exists


def test_a_changed_passphrase_opens_and_the_old_one_does_not(vault: Vault) -> None:
    vault.change_passphrase(PASSPHRASE, Secret("another set of words"))
    assert vault.open(Secret("another set of words")) == BINANCE
    with pytest.raises(VaultLocked):
        vault.open(PASSPHRASE)


def test_what_is_taken_out_is_gone_and_a_wrong_passphrase_changes_nothing(vault: Vault, tmp_path: Path) -> None:
    before = (tmp_path / "vault.json").read_bytes()
    with pytest.raises(VaultLocked):
        vault.change(Secret("wrong words altogether"), {("binance", "key"): None})
    assert (tmp_path / "vault.json").read_bytes() == before
    vault.change(PASSPHRASE, {("binance", "key"): None, ("okx", "key"): KEY})
    assert vault.names() == [("binance", "secret"), ("okx", "key")]


def _moved(values: dict[str, Any]) -> None:
    values["records"][0]["owner"] = "okx"


def _swapped(values: dict[str, Any]) -> None:
    first, second = values["records"]
    for name in ("nonce", "box"):
        first[name], second[name] = second[name], first[name]


def _removed(values: dict[str, Any]) -> None:
    values["records"].pop()


def _flipped(values: dict[str, Any]) -> None:
    box = values["records"][0]["box"]
    values["records"][0]["box"] = ("B" if box[0] == "A" else "A") + box[1:]


@pytest.mark.parametrize("spoil", [_moved, _swapped, _removed, _flipped])
def test_a_record_that_was_tampered_with_opens_nothing(vault: Vault, tmp_path: Path, spoil: Callable[[dict[str, Any]], None]) -> None:
    path = tmp_path / "vault.json"
    values = json.loads(path.read_text())
    spoil(values)
    path.write_text(json.dumps(values))
    with pytest.raises(VaultLocked, match="wrong, or somebody has changed"):
        vault.open(PASSPHRASE)


def test_a_record_of_an_older_copy_is_not_taken_back(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    old = json.loads(path.read_text())
    vault.change(PASSPHRASE, {("binance", "secret"): Secret("a newer secret")})
    new = json.loads(path.read_text())
    new["records"][1] = old["records"][1]
    path.write_text(json.dumps(new))
    with pytest.raises(VaultLocked):
        vault.open(PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"format": "condor-vault", "version": 2}', b"\xff\xfe", b'{"format": 1}'])
def test_a_damaged_file_is_one_sentence_and_lists_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vault.json"
    path.write_bytes(content)
    with pytest.raises(VaultLocked, match=r"vault\.json is damaged"):
        Vault(path).open(PASSPHRASE)
    assert Vault(path).names() == []


def test_a_death_while_writing_leaves_the_old_file(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(module.os, "fsync", die)
        with pytest.raises(UserError, match="No space left"):
            vault.change(PASSPHRASE, {("okx", "key"): KEY})
    assert vault.open(PASSPHRASE) == BINANCE


def test_the_passphrase_is_gone_from_the_environment_once_it_was_read() -> None:
    environment = {"CONDOR_PASSPHRASE": "from the environment", "OTHER": "1"}
    given = given_passphrase(environment)
    assert given == Secret("from the environment") and environment == {"OTHER": "1"}
    assert given_passphrase({}) is None


def test_a_descriptor_is_read_to_the_end_of_its_first_line_and_closed() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"from a pipe\nmore\n")
    os.close(writing)
    environment = {"CONDOR_PASSPHRASE_FD": str(reading)}
    assert given_passphrase(environment) == Secret("from a pipe") and environment == {}
    with pytest.raises(OSError):
        os.fstat(reading)
    with pytest.raises(UserError, match="CONDOR_PASSPHRASE_FD"):
        given_passphrase({"CONDOR_PASSPHRASE_FD": "none"})


def test_a_new_passphrase_is_typed_twice() -> None:
    typed = iter([Secret("four words nobody guesses"), Secret("four words somebody guesses")])
    with pytest.raises(UserError, match="differ"):
        ask_new(lambda _prompt: next(typed))
