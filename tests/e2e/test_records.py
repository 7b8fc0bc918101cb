"""Records of a real instance under what machines do to them: a full disk, an old copy, a copied home, a lost venue."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import time
from pathlib import Path

from tests.support.instance import FAST, Instance, condor

SLOW = "clock: {tick_size: 0.25}\nmarket: {speed: 1}\n"


def test_p6_while_another_program_locks_the_records_the_chat_answers_and_nothing_is_opened(tmp_path: Path) -> None:
    """The ten seconds that one attempt waits pass in the writer's thread only."""
    instance = Instance(tmp_path / "home", FAST).start()
    try:
        person = instance.person()
        person.start_bot()
        person.until(lambda: len(instance.rows("SELECT 1 FROM orders")) > 2, "orders", 60)
        blocker = sqlite3.connect(instance.home / "data" / "condor.db", isolation_level=None, timeout=10)
        blocker.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        before = len(instance.rows("SELECT 1 FROM orders", database="paper.db"))
        # the page's own port needs no records: the loop goes on
        slowest = 0.0
        while time.monotonic() - begin < 13:
            asked = time.monotonic()
            person.call("/chat/messages?limit=1")
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.2)
        assert slowest < 2
        after = len(instance.rows("SELECT 1 FROM orders", database="paper.db"))
        assert after <= before + 4, "no intent is durable, so no request leaves but those that were on their way"
        blocker.execute("COMMIT")
        blocker.close()
        person.wait_text("No new positions", "records can't be written", timeout_s=30)
        person.wait_text("allowed again", timeout_s=30)
        instance.stop()
        assert condor("verify", "--home", str(instance.home)).returncode == 0
    finally:
        instance.kill()


def test_p5_a_disk_that_takes_nothing_halts_what_opens_and_loses_nothing(tmp_path: Path) -> None:
    """The kernel refuses to let any file of the process grow; later it lets them."""
    instance = Instance(tmp_path / "home", FAST).start()
    try:
        person = instance.person()
        person.start_bot()
        person.until(lambda: len(instance.rows("SELECT 1 FROM orders")) > 2, "orders", 60)
        size = (instance.home / "data" / "condor.db-wal").stat().st_size
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.prlimit(instance.pid, resource.RLIMIT_FSIZE, (size, hard))
        person.until(lambda: "records can't be written" in instance.health()["halted"], "the halt", 60)
        resource.prlimit(instance.pid, resource.RLIMIT_FSIZE, (hard, hard))
        person.wait_text("No new positions", "records can't be written", timeout_s=30)
        person.wait_text("allowed again", timeout_s=60)
        orders = len(instance.rows("SELECT 1 FROM orders"))
        person.until(lambda: len(instance.rows("SELECT 1 FROM orders")) > orders, "trading to go on", 60)
        instance.stop()
        ours = instance.rows("SELECT trade_id FROM fills")
        theirs = instance.rows("SELECT trade_id FROM fills", database="paper.db")
        assert sorted(ours) == sorted(theirs)
        assert condor("verify", "--home", str(instance.home)).returncode == 0
    finally:
        instance.kill()


def test_p8_an_old_copy_of_the_records_is_noticed_and_its_ids_are_not_used_again(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "home", FAST).start()
    database = instance.home / "data" / "condor.db"
    try:
        instance.person().start_bot()
        instance.person().until(lambda: len(instance.rows("SELECT 1 FROM orders")) > 2, "orders", 60)
        instance.stop()
        shutil.copy(database, tmp_path / "before.db")
        copied = {row[0] for row in instance.rows("SELECT client_order_id FROM orders")}
        instance.start()
        known = len(instance.rows("SELECT 1 FROM orders"))
        instance.person().until(lambda: len(instance.rows("SELECT 1 FROM orders")) > known + 3, "more orders", 60)
        instance.kill()
        used = {row[0] for row in instance.rows("SELECT client_order_id FROM orders", database="paper.db")}
        for path in database.parent.glob("condor.db*"):
            path.unlink()
        shutil.copy(tmp_path / "before.db", database)
        (instance.home / "conf" / "condor.yml").write_text(SLOW)
        instance.start()
        person = instance.person()
        person.wait_text("No new positions", "older copy")
        person.send("/status", "older copy")
        person.tap("Allow new positions")
        person.tap("Allow them")
        person.until(
            lambda: len(instance.rows("SELECT 1 FROM intents WHERE intent_id NOT LIKE ?", f"cdr-%-{next(iter(used)).split('-')[2]}-%")) > 0,
            "new orders",
            60,
        )
        # orders that never left are in the copied records and not at the venue
        new = {row[0] for row in instance.rows("SELECT client_order_id FROM orders")} - used - copied
        assert {name.split("-")[2] for name in new}.isdisjoint({name.split("-")[2] for name in used})
        instance.stop()
    finally:
        instance.kill()


def test_p20_a_copied_home_speaks_with_ids_of_its_own(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "home", FAST).start()
    instance.person().start_bot()
    instance.person().until(lambda: len(instance.rows("SELECT 1 FROM orders")) > 1, "orders", 60)
    instance.stop()
    shutil.copytree(instance.home, tmp_path / "clone")
    clone = Instance(tmp_path / "clone", FAST).start()
    try:
        before = {row[0].split("-")[2] for row in instance.rows("SELECT client_order_id FROM orders")}
        clone.person().until(
            lambda: bool({row[0].split("-")[2] for row in clone.rows("SELECT client_order_id FROM orders")} - before), "orders of another epoch", 60
        )
        assert "copied from elsewhere" in (clone.home / "stderr.txt").read_text()
    finally:
        clone.kill()


def test_p7_lost_books_of_the_paper_exchange_stop_its_bots_and_begin_anew(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "home", FAST).start()
    try:
        instance.person().start_bot()
        instance.person().until(lambda: len(instance.rows("SELECT 1 FROM fills")) > 0, "a fill", 90)
        instance.stop()
        (instance.home / "data" / "paper.db").write_bytes(b"no database" * 500)
        instance.start()
        person = instance.person()
        person.wait_text("lost its books")
        assert instance.rows("SELECT state FROM bots") == [("stopped",)]
        person.start_bot()
        instance.stop()
        assert condor("verify", "--home", str(instance.home)).returncode == 0
        exported = condor("export", str(tmp_path / "out.zip"), "--format", "csv", "--home", str(instance.home))
        assert exported.returncode == 0 and "fills.csv" in exported.stdout
    finally:
        instance.kill()
