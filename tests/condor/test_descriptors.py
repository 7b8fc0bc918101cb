"""P13: a process without file descriptors, in a child of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from botcore.venues.aiohttp_port import AiohttpPort
from botcore.venues.port import SocketClosed

CHILD = """
import os, resource
from condor.descriptors import COUNT, DescriptorReserve
resource.setrlimit(resource.RLIMIT_NOFILE, (96, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

def fill():
    found = []
    try:
        while True:
            found.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return found

said = []
reserve = DescriptorReserve(said.append)
reserve.look(); reserve.look()
assert said == [] and reserve.trouble is None
hog = fill()
assert hog
reserve.look()
assert len(said) == 1 and said[0].startswith("no file descriptors are left (96 are allowed)"), said
mine = fill()
assert len(mine) == COUNT, len(mine)
for one in mine: os.close(one)
reserve.look(); reserve.look()
assert len(said) == 1, "told once"
spare = fill()
assert len(spare) == COUNT, "and it is not set aside again while there is no room"
for one in [*spare, *hog]: os.close(one)
reserve.look()
assert said[1:] == [None] and reserve.trouble is None
reserve.close()
print("well")
"""


def test_p13_the_reserve_is_given_back_told_once_and_set_aside_again() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert done.stdout == "well\n", done.stderr


async def test_p13_streams_wait_while_there_are_none() -> None:
    port = AiohttpPort(lambda: 0, may_connect=lambda: False)
    with pytest.raises(SocketClosed, match="no file descriptors are left"):
        await port.connect("ws://127.0.0.1:9/", 1)
    await port.close()
