"""News that a venue should not send: counts ahead of executions after an order's end, and messages that break whoever takes them."""

from __future__ import annotations

from typing import Any

from botcore.model.events import FactKind
from botcore.model.order import OrderState
from botcore.venues.line import Ask, Reported, Told, Traded, TradesRead
from botcore.venues.wire import Outcome, Verdict
from tests.support.live_bench import D, LiveBench, Owner
from tests.support.lossy_venue import Line


def test_o9_fill_after_the_end_is_asked_for_until_a_list_shows_it() -> None:
    """The first list that is read lags: it repeats what is booked. The question must not be dropped for that."""
    bench = LiveBench()
    bench.venue.partial = 0
    order = bench.submit()
    bench.run(1)
    there = bench.venue.orders[0]
    first = bench.venue.trade(there, 9_900, 400)
    bench.run(1)
    bench.cancel(order)
    bench.run(2)
    assert (order.state, order.filled_lots) == (OrderState.CANCELED, 400)
    bench.venue.line = Line(stream_drop=1)
    bench.venue.trade(there, 9_900, 100)
    bench.run(1)
    bench.connector.inbox.append(Reported(bench.venue._report(there)))
    asked_ns = bench.clock.now_ns
    bench.connector.inbox.append(Told(order.client_order_id, Ask.TRADES, Outcome(Verdict.ACCEPTED), asked_ns, None, (first,)))
    bench.run(5)
    assert bench.booked() == ["t1", "t2"]
    assert order.filled_lots == 500
    assert len([fact for fact in bench.records.facts if fact.kind == FactKind.LATE_FILL]) == 1


class Breaks(Owner):
    """A keeper of strays whose records can't be read just now."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1

    def fills(self, client_order_id: str) -> list[Any]:
        self.left -= 1
        if self.left >= 0:
            raise OSError("disk I/O error")
        return []


def test_p6_news_that_can_not_be_taken_deafens_nobody() -> None:
    """One message that breaks its reader is told, nothing new is opened, and all that stands behind it is taken; the account is looked through again."""
    bench = LiveBench()
    bench.venue.partial = 0
    order = bench.submit()
    bench.run(1)
    bench.keeper._records = broken = Breaks()  # type: ignore[assignment]
    stray = bench.venue._report(bench.venue.orders[0])
    stray = type(stray)("cdr-0-99-1", "v99", stray.trading_pair, OrderState.OPEN, 10, 0, bench.clock.now_ns)
    fill = bench.venue.trade(bench.venue.orders[0], 9_900, 1000)
    booked: list[Any] = []
    bench.venue.booked = booked.append  # type: ignore[method-assign, assignment]
    bench.connector.inbox += [Reported(stray), Traded(fill), TradesRead(stray.trading_pair, 1)]
    bench.connector.on_tick(bench.clock.now_ns)
    assert broken.left == 0
    assert order.state is OrderState.FILLED
    assert booked == [], "what was not taken must be read again by the next process"
    assert "can't be taken" in (bench.connector.closed_reason() or "")
    (told,) = [fact for fact in bench.records.faults if fact.kind == FactKind.PART_FAULT]
    assert "disk I/O error" in told.error
    bench.keeper._records = bench
    bench.run(2)
    assert bench.connector.inbox == []
    assert D("1") == bench.instrument.amount(order.filled_lots)
