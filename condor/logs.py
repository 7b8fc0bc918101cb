"""Logs: a file in the home and warnings on standard error, with secrets taken out of every line.

Whoever logs never waits: lines go through a bounded queue to a thread for each place. A place that is stuck (a full pipe, a full disk) loses lines, which are counted,
and holds up nothing else.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler

from botcore.model.secret import Secret
from condor.home import Home
from condor.redaction import Redactor

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
MAX_BYTES, KEPT = 5 * 1024 * 1024, 5
MAX_WAITING = 10_000
"""Lines that wait for one place."""


class Redacting(logging.Formatter):
    """Formats a record, traceback included, and takes secrets out of the text."""

    def __init__(self, secrets: Iterable[Secret | str] | Redactor) -> None:
        super().__init__(FORMAT)
        self._redact = secrets if isinstance(secrets, Redactor) else Redactor(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


class Drops:
    """How many lines were lost, and to what."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self.count += 1


class _Handing(QueueHandler):
    """Hands a record over, or drops it when too many wait."""

    def __init__(self, waiting: queue.Queue[logging.LogRecord], drops: Drops) -> None:
        super().__init__(waiting)
        self._drops = drops

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self._drops.add()


class _Listener(QueueListener):
    """The thread of one place; it ends with the process, also while its place is stuck."""

    def start(self) -> None:
        self._thread = threading.Thread(target=self._monitor, name="log", daemon=True)  # type: ignore[attr-defined]
        self._thread.start()

    def end(self, patience_s: float) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            self.queue.put_nowait(None)
        except queue.Full:
            return
        thread.join(patience_s)


class Logs:
    """What runs while the program logs.

    Attributes
    ----------
    drops : Drops
    """

    def __init__(self, places: Iterable[logging.Handler], max_waiting: int = MAX_WAITING) -> None:
        self.drops = Drops()
        self.handlers: list[logging.Handler] = []
        self._listeners: list[_Listener] = []
        for place in places:
            waiting: queue.Queue[logging.LogRecord] = queue.Queue(max_waiting)
            place.handleError = lambda record: self.drops.add()  # type: ignore[method-assign]
            handing = _Handing(waiting, self.drops)
            handing.setLevel(place.level)
            self.handlers.append(handing)
            listener = _Listener(waiting, place)
            listener.start()
            self._listeners.append(listener)

    def close(self, patience_s: float = 2.0) -> None:
        """Write what waits, as far as its place takes it."""
        for handler in self.handlers:
            logging.getLogger().removeHandler(handler)
        for listener in self._listeners:
            listener.end(patience_s)


def set_up(home: Home, level: str, secrets: Iterable[Secret | str] | Redactor) -> Logs:
    """Send all logs to `logs/condor.log`, warnings to standard error too."""
    formatter = Redacting(secrets)
    file = RotatingFileHandler(home.logs / "condor.log", maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    console = Console(RawStream(2))
    console.setLevel(logging.WARNING)
    for place in (file, console):
        place.setFormatter(formatter)
    root = logging.getLogger()
    root.setLevel(level.upper())
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    logs = Logs((file, console))
    for handler in logs.handlers:
        root.addHandler(handler)
    # both would write addresses that hold the bot's token, or a line for every tick
    for name in ("httpx", "httpcore", "apscheduler", "telegram.ext", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return logs


class RawStream:
    """Writes to a descriptor without a buffer: a thread that is stuck in it holds no lock that the end of the process needs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        rest = text.encode(errors="replace")
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def flush(self) -> None:
        """There is nothing to flush."""


class Console(logging.StreamHandler[RawStream]):
    """Without a lock, for one thread alone writes to it: at the end of the process `logging` would wait for that of a thread that is stuck in a full pipe."""

    def createLock(self) -> None:
        self.lock = _Nothing()  # type: ignore[assignment]


class _Nothing(AbstractContextManager[None]):
    """Stands where a lock is expected."""

    def acquire(self) -> None:
        """There is nothing to wait for."""

    def release(self) -> None:
        """There is nothing to let go of."""

    def __exit__(self, *fault: object) -> None:
        self.release()


class Speaker:
    """Says lines on standard output in a thread of its own: a pipe that nobody reads holds up nothing."""

    def __init__(self, stream: RawStream | None = None) -> None:
        self._stream = stream or RawStream(1)
        self._lines: queue.Queue[str] = queue.Queue(100)
        threading.Thread(target=self._speak, name="speaker", daemon=True).start()

    def say(self, text: str) -> None:
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            logging.getLogger(__name__).warning("standard output takes no lines")

    def _speak(self) -> None:
        while True:
            try:
                self._stream.write(self._lines.get() + "\n")
            except OSError as error:
                logging.getLogger(__name__).warning("standard output is gone (%s)", error)
                return
