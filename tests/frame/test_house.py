"""The frame: import contracts, compiled extensions, schema, shipped files."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from botcore.recorder import tables as records
from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import open_engine
from condor.doctor import EXTENSIONS, LANE
from condor.errors import UserError
from condor.store import MIGRATIONS
from condor.store import tables as application
from tests.support.built import stale_modules
from tests.support.instance import CHECKOUT

BIN = Path(sys.executable).parent


# ---- the five rules ------------------------------------------------------------------------------------------------
def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run([str(BIN / "lint-imports"), "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code, to plant violations in."""
    for name in ("botcore", "condor", "handlers"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.c"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path


def test_import_contracts_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("botcore/core/bus.py", "import condor.users", "1a"),
        ("condor/manager.py", "import handlers.html", "1b"),
        ("handlers/words.py", "import botcore.model.order", "1c"),
        ("condor/services/bots.py", "import telegram", "1d"),
        ("condor/manager.py", "import apscheduler", "1e"),
        ("condor/manager.py", "import aiohttp", "1f"),
        ("condor/services/history.py", "import sqlalchemy", "1g"),
        ("botcore/executors/pricing.py", "import botcore.connectors.base", "2:"),
        ("botcore/risk/gate.py", "import botcore.data.tape", "2:"),
        ("condor/host.py", "import condor.wiring", "3a"),
        ("botcore/strategies/runtime.py", "import time", "4:"),
        ("botcore/markets/candles.py", "import asyncio", "4:"),
        ("condor/services/bots.py", "import condor.web", "5:"),
        ("botcore/model/order.py", "import botcore.markets.candles", "floors"),
    ],
)
def test_planted_violation_is_found(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / file
    path.write_text(path.read_text().replace("from __future__ import annotations\n", f"from __future__ import annotations\n\n{line}\n", 1))
    done = lint(copy)
    assert done.returncode == 1
    broken = done.stdout.partition("Broken contracts")[2].splitlines()
    assert any(text.startswith(contract) or (contract in text and "of botcore" in text) for text in broken), done.stdout[-1500:]


def test_wall_clock_in_the_core_is_refused_by_ruff(tmp_path: Path) -> None:
    folder = tmp_path / "botcore"
    folder.mkdir()
    (folder / "x.py").write_text("import datetime\nimport time\n\nNOW = time.time()\nTHEN = datetime.datetime.now(datetime.UTC)\n")
    command = [str(BIN / "ruff"), "check", "--no-cache", "--config", str(CHECKOUT / "pyproject.toml"), "--select", "TID251", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout.count("TID251") == 2


# ---- extensions ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", EXTENSIONS)
def test_extensions_are_machine_code(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert module.__file__.endswith((".so", ".pyd"))
    folder, stem = CHECKOUT / Path(*name.split(".")[:-1]), name.rpartition(".")[2]
    assert {path.suffix for path in folder.glob(f"{stem}.p*")} >= {".pyx", ".pxd", ".pyi"}


@pytest.mark.parametrize("name", LANE)
def test_typed_modules_are_machine_code(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert module.__file__.endswith((".so", ".pyd"))
    source = CHECKOUT / (name.replace(".", "/") + ".py")
    # a pydantic model is made when its class is: mypyc would make something else of it
    assert not re.search(r"^from pydantic|^import pydantic", source.read_text(), flags=re.MULTILINE)


def test_source_newer_than_the_build_stops_the_tests(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".built").touch()
    (tmp_path / "botcore").mkdir()
    (tmp_path / "botcore" / "compiled.txt").write_text("botcore.a\nbotcore.b\n")
    for name in ("a", "b"):
        (tmp_path / "botcore" / f"{name}.py").touch()
    (tmp_path / "botcore" / "a.cpython-311-x86_64-linux-gnu.so").touch()
    os.utime(tmp_path / ".venv" / ".built", (1, 1))
    assert stale_modules(tmp_path) == ["botcore.a"], "b runs as plain Python: nothing of it can be old"
    os.utime(tmp_path / "botcore" / "a.py", (1, 1))
    assert stale_modules(tmp_path) == []


# ---- the schema ----------------------------------------------------------------------------------------------------
def test_migrated_schema_is_the_one_that_the_code_uses(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    migrate(path, [MIGRATIONS])
    engine = open_engine(path)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, [records.metadata, application.metadata])
        views = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'view'")}
        for view in sorted(views):
            connection.exec_driver_sql(f"SELECT * FROM {view}").fetchall()
    engine.dispose()
    assert [difference for difference in differences if "alembic_version" not in str(difference)] == []
    assert views == {"v_intents", "v_orders", "v_fills", "v_executors", "v_legs", "v_holds", "v_positions", "v_funding", "v_outbox", "v_audit"}


def test_migrating_twice_changes_nothing_and_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    migrate(path, [MIGRATIONS])
    before = path.read_bytes()
    migrate(path, [MIGRATIONS])
    assert path.read_bytes() == before
    engine = open_engine(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999_future')")
    engine.dispose()
    with pytest.raises(UserError, match="newer Condor"):
        migrate(path, [MIGRATIONS])


# ---- what is shipped -----------------------------------------------------------------------------------------------
def test_locks_carry_hashes_and_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-tools.lock"):
        text = (CHECKOUT / name).read_text()
        assert "--hash=sha256:" in text
        assert "index-url" not in text
        assert "://" not in text


OF_THE_PEERS = {"__init__", "__main__", "depth_peer"}
"""Files of benchmarks/ that are no modules of ours, or run in the peers' own environment."""


@pytest.mark.parametrize("module", sorted({path.stem for path in (CHECKOUT / "benchmarks").glob("*.py")} - OF_THE_PEERS))
def test_benchmarks_still_fit_what_they_measure(module: str) -> None:
    """They run outside CI; what they use must not move away unseen."""
    assert importlib.import_module(f"benchmarks.{module}")
