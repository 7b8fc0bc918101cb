"""Executions of the account, read by trade id: every one, in whatever order streams told them or forgot to.

For each pair there is a mark: all executions up to this trade id are with the connector. A read goes on from there, page by page, to the end; so an execution that a
stream lost is found by the next read, however long ago it was. The mark travels behind its executions through the connector's inbox and is written down with them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import replace

from botcore.model.order import Fill
from botcore.venues.caller import Caller
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.line import Ask, News, Told, Traded, TradesRead
from botcore.venues.memory import VenueMemory
from botcore.venues.tasks import Tasks
from botcore.venues.wire import NoReply, Outcome, Reply, Verdict

MARGIN_MS = 60_000
ADVANCE_MS = 3_600_000
"""How far a read without a single execution must have come before that is written down."""

KNOWN_FOREIGN = 10_000
LAG_MS = 600_000
"""An order whose execution is younger is not believed to be gone: the place where orders are asked for may lag behind the list of executions."""

_Sender = tuple[str, str]
"""(client order id, why the venue itself made the order or '')"""

Resolve = Callable[[str, str], str | None]
"""(pair, the venue's order id) -> client order id; None when the tracker knows no such order."""


def since_key(trading_pair: str) -> str:
    """Under which it is remembered from when on a pair without a mark is to be read."""
    return f"since {trading_pair}"


class TradeReader:
    """See the module.

    Parameters
    ----------
    resolve : Resolve
    since_ms : callable
        Pair -> wall time from which executions may concern us, used while there is no mark.
    deliver : callable
        Takes news to the connector.
    ahead_ms : callable
        By how much the clock that orders are dated with is ahead of the venue's; what lies before an order's time by our clock may be after it by the venue's.
    """

    def __init__(
        self,
        dialect: Dialect,
        caller: Caller,
        tasks: Tasks,
        memory: VenueMemory,
        resolve: Resolve,
        since_ms: Callable[[str], int],
        deliver: Callable[[News], None],
        wall_ms: Callable[[], int],
        ahead_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        self._dialect = dialect
        self._caller = caller
        self._tasks = tasks
        self._memory = memory
        self._resolve = resolve
        self._since_ms = since_ms
        self._deliver = deliver
        self._wall_ms = wall_ms
        self._ahead_ms = ahead_ms
        self._marks: dict[str, int] = {}
        self._empty: dict[str, tuple[int, int]] = {}
        """Pair -> from when to when (venue's time) it was read in this process without a single execution."""
        self._waiting: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        self._reading: set[str] = set()
        self._touched_ms: dict[str, int] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._foreign: OrderedDict[tuple[str, str], _Sender] = OrderedDict()
        self._owed: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """Pair -> executions that were seen and could not be named, with their times: a later answer that lacks one lags behind."""

    def ask(self, trading_pair: str, client_order_id: str, created_ms: int) -> None:
        """Answer for one order with the next read of its pair, from the time on at which the order was made: a venue may show a trade id after a larger one, and
        what is asked for may lie behind the mark."""
        self._waiting[trading_pair].append((client_order_id, created_ms))
        self._begin(trading_pair)

    def _begin(self, trading_pair: str) -> None:
        if trading_pair not in self._reading:
            self._reading.add(trading_pair)
            self._tasks.once(f"trades {trading_pair}", lambda: self._serve(trading_pair))

    async def _serve(self, trading_pair: str) -> None:
        try:
            while self._waiting[trading_pair]:
                asked = self._waiting.pop(trading_pair)
                said, asked_ns, fills = await self._read(trading_pair, min(created_ms for _, created_ms in asked))
                for client_order_id, _ in asked:
                    self._deliver(Told(client_order_id, Ask.TRADES, said, asked_ns, None, tuple(fills.get(client_order_id, ()))))
        finally:
            self._reading.discard(trading_pair)

    def touch(self, trading_pair: str) -> None:
        """An order of ours was sent or canceled in this pair."""
        self._touched_ms[trading_pair] = self._wall_ms()

    def lately(self) -> list[str]:
        """Pairs in which an order of ours that has ended may still trade: a venue may confirm a cancel, and trade the order half a minute later (O9)."""
        since_ms = self._wall_ms() - LAG_MS
        self._touched_ms = {pair: at_ms for pair, at_ms in self._touched_ms.items() if at_ms > since_ms}
        return sorted(self._touched_ms)

    async def read(self, trading_pair: str) -> bool:
        """Read a pair to its end; False when a reply was missing or could not be read (what was read stays with the connector)."""
        said, _, _ = await self._read(trading_pair)
        return isinstance(said, Outcome) and said.verdict is Verdict.ACCEPTED

    async def read_since(self, trading_pair: str, since_ms: int) -> None:
        """Read a pair again from a time on, for what may have come beside its order; the mark stays where it is."""
        await self._read(trading_pair, since_ms)

    # ---- one read --------------------------------------------------------------------------------------------------
    async def _read(self, trading_pair: str, from_ms: int | None = None) -> tuple[Outcome | NoReply, int, dict[str, list[Fill]]]:
        """(what the venue said last, when the first question left, executions by client order id); from the mark on, or from a time."""
        async with self._locks[trading_pair]:
            return await self._read_on(trading_pair, from_ms)

    async def _read_on(self, trading_pair: str, from_ms: int | None) -> tuple[Outcome | NoReply, int, dict[str, list[Fill]]]:
        mark = self._start(trading_pair) if from_ms is None else None
        since_ms = begin_ms = None if mark is not None else self._venue_ms(self._since(trading_pair) if from_ms is None else from_ms)
        if begin_ms is not None and from_ms is None:
            since_ms = self._behind_empty(trading_pair, begin_ms)
        asked_ns, began_ms = 0, self._wall_ms()
        by_order: defaultdict[str, list[Fill]] = defaultdict(list)
        while True:
            answer = await self._caller.call(self._dialect.trades_call(trading_pair, None if mark is None else mark + 1, since_ms))
            asked_ns = asked_ns or answer.sent_ns
            if isinstance(answer.reply, NoReply) or not answer.is_accepted:
                return answer.said, asked_ns, by_order
            try:
                fills, nameless_id = await self._named(trading_pair, answer.reply)
            except Unreadable as error:
                return Outcome(Verdict.UNKNOWN, None, str(error)), asked_ns, by_order
            for fill, forced in fills:
                self._owed[trading_pair].pop(fill.trade_id, None)
                if fill.client_order_id:
                    by_order[fill.client_order_id].append(fill)
                    self._deliver(Traded(fill, forced))
            if nameless_id is not None:
                # the mark stays where it is: the next read begins before the one that nobody could name
                return Outcome(Verdict.UNKNOWN, None, f"whose execution {nameless_id} is could not be found out"), asked_ns, by_order
            is_old = since_ms is not None and since_ms + self._dialect.trades_window_ms < self._wall_ms()
            if fills:
                mark, since_ms = max(int(fill.trade_id) for fill, _ in fills), None
                if from_ms is None:
                    # what was read from a time on may leave a hole behind the mark
                    self._marks[trading_pair] = mark
                    self._deliver(TradesRead(trading_pair, mark))
                if is_old or len(fills) >= self._dialect.trades_page:
                    continue
            elif is_old and since_ms is not None:
                since_ms += self._dialect.trades_window_ms
                if from_ms is None and begin_ms is not None:
                    self._empty[trading_pair] = (begin_ms, since_ms)
                continue
            lagging_id = self._lagging(trading_pair, begin_ms or 0)
            if lagging_id is not None:
                return Outcome(Verdict.UNKNOWN, None, f"the list of executions lags behind: {lagging_id} was there already"), asked_ns, by_order
            if mark is None and from_ms is None:
                self._advance(trading_pair, began_ms)
            return answer.said, asked_ns, by_order

    def _behind_empty(self, trading_pair: str, begin_ms: int) -> int:
        """From when on a read that is to begin at a time need ask: what was read and empty before is not asked for again, but for what may have been late."""
        from_ms, to_ms = self._empty.get(trading_pair, (begin_ms, begin_ms))
        return max(begin_ms, to_ms - LAG_MS) if from_ms <= begin_ms else begin_ms

    def _start(self, trading_pair: str) -> int | None:
        """The mark that a read goes on from; before what is owed."""
        mark, owed = self._mark(trading_pair), self._owed[trading_pair]
        return mark if mark is None or not owed else min(mark, min(map(int, owed)) - 1)

    def _lagging(self, trading_pair: str, begin_ms: int) -> str | None:
        """An execution from this time on that was in an earlier answer and in none since; none that is old, for a venue may take one back."""
        owed = self._owed[trading_pair]
        for trade_id, traded_ms in list(owed.items()):
            if self._venue_ms(self._wall_ms()) >= traded_ms + LAG_MS:
                del owed[trade_id]
            elif traded_ms >= begin_ms:
                return trade_id
        return None

    def _venue_ms(self, our_ms: int) -> int:
        """A time of ours as the venue may have called it at the earliest."""
        return our_ms - MARGIN_MS - max(0, self._ahead_ms())

    def _since(self, trading_pair: str) -> int:
        """From when on to read a pair in which nothing was ever executed: over restarts, for an order that has ended may trade while nobody listens."""
        given_ms, key = self._since_ms(trading_pair), since_key(trading_pair)
        stored = self._memory.get(key)
        if stored is None:
            self._memory.put(key, str(given_ms))
            return given_ms
        return min(int(stored), given_ms)

    def _advance(self, trading_pair: str, read_ms: int) -> None:
        """There was nothing to read up to this time."""
        key = since_key(trading_pair)
        if read_ms - int(self._memory.get(key) or 0) > ADVANCE_MS + MARGIN_MS:
            self._memory.put(key, str(read_ms - MARGIN_MS))

    def _mark(self, trading_pair: str) -> int | None:
        mark = self._marks.get(trading_pair)
        if mark is None:
            stored = self._memory.get(f"trades {trading_pair}")
            if stored is not None:
                mark = self._marks[trading_pair] = int(stored)
        return mark

    def booked(self, read: TradesRead) -> None:
        """The connector has taken all executions up to a mark."""
        self._memory.put(f"trades {read.trading_pair}", str(read.up_to))

    # ---- whose an execution is -----------------------------------------------------------------------------------------
    async def _named(self, trading_pair: str, reply: Reply) -> tuple[list[tuple[Fill, str]], str | None]:
        """Executions with their client order ids ('' for orders that carry none, or that the venue has forgotten) and why the venue made their orders; and the trade
        id of one whose order can't be found out now; such are left out."""
        fills = self._dialect.fills(reply, trading_pair)
        order_ids = self._dialect.fill_order_ids(reply)
        named: list[tuple[Fill, str]] = []
        nameless_id: str | None = None
        for fill, order_id in zip(fills, order_ids, strict=True):
            known = fill.client_order_id or self._resolve(trading_pair, order_id)
            sender = (known, "") if known else self._foreign.get((trading_pair, order_id))
            if sender is None:
                sender = await self._identify(trading_pair, order_id, fill.ts_ns // 1_000_000)
            if sender is None:
                nameless_id = nameless_id or fill.trade_id
                self._owed[trading_pair][fill.trade_id] = fill.ts_ns // 1_000_000
            else:
                named.append((replace(fill, client_order_id=sender[0]), sender[1]))
        return named, nameless_id

    async def _identify(self, trading_pair: str, order_id: str, traded_ms: int) -> _Sender | None:
        """Ask the venue for the order behind an execution that we don't know; without an id when it has forgotten it, None when that can't be found out now.

        An order that has traded was there. "Not found" soon after that only means that what answers lags behind.
        """
        call = self._dialect.query_id_call(trading_pair, order_id)
        answer = await self._caller.call(call)
        if isinstance(answer.reply, NoReply) or answer.outcome.verdict not in (Verdict.ACCEPTED, Verdict.NOT_FOUND):
            return None
        sender = ("", "")
        if answer.is_accepted:
            report = self._dialect.order_report(call, answer.reply)
            if report.exchange_order_id != order_id:
                # a reply to another question (R22)
                return None
            sender = (report.client_order_id, report.forced)
        elif self._venue_ms(self._wall_ms()) < traded_ms + LAG_MS:
            return None
        self._foreign[trading_pair, order_id] = sender
        if len(self._foreign) > KNOWN_FOREIGN:
            self._foreign.popitem(last=False)
        return sender
