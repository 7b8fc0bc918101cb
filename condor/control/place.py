"""Where the socket is: `data/condor.sock`, for its owner alone.

A socket's whole path must be short (104 bytes on some systems, 108 on others), and a home's need not be. Then the socket is in a private folder of the machine's own and
`data/condor.sock` is a link to it.
"""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from botcore.model.errors import UserError

LONGEST = 100
"""Bytes of a path that every system takes."""

PREFIX = "condor-"
NAME = "condor.sock"
BACKLOG = 16


def listen(path: Path) -> socket.socket:
    """A listening socket at this place; what an earlier process has left there is taken away. Call while holding the home's lock.

    Raises
    ------
    UserError
        If there can be none.
    """
    remove(path)
    try:
        where = path if _is_short(path) else _elsewhere(path)
        return _bound(where)
    except OSError as error:
        remove(path)
        raise UserError(f"can't open the command line's socket {path}: {error.strerror or error}") from None


def address(path: Path) -> str:
    """What to connect to; OSError when there is nothing."""
    return os.readlink(path) if path.is_symlink() else str(path)


def remove(path: Path) -> None:
    """Take the socket away, and the folder that it was put into."""
    if path.is_symlink():
        where = Path(os.readlink(path))
        if where.parent.name.startswith(PREFIX) and _is_mine(where.parent):
            # nothing but the socket, wherever a link leads: a folder with something else in it is somebody's
            with suppress(OSError):
                where.unlink(missing_ok=True)
                where.parent.rmdir()
    path.unlink(missing_ok=True)


def _is_short(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST


def _elsewhere(path: Path) -> Path:
    """A short place in a folder that only we may look into; `path` becomes a link to it."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    bases = [given] if given and os.access(given, os.W_OK) else []
    for base in (*bases, tempfile.gettempdir()):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        if _is_short(folder / NAME):
            path.symlink_to(folder / NAME)
            return folder / NAME
        folder.rmdir()
    raise OSError(0, f"this machine's folder for temporary files ({tempfile.gettempdir()}) has too long a name; set XDG_RUNTIME_DIR to a short one")


def _is_mine(folder: Path) -> bool:
    with suppress(OSError):
        return folder.lstat().st_uid == os.getuid()
    return False


def _bound(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # from its first moment on nobody else may open it
    before = os.umask(0o177)
    try:
        made.bind(str(path))
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    made.listen(BACKLOG)
    made.setblocking(False)
    return made
