"""What tests leave behind holds no secret (acceptance scenario 65, over the whole suite).

Every folder that a test was given is searched when its module has ended: logs, databases with their free pages, exports, archives, transcripts, standard error of
processes. So is what each test has printed. Looked for are the secrets that the tests themselves give the program: each `Secret` that is made, each variable of an
instance's environment that holds one, and the bearer and the bot's token of every home outside the two files that are there for them.
"""

from __future__ import annotations

import zipfile
from base64 import b64encode
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from botcore.model.secret import Secret

LEAST, LEAST_KINDS = 12, 6
"""Shorter texts, and those of fewer different characters, would be found in anything."""
OWN_FILES = ("chat.token", "telegram.token")
"""Files in a home that are there to hold what stands in them; nothing else may hold it."""
NAMES = ("_KEY", "_SECRET", "_TOKEN", "_PASSPHRASE")
"""So end the names of variables that hold a secret."""


class Known:
    """The secrets that are looked for: those of the suite, and those that the present module has made."""

    def __init__(self) -> None:
        self._lasting: set[str] = set()
        self._passing: set[str] = set()
        self.is_running = False
        """Whether tests run: what was made before, when their modules were read, is looked for everywhere."""

    def add(self, text: str) -> None:
        if len(text) >= LEAST and len(set(text)) >= LEAST_KINDS:
            (self._passing if self.is_running else self._lasting).add(text)

    def add_environment(self, variables: dict[str, str]) -> None:
        for name, value in variables.items():
            if name.endswith(NAMES):
                self.add(value)

    def module_ended(self) -> None:
        self._passing.clear()

    def __iter__(self) -> Iterator[str]:
        return iter(self._lasting | self._passing)


KNOWN = Known()
"""One for the process: an instance that a test starts has no other way to say what it was given."""


def forms_of(words: Iterable[str]) -> dict[bytes, str]:
    """Each dress of each word -> the word."""
    return {dress: word for word in words for dress in (word.encode(), quote(word, safe="").encode(), b64encode(word.encode()).rstrip(b"="))}


def hidden(word: str) -> str:
    """A secret as a report may name it."""
    return f"{word[:6]}… ({len(word)} characters)"


def found_in_text(text: str) -> list[str]:
    """The known secrets that stand in a text."""
    content = text.encode(errors="replace")
    return sorted({hidden(word) for dress, word in forms_of(KNOWN).items() if dress in content})


def found_in(folder: Path, known: Iterable[str] | None = None) -> list[str]:
    """Where in a folder secrets stand that should stand nowhere, in words."""
    forms = forms_of({*(KNOWN if known is None else known), *own_of(folder)})
    found = {
        f"{path.relative_to(folder.parent)} holds {hidden(word)}"
        for path, content in contents(folder)
        if path.name not in OWN_FILES
        for dress, word in forms.items()
        if dress in content
    }
    return sorted(found)


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """All that stands in files; of an archive its members too."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if content == bytes(len(content)):
            # the reserve of a home: there to be given up when the disk is full
            continue
        yield path, content
        if path.suffix == ".zip" and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield path / name, archive.read(name)


def own_of(folder: Path) -> set[str]:
    """The bearers and bots' tokens of the homes in a folder."""
    return {path.read_text().strip() for name in OWN_FILES for path in folder.rglob(name) if path.is_file()} - {""}


# ---- into pytest ---------------------------------------------------------------------------------------------------
def watch_secrets() -> None:
    """From now on every `Secret` that is made is looked for."""
    made = Secret.__init__

    def noted(secret: Secret, text: str) -> None:
        made(secret, text)
        KNOWN.add(text)

    Secret.__init__ = noted  # type: ignore[method-assign]


@pytest.fixture(scope="module", autouse=True)
def leavings_hold_no_secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Searches what the tests of a module have left."""
    KNOWN.is_running = True
    base = tmp_path_factory.getbasetemp()
    before = set(base.iterdir())
    yield
    # links lead to what is there already
    new = [folder for folder in sorted(set(base.iterdir()) - before) if folder.is_dir() and not folder.is_symlink()]
    found = [words for folder in new for words in found_in(folder)]
    KNOWN.module_ended()
    assert not found, "a secret was left behind: " + "; ".join(found[:10])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that has printed a secret fails. The log records that pytest has kept for itself are left out: the program's formatter comes after those."""
    report = yield
    if report.when == "teardown" and report.passed:
        found = found_in_text("".join(text for title, text in report.sections if "stdout" in title or "stderr" in title))
        if found:
            report.outcome, report.longrepr = "failed", f"{item.nodeid} has printed a secret: {', '.join(found)}"
    return report
