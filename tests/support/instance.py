"""A real `condor run` process in a home of its own, and a person who uses its chat over the programs' interface."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from tests.support.leavings import KNOWN, found_in_text
from tests.support.transcript import Card, Fits, Transcript, from_bot

CHECKOUT = Path(__file__).resolve().parents[2]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
FAST = "clock: {tick_size: 0.25}\nmarket: {speed: 20}\n"
"""Settings in which the first executors close within seconds."""


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONDOR_")}
    return {**kept, "PYTHONPATH": str(CHECKOUT), **more}


def condor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line to its end."""
    KNOWN.add_environment(environment)
    done = subprocess.run(
        [sys.executable, "-m", "condor", *arguments], cwd=CHECKOUT, env=clean_environment(**environment), capture_output=True, text=True, timeout=120
    )
    printed = found_in_text(done.stdout + done.stderr)
    assert not printed, f"condor {' '.join(arguments)} has printed a secret: {', '.join(printed)}"
    return done


def rows_of(home: Path, query: str, *arguments: Any, database: str = "condor.db") -> list[tuple[Any, ...]]:
    """Read the records of a home from outside."""
    connection = sqlite3.connect(f"file:{home / 'data' / database}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(query, arguments).fetchall()
    finally:
        connection.close()


def rest_of(stream: IO[str]) -> str:
    """What a process that has ended has printed and nobody has read; a child of its own may still hold the pipe."""
    os.set_blocking(stream.fileno(), False)
    try:
        return stream.read()
    except TypeError:
        # nothing is there, and the pipe is not closed
        return ""


class Instance:
    """`condor run` on a home, with these variables in its environment; may be killed and started again."""

    def __init__(self, home: Path, settings: str = FAST, **environment: str) -> None:
        self.home = home
        self.url = ""
        self.module = "condor"
        self.verb: Sequence[str] = ("run",)
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        KNOWN.add_environment(environment)
        (home / "conf").mkdir(parents=True, exist_ok=True)
        (home / "conf" / "condor.yml").write_text(settings)

    def start(self) -> Instance:
        """Start it and wait until its chat answers."""
        process = self.launch()
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), f"{line!r}, {(self.home / 'stderr.txt').read_text()[-2000:]}"
        self.url = line.split()[1]
        return self

    def launch(self) -> subprocess.Popen[str]:
        """Start it and wait for nothing."""
        environment = clean_environment(**{"CONDOR_HTTP": "127.0.0.1:0", **self._environment})
        command = [sys.executable, "-m", self.module, *self.verb, "--home", str(self.home)]
        with open(self.home / "stderr.txt", "a") as errors:
            self._process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        return self._process

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, how: int) -> int:
        process = self._process
        if process is None:
            return 0
        process.send_signal(how)
        code = process.wait(20)
        if process.stdout is not None:
            # for the search of what tests leave behind (tests/support/leavings.py), as its standard error is
            with open(self.home / "stdout.txt", "a") as printed:
                printed.write(rest_of(process.stdout))
            process.stdout.close()
        self._process = None
        return code

    def state(self) -> str:
        """Whether it runs, for a report."""
        code = self._process.poll() if self._process is not None else 0
        return "does not run" if self._process is None else "runs" if code is None else f"ended with {code}"

    def ended_with(self) -> int | None:
        """How it has ended by itself; None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def signal(self, how: int) -> None:
        assert self._process is not None
        self._process.send_signal(how)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def rows(self, query: str, *arguments: Any, database: str = "condor.db") -> list[tuple[Any, ...]]:
        return rows_of(self.home, query, *arguments, database=database)

    def health(self) -> dict[str, Any]:
        """What `/healthz` says, with "" for what is not the matter."""
        base = json.loads((self.home / "data" / "chat.address").read_text())["base"]
        try:
            with DIRECT.open(f"{base}/healthz", timeout=10) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        return {name: "" if value is None else value for name, value in found.items()}

    def person(self) -> Person:
        return Person(self.home)


class Person(Transcript):
    """Somebody at the chat."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._base = json.loads((home / "data" / "chat.address").read_text())["base"]
        self._secret = (home / "data" / "chat.token").read_text().strip()
        self.begin(self.call("/chat/messages?limit=200"))

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with DIRECT.open(urllib.request.Request(self._base + path, data=data, headers=headers), timeout=70) as answer:
            return json.load(answer)

    # ---- doing -----------------------------------------------------------------------------------------------------
    def send(self, text: str, *words: str, **more: Any) -> Card:
        """Type a line; returns the next message of the bot that holds these words (alerts may come in between)."""
        return self.wait(from_bot(*words, after=self.call("/chat/send", {"text": text, **more})["message_id"]))

    def upload(self, name: str, content: bytes, *words: str) -> Card:
        """Send a file; returns the next message of the bot that holds these words."""
        mark = "condor-test-boundary"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": f"multipart/form-data; boundary={mark}"}
        with DIRECT.open(urllib.request.Request(f"{self._base}/chat/upload", data=body, headers=headers), timeout=30) as answer:
            sent = json.load(answer)["message_id"]
        return self.wait(from_bot(*words, after=sent))

    def file(self, file_id: str) -> bytes:
        """A file of the chat."""
        request = urllib.request.Request(f"{self._base}/chat/file/{file_id}", headers={"Authorization": f"Bearer {self._secret}"})
        with DIRECT.open(request, timeout=30) as answer:
            return bytes(answer.read())

    def tap(self, label: str, message: Card | None = None) -> Card:
        """Tap the newest button with this in its label; returns the answer (`toast`, `alert`) once it came."""
        target, row, column = self.button(label, message)
        before = len(self.answers)
        self.call("/chat/tap", {"message_id": target["message_id"], "row": row, "column": column})
        self.until(lambda: len(self.answers) > before, f"an answer to {label!r}")
        return self.answers[before]

    # ---- looking ---------------------------------------------------------------------------------------------------
    def wait(self, fits: Fits, timeout_s: float = 20) -> Card:
        """The newest message that fits, once there is one."""
        self.until(lambda: bool(self.fitting(fits)), "a message that fits", timeout_s)
        return self.fitting(fits)[-1]

    def wait_text(self, *parts: str, timeout_s: float = 20) -> Card:
        return self.wait(from_bot(*parts), timeout_s)

    def until(self, holds: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"waited {timeout_s:g} s for {what}; the chat ends with {self.texts()[-3:]}")
            self._listen(min(left, 1.0))

    def _listen(self, seconds: float) -> None:
        self.take(self.call(f"/chat/transcript?after={self._seq}&wait={max(0.05, seconds):.2f}"))

    def start_bot(self, controller: str = "pmm_simple", changes: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        """Walk the wizard to a running bot; returns its panel."""
        self.send("/new", "Which strategy?")
        self.tap(controller)
        self.tap("Review")
        for field, text in changes:
            self.tap("Change")
            self.tap(field)
            self.send(text, "change")
            self.tap("Review")
        self.tap("Start (paper)")
        return self.wait(lambda message: "running · paper" in message["text"])
