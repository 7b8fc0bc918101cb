"""How a row of the fault catalogue is played: one async function on a rig is one test for each venue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.live_rig import PERP, SPOT, LiveRig

Play = Callable[[LiveRig], Awaitable[None]]


def played(*names: str, **options: Any) -> Callable[[Play], Callable[[str], None]]:
    """The test that plays this on a rig of each connector (both when none is named), in virtual time, and lets the rig judge at the end."""

    def wrap(play: Play) -> Callable[[str], None]:
        @pytest.mark.parametrize("name", names or (PERP, SPOT))
        def test(name: str) -> None:
            LiveRig(name, **options).run(play)

        test.__name__, test.__doc__, test.__module__ = play.__name__, play.__doc__, play.__module__
        return test

    return wrap
