"""A session from its start to an order's life, against SimVenue in virtual time."""

from __future__ import annotations

import pytest

from botcore.model.order import OrderState
from tests.support.live_rig import PERP, SPOT, LiveRig


@pytest.mark.parametrize("name", [PERP, SPOT])
def test_market_order_is_filled_and_booked_once(name: str) -> None:
    rig = LiveRig(name)

    async def play(rig: LiveRig) -> None:
        order = rig.submit("0.01")
        await rig.until(lambda: order.is_done)
        assert order.state is OrderState.FILLED
        await rig.sleep(5)

    rig.run(play)
    assert rig.booked() == rig.venue_trades()
    assert len(rig.booked()) >= 1
    assert rig.troubles == []
