"""What a market stream was asked for, what it was granted, and whether it delivers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from botcore.venues.dialect import Channel, Heard, Peek, Subscription
from botcore.venues.live_spec import AgeSpec

CHANNELS: Mapping[Heard, Channel] = {
    Heard.BOOK: Channel.BOOK,
    Heard.TRADE: Channel.TRADES,
    Heard.TICKER: Channel.TICKER,
    Heard.CANDLE: Channel.CANDLES,
}

BATCH = 50
"""Subscriptions in one message."""

ASKED_AT_MOST = 3
"""Requests for the same subscription that stay unanswered before the socket is given up."""

FIRST_PARK_S, LONGEST_PARK_S = 60.0, 600.0
"""Pause before a refused subscription is asked for again, doubled each time."""

LONGEST_AGE_S = 3600.0
"""A channel that stays silent is looked at ever more seldom, but at least so often."""


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """A message to the venue that waits for its acknowledgement."""

    request_id: int
    subscriptions: tuple[Subscription, ...]
    is_subscribe: bool
    sent_at: float


@dataclass(frozen=True, slots=True)
class Acked:
    """What an acknowledgement, or the lack of one, changed."""

    granted: tuple[Subscription, ...] = ()
    refused: tuple[Subscription, ...] = ()
    reason: str = ""


class SubscriptionBook:
    """The subscriptions of one socket. All times are loop times, seconds.

    Parameters
    ----------
    first_id : int
        Request id of its first message.
    ack_s : float
        Longest wait for an acknowledgement.
    """

    def __init__(self, first_id: int, ack_s: float) -> None:
        self.granted: dict[Subscription, float] = {}
        self._next_id = first_id
        self._ack_s = ack_s
        self._pending: dict[int, SubscriptionRequest] = {}
        self._busy: set[Subscription] = set()
        self._again: dict[Subscription, None] = {}
        self._unanswered: dict[Subscription, int] = {}
        self._alone: set[Subscription] = set()
        self._parked: dict[Subscription, tuple[float, float]] = {}
        self._heard: dict[tuple[Channel, str], float] = {}

    # ---- asking ------------------------------------------------------------------------------------------------------
    def next_request(self, wanted: Collection[Subscription], now: float) -> SubscriptionRequest | None:
        """The next message to send, noted as sent; None when what is granted is what is wanted, as far as that can be had now."""
        away = [sub for sub in self.granted if (sub not in wanted or sub in self._again) and sub not in self._busy]
        if away:
            return self._ask(away[:BATCH], False, now)
        missing = [sub for sub in wanted if sub not in self.granted and sub not in self._busy and self._may_ask(sub, now)]
        if not missing:
            return None
        alone = [sub for sub in missing if sub in self._alone]
        return self._ask(alone[:1] or missing[:BATCH], True, now)

    def _may_ask(self, sub: Subscription, now: float) -> bool:
        parked = self._parked.get(sub)
        return parked is None or parked[0] <= now

    def _ask(self, subs: list[Subscription], is_subscribe: bool, now: float) -> SubscriptionRequest:
        request = SubscriptionRequest(self._next_id, tuple(subs), is_subscribe, now)
        self._next_id += 1
        self._pending[request.request_id] = request
        self._busy.update(subs)
        return request

    def ask_again(self, sub: Subscription) -> None:
        """Give up a subscription that does not deliver, and ask for it anew."""
        if sub in self.granted:
            self._again[sub] = None

    # ---- hearing -----------------------------------------------------------------------------------------------------
    def heard(self, channel: Channel, trading_pair: str, now: float) -> None:
        """Data came; it proves a subscription whose acknowledgement got lost."""
        if self._pending:
            self._heard[channel, trading_pair] = now

    def acknowledged(self, peek: Peek, now: float) -> Acked:
        """Take an acknowledgement; one that answers nothing of ours changes nothing."""
        request = self._pending.pop(peek.request_id, None)
        if request is None:
            return Acked()
        self._busy.difference_update(request.subscriptions)
        if not request.is_subscribe:
            self._drop(request)
            return Acked()
        if peek.granted:
            return self._grant(request.subscriptions, now)
        if len(request.subscriptions) > 1:
            # one of them is wrong: find out which
            self._alone.update(request.subscriptions)
            return Acked()
        sub = request.subscriptions[0]
        pause_s = min(2 * self._parked[sub][1], LONGEST_PARK_S) if sub in self._parked else FIRST_PARK_S
        self._parked[sub] = (now + pause_s, pause_s)
        return Acked(refused=(sub,), reason=peek.reason or "the venue does not grant it")

    def overdue(self, now: float) -> tuple[Acked, str]:
        """Deal with acknowledgements that did not come.

        Returns
        -------
        (what data proves to be granted, why this socket must be given up; '' when it need not)
        """
        granted: list[Subscription] = []
        hopeless = 0
        for request in [request for request in self._pending.values() if now - request.sent_at >= self._ack_s]:
            del self._pending[request.request_id]
            self._busy.difference_update(request.subscriptions)
            if not request.is_subscribe:
                # what still arrives is passed over
                self._drop(request)
                continue
            for sub in request.subscriptions:
                if self._heard.get((sub.channel, sub.trading_pair), -1.0) >= request.sent_at:
                    granted.append(sub)
                else:
                    self._unanswered[sub] = self._unanswered.get(sub, 0) + 1
                    hopeless += self._unanswered[sub] >= ASKED_AT_MOST
        why = f"{hopeless} subscriptions were not acknowledged within {self._ack_s:g} s, {ASKED_AT_MOST} times" if hopeless else ""
        return self._grant(granted, now), why

    def _grant(self, subs: Collection[Subscription], now: float) -> Acked:
        for sub in subs:
            self.granted[sub] = now
            self._unanswered.pop(sub, None)
            self._parked.pop(sub, None)
            self._alone.discard(sub)
        return Acked(granted=tuple(subs))

    def _drop(self, request: SubscriptionRequest) -> None:
        for sub in request.subscriptions:
            self.granted.pop(sub, None)
            self._again.pop(sub, None)

    # ---- standing ------------------------------------------------------------------------------------------------------
    def is_complete(self, wanted: Collection[Subscription]) -> bool:
        """Whether all that is wanted is granted, but for what the venue refuses."""
        return all(sub in self.granted or sub in self._parked for sub in wanted)

    def next_due(self) -> float | None:
        """Loop time of the next acknowledgement that would be overdue."""
        return min((request.sent_at + self._ack_s for request in self._pending.values()), default=None)


class Watch:
    """When each channel of a stream was last heard, over all its sockets, and which have been silent for too long.

    A silent channel is subscribed to anew; when that does not help, another socket is taken; then both again, after twice the time, for the market may just be quiet.
    """

    def __init__(self, ages: AgeSpec) -> None:
        self._limits: dict[Channel, float] = {
            Channel.BOOK: ages.book,
            Channel.TRADES: ages.trades,
            Channel.TICKER: ages.ticker,
            Channel.CANDLES: ages.candles,
        }
        self._user_s = ages.user
        self._heard: dict[tuple[Channel, str], float] = {}
        self._rounds: dict[Subscription | None, int] = {}
        self.last_message: float | None = None

    def shortest_s(self, is_private: bool) -> float:
        """The shortest silence that counts."""
        return self._user_s if is_private else min(self._limits.values())

    def message(self, now: float) -> None:
        """A message of any kind."""
        self.last_message = now
        if self._rounds:
            self._rounds.pop(None, None)

    def heard(self, channel: Channel, trading_pair: str, now: float) -> None:
        self._heard[channel, trading_pair] = now
        if self._rounds:
            for sub in [sub for sub in self._rounds if sub is not None and sub.channel is channel and sub.trading_pair == trading_pair]:
                del self._rounds[sub]

    def age_s(self, channel: Channel, trading_pair: str, now: float) -> float:
        """Seconds since the last data; infinite when there was none."""
        last = self._heard.get((channel, trading_pair))
        return float("inf") if last is None else now - last

    def is_doubted(self, sub: Subscription) -> bool:
        """Whether it is silent and was asked for again because of that."""
        return sub in self._rounds

    def silent(self, granted: Mapping[Subscription, float], now: float) -> list[tuple[Subscription, float]]:
        """Subscriptions that said nothing for longer than allowed, with the seconds."""
        found = []
        for sub, since in granted.items():
            age_s = now - max(since, self._heard.get((sub.channel, sub.trading_pair), since))
            if age_s > self._limit(sub, self._limits[sub.channel]):
                found.append((sub, age_s))
        return found

    def socket_silent_s(self, since: float, now: float) -> float:
        """Seconds for which a private socket said nothing, when that is longer than allowed; else 0."""
        age_s = now - max(since, self.last_message or since)
        return age_s if age_s > self._limit(None, self._user_s) else 0.0

    def count(self, sub: Subscription | None) -> int:
        """One more step against a silence; how many there were before."""
        rounds = self._rounds.get(sub, 0)
        self._rounds[sub] = rounds + 1
        return rounds

    def _limit(self, sub: Subscription | None, age_s: float) -> float:
        rounds = self._rounds.get(sub, 0)
        # a private socket has one remedy, a subscription two
        doublings = rounds if sub is None else rounds // 2
        return min(age_s * 2.0 ** min(doublings, 20), max(LONGEST_AGE_S, age_s))
