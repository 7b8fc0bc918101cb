"""What is wanted, what is granted, and what is asked for, whatever the venue answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from botcore.venues.dialect import Channel, Heard, Peek, Subscription
from botcore.venues.live_spec import AgeSpec
from botcore.venues.subscriptions import SubscriptionBook, SubscriptionRequest, Watch

SUBS = [Subscription(channel, pair) for pair in ("A-USDT", "B-USDT", "C-USDT") for channel in (Channel.BOOK, Channel.TRADES)]
FORBIDDEN = SUBS[3]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("want"), st.sets(st.sampled_from(SUBS))),
        st.tuples(st.just("ack"), st.integers(0, 5)),
        st.tuples(st.just("stray ack"), st.integers(1, 60)),
        st.tuples(st.just("wait"), st.floats(0.1, 12)),
        st.tuples(st.just("data"), st.sampled_from(SUBS)),
        st.tuples(st.just("again"), st.sampled_from(SUBS)),
    ),
    max_size=60,
)


class Venue:
    """Takes requests in order; one name it never grants."""

    def __init__(self) -> None:
        self.carried: set[Subscription] = set()
        self.unanswered: list[SubscriptionRequest] = []

    def take(self, request: SubscriptionRequest) -> None:
        if not request.is_subscribe:
            self.carried.difference_update(request.subscriptions)
        elif FORBIDDEN not in request.subscriptions:
            self.carried.update(request.subscriptions)
        self.unanswered.append(request)

    def answer(self, place: int) -> Peek:
        request = self.unanswered.pop(place % len(self.unanswered))
        return Peek(Heard.ACK, request_id=request.request_id, granted=not (request.is_subscribe and FORBIDDEN in request.subscriptions))


@given(steps)
def test_w14_in_the_end_exactly_what_is_wanted_is_carried(script: list[tuple[str, object]]) -> None:
    book, venue, now = SubscriptionBook(1, 5.0), Venue(), 100.0
    wanted: dict[Subscription, None] = {}
    ids: set[int] = set()

    def ask() -> None:
        while (request := book.next_request(wanted.keys(), now)) is not None:
            assert request.request_id not in ids
            ids.add(request.request_id)
            assert all((sub in wanted) or not request.is_subscribe for sub in request.subscriptions)
            venue.take(request)

    for kind, value in script:
        if kind == "want":
            wanted = dict.fromkeys(sub for sub in SUBS if sub in value)  # type: ignore[operator]
        elif kind == "ack" and venue.unanswered:
            book.acknowledged(venue.answer(value), now)  # type: ignore[arg-type]
        elif kind == "wait":
            now += value  # type: ignore[operator]
            book.overdue(now)
        elif kind == "data" and value in venue.carried:
            book.heard(value.channel, value.trading_pair, now)  # type: ignore[attr-defined]
        elif kind == "again":
            book.ask_again(value)  # type: ignore[arg-type]
        ask()
    for _ in range(200):
        while venue.unanswered:
            book.acknowledged(venue.answer(0), now)
        ask()
        now += 1
        book.overdue(now)
    assert set(book.granted) == set(wanted) - {FORBIDDEN}
    assert venue.carried >= set(book.granted)
    assert book.is_complete(wanted.keys())


def test_a_stray_acknowledgement_changes_nothing() -> None:
    book = SubscriptionBook(5, 5.0)
    assert not book.acknowledged(Peek(Heard.ACK, request_id=5), 0).granted
    book.next_request([SUBS[0]], 0)
    assert not book.acknowledged(Peek(Heard.ACK, request_id=4), 0).granted
    assert book.acknowledged(Peek(Heard.ACK, request_id=5), 0).granted == (SUBS[0],)
    assert not book.acknowledged(Peek(Heard.ACK, request_id=5), 0).granted


def test_w14_what_data_does_not_prove_is_hopeless_after_three_times() -> None:
    book, now = SubscriptionBook(1, 5.0), 0.0
    for times in range(3):
        assert book.next_request(SUBS[:2], now) is not None
        assert book.next_due() == now + 5
        now += 5
        book.heard(SUBS[0].channel, SUBS[0].trading_pair, now - 1)
        acked, hopeless = book.overdue(now)
        assert acked.granted == ((SUBS[0],) if times == 0 else ())
        assert bool(hopeless) == (times == 2)


def test_w1_limits_double_with_each_second_step_and_end_with_the_first_word() -> None:
    watch = Watch(AgeSpec(book=10))
    book = SUBS[0]
    found = []
    for _ in range(20):
        age_s = next(age for age in range(1, 4000) if watch.silent({book: 0.0}, age))
        found.append(age_s - 1)
        watch.count(book)
    assert found[:6] == [10, 10, 20, 20, 40, 40] and found[-1] == 3600
    assert watch.is_doubted(book)
    watch.heard(book.channel, "A-USDT", 5.0)
    assert not watch.is_doubted(book)
    assert not watch.silent({book: 0.0}, 15.0) and watch.silent({book: 0.0}, 15.1)
