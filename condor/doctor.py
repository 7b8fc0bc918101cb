"""`condor doctor`: looks at everything that a start needs and says what is wrong, without starting anything."""

from __future__ import annotations

import importlib
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import botcore
from botcore.model.errors import UserError
from condor.configs import Configs
from condor.home import Home, holder_of
from condor.settings import load_environment, load_settings
from condor.store.reserve import SIZE
from condor.store.soundness import damage_of
from condor.store.verify import quarantined

EXTENSIONS = (
    "botcore.orders.tracker",
    "botcore.markets.order_book",
    "botcore.markets.depth_reader",
    "botcore.markets.book_scanner",
    "botcore.markets.rolling",
    "botcore.markets.indicators",
)
LANE = tuple((Path(botcore.__file__).parent / "compiled.txt").read_text().split())
"""Typed modules that mypyc compiles (docs/decisions/0006)."""
ENOUGH = 200 * 2**20
"""Free bytes under which a disk is said to be nearly full."""

OLDEST_SQLITE = (3, 24, 0)
"""The first with upsert."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    text: str


def examine(home: Home) -> Iterator[Finding]:
    """Everything in order; a check that raises a person's mistake is a finding, not an end."""
    for name, check in _checks(home):
        try:
            yield Finding(name, True, check())
        except UserError as error:
            yield Finding(name, False, str(error))


def _checks(home: Home) -> list[tuple[str, Callable[[], str]]]:
    return [
        ("Python", _python),
        *((f"extension {name}", lambda name=name: compiled(name)) for name in EXTENSIONS),
        ("extension botcore.lane", _lane),
        ("SQLite", _sqlite),
        ("home", lambda: _home(home)),
        ("permissions", lambda: _permissions(home)),
        ("records", lambda: _records(home)),
        ("disk", lambda: _disk(home)),
        ("settings", lambda: _settings(home)),
        ("environment", _environment),
        ("venues", lambda: f"{len(Configs(home).venues)} described"),
        ("controller configs", lambda: _controllers(home)),
        ("instance", lambda: f"held by {holder}" if (holder := holder_of(home)) else "nobody holds this home"),
    ]


def compiled(name: str) -> str:
    """Where an extension was loaded from; UserError when it is not machine code."""
    try:
        file = importlib.import_module(name).__file__ or ""
    except ImportError as error:
        raise UserError(f"{name} is not built ({error}): run `make install`") from None
    if file.endswith((".py", ".pyc")):
        raise UserError(f"{name} runs as plain Python, not compiled: run `make install`")
    return "compiled"


def _lane() -> str:
    for name in LANE:
        compiled(name)
    return f"{len(LANE)} modules compiled"


def _python() -> str:
    return sys.version.split()[0]


def _sqlite() -> str:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise UserError(f"expected SQLite 3.24 or newer, found {sqlite3.sqlite_version}")
    return sqlite3.sqlite_version


def _home(home: Home) -> str:
    place = home.root if home.root.exists() else home.root.parent
    if not os.access(place, os.W_OK):
        raise UserError(f"the home {home.root} can't be written")
    return str(home.root)


def _permissions(home: Home) -> str:
    """Whether others of this machine can look into the data, or change what is traded."""
    if home.data.is_dir() and home.data.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserError(f"others may look into {home.data}, where secrets stand: chmod 700 it")
    folders = (home.conf, home.root / "controllers", home.root / "scripts")
    loose = sorted(str(path.relative_to(home.root)) for folder in folders for path in folder.rglob("*") if path.stat().st_mode & stat.S_IWOTH)
    if loose:
        raise UserError(f"everybody on this machine may change what is traded: take that right from {', '.join(loose[:5])} (chmod o-w)")
    return "only its owner may look into the data and change what is traded"


def _records(home: Home) -> str:
    for path in (home.database, home.paper_database, home.chat_database):
        found = damage_of(path)
        if found:
            raise UserError(
                f"{path.name} is damaged ({found[0].splitlines()[-1].strip()}): the next start puts it in quarantine and rebuilds what it can"
            )
    if not home.database.is_file():
        return "none yet"
    kept = quarantined(home)
    return f"sound; {len(kept)} damaged files in quarantine" if kept else "sound"


def _disk(home: Home) -> str:
    place = home.data if home.data.exists() else home.root if home.root.exists() else home.root.parent
    free = shutil.disk_usage(place).free
    if free < ENOUGH:
        raise UserError(f"{free // 2**20} MB are free for {home.root}: make room, below {2 * SIZE // 2**20} MB nothing new is traded")
    return f"{free // 2**20} MB free"


def _settings(home: Home) -> str:
    settings = load_settings(home)
    market = settings.market
    return f"{market.source} market, speed x{market.speed:g}, tick {settings.clock.tick_size:g} s"


def _environment() -> str:
    environment = load_environment()
    return f"chat: {' and '.join(sorted(environment.chats))}; token {'set' if environment.telegram_token else 'not set'}"


def _controllers(home: Home) -> str:
    configs = Configs(home)
    for path in home.conf_files("controllers").values():
        configs.load(path)
    return f"{len(home.conf_files('controllers'))} read, all hold"
