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
