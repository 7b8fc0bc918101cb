"""`BookSync`: the life of one live book, from the wire's bytes to a price that may be used. It has no clock, sends nothing and waits for nothing.

A session tells it what came and when; it says when a snapshot is wanted. Diffs that come before the snapshot wait. The snapshot must reach the first of them, else
another one is fetched; older ones are dropped, newer ones applied; from then on each must follow the one before. Whatever breaks that (a gap, a message that can't
be read, a wrong checksum) empties the book at once, so no price of it is used and no level survives. A book that is in sequence and yet makes no sense (crossed,
locked, one-sided) is quarantined: its price is not used from that moment on, and if that lasts the book is fetched again.

Two sockets may feed one book while one takes over from the other: what both deliver is old the second time.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from botcore.markets.book_audit import BookAudit, Finding
from botcore.markets.book_scanner import BookScanner
from botcore.markets.checksums import Checksum
from botcore.markets.crossing import Crossing, remove_older, remove_smaller
from botcore.markets.market_state import MarketState
from botcore.markets.order_book import APPLIED, GAP, NO_ASK, NO_BID
from botcore.markets.sync_states import BARRED, MOVES, SyncRules, SyncState, Turn
from botcore.model.errors import IllegalMove

NOT_ASKED: Final = -1


class BookSync:
    """See the module.

    Parameters
    ----------
    market : MarketState
        Whose book it keeps; nobody else writes to that.
    scanner : BookScanner
        Of the market's instrument.
    checksum : Checksum, optional
        How the venue's checksum is computed; compared whenever a message carries one.

    Attributes
    ----------
    last_message_ns : int
        When the last message came, usable or not; 0 before the first.
    gaps, resyncs, duplicates, unreadable, too_old, crossings, bad_checksums, audits, bad_audits : int
        Since the beginning: gaps in the sequence; books given up and fetched again; diffs that brought nothing new; messages that can't be read; snapshots that did
        not reach the diffs that wait; levels removed because they crossed; checksums that were wrong; comparisons made, and those in which the book was wrong.
    problem : str
        What broke the book last, for people.
    """

    def __init__(self, market: MarketState, scanner: BookScanner, rules: SyncRules | None = None, checksum: Checksum | None = None) -> None:
        self.state = SyncState.DOWN
        self.last_message_ns = self.gaps = self.resyncs = self.duplicates = self.unreadable = self.too_old = self.crossings = 0
        self.bad_checksums = self.audits = self.bad_audits = 0
        self.problem = ""
        self._market, self._book, self._scanner, self._checksum = market, market.book, scanner, checksum
        self._rules = rules or SyncRules()
        self._waiting: list[tuple[int, bytes]] = []
        self._waiting_bytes = 0
        self._asked_ns = NOT_ASKED
        self._connected_ns = self._ask_ns = self._ready_ns = self._since_ns = self._audit_ns = 0
        self._failures = self._vain_quarantines = 0
        self._audit: BookAudit | None = None

    # ---- what a session asks ---------------------------------------------------------------------------------------
    @property
    def is_ready(self) -> bool:
        """Whether the price may be used, but for its age."""
        return self.state is SyncState.READY

    def age_ns(self, now_ns: int) -> int:
        """Time since the last message of any kind."""
        return now_ns - self.last_message_ns

    def wants_snapshot(self, now_ns: int) -> bool:
        """Whether a snapshot is to be fetched now (or, where it comes in the stream, subscribed to anew). It stays so until `on_asked` or an answer."""
        if self._asked_ns != NOT_ASKED and now_ns - self._asked_ns < self._rules.answer_ns:
            return False
        if self.state is SyncState.SYNCING:
            return now_ns >= self._ask_ns
        return self.state is SyncState.READY and self._audit is not None and self._audit.wants_snapshot

    # ---- what a session tells --------------------------------------------------------------------------------------
    def on_connect(self, now_ns: int) -> None:
        """The stream begins (again): whatever the book held may be gone (W10)."""
        self._connected_ns, self._failures, self._ask_ns = now_ns, 0, now_ns
        self._empty()
        if self._rules.from_stream:
            self._asked_ns = now_ns  # by subscribing
        self._move(Turn.CONNECTED)

    def on_disconnect(self, now_ns: int) -> None:
        """The stream is gone: the price is not used from now on."""
        self._empty()
        self._move(Turn.DISCONNECTED)

    def on_asked(self, now_ns: int) -> None:
        """A snapshot is being fetched."""
        self._asked_ns = now_ns

    def on_no_snapshot(self, now_ns: int, reason: str) -> None:
        """The snapshot that was asked for will not come."""
        self._asked_ns = NOT_ASKED
        if self.state is SyncState.SYNCING:
            self._fail(now_ns, reason)

    def on_tick(self, now_ns: int) -> None:
        """Time goes on."""
        state = self.state
        if state is SyncState.READY:
            if self._rules.stale_ns and now_ns - self._book.ts_ns > self._rules.stale_ns:
                self._move(Turn.WENT_SILENT)
            else:
                self._tick_ready(now_ns)
        elif state is SyncState.QUARANTINED:
            self._tick_quarantined(now_ns)
        elif state is SyncState.LOST and now_ns - self._since_ns >= self._rules.rest_ns:
            self._failures, self._ask_ns = 0, now_ns
            self._move(Turn.RESTED)
        elif state is SyncState.SYNCING and self._asked_ns != NOT_ASKED and now_ns - self._asked_ns >= self._rules.answer_ns:
            self.on_no_snapshot(now_ns, "no snapshot came")

    def on_diff(self, raw: bytes, now_ns: int) -> bool:
        """A diff came. Returns whether the book has changed."""
        self.last_message_ns = now_ns
        if self.state is not SyncState.READY or self._audit is not None:
            return self._diff_aside(raw, now_ns)
        return self._apply(raw, now_ns)

    def on_snapshot(self, raw: bytes, asked_ns: int, now_ns: int) -> bool:
        """A snapshot came that was asked for at `asked_ns` (the time it came, where it is part of the stream). Returns whether the book has changed."""
        if self._rules.from_stream:
            self.last_message_ns = now_ns
        if self.state in (SyncState.DOWN, SyncState.LOST) or asked_ns < self._connected_ns:
            return False
        self._asked_ns = NOT_ASKED
        if self.state is SyncState.SYNCING:
            return self._take_snapshot(raw, now_ns)
        if self._rules.from_stream:
            # the venue begins anew by itself
            self.resyncs += 1
            self._empty()
            self._move(Turn.BROKE)
            return self._take_snapshot(raw, now_ns)
        return self._take_audit(raw, now_ns)

    # ---- diffs -----------------------------------------------------------------------------------------------------
    def _apply(self, raw: bytes, now_ns: int) -> bool:
        book = self._book
        try:
            place = self._scanner.apply_diff(book, raw, now_ns)
        except ValueError as error:
            self.unreadable += 1
            self._lose(now_ns, str(error))
            return True
        if place == APPLIED:
            self._market.ts_ns = now_ns
            if self._checksum is not None and not self._proves(now_ns):
                return True
            if not NO_BID < book.best_bid < book.best_ask < NO_ASK or self.state is not SyncState.READY:
                self._judge(now_ns)
            return True
        if place == GAP:
            self.gaps += 1
            self._market.gaps += 1
            first, last = self._scanner.first_id, self._scanner.last_id
            self._lose(now_ns, f"updates are missing between {book.last_update_id} and {first if first < 2**63 - 1 else last}")
            self._keep(raw)
            return True
        self.duplicates += 1
        return False

    def _diff_aside(self, raw: bytes, now_ns: int) -> bool:
        """A diff while the book is not simply ready."""
        if self.state is SyncState.SYNCING:
            try:
                self._scanner.read_ids(raw)
            except ValueError as error:
                self.unreadable += 1
                self.problem = str(error)
            else:
                self._keep(raw)
            return False
        if self.state in (SyncState.DOWN, SyncState.LOST):
            return False
        has_changed = self._apply(raw, now_ns)
        audit = self._audit
        if audit is not None and (self.state is SyncState.READY or self.state in BARRED):
            audit.on_diff(raw, now_ns)
            self._finish_audit(now_ns)
        return has_changed

    def _keep(self, raw: bytes) -> None:
        """Let a diff, read just before, wait for the snapshot, in the order of its ids."""
        last_id = self._scanner.last_id
        if last_id < 0 or self._rules.from_stream:
            return  # a stream that begins with its snapshot says nothing of use before that
        position = bisect_left(self._waiting, (last_id, b""))
        if position < len(self._waiting) and self._waiting[position][0] == last_id:
            self.duplicates += 1
            return
        self._waiting.insert(position, (last_id, raw))
        self._waiting_bytes += len(raw)
        while len(self._waiting) > self._rules.waiting or self._waiting_bytes > self._rules.waiting_bytes:
            self._waiting_bytes -= len(self._waiting.pop(0)[1])

    # ---- snapshots -------------------------------------------------------------------------------------------------
    def _take_snapshot(self, raw: bytes, now_ns: int) -> bool:
        book = self._book
        book.clear()
        try:
            update_id = self._scanner.apply_snapshot(book, raw, now_ns)
            for position, (last_id, diff) in enumerate(self._waiting):
                if last_id > update_id and self._scanner.apply_diff(book, diff, now_ns) == GAP:
                    self.too_old += 1
                    first_id = self._scanner.first_id
                    del self._waiting[:position]
                    book.clear()
                    self._fail(now_ns, f"the snapshot {update_id} is older than what came before it ({first_id} to {last_id})")
                    return True
        except ValueError as error:
            self.unreadable += 1
            self._empty()
            self._fail(now_ns, str(error))
            return True
        self._waiting.clear()
        self._waiting_bytes = 0
        self._market.ts_ns = self._ready_ns = now_ns
        self._audit_ns = now_ns + self._rules.audit_ns
        self._move(Turn.FITTED)
        if self._checksum is None or self._proves(now_ns):
            self._judge(now_ns)
        return True

    def _proves(self, now_ns: int) -> bool:
        """Whether the venue's checksum, if it sent one, is that of the book; if it is not, the book is given up."""
        wanted = self._scanner.checksum
        if wanted is None or self._checksum is None or self._checksum(self._book, self._scanner) == wanted:
            return True
        self.bad_checksums += 1
        self._lose(now_ns, f"the venue's checksum {wanted} is not that of the book")
        return False

    # ---- soundness -------------------------------------------------------------------------------------------------
    def _judge(self, now_ns: int) -> None:
        """See whether the book makes sense; remove what crosses where the venue's rules say so."""
        book = self._book
        if self._rules.crossing is not Crossing.DAMAGE and book.is_crossed:
            if self._rules.crossing is Crossing.OLDER_LEAVES:
                self.crossings += remove_older(book, *self._scanner.levels())
            else:
                self.crossings += remove_smaller(book)
        if NO_BID < book.best_bid < book.best_ask < NO_ASK:
            self._vain_quarantines = 0
            if self.state in BARRED:
                self._move(Turn.MAKES_SENSE)
        elif self.state is not SyncState.QUARANTINED:
            self._since_ns = now_ns
            self._move(Turn.MAKES_NO_SENSE)
        else:
            self._tick_quarantined(now_ns)

    def _tick_quarantined(self, now_ns: int) -> None:
        patience = min(self._rules.quarantine_ns << min(self._vain_quarantines, 30), max(self._rules.quarantine_ns, self._rules.longest_pause_ns))
        if now_ns - self._since_ns >= patience:
            self._vain_quarantines += 1
            bid, ask = self._book.best_bid, self._book.best_ask
            self._lose(now_ns, f"the book makes no sense: best bid {bid if bid > 0 else 'none'}, best ask {ask if ask < NO_ASK else 'none'} (ticks)")

    # ---- audits ----------------------------------------------------------------------------------------------------
    def _tick_ready(self, now_ns: int) -> None:
        if self._rules.audit_ns and not self._rules.from_stream and now_ns >= self._audit_ns:
            # diffs are kept from now on; an audit that found no end in the meantime is given up
            self._audit = BookAudit(self._book, self._scanner, self._rules.snapshot_depth)
            self._audit_ns = now_ns + self._rules.audit_ns

    def _take_audit(self, raw: bytes, now_ns: int) -> bool:
        if self._audit is None:
            return False
        self._audit.on_snapshot(raw, now_ns)
        return self._finish_audit(now_ns)

    def _finish_audit(self, now_ns: int) -> bool:
        audit = self._audit
        if audit is None or audit.finding is Finding.OPEN:
            return False
        self._audit = None
        self.audits += audit.finding is not Finding.VOID
        if audit.finding is not Finding.WRONG:
            return False
        self.bad_audits += 1
        self.problem = audit.difference
        audit.mend(now_ns)
        self._judge(now_ns)
        return True

    # ---- moves -----------------------------------------------------------------------------------------------------
    def _lose(self, now_ns: int, problem: str) -> None:
        """Give the book up and begin again."""
        self.resyncs += 1
        self._empty()
        self._move(Turn.BROKE)
        if now_ns - self._ready_ns >= self._rules.settled_ns:
            self._failures, self._ask_ns, self.problem = 0, now_ns, problem
        else:
            self._fail(now_ns, problem)

    def _fail(self, now_ns: int, problem: str) -> None:
        """A try was in vain."""
        self.problem = problem
        self._failures += 1
        if self._failures > self._rules.tries:
            self._since_ns = now_ns
            self._empty()
            self._move(Turn.GAVE_UP)
            return
        self._ask_ns = now_ns + min(self._rules.first_pause_ns << (self._failures - 1), self._rules.longest_pause_ns)

    def _empty(self) -> None:
        """Forget the book and all that waits: no level and no price of before is left."""
        self._book.clear()
        self._waiting.clear()
        self._waiting_bytes = 0
        self._asked_ns = NOT_ASKED
        self._audit = None

    def _move(self, turn: Turn) -> None:
        target = MOVES.get((self.state, turn))
        if target is None:
            raise IllegalMove(f"a book that is {self.state.value} has no move {turn.value!r}")
        self.state = target
        self._market.quarantined = target in BARRED
