"""Pictures for front ends: drawn once for the same content, however often and by whomever they are asked for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from condor.pictures.artist import Artist
from condor.pictures.drawings import Drawing, encode, key_of

KEPT_BYTES = 16 * 1024 * 1024


class PictureService:
    """See the module."""

    def __init__(self, artist: Artist) -> None:
        self._artist = artist
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._drawing: dict[str, asyncio.Task[bytes]] = {}

    async def draw(self, drawing: Drawing) -> bytes:
        """A PNG; CannotDraw (a UserError) when there is none to be had. Whoever stops waiting stops nobody else."""
        key = key_of(drawing)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        task = self._drawing.get(key)
        if task is None:
            task = self._drawing[key] = asyncio.create_task(self._artist.draw(encode(drawing)), name="picture")
            task.add_done_callback(lambda done: self._drawn(key, done))
        return await asyncio.shield(task)

    def _drawn(self, key: str, task: asyncio.Task[bytes]) -> None:
        self._drawing.pop(key, None)
        if task.cancelled() or task.exception() is not None:
            return
        self._kept[key] = task.result()
        while sum(map(len, self._kept.values())) > KEPT_BYTES:
            self._kept.popitem(last=False)

    def shed(self) -> int:
        """Forget what has been drawn; returns about how many bytes that were."""
        size = sum(map(len, self._kept.values()))
        self._kept.clear()
        return size

    async def close(self) -> None:
        """End what is being drawn and the process that draws."""
        for task in list(self._drawing.values()):
            task.cancel()
        await self._artist.close()
