"""The home: everything that the program writes, and the one lock that keeps a second instance out."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from botcore.model.errors import UserError

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one data folder.

    Parameters
    ----------
    root : Path
        `--home`, else `CONDOR_HOME`, else the checkout that the program runs from, else `~/.condor`.
    shipped : Path
        The shipped, read-only `conf/`; a file of the same name under `root/conf` shadows it.
    """

    root: Path
    shipped: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def conf(self) -> Path:
        return self.root / "conf"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def database(self) -> Path:
        return self.data / "condor.db"

    @property
    def paper_database(self) -> Path:
        return self.data / "paper.db"

    @property
    def chat_database(self) -> Path:
        return self.data / "chat.db"

    @property
    def chat_token(self) -> Path:
        return self.data / "chat.token"

    @property
    def telegram_token(self) -> Path:
        """The token of the bot that was connected on the local page (see `condor.phone`)."""
        return self.data / "telegram.token"

    @property
    def chat_address(self) -> Path:
        """Where the running instance's page is, for programs."""
        return self.data / "chat.address"

    @property
    def socket(self) -> Path:
        """Where the command line speaks to the running instance."""
        return self.data / "condor.sock"

    @property
    def venue_rules(self) -> Path:
        """What venues said their trading rules are, for a start while one does not answer."""
        return self.data / "venues"

    @property
    def epoch_file(self) -> Path:
        """Which life of this folder it is (see `condor.store.epoch`)."""
        return self.data / "epoch"

    @property
    def id_file(self) -> Path:
        """The id of this home, kept beside the database too (see `condor.store.home_id`)."""
        return self.data / "home_id"

    @property
    def reserve(self) -> Path:
        """Space that is given back when the disk is full."""
        return self.data / "reserve"

    @property
    def backups(self) -> Path:
        """Copies of the database from before its schema changed."""
        return self.data / "backups"

    @property
    def quarantine(self) -> Path:
        """Damaged files, each start's in a folder of its own; nothing in it is ever deleted by the program."""
        return self.data / "quarantine"

    @property
    def crashes(self) -> Path:
        """How processes ended that did not end well (see `condor.black_box`)."""
        return self.data / "crash"

    @property
    def approvals(self) -> Path:
        """Hashes of the home's own controllers that its owner lets run."""
        return self.data / "approved.jsonl"

    @property
    def vault(self) -> Path:
        """Keys of accounts, sealed (see `condor.vault`)."""
        return self.data / "vault.json"

    @property
    def codes(self) -> Path:
        """Authenticators of people, sealed (see `condor.authenticators`)."""
        return self.data / "codes.json"

    @property
    def lock_file(self) -> Path:
        return self.data / "condor.lock"

    def conf_file(self, *parts: str) -> Path | None:
        """The user's file, else the shipped one, else None."""
        for folder in (self.conf, self.shipped):
            path = folder.joinpath(*parts)
            if path.is_file():
                return path
        return None

    def conf_files(self, folder: str) -> dict[str, Path]:
        """Stem -> file of every YAML file in a folder of conf; the user's files shadow the shipped ones."""
        found: dict[str, Path] = {}
        for base in (self.shipped, self.conf):
            for path in sorted((base / folder).glob("*.yml")):
                found[path.stem] = path
        return found

    def make(self) -> None:
        """Create the folders that the program writes to; only their owner may look into the data.

        Raises
        ------
        UserError
            If that is not possible.
        """
        try:
            for folder in (self.data, self.conf, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            self.data.chmod(0o700)
        except OSError as error:
            raise UserError(f"can't write to the home {self.root}: {error.strerror}; choose another one with --home DIR") from None


def find_home(given: Path | None = None) -> Home:
    """The home that this process works in."""
    shipped = CHECKOUT / "conf"
    if not (shipped / "condor.yml").is_file():
        shipped = Path(__file__).resolve().parent / "_conf"
    if given is not None:
        return Home(given.expanduser().resolve(), shipped)
    named = os.environ.get("CONDOR_HOME")
    if named:
        return Home(Path(named).expanduser().resolve(), shipped)
    if (CHECKOUT / "pyproject.toml").is_file() and os.access(CHECKOUT, os.W_OK):
        return Home(CHECKOUT, shipped)
    return Home(Path("~/.condor").expanduser(), shipped)


def machine_name() -> str:
    """What tells this machine from others; empty where nothing does."""
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        with suppress(OSError):
            return path.read_text(encoding="ascii", errors="replace").strip()
    return ""


class InstanceLock:
    """Held while an instance runs; a second one on the same home is refused with the holder's name.

    The kernel lets go of it when the process dies, however it dies.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.lock_file
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        UserError
            If another process holds it.
        """
        file = open(self._path, "a+", encoding="utf-8")  # noqa: SIM115 - held open for the life of the process
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"another Condor holds this home ({_holder(file.read())}); stop it first, or choose another home with --home DIR"
            ) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, file)
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _holder(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']}"
    except (ValueError, KeyError, TypeError):
        return "its name could not be read"


def holder_of(home: Home) -> str | None:
    """Who holds the home now; None when nobody does."""
    if not home.lock_file.is_file():
        return None
    with open(home.lock_file, "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(file.read())
        fcntl.flock(file, fcntl.LOCK_UN)
    return None


class FileRules:
    """Trading rules of venues as they were read last, one file each (`RulesCache`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, connector_name: str) -> bytes | None:
        try:
            return (self._folder / f"{connector_name}.json").read_bytes()
        except OSError:
            return None

    def put(self, connector_name: str, body: bytes) -> None:
        """Replace the file as a whole; a disk that is full costs only this convenience."""
        try:
            self._folder.mkdir(exist_ok=True)
            new = self._folder / f"{connector_name}.new"
            new.write_bytes(body)
            new.replace(self._folder / f"{connector_name}.json")
        except OSError:
            return
