"""P8 and P20: two lives of one data folder never speak with the same ids."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert

from botcore.model.records import Forgotten
from botcore.orders.ids import IdSource
from botcore.recorder import tables
from botcore.recorder.forgotten import LOOK_BACK_MS, forgotten
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Write, open_engine, write_rows
from botcore.recorder.tables import LIVE_ACCOUNT, last_ns_key
from condor.home import Home
from condor.store.epoch import COUNT_DIGITS, STEP, Epoch, Past, claim_epoch
from condor.store.start import Chance, open_records
from tests.support.records import begin_records


class Folder:
    """A data folder that is started again and again."""

    def __init__(self, root: Path, seed: int = 1) -> None:
        self.root, self._random, self.machine = root, random.Random(seed), "here"
        root.mkdir(exist_ok=True)

    @property
    def database(self) -> Path:
        return self.root / "condor.db"

    def start(self, commits: int = 0) -> Epoch:
        """One life: claim, commit so many transactions, end."""
        begin_records(self.database)
        epoch = claim_epoch(self.root / "epoch", self.database, f"{self._random.getrandbits(64):x}", self._random.randrange, self.machine)
        journal = Journal(self.database, lambda call: call(), mark=epoch.mark)
        for number in range(commits):
            journal.run(
                lambda connection, number=number: connection.execute(
                    insert(tables.runtime).prefix_with("OR REPLACE"), {"key": "x", "value": str(number)}
                )
            )
        journal.commit([Write(tables.runtime, {"key": "last", "value": "1"})])
        journal.close()
        epoch.mark.close()
        return epoch

    def keep(self, name: str) -> Path:
        """Put a copy of the database aside."""
        return Path(shutil.copy(self.database, self.root / name))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


def test_p20_the_epoch_stays_while_nothing_happened_to_the_folder(folder: Folder) -> None:
    first = folder.start(3)
    assert first.past is Past.FIRST and 1 <= first.number <= STEP
    later = [folder.start(2) for _ in range(3)]
    assert {(epoch.number, epoch.past) for epoch in later} == {(first.number, Past.SAME)}


def test_p20_new_folders_do_not_begin_alike(tmp_path: Path) -> None:
    """Two installations on one account, or one that was wiped: their ids differ from the first order on."""
    assert len({Folder(tmp_path / str(seed), seed).start().number for seed in range(20)}) == 20


def test_p8_a_deleted_database_is_noticed(folder: Folder) -> None:
    first = folder.start(2)
    folder.database.unlink()
    again = folder.start()
    assert again.past is Past.GONE and again.number > first.number
    assert folder.start().past is Past.SAME


@pytest.mark.parametrize("commits", [1, 3, 300])
def test_p8_a_copy_from_before_is_noticed_whenever_it_was_made(folder: Folder, commits: int) -> None:
    """Made in an earlier life, or in the present one but some transactions ago."""
    folder.start(1)
    before = folder.keep("before.db")
    first = folder.start(commits)
    shutil.copy(before, folder.database)
    again = folder.start()
    assert again.past is Past.OLDER and again.number > first.number


def test_p8_a_copy_from_within_the_same_life_is_noticed(folder: Folder) -> None:
    folder.start()
    begin_records(folder.database)
    epoch = claim_epoch(folder.root / "epoch", folder.database, "boot", lambda below: 0, folder.machine)
    journal = Journal(folder.database, lambda call: call(), mark=epoch.mark)
    journal.run(lambda connection: None).result()
    journal.run(lambda connection: connection.exec_driver_sql("SELECT 1")).result()
    engine = open_engine(folder.database, read_only=True)
    engine.dispose()
    kept = folder.root / "kept.db"
    with open_engine(folder.database, read_only=True).connect() as reading:
        reading.exec_driver_sql(f"VACUUM INTO '{kept}'")
    journal.run(lambda connection: None).result()
    journal.close()
    for part in folder.root.glob("condor.db*"):
        part.unlink()
    shutil.copy(kept, folder.database)
    again = folder.start()
    assert again.past is Past.OLDER and again.number > epoch.number


def test_p20_a_copied_folder_takes_an_epoch_of_its_own_and_the_first_keeps_its(folder: Folder, tmp_path: Path) -> None:
    first = folder.start(4)
    shutil.copytree(folder.root, tmp_path / "clone")
    clone = Folder(tmp_path / "clone", seed=2).start()
    assert clone.past is Past.COPIED and clone.number > first.number
    assert folder.start().number == first.number
    other = Folder(tmp_path / "clone", seed=3).start()
    assert (other.past, other.number) == (Past.SAME, clone.number)


def test_p20_two_clones_do_not_meet_either(folder: Folder, tmp_path: Path) -> None:
    folder.start(4)
    numbers = set()
    for seed in (5, 6):
        shutil.copytree(folder.root, tmp_path / f"clone{seed}")
        numbers.add(Folder(tmp_path / f"clone{seed}", seed).start().number)
    assert len(numbers) == 2


def test_p20_the_same_disk_in_another_machine_is_a_copy(folder: Folder) -> None:
    first = folder.start()
    folder.machine = "elsewhere"
    assert folder.start().past is Past.COPIED
    assert folder.start().number > first.number


def test_p20_a_start_that_ends_between_file_and_database_is_no_other_past(folder: Folder) -> None:
    """The file is written first: its older boot id still fits the database."""
    first = folder.start(2)
    before = folder.keep("before.db")
    engine_less = claim_epoch(folder.root / "epoch", folder.database, "never", lambda below: 0, folder.machine)
    engine_less.mark.close()
    shutil.copy(before, folder.database)
    again = folder.start()
    assert (again.past, again.number) == (Past.SAME, first.number)


@pytest.mark.parametrize("text", ["", "{}", "{\n1", '{"epoch": "x"}\n5', "\xff"])
def test_p8_an_epoch_file_that_can_t_be_read_begins_a_new_epoch(folder: Folder, text: str) -> None:
    first = folder.start(1)
    (folder.root / "epoch").write_text(text, encoding="latin-1")
    again = folder.start()
    assert again.past is Past.UNMARKED and again.number > first.number


def test_the_file_counts_along_without_growing(folder: Folder) -> None:
    folder.start(5)
    content = (folder.root / "epoch").read_text()
    count = content.splitlines()[1]
    assert len(count) == COUNT_DIGITS and int(count) == 6


def test_ids_of_the_largest_epoch_are_short_enough() -> None:
    epoch = 50 * STEP
    assert len(IdSource.client_order_id(IdSource(epoch, 10**12, ("h7k2qz",)).intent_id(), 99)) <= 36


def hole(root: Path) -> Forgotten | None:
    engine = open_engine(root / "condor.db", read_only=True)
    with engine.connect() as connection:
        found = forgotten(connection)
    engine.dispose()
    return found


class Opened:
    """A home whose records are opened as the program opens them."""

    def __init__(self, root: Path) -> None:
        self.home, self._random, self.wall_ms = Home(root, root), random.Random(3), 1_800_000_000_000
        self.home.data.mkdir(parents=True)

    def open(self) -> Epoch:
        chance = Chance(f"{self._random.getrandbits(64):x}", self._random.randrange)
        self.said: list[str] = []
        epoch = open_records(self.home, "1", lambda: self.wall_ms, chance, "here", self.said.append)
        epoch.mark.close()
        return epoch

    def record(self, last_ns: int) -> None:
        """The account's last record is of this time."""
        engine = open_engine(self.home.database)
        with engine.begin() as connection:
            write_rows(connection, [Write(tables.runtime, {"key": last_ns_key(LIVE_ACCOUNT), "value": str(last_ns)})])
        engine.dispose()

    @property
    def hole(self) -> Forgotten | None:
        return hole(self.home.data)


