"""The process that draws: drawings come in, pictures go out, until its input ends. It holds nothing and knows nobody."""

from __future__ import annotations

import os
import struct
import sys
import traceback
from typing import BinaryIO

from condor.pictures.drawings import decode


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answer each drawing with its picture, or with what was wrong."""
    from condor.pictures.paint import paint

    while len(head := source.read(4)) == 4:
        raw = source.read(struct.unpack(">I", head)[0])
        try:
            is_drawn, answer = True, paint(decode(raw))
        except Exception:  # noqa: BLE001 - the door of a drawing
            is_drawn, answer = False, traceback.format_exc().encode()
        target.write(struct.pack(">BI", is_drawn, len(answer)) + answer)
        target.flush()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        # whatever trades goes first
        os.nice(10)
    serve(sys.stdin.buffer, sys.stdout.buffer)
