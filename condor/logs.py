"""Logs: a file in the home and warnings on standard error, with secrets taken out of every line."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler

from condor.home import Home

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
MAX_BYTES, KEPT = 5 * 1024 * 1024, 5
BOT_TOKEN = re.compile(r"\b\d{6,12}:[A-Za-z0-9_-]{30,}")


class Redacting(logging.Formatter):
    """Formats a record, traceback included, and takes known secrets and whatever looks like a bot token out of the text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(FORMAT)
        self._secrets = [secret for secret in secrets if len(secret) >= 8]

    def format(self, record: logging.LogRecord) -> str:
        text = BOT_TOKEN.sub("[token]", super().format(record))
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text


def set_up(home: Home, level: str, secrets: Iterable[str]) -> None:
    """Send all logs to `logs/condor.log`, warnings to standard error too."""
    formatter = Redacting(secrets)
    file = RotatingFileHandler(home.logs / "condor.log", maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    root = logging.getLogger()
    root.setLevel(level.upper())
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    for handler in (file, console):
        handler.setFormatter(formatter)
        root.addHandler(handler)
    # both would write addresses that hold the bot's token, or a line for every tick
    for name in ("httpx", "httpcore", "apscheduler", "telegram.ext", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
