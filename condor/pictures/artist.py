"""The process that draws, seen from the program: begun with the first picture, ended after a while without one and with the program.

A drawing that takes too long costs the process that is at it, never the program: the next picture gets a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import struct
import sys
from pathlib import Path

from condor.errors import UserError

log = logging.getLogger(__name__)

LIMIT_S = 15.0
"""How long a picture may take; the first one also loads matplotlib."""

IDLE_S = 300.0
MAX_WAITING = 16
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "PYTHONHOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "HOME")
"""All that the process gets of the environment: it needs no secret."""


class CannotDraw(UserError):
    """A picture is not to be had now."""


class Artist:
    """See the module.

    Parameters
    ----------
    folder : Path
        Where matplotlib keeps its list of fonts.
    command : tuple of str
        What is run; it reads drawings from its input and writes pictures.
    """

    def __init__(
        self,
        folder: Path,
        command: tuple[str, ...] = (sys.executable, "-m", "condor.pictures.worker"),
        limit_s: float = LIMIT_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self._folder = folder
        self._command = command
        self._limit_s = limit_s
        self._idle_s = idle_s
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._idle: asyncio.TimerHandle | None = None

    async def draw(self, drawing: bytes) -> bytes:
        """The PNG of an encoded drawing.

        Raises
        ------
        CannotDraw
            If it takes too long, too many wait, or drawing failed.
        """
        if self._waiting >= MAX_WAITING:
            raise CannotDraw("too many pictures are being drawn at the moment")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._drawn(drawing)
        finally:
            self._waiting -= 1

    async def _drawn(self, drawing: bytes) -> bytes:
        self._stay()
        try:
            async with asyncio.timeout(self._limit_s):
                process = await self._running()
                is_drawn, content = await _exchange(process, drawing)
        except TimeoutError:
            await self.close()
            raise CannotDraw(f"the picture was not drawn within {self._limit_s:g} s") from None
        except (OSError, EOFError) as error:
            await self.close()
            log.warning("the process that draws pictures has ended (%s)", error)
            raise CannotDraw("the process that draws pictures has ended") from None
        except asyncio.CancelledError:
            # half an answer may stand in the pipe: nobody must take it for his
            self._kill()
            raise
        self._leave_later()
        if not is_drawn:
            log.error("a picture could not be drawn: %s", content.decode(errors="replace"))
            raise CannotDraw("drawing has failed; the log says why")
        return content

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**kept, "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(self._folder)},
                # what the terminal sends to the program is not for it
                start_new_session=True,
            )
        return self._process

    # ---- end -------------------------------------------------------------------------------------------------------
    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _leave_later(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._kill)

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    @property
    def pid(self) -> int | None:
        """Of the process that draws; None while there is none."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def close(self) -> None:
        """End the process."""
        self._stay()
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _exchange(process: asyncio.subprocess.Process, drawing: bytes) -> tuple[bool, bytes]:
    """Send a drawing, take the answer: whether it is a picture, and the picture or what was wrong."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(struct.pack(">I", len(drawing)) + drawing)
    await process.stdin.drain()
    is_drawn, length = struct.unpack(">BI", await process.stdout.readexactly(5))
    return bool(is_drawn), await process.stdout.readexactly(length)
