"""The tape merges markets by time, each event the same short way: requests before it, the market, resting orders after it."""

from __future__ import annotations

from collections import deque
from typing import Any

from botcore.core.clock import Clock
from botcore.data.tape import Tape, timeline
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode
from botcore.model.market_events import BarClosed, FeedEnded, MarketEvent, QuoteTick
from botcore.model.times import NEVER
from tests.support.bench import instrument

ETH, BTC = instrument("ETH-USDT"), instrument("BTC-USDT")


class Feed:
    """Events from a list."""

    def __init__(self, of: Any, times: list[int], extra: list[MarketEvent] | None = None) -> None:
        self.instrument = of
        self.events: deque[MarketEvent] = deque([QuoteTick(of.market, ts, ts + 1, ts + 2) for ts in times] + (extra or []))

    def next_ns(self) -> int:
        return self.events[0].ts_ns if self.events else NEVER

    def pop(self) -> MarketEvent:
        return self.events.popleft()

    def history(self, interval_s: int, count: int) -> Any: ...

    def state(self) -> dict[str, Any]:
        return {"left": len(self.events)}

    def restore(self, state: dict[str, Any]) -> None: ...


class Exchange:
    """Writes down what it sees and what the book says at that moment."""

    def __init__(self, log: list[Any], state: MarketState) -> None:
        self.log, self.state, self.has_news = log, state, False

    def before(self, event: MarketEvent) -> None:
        self.log.append(("before", event.ts_ns, self.state.book.best_bid if self.state.book.is_ready else None))

    def after(self, event: MarketEvent) -> None:
        self.log.append(("after", event.ts_ns, self.state.book.best_bid))


def tape_of(*feeds: Feed) -> tuple[Tape, list[Any], list[Exchange]]:
    tape, log, exchanges = Tape(), [], []
    for feed in feeds:
        state = MarketState(feed.instrument)
        exchanges.append(Exchange(log, state))
        tape.add(feed, state, exchanges[-1])
    return tape, log, exchanges


def test_every_event_goes_the_same_way() -> None:
    tape, log, _ = tape_of(Feed(ETH, [10, 20]))
    tape.on_tick(20)
    assert log == [("before", 10, None), ("after", 10, 11), ("before", 20, 11), ("after", 20, 21)]


def test_nothing_is_played_before_its_time() -> None:
    tape, log, _ = tape_of(Feed(ETH, [10, 20, 30]))
    assert tape.due_ns() == 10
    tape.play(9)
    assert log == []
    tape.play(20)
    assert tape.due_ns() == 30 and len(log) == 4


def test_markets_are_merged_by_time() -> None:
    tape, log, _ = tape_of(Feed(ETH, [10, 30, 31]), Feed(BTC, [5, 20, 31]))
    assert tape.due_ns() == 5
    tape.play(100)
    assert [ts for what, ts, _ in log if what == "before"] == [5, 10, 20, 30, 31, 31]
    assert tape.due_ns() == NEVER


def test_markets_of_the_same_time_come_in_the_order_in_which_they_were_added() -> None:
    seen: list[str] = []
    for order in ((ETH, BTC), (BTC, ETH)):
        bars = [Feed(of, [], [BarClosed(of.market, 5, 0, 5, 1, 1, 1, 1, 1)]) for of in order]
        tape, _, _ = tape_of(*bars)
        tape.on_bar = lambda event: seen.append(event.market.trading_pair)
        tape.play(5)
    assert seen == ["ETH-USDT", "BTC-USDT", "BTC-USDT", "ETH-USDT"]


def test_an_empty_tape_has_nothing_due() -> None:
    tape = Tape()
    assert tape.due_ns() == NEVER and tape.play(5) is False


def test_bars_and_the_end_are_told() -> None:
    closed, ended = BarClosed(ETH.market, 60, 0, 60, 1, 2, 0.5, 1.5, 7), FeedEnded(ETH.market, 61)
    tape, _, exchanges = tape_of(Feed(ETH, [10], [closed, ended]))
    told: list[Any] = []
    tape.on_bar, tape.on_end = told.append, told.append
    tape.play(100)
    assert told == [closed, ended] and exchanges[0].state.ended


def test_play_says_whether_an_exchange_has_news() -> None:
    tape, _, exchanges = tape_of(Feed(ETH, [10]), Feed(BTC, [20]))
    assert tape.play(10) is False
    exchanges[0].has_news = True
    assert tape.play(15) is True


def test_market_time_passes_for_every_market() -> None:
    tape, _, exchanges = tape_of(Feed(ETH, [10]), Feed(BTC, [500]))
    tape.play(100)
    assert [exchange.state.watch.now_ns for exchange in exchanges] == [100, 100]


def test_positions_of_all_feeds() -> None:
    tape, _, _ = tape_of(Feed(ETH, [10, 20]), Feed(BTC, [30]))
    tape.play(10)
    assert tape.states() == {str(ETH.market): {"left": 1}, str(BTC.market): {"left": 1}}


# ---- the timeline of a replay --------------------------------------------------------------------------------------
class Part:
    """A part that says when it wants ticks."""

    def __init__(self, wants: list[int]) -> None:
        self.wants, self.ticks = deque(wants), []  # type: ignore[var-annotated]

    def wish(self) -> tuple[int, bool]:
        return (self.wants[0] if self.wants else NEVER), False

    def on_tick(self, now_ns: int) -> None:
        self.ticks.append(now_ns)
        while self.wants and self.wants[0] <= now_ns:
            self.wants.popleft()


class EveryEvent(Part):
    def wish(self) -> tuple[int, bool]:
        return NEVER, True


def replay(tape: Tape, part: Part) -> list[int]:
    clock = Clock(ClockMode.BACKTEST)
    clock.add(tape)
    clock.add(part)
    clock.replay(timeline(tape, clock))
    return part.ticks


def test_events_that_concern_nobody_pass_without_a_tick_but_are_played() -> None:
    tape, log, _ = tape_of(Feed(ETH, [10, 20, 30]))
    assert replay(tape, Part([])) == [] and len(log) == 6


def test_who_wants_every_event_gets_every_event() -> None:
    tape, _, _ = tape_of(Feed(ETH, [10, 20, 30]), Feed(BTC, [15]))
    assert replay(tape, EveryEvent([])) == [10, 15, 20, 30]


def test_a_wish_between_two_events_is_a_tick_there() -> None:
    tape, _, _ = tape_of(Feed(ETH, [10, 20, 30]))
    assert replay(tape, Part([12, 20, 29])) == [12, 20, 29]


def test_a_wish_after_the_end_of_the_recording_is_not_served() -> None:
    tape, _, _ = tape_of(Feed(ETH, [10]))
    assert replay(tape, Part([12])) == []


def test_news_of_an_exchange_wake_everybody() -> None:
    tape, _, exchanges = tape_of(Feed(ETH, [10, 20, 30]))
    part = Part([])
    after = exchanges[0].after

    def fills_at_20(event: MarketEvent) -> None:
        after(event)
        exchanges[0].has_news = event.ts_ns == 20

    exchanges[0].after = fills_at_20  # type: ignore[method-assign]
    assert replay(tape, part) == [20]
