"""Keys from the terminal into the vault, and from the vault to the venue, by the program's own processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.venue import VenueProcess
from tests.support.instance import CHECKOUT, Instance, clean_environment
from tests.support.key_world import KEY, SECRET

WORDS = "terminal words nobody guesses"


@pytest.fixture
def venue() -> Iterator[VenueProcess]:
    made = VenueProcess(5, still=True, key=KEY, secret=SECRET)
    try:
        yield made
    finally:
        made.close()


def addresses(venue: VenueProcess) -> dict[str, str]:
    return {name: value for name, value in venue.environment(["binance"]).items() if name.endswith(("_REST", "_WS"))}


def typed(home: Path, lines: list[str], *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command whose hidden questions are answered on standard input."""
    command = [sys.executable, "-m", "condor", *arguments, "--home", str(home)]
    text = "".join(f"{line}\n" for line in lines)
    return subprocess.run(command, cwd=CHECKOUT, env=clean_environment(**environment), input=text, capture_output=True, text=True, timeout=120)


class Handed(Instance):
    """An instance that is handed the passphrase through a descriptor."""

    def launch(self) -> subprocess.Popen[str]:
        reading, writing = os.pipe()
        os.write(writing, f"{WORDS}\n".encode())
        os.close(writing)
        environment = clean_environment(**{"CONDOR_HTTP": "127.0.0.1:0", **self._environment, "CONDOR_PASSPHRASE_FD": str(reading)})
        command = [sys.executable, "-m", "condor", "run", "--home", str(self.home)]
        with open(self.home / "stderr.txt", "a") as errors:
            process = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                text=True,
                pass_fds=(reading,),
            )
        os.close(reading)
        self._process = process
        return process


@pytest.mark.e2e
def test_keys_go_from_the_terminal_over_the_vault_to_the_venue_and_are_nowhere_else(venue: VenueProcess, tmp_path: Path) -> None:
    home = tmp_path / "home"
    stored = typed(home, [KEY, SECRET, WORDS, WORDS], "connect", "binance", **addresses(venue))
    assert stored.returncode == 0 and "trading only" in stored.stdout, stored.stderr
    running = Handed(home, "clock: {tick_size: 0.5}\n", **addresses(venue)).start()
    try:
        person = running.person()
        person.until(lambda: running.health()["accounts"] == {"binance": None}, "the account", timeout_s=60)
        card = person.send("/keys", "Keys")
        assert f"…{KEY[-4:]}" in card["text"] and "connected" in card["text"]
    finally:
        running.kill()
    said = stored.stdout + stored.stderr + (home / "stderr.txt").read_text()
    assert not [word for word in (KEY, SECRET, WORDS) if word in said]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files for word in (KEY, SECRET, WORDS) if word.encode() in path.read_bytes()]


@pytest.mark.e2e
def test_a_key_that_is_given_to_a_running_instance_is_used_at_once_also_over_a_kill_before_its_account_is_open(
    venue: VenueProcess, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    running = Handed(home, "clock: {tick_size: 0.5}\n", **addresses(venue)).start()
    door = venue.doors["binance"]
    try:
        door.control("fault", kind="hang", on="GET */exchangeInfo", delay_s=300)
        command = [sys.executable, "-m", "condor", "connect", "binance", "--home", str(home)]
        environment = clean_environment(**addresses(venue))
        asked = subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert asked.stdin is not None
        asked.stdin.write(f"{KEY}\n{SECRET}\n{WORDS}\n{WORDS}\n")
        asked.stdin.flush()
        person = running.person()
        # stored, and its account is being opened: the venue does not say what it trades
        person.until(lambda: "binance" in running.health()["accounts"], "the account", timeout_s=60)
        running.kill()
        _, said = asked.communicate(timeout=30)
        assert asked.returncode == 2 and "does not answer" in said, said
        door.control("heal")
        running.start()
        person = running.person()
        person.until(lambda: running.health()["accounts"] == {"binance": None}, "the account", timeout_s=60)
        refused = typed(home, ["other words entirely"], "keys", "--remove", "binance")
        assert refused.returncode == 2 and "passphrase of the vault is wrong" in refused.stderr, refused.stderr
        removed = typed(home, [WORDS], "keys", "--remove", "binance")
        assert removed.returncode == 0 and running.health()["accounts"] == {}, removed.stderr
    finally:
        running.kill()
