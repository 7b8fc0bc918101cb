"""P7, P8 and P20: a home keeps its name, so that it finds its orders, and only its own."""

from __future__ import annotations

import random
import stat
from pathlib import Path

import pytest

from botcore.orders.ids import is_home_id
from condor.store.home_id import claim_home
from tests.support.records import begin_records


class Folder:
    """A data folder that is started again and again."""

    def __init__(self, root: Path, seed: int = 1) -> None:
        root.mkdir(exist_ok=True)
        self.file, self.database, self._random = root / "home_id", root / "condor.db", random.Random(seed)

    def start(self) -> tuple[str, ...]:
        begin_records(self.database)
        return claim_home(self.file, self.database, self._random.randrange)

    def lose_records(self) -> None:
        for end in ("", "-wal", "-shm"):
            self.database.with_name(self.database.name + end).unlink(missing_ok=True)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "one")


def test_p20_the_id_is_made_once_and_only_its_owner_reads_it(folder: Folder) -> None:
    first = folder.start()
    assert len(first) == 1 and is_home_id(first[0])
    assert [folder.start() for _ in range(3)] == [first] * 3
    assert stat.S_IMODE(folder.file.stat().st_mode) == 0o600
    assert [path.name for path in folder.file.parent.glob("home_id*")] == ["home_id"]


def test_p20_two_homes_have_two_ids(folder: Folder, tmp_path: Path) -> None:
    assert folder.start() != Folder(tmp_path / "other", seed=2).start()


def test_p8_a_home_without_its_database_is_known_by_its_file(folder: Folder) -> None:
    first = folder.start()
    folder.lose_records()
    assert folder.start() == first
    folder.file.unlink()
    assert folder.start() == first, "and the other way round"
    assert folder.file.read_text().split() == list(first)


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "7abcde\n", "\xff\xfe"])
def test_p7_a_file_that_can_t_be_read_is_written_anew(folder: Folder, text: str) -> None:
    first = folder.start()
    folder.file.write_text(text, encoding="latin-1")
    assert folder.start() == first
    assert folder.file.read_text().split() == list(first)


def test_p8_a_database_of_another_folder_brings_its_id_and_the_one_used_here_stays_ours(folder: Folder, tmp_path: Path) -> None:
    """Somebody starts an empty home first and then puts the backup into it."""
    old = folder.start()
    fresh = Folder(tmp_path / "fresh", seed=2)
    new = fresh.start()
    fresh.lose_records()
    folder.database.rename(fresh.database)
    assert fresh.start() == old + new
    fresh.lose_records()
    assert fresh.start() == old + new
