"""The documents are true: links lead somewhere, names of files and commands exist, the two commands come first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from condor.cli import app
from handlers.app import build_registry
from tests.support.instance import CHECKOUT

DOCUMENTS = [CHECKOUT / "README.md", CHECKOUT / "CHANGELOG.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_named_files_exist(path: Path) -> None:
    text = path.read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), target
    for name in re.findall(r"`((?:botcore|condor|handlers|conf|tests|docs)/[\w./-]+)`", text):
        assert (CHECKOUT / name).exists(), name


def test_readme_begins_with_the_two_commands() -> None:
    lines = (CHECKOUT / "README.md").read_text().splitlines()
    assert lines[0].strip().startswith("make run")
    assert lines[1].strip().startswith("make test")
    verbs = set(re.findall(r"^([a-z-]+):.*## ", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert verbs >= {"install", "run", "test", "lint", "type", "bench", "docs-check", "clean"}


def test_commands_in_the_readme_are_those_of_the_program() -> None:
    text = (CHECKOUT / "README.md").read_text()
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback is not None}
    assert set(re.findall(r"`condor ([a-z-]+)", text)) <= known
    chat = build_registry().commands
    for name in re.findall(r"`/([a-z]+)", text):
        assert name in chat or name == "data", name
    for name in chat:
        assert f"/{name}" in (CHECKOUT / "CHANGELOG.md").read_text(), name


def test_every_defect_has_a_test_and_every_named_test_exists() -> None:
    known = {
        name for path in (CHECKOUT / "tests").rglob("test_*.py") for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    rows = [line for line in (CHECKOUT / "docs" / "defects.md").read_text().splitlines() if line.startswith("| ") and not line.startswith("| of |")]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    assert len(rows) > 60 and all(named)
    assert {name for names in named for name in names} <= known


ROWS = """
DI-1 DI-2 DI-4 DI-5 DI-6 DI-7 DI-8 DI-10 DI-11 DI-12 DI-13
PE-1 PE-2 PE-3 PE-4 PE-5 PE-6 PE-7 PE-8 PE-9 PE-10 PE-11 PE-12 PE-13 PE-15 PE-17 PE-18 PE-19 PE-20 PE-23 PE-T1 PE-T3 HZ-1 HZ-2 HZ-5 HZ-6
OE-1 OE-2 OE-3 OE-5 OE-7 OE-8 OE-9 HZ-7 GR-1 GR-4 GR-6 GR-8 GR-9 GR-10 GR-11 GR-12 HZ-8 HZ-9 HZ-11
DC-1 DC-2 DC-3 DC-4 DC-7 DC-10 DC-12 DC-13 HZ-12 HZ-13 HZ-14 TW-1 TW-2 TW-4 TW-5 TW-6
AR-1 AR-2 AR-3 AR-4 AR-5 XE-1 XE-3 XE-4 XE-5 HZ-16 HZ-17
PH-1 PH-2 PH-3 PH-5 PH-8 PH-9 PH-10 PH-12 PH-13 PH-14 PH-15 HZ-19 CO-2 CO-3 CO-4 CO-5 CO-7 CO-8 CO-9
BT-1 BT-4 BT-7 BT-8 BT-10
"""


def test_every_numeric_row_has_a_test_that_carries_its_id() -> None:
    """In its name (`test_pe_1_...`) or in the first line of its docstring."""
    rows = set(ROWS.split())
    kinds = "|".join(sorted({row.partition("-")[0].lower() for row in rows}))
    found = set()
    for path in (CHECKOUT / "tests").rglob("test_*.py"):
        for name, said in re.findall(r'^(?:async )?def test_(\w+)\([^\n]*\n(?:    """([^\n]*))?', path.read_text(), re.MULTILINE):
            found |= {f"{kind}-{number}".upper() for kind, number in re.findall(rf"(?:^|_)({kinds})_?(t?\d+)(?=_|$)", name)}
            found |= set(re.findall(r"\b[A-Z]{2}-T?\d+\b", said))
    assert rows - found == set()
