"""`condor export` writes what is there and nothing that a spreadsheet would run; `condor verify` finds rows that disagree and says what it looked at."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest

from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import open_engine
from condor.errors import UserError
from condor.home import Home
from condor.store import MIGRATIONS
from condor.store.audit import write_audit
from condor.store.export import TABLES, export
from condor.store.verify import RECORD_CHECKS, quarantined, verify
from condor.users import Actor, Role
from tests.support.records import fresh_records


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path)
    made.make()
    made.database.write_bytes(fresh_records())
    change(
        made,
        "INSERT INTO bots VALUES ('b','=HYPERLINK(\"x\")','paper','paper','running',0,5,1,NULL)",
        "INSERT INTO bot_configs VALUES ('b','c',1,'pmm_simple','{\"leverage\": 2, \"pair\": \"P-Q\"}')",
        "INSERT INTO executors VALUES ('x-1-1','paper','b','c','order_executor','RUNNING',NULL,'@a','v','P-Q','BUY','0.9',NULL,NULL,'-1.5',NULL,'0','0','{}','{\"k\": 1}',1,0)",
        "INSERT INTO executors VALUES ('x-1-2','paper','b','c','pair_executor','RUNNING',NULL,'','','','','0',NULL,NULL,NULL,NULL,'0','0','{}','{}',1,0)",
        "INSERT INTO legs VALUES ('x-1-2','v','P-Q',0,'paper','b','c','RUNNING',NULL,'BUY','0',NULL)",
        "INSERT INTO intents VALUES ('cdr-1-2','paper','b','c','x-1-1','v','P-Q','BUY','LIMIT','open','OPEN','1','2',3)",
        "INSERT INTO orders VALUES ('cdr-1-2-1','paper','cdr-1-2','e','v','x-1-1','FILLED','1','2','',3,4)",
        "INSERT INTO fills VALUES ('paper','v','P-Q','t1','cdr-1-2-1','b','c','x-1-1','BUY','2','1','0.1','P','0.2',1,5)",
        "INSERT INTO holds VALUES ('paper','b','c','v','P-Q','net','-1.5','2','3','0','0','0','7',0,8)",
        "INSERT INTO funding VALUES ('live','v','P-Q','9001','b','c','Q','-0.25','-0.25',6)",
        "INSERT INTO runtime VALUES ('serial','2')",
        "INSERT INTO users VALUES (5,'me','OWNER',1)",
    )
    engine = open_engine(made.database)
    with engine.begin() as connection:
        write_audit(connection, 9, Actor(5, "me", Role.OWNER, "telegram", 5), "start_bot", "b", after="pmm_simple (paper)")
    engine.dispose()
    return made


def change(home: Home, *statements: str) -> None:
    with sqlite3.connect(home.database) as connection:
        for statement in statements:
            connection.execute(statement)


# ---- export ----------------------------------------------------------------------------------------------------------
def test_lines_hold_every_row_with_its_account_and_money_as_text(home: Home, tmp_path: Path) -> None:
    counts = export(home, tmp_path / "out", "jsonl")
    assert counts == {f"{name}.jsonl": 1 for name in TABLES} | {"executors.jsonl": 2}
    read = {name: json.loads((tmp_path / "out" / f"{name}.jsonl").read_text().splitlines()[0]) for name in TABLES}
    assert read["configs"]["config"] == {"leverage": 2, "pair": "P-Q"}
    assert (read["fills"]["account"], read["fills"]["amount"], read["fills"]["trade_id"]) == ("paper", "1", "t1")
    assert (read["funding"]["bot_id"], read["funding"]["amount_quote"], read["funding"]["funding_id"]) == ("b", "-0.25", "9001")
    assert read["bots"]["title"] == '=HYPERLINK("x")', "lines are for programs: nothing is changed"
    assert list(home.data.glob("export-*")) == []


def test_a_spreadsheet_calculates_nothing(home: Home, tmp_path: Path) -> None:
    export(home, tmp_path / "out", "csv")
    (bot,) = csv.DictReader((tmp_path / "out" / "bots.csv").open(newline=""))
    executor, _ = csv.DictReader((tmp_path / "out" / "executors.csv").open(newline=""))
    (hold,) = csv.DictReader((tmp_path / "out" / "holds.csv").open(newline=""))
    assert bot["title"] == '\'=HYPERLINK("x")' and executor["reason"] == "'@a"
    assert (hold["net_amount_base"], executor["net_pnl_quote"]) == ("-1.5", "-1.5"), "a negative number is a number"


def test_a_zip_holds_the_same(home: Home, tmp_path: Path) -> None:
    export(home, tmp_path / "out.zip", "csv")
    export(home, tmp_path / "out", "csv")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        assert len(list(csv.reader(io.StringIO(archive.read("fills.csv").decode())))) == 2


def test_what_may_be_exported_holds_no_secret_table(home: Home) -> None:
    text = " ".join(TABLES.values())
    for table in ("users", "tokens", "panels", "inbox", "runtime", "venue_memory", "chats"):
        assert table not in text


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_nothing_is_overwritten_and_mistakes_are_one_sentence(home: Home, tmp_path: Path, form: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(UserError, match="there already"):
        export(home, tmp_path / "full", "csv")
    with pytest.raises(UserError, match="nothing to export"):
        export(Home(tmp_path / "empty", tmp_path), tmp_path / "out", "csv")
    with pytest.raises(UserError, match="can't write"):
        export(home, tmp_path / "full" / "x" / "y", "csv")
    home.database.write_bytes(b"no database" * 500)
    with pytest.raises(UserError, match="condor verify"):
        export(home, tmp_path / "out", "csv")


# ---- verify ----------------------------------------------------------------------------------------------------------
def faults(home: Home) -> list[str]:
    return [fault for database in verify(home) for fault in database.faults]


def test_sound_records_are_sound_and_it_says_what_it_looked_at(home: Home) -> None:
    (found,) = verify(home)
    assert (found.name, found.faults) == ("condor.db", ())
    assert found.checked == ("integrity", "schema", "references", *RECORD_CHECKS)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM intents", "order cdr-1-2-1 has no intent"),
        ("DELETE FROM orders", "fill t1 belongs to no order"),
        ("UPDATE orders SET filled_amount = '2'", "says that 2 is filled, its fills say 1"),
        ("UPDATE fills SET account = 'main'", "speak of different accounts"),
        ("UPDATE intents SET account = 'main'", "different accounts"),
        ("UPDATE legs SET exposure_base = '1'", "executor x-1-2 says that it holds 1, its fills say 0 (v:P-Q)"),
        ("UPDATE legs SET status = 'TERMINATED'", "the leg v:P-Q of executor x-1-2 does not stand as its executor does"),
        ("UPDATE fills SET executor_id = 'x-1-2', trading_pair = 'R-Q'", "executor x-1-2 has traded 1 on v:R-Q and no row says that it holds it"),
        ("UPDATE legs SET status = 'TERMINATED', exposure_base = '2', trading_pair = 'R-Q'", "executor x-1-2 ended with 2 and there is no hold"),
        ("UPDATE executors SET exposure_base = '1' WHERE executor_id = 'x-1-1'", "says that it holds 1, its fills say 0.9"),
        ("UPDATE executors SET status = 'TERMINATED', bot_id = 'other' WHERE executor_id = 'x-1-1'", "ended with 0.9 and there is no hold"),
        ("UPDATE bots SET state = 'stopped'", "does not run"),
        ("UPDATE bots SET account = 'main'", "does not run on its account"),
        ("UPDATE fills SET fee_amount = 'much'", "is no number"),
        ("UPDATE runtime SET value = '1'", "the counter of ids stands at 1, an intent has 2"),
        ("INSERT INTO alembic_version VALUES ('records_9999')", "records_9999"),
    ],
)
def test_rows_that_disagree_are_named(home: Home, statement: str, words: str) -> None:
    change(home, statement)
    found = faults(home)
    assert any(words in fault for fault in found), found


def test_an_old_schema_is_named_and_not_taken_for_damage(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path)
    home.make()
    migrate(home.database, target="records_0001")
    assert any("brings it up to date" in fault for fault in faults(home))
    migrate(home.database, [MIGRATIONS], target="records_0003")
    migrate(home.database, [MIGRATIONS], target="application_0001")
    assert any("brings it up to date" in fault for fault in faults(home))


def test_many_faults_of_a_kind_are_counted(home: Home) -> None:
    change(home, *(f"INSERT INTO orders VALUES ('cdr-9-{n}-1','paper','gone','e','v','x','FILLED','0',NULL,'',3,4)" for n in range(50)))
    found = faults(home)
    assert "and 30 more of the same kind" in found and len(found) < 30


def test_what_is_in_quarantine_is_named(home: Home) -> None:
    (home.quarantine / "77").mkdir(parents=True)
    (home.quarantine / "77" / "condor.db").touch()
    assert quarantined(home) == ["data/quarantine/77/condor.db"]
