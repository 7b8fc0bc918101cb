"""The search of what the whole suite leaves behind (65: tests/support/leavings.py) finds what it is to find."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from base64 import b64encode
from pathlib import Path

from tests.support.instance import clean_environment
from tests.support.leavings import Known, found_in

WORD = "frame-canary/8Kd2=qP"
CONFTEST = """
from tests.support.leavings import leavings_hold_no_secret, pytest_runtest_makereport, watch_secrets
watch_secrets()
"""
TESTS = f"""
import os
from botcore.model.secret import Secret
MADE = Secret({WORD!r})

def test_prints(): print(MADE.reveal())
def test_prints_from_below(): os.write(2, MADE.reveal().encode())
def test_is_careful(tmp_path): (tmp_path / "condor.log").write_text(str(MADE)); print(MADE)
def test_leaves_a_file(tmp_path): (tmp_path / "condor.log").write_text("before " + MADE.reveal())
def test_is_the_last_of_its_module(): pass
"""


def test_s65_a_test_that_leaves_a_secret_behind_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "left"), str(tmp_path)]
    said = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60).stdout
    assert "5 passed, 3 errors" in said
    for name in ("test_prints", "test_prints_from_below"):
        assert f"::{name} has printed a secret: frame-… (20 characters)" in said
    assert "a secret was left behind: test_leaves_a_file0/condor.log holds frame-… (20 characters)" in said
    assert "test_is_careful" not in said
    # for the search of this module itself: these folders hold what was to be found
    shutil.rmtree(tmp_path / "left")


def test_s65_every_dress_is_known_and_archives_are_opened(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"\0free page " + WORD.encode() + b"\0")
    (tmp_path / "b.log").write_text("GET /?k=frame-canary%2F8Kd2%3DqP")
    (tmp_path / "c.json").write_bytes(b64encode(WORD.encode()))
    with zipfile.ZipFile(tmp_path / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.jsonl", "x" * 1_000 + WORD)
    (tmp_path / "e.txt").write_text("frame-canary")
    assert [line.split(" holds ")[0].removeprefix(f"{tmp_path.name}/") for line in found_in(tmp_path, [WORD])] == [
        "a.db",
        "b.log",
        "c.json",
        "d.zip/inner.jsonl",
    ]


def test_s65_a_homes_bearer_stands_in_its_file_and_nowhere_else(tmp_path: Path) -> None:
    data = tmp_path / "home" / "data"
    data.mkdir(parents=True)
    (data / "chat.token").write_text("bearer-of-this-home\n")
    (tmp_path / "stderr.txt").write_text("all is well")
    assert found_in(tmp_path, []) == []
    (tmp_path / "stderr.txt").write_text("Authorization: bearer-of-this-home")
    assert found_in(tmp_path, []) == [f"{tmp_path.name}/stderr.txt holds bearer… (19 characters)"]
    (tmp_path / "stderr.txt").unlink()


def test_what_would_be_found_in_anything_is_not_looked_for() -> None:
    known = Known()
    for text in ("short", "A" * 32, "kkkkkkkkkkkkkkkkkkkk"):
        known.add(text)
    known.add_environment({"CONDOR_VENUE_BINANCE_KEY": "of-the-environment-1", "CONDOR_VENUE_BINANCE_REST": "http://127.0.0.1:9999"})
    assert list(known) == ["of-the-environment-1"]