def test_p8_the_records_know_since_when_they_have_a_hole(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "home")
    opened.open()
    opened.open()
    assert opened.hole is None and opened.said == []
    opened.record(1_790_000_000_000_000_000)
    older = Path(shutil.copy(opened.home.database, tmp_path / "older.db"))
    for _ in range(2):
        opened.open()
    shutil.copy(older, opened.home.database)
    epoch = opened.open()
    assert epoch.past is Past.OLDER and len(opened.said) == 1
    assert opened.hole == Forgotten(epoch.number, 1_790_000_000_000), "from the copy's last record on"
    # a second loss: nothing says where the records end, and they are quiet for a month at most
    opened.home.database.unlink()
    epoch = opened.open()
    assert epoch.past is Past.GONE and opened.hole == Forgotten(epoch.number, opened.wall_ms - LOOK_BACK_MS)


def test_p8_a_later_hole_holds_the_earlier_one(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "home")
    opened.open()
    opened.record(1_790_000_000_000_000_000)
    for number, machine in enumerate(("copied", "copied again")):
        shutil.copytree(opened.home.root, tmp_path / machine)
        opened.home = Home(tmp_path / machine, tmp_path)
        epoch = opened.open()
        assert epoch.past is Past.COPIED and opened.hole == Forgotten(epoch.number, 1_790_000_000_000)
        opened.record(1_791_000_000_000_000_000 + number)


def test_p8_a_start_that_ends_while_it_claims_has_claimed_nothing(folder: Folder) -> None:
    """Otherwise the next one would find the records as they were last used, and tell nobody."""
    folder.start(2)
    folder.database.unlink()
    begin_records(folder.database)

    def end(connection: object, past: Past, number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        claim_epoch(folder.root / "epoch", folder.database, "boot", lambda below: 0, folder.machine, end)
    assert folder.start().past is Past.GONE


def test_p8_a_start_that_ends_between_the_database_and_the_file_finds_it_out_again(folder: Folder) -> None:
    folder.start(1)
    older = folder.keep("older.db")
    folder.start(3)
    shutil.copy(older, folder.database)
    before = (folder.root / "epoch").read_bytes()
    claim_epoch(folder.root / "epoch", folder.database, "boot", lambda below: 0, folder.machine).mark.close()
    (folder.root / "epoch").write_bytes(before)
    assert folder.start().past is Past.OLDER
