"""Which files of the home its owner has allowed to run: controllers and scripts are code, and each version of one is approved once, by its hash."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botcore.model.errors import UserError

TERMINAL = "terminal"
"""Whoever starts something in a terminal of the home is its owner: that counts as approval."""


class ApprovalNeeded(UserError):
    """A file has not been approved as it is now.

    Parameters
    ----------
    file : str
        Its path within the home.
    digest : str
        SHA-256 over it and the files of the home that it imports.
    """

    def __init__(self, file: str, digest: str) -> None:
        self.file, self.digest = file, digest
        super().__init__(
            f"{file} (hash {digest[:12]}) is code that the owner has not approved yet: read it, then start a backtest of it in a terminal, or approve this hash"
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """One approved version: by whom, and when (wall time, ms)."""

    file: str
    digest: str
    by: str
    at_ms: int


class Approvals:
    """Approved hashes of one home, in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Approval]:
        """Oldest first; a line that can't be read approves nothing."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            with suppress(ValueError, TypeError, KeyError):
                values: dict[str, Any] = json.loads(line)
                found.append(Approval(str(values["file"]), str(values["digest"]), str(values["by"]), int(values["at_ms"])))
        return found

    def of(self, digest: str) -> Approval | None:
        return next((item for item in self.all() if item.digest == digest), None)

    def add(self, approval: Approval) -> None:
        """Write one down, durably.

        Raises
        ------
        UserError
            If the home can't be written.
        """
        if self.of(approval.digest) is not None:
            return
        values = {"file": approval.file, "digest": approval.digest, "by": approval.by, "at_ms": approval.at_ms}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, (json.dumps(values) + "\n").encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise UserError(f"can't write down the approval of {approval.file}: {error.strerror}") from None
