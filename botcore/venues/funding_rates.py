"""Funding rates of the perpetuals that are watched, asked for every few seconds: what the next payment will be, when, and the venue's mark and index price.

A rate stands only while it is young. When the venue says nothing that can be read for a while, it is taken back: nobody decides on a rate of yesterday.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from botcore.markets.funding import FundingInfo
from botcore.markets.market_state import MarketState
from botcore.model.times import SECOND_NS
from botcore.venues.caller import Caller
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.tasks import Tasks
from botcore.venues.wire import Call, NoReply

POLL = "funding_rate"
"""Name of the question, in `polls_s` too."""

EVERY_S = 10.0
"""Seconds between two questions where the venue's file says nothing."""


@dataclass(slots=True)
class _Watched:
    """One perpetual. `since_ns` is when somebody began to wait for its rate, `reason` why it is not there."""

    state: MarketState
    since_ns: int
    reason: str = "the venue was not asked yet"
    is_told: bool = False


class FundingRates:
    """See the module.

    Parameters
    ----------
    ahead_ms : callable
        By how much our time is ahead of the venue's, which is the time of what it tells.
    every_s, age_s : float
        Seconds between two questions, and after how many without an answer a rate is no longer known.
    on_trouble : callable
        Told, in one sentence, of a rate that is not known; once until it is known again.
    """

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        caller: Caller,
        tasks: Tasks,
        now_ns: Callable[[], int],
        ahead_ms: Callable[[], int],
        on_trouble: Callable[[str], None],
        every_s: float,
        age_s: float,
    ) -> None:
        self._name = name
        self._dialect = dialect
        self._caller = caller
        self._tasks = tasks
        self._now_ns = now_ns
        self._ahead_ms = ahead_ms
        self._on_trouble = on_trouble
        self._every_ns, self._age_ns = int(every_s * SECOND_NS), int(age_s * SECOND_NS)
        self._watched: dict[str, _Watched] = {}
        self._next_ns = 0
        self._is_asking = False

    def watch(self, state: MarketState) -> None:
        """Keep the funding of a perpetual up to date from now on; other markets have none."""
        if state.instrument.is_perpetual:
            self._watched[state.instrument.market.trading_pair] = _Watched(state, self._now_ns())
            self._next_ns = 0

    def on_tick(self, now_ns: int) -> None:
        """Take back what is too old, and ask when it is time."""
        if not self._watched:
            return
        for pair, watched in self._watched.items():
            self._look(pair, watched, now_ns)
        if now_ns >= self._next_ns and not self._is_asking:
            self._is_asking = True
            self._tasks.once(f"{self._name}: funding rates", self._ask)

    def _look(self, pair: str, watched: _Watched, now_ns: int) -> None:
        known = watched.state.funding
        if now_ns - (watched.since_ns if known is None else known.ts_ns) <= self._age_ns:
            return
        watched.state.funding = None
        if not watched.is_told:
            watched.is_told = True
            self._on_trouble(f"the funding rate of {pair} is not known: {watched.reason}")

    # ---- asking ----------------------------------------------------------------------------------------------------
    async def _ask(self) -> None:
        try:
            for call, pairs in self._calls():
                await self._fetch(call, pairs)
        finally:
            self._is_asking = False
            self._next_ns = self._now_ns() + self._every_ns

    def _calls(self) -> list[tuple[Call, Sequence[str]]]:
        """What to ask, and the pairs that each answer is to tell of: pair by pair, or for all at once where that costs less."""
        pairs = list(self._watched)
        single = [(call, (pair,)) for pair in pairs if (call := self._dialect.funding_rate_call(pair)) is not None]
        whole = self._dialect.funding_rate_call("")
        if whole is not None and _cost(whole) < sum(_cost(call) for call, _ in single):
            return [(whole, pairs)]
        return list(single)

    async def _fetch(self, call: Call, pairs: Sequence[str]) -> None:
        answer = await self._caller.call(call)
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            self._missed(pairs, answer.outcome.text or "the venue does not answer")
            return
        try:
            told = self._dialect.funding_rates(answer.reply)
        except Unreadable as error:
            self._missed(pairs, f"the answer can't be read: {error}")
            return
        for pair in pairs:
            found = told.get(pair)
            if found is None:
                self._missed((pair,), "the venue does not name it")
            elif isinstance(found, Unreadable):
                self._missed((pair,), f"the answer can't be read: {found}")
            else:
                self._take(self._watched[pair], found)

    def _take(self, watched: _Watched, found: FundingInfo) -> None:
        """Believe what was told unless it is old, or older than what is known: answers come out of order, and out of caches."""
        now_ns, known = self._now_ns(), watched.state.funding
        told_ns = min(found.ts_ns + self._ahead_ms() * 1_000_000, now_ns)
        if now_ns - told_ns > self._age_ns:
            watched.reason = f"what the venue tells of it is {(now_ns - told_ns) // SECOND_NS} s old"
        elif known is None or told_ns >= known.ts_ns:
            watched.state.funding = replace(found, ts_ns=told_ns)
            watched.since_ns, watched.is_told, watched.reason = told_ns, False, "the venue has not answered since"

    def _missed(self, pairs: Sequence[str], reason: str) -> None:
        for pair in pairs:
            self._watched[pair].reason = reason


def _cost(call: Call) -> int:
    return sum(weight for _, weight in call.weights)
