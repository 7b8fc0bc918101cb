"""Questions about orders: one list that answers for many."""

from __future__ import annotations

from botcore.venues.line import Ask, Told
from tests.support.live_rig import PERP, LiveRig


def test_w7_question_that_is_asked_twice_is_not_answered_with_a_denial() -> None:
    rig = LiveRig(PERP)

    async def play(rig: LiveRig) -> None:
        price = rig.instrument.price(rig.instrument.floor_ticks(rig.mid()) - 5_000)
        order = rig.submit("0.01", format(price, "f"))
        await rig.until(lambda: order.is_working)
        heard: list[Told] = []
        line = rig.session.line
        deliver = line._deliver
        line._deliver = lambda news: (heard.append(news) if type(news) is Told else None, deliver(news))[1]
        for _ in range(3):
            line.ask(Ask.OPEN, order)
        await rig.sleep(2)
        assert [told.is_negative for told in heard if told.client_order_id == order.client_order_id] == [False]
        assert len(rig.connector.doubts) == 0

    rig.run(play)
