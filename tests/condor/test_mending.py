"""P7: what is left of damaged records goes on, whatever is damaged and wherever the process dies while it is being mended."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from botcore.core.points import Points
from botcore.recorder.migrate import migrate
from condor.home import Home
from condor.store import MIGRATIONS
from condor.store.audit import broken_links
from condor.store.backups import Backups
from condor.store.mending import Mending
from condor.store.salvage import salvage
from condor.store.soundness import damage_of
from tests.support.records import begin_records

PAGE = 4096


class Crash(BaseException):
    """The process ends here."""


class At(Points):
    def __init__(self, label: str) -> None:
        self._label = label

    def reach(self, label: str) -> None:
        if label == self._label:
            raise Crash(label)


def make(home: Home, count: int = 800) -> None:
    """Records with an owner, a bot with a position, and many executions."""
    home.make()
    begin_records(home.database)
    with sqlite3.connect(home.database) as db:
        db.execute("INSERT INTO users VALUES (5,'me','OWNER',1)")
        db.execute("INSERT INTO chats VALUES (5,'telegram',5,0,0,0)")
        db.execute("INSERT INTO groups VALUES ('telegram',-5,'G','allowed',5,'me',1,1,0)")
        db.execute("INSERT INTO strangers VALUES (6,'Eve','blocked',1,1,1)")
        db.execute("INSERT INTO bots VALUES ('b','B','paper','paper','running',0,5,1,NULL)")
        db.execute("INSERT INTO bot_configs VALUES ('b','c',1,'pmm_simple','{}')")
        db.execute("INSERT INTO cursors VALUES ('notifications', 700)")
        db.execute("INSERT INTO holds VALUES ('paper','b','c','v','P-Q','net','1.5','2','3','0','0','0','7',0,8)")
        db.execute(
            "INSERT INTO executors VALUES ('x-1-1','paper','b','c','order_executor','RUNNING',NULL,'','v','P-Q','BUY','1',NULL,NULL,NULL,NULL,'0','0','{}','{}',1,0)"
        )
        for number in range(count):
            key = f"cdr-1-{number}"
            db.execute("INSERT INTO intents VALUES (?,'paper','b','c','x-1-1','v','P-Q','BUY','LIMIT','open','OPEN','1','2',?)", (key, number))
            db.execute("INSERT INTO orders VALUES (?,'paper',?,NULL,'v','x-1-1','FILLED','1',NULL,'',1,2)", (f"{key}-1", key))
            db.execute("INSERT INTO fills VALUES ('paper','v','P-Q',?,?,'b','c','x-1-1','BUY','2','1','0','Q','0',1,5)", (str(number), f"{key}-1"))
            db.execute(
                "INSERT INTO facts (account,kind,bot_id,controller_id,executor_id,ts_ns,wall_ms,payload) VALUES ('paper','k','b','c','x',1,?,'{}')",
                (number,),
            )
        db.execute("INSERT INTO runtime VALUES ('serial', '900')")
    with sqlite3.connect(home.database) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path)
    make(made)
    return made


def count(path: Path, table: str) -> int:
    with sqlite3.connect(path) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def spoil_pages_of(path: Path, table: str, how_many: int) -> int:
    """Overwrite the heads of some leaf pages of a table; returns how many rows were on them at most."""
    with sqlite3.connect(path) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    content = bytearray(path.read_bytes())
    start = (root - 1) * PAGE
    assert content[start] == 5, "the table has an interior root page"
    cells = int.from_bytes(content[start + 3 : start + 5], "big")
    rows = 0
    for cell in range(1, 1 + how_many):
        at = start + int.from_bytes(content[start + 12 + 2 * cell : start + 14 + 2 * cell], "big")
        leaf = (int.from_bytes(content[at : at + 4], "big") - 1) * PAGE
        rows += int.from_bytes(content[leaf + 3 : leaf + 5], "big")
        content[leaf : leaf + 64] = b"\xff" * 64
    assert cells > 1 + how_many
    path.write_bytes(content)
    return rows


@pytest.mark.parametrize("table", ["fills", "orders", "facts"])
def test_p7_rows_before_and_behind_a_damage_are_read_back(home: Home, tmp_path: Path, table: str) -> None:
    lost = spoil_pages_of(home.database, table, 2)
    assert 0 < lost < 400
    assert damage_of(home.database)
    (said,) = Mending(home, lambda: 1234).records()
    assert "records were damaged" in said and table in said
    assert damage_of(home.database, thorough=True) == []
    expected = 801 if table == "facts" else 800
    assert count(home.database, table) == expected - lost
    for other in {"fills", "orders", "intents"} - {table}:
        assert count(home.database, other) == 800
    assert [count(home.database, name) for name in ("users", "chats", "bots", "bot_configs", "holds", "executors")] == [1] * 6


def test_p7_trading_is_halted_and_it_is_told(home: Home) -> None:
    spoil_pages_of(home.database, "fills", 1)
    Mending(home, lambda: 1234).records()
    with sqlite3.connect(home.database) as db:
        (reason, who) = db.execute("SELECT reason, set_by FROM latches WHERE name = 'halt'").fetchone()
        told = db.execute("SELECT event_id, payload FROM facts WHERE kind = 'trading_halted'").fetchall()
        cursor = db.execute("SELECT value FROM cursors").fetchone()[0]
    assert "release" in reason and "data/quarantine/1234/condor.db" in reason and who == "condor"
    assert len(told) == 1 and told[0][0] > cursor, "an alert behind the cursor would never be told"


@pytest.mark.parametrize("seed", range(12))
def test_p7_flipped_bytes_anywhere_never_stop_a_start_or_bring_nonsense(home: Home, seed: int) -> None:
    """Whatever is hit, a start ends with a sound file, and no row is there that was not written."""
    chance = random.Random(seed)
    written = set(sqlite3.connect(home.database).execute("SELECT trade_id, client_order_id, price, amount FROM fills"))
    content = bytearray(home.database.read_bytes())
    for _ in range(chance.choice((1, 5, 40))):
        place = chance.randrange(100, len(content) - 64)
        content[place : place + 16] = chance.randbytes(16)
    home.database.write_bytes(content)
    is_damaged = bool(damage_of(home.database))
    said = Mending(home, lambda: 5).records()
    assert bool(said) is is_damaged
    assert damage_of(home.database) == []
    if is_damaged:
        assert (home.quarantine / "5" / "condor.db").read_bytes() == content
        found = set(sqlite3.connect(home.database).execute("SELECT trade_id, client_order_id, price, amount FROM fills"))
        # bytes inside a value can't be known to be wrong, but a row is never made up
        assert len(found - written) <= 40 and len(found) <= len(written)


@pytest.mark.parametrize("label", ["mend.salvaged", "mend.moved"])
def test_p7_a_start_that_dies_while_mending_is_gone_on_with(home: Home, label: str) -> None:
    lost = spoil_pages_of(home.database, "fills", 1)
    content = home.database.read_bytes()
    with pytest.raises(Crash):
        Mending(home, lambda: 77, At(label)).records()
    (said,) = Mending(home, lambda: 99).records()
    assert "data/quarantine/77/condor.db" in said
    assert (home.quarantine / "77" / "condor.db").read_bytes() == content
    assert count(home.database, "fills") == 800 - lost
    assert Mending(home, lambda: 100).records() == []
    assert sorted(path.name for path in home.data.iterdir() if path.name.startswith("condor.db")) == ["condor.db"]


def test_p7_the_wal_goes_with_its_file(home: Home) -> None:
    """A WAL that stayed behind would be played into the new file."""
    spoil_pages_of(home.database, "fills", 1)
    for end in ("-wal", "-shm"):
        home.database.with_name("condor.db" + end).write_bytes(b"x" * 100)
    Mending(home, lambda: 3).records()
    assert {path.name for path in (home.quarantine / "3").iterdir()} == {"condor.db", "condor.db-wal", "condor.db-shm"}
    assert not home.database.with_name("condor.db-wal").exists()


def test_p7_commits_that_were_only_in_the_wal_are_read_back(home: Home, tmp_path: Path) -> None:
    writing = sqlite3.connect(home.database)
    writing.execute("INSERT INTO runtime VALUES ('late', 'x')")
    writing.commit()
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in home.data.glob("condor.db*"):
        shutil.copy(path, copy)
    writing.close()
    fresh = tmp_path / "fresh.db"
    begin_records(fresh)
    assert salvage(copy / "condor.db", fresh).rows["runtime"] == 2


def test_p7_access_is_kept_from_the_newest_copy_when_nothing_can_be_read(home: Home) -> None:
    Backups(home.backups, "1.0", lambda: 10).take(home.database)
    home.database.write_bytes(b"no database" * 500)
    (said,) = Mending(home, lambda: 20).records()
    assert "nothing could be read back" in said
    assert (count(home.database, "users"), count(home.database, "chats"), count(home.database, "bots")) == (1, 1, 0)
    assert (count(home.database, "groups"), count(home.database, "strangers")) == (1, 1), "who is let in and who is kept out stays"


def test_p7_a_database_of_the_first_version_is_read_back_as_the_paper_account(tmp_path: Path) -> None:
    old, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
    migrate(old, target="records_0001")
    migrate(old, [MIGRATIONS], target="application_0001")
    with sqlite3.connect(old) as db:
        db.execute("INSERT INTO fills VALUES ('v','P-Q','t','cdr-1-5-1','b','c','x','BUY','2','1','0','Q',NULL,1,5)")
        db.executemany("INSERT INTO audit VALUES (?,1,5,5,'halt','trading','','x','done')", [(1,), (2,)])
    begin_records(fresh)
    assert salvage(old, fresh).rows["fills"] == 1
    with closing(sqlite3.connect(fresh)) as db:
        assert list(broken_links(db)) == [] and db.execute("SELECT count(*) FROM audit WHERE hash <> ''").fetchone() == (2,)
    assert sqlite3.connect(fresh).execute("SELECT account, trade_id FROM fills").fetchall() == [("paper", "t")]


def test_p7_the_paper_exchange_s_loss_is_its_own(home: Home) -> None:
    home.paper_database.write_bytes(b"no database" * 500)
    with sqlite3.connect(home.database) as db:
        db.execute("INSERT INTO bots VALUES ('l','L','live','main','running',0,5,1,NULL)")
        db.execute("INSERT INTO holds VALUES ('main','l','c','v','P-Q','net','4','2','3','0','0','0','7',0,8)")
        db.execute("INSERT INTO legs VALUES ('x-1-1','v','P-Q',0,'paper','b','c','RUNNING',NULL,'BUY','1',NULL)")
        db.execute("INSERT INTO legs VALUES ('x-9-9','v','P-Q',0,'main','l','c','RUNNING',NULL,'BUY','1',NULL)")
    (said,) = Mending(home, lambda: 9).venues()
    assert "paper exchange's books were damaged" in said and "B" in said
    assert (home.quarantine / "9" / "paper.db").is_file() and not home.paper_database.exists()
    with sqlite3.connect(home.database) as db:
        assert dict(db.execute("SELECT bot_id, state FROM bots")) == {"b": "stopped", "l": "running"}
        assert dict(db.execute("SELECT account, net_amount_base FROM holds")) == {"paper": "0", "main": "4"}
        assert db.execute("SELECT status, exposure_base FROM executors").fetchall() == [("TERMINATED", "0")]
        assert db.execute("SELECT status, exposure_base FROM legs ORDER BY account DESC").fetchall() == [("TERMINATED", "0"), ("RUNNING", "1")]
        assert db.execute("SELECT 1 FROM latches").fetchall() == [], "real money trades on"


def test_p7_a_damaged_chat_begins_empty(home: Home) -> None:
    home.chat_database.write_bytes(b"no database" * 500)
    (said,) = Mending(home, lambda: 9).venues()
    assert "local chat" in said and (home.quarantine / "9" / "chat.db").is_file()
