"""What a client owes a venue (I13), and what it owes the caps that a person has set (I14): looked at on the wire and in the venue's own books."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from botcore.model.order import Purpose
from botcore.recorder.rows import intent_of
from botcore.venues.limiter import REST_KEY
from botcore.venues.port import HttpRequest, Lane
from botcore.venues.wire import NoReply, Reply
from tests.simulation.plan import Plan
from tests.simulation.watcher import Watcher
from tests.simulation.wire_venue import WirePort, WireVenue
from tests.support.live_wire import Manners

Breach = Callable[[str, str], None]
ATTEMPTS, WINDOW_NS = 300, 300_000_000_000
"""New connections that a venue takes from one address within a window."""
MS = 1_000_000
CAP_TOLERANCE = Decimal("1.05")
"""The caps judge by the price of the moment in which an order was sent; it has moved since."""
BEYOND_CAPS = ("late_fill", "overfill")
"""Rules by which a venue trades what was not, or not any more, to be traded."""


class PolitePort(WirePort):
    """Watches what leaves and what it is told (I13)."""

    manners: dict[str, Manners]
    """By connector name."""

    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        venue, target = self._split(request.url)
        manners = self.manners[venue.name]
        manners.leaves(self._loop.now_ns, f"{request.method} {target.partition('?')[0]}")
        reply = await super().request(request, lane, timeout_s)
        if isinstance(reply, Reply):
            manners.arrives(self._loop.now_ns, reply)
        return reply


def forget_what_was_lost(watcher: Watcher, name: str, manners: Manners) -> None:
    """A process has died: the next one knows of a rest what was durable of it."""
    text = watcher.memory.get((name, REST_KEY))
    until_ms = json.loads(text)["until_ms"] if text else 0
    manners.quiet_until_ns = min(manners.quiet_until_ns, until_ms * MS)


def judge_manners(venue: WireVenue, manners: Manners, breach: Breach) -> None:
    """I13: nothing before a rest was over, no limit of the venue passed, no more connections than it takes."""
    for text in manners.breaches:
        breach("I13", f"{venue.name}: {text}")
    refused = [one for one in venue.venue.requests() if one.status in (418, 429)]
    if refused:
        first = refused[0]
        breach("I13", f"{len(refused)} requests were beyond the limits of {venue.name}, first {first.method} {first.path} with {first.code}")
    recent: deque[int] = deque()
    for attempt_ns in venue.front.attempts:
        recent.append(attempt_ns)
        while recent[0] <= attempt_ns - WINDOW_NS:
            recent.popleft()
        if len(recent) > ATTEMPTS:
            breach("I13", f"{len(recent)} connections to {venue.name} within {WINDOW_NS // 10**9} s")
            return


class Caps:
    """I14: what stands and works at a venue never passes the caps of the plan; looked at whenever a request for an order was worked on.

    An order in doubt or still waiting here may arrive at any time: had it not been counted, the venue's books would show it. Exits always pass: on a one-way account,
    where bots net each other, the exit of one may leave the account with more than the cap. What it had after an exit is excused, also where the exit
    rested and has traded since without the process knowing: an entry that was on its way by then was right to leave.
    """

    def __init__(self, plan: Plan, watcher: Watcher, breach: Breach) -> None:
        self._account, self._pair = plan.spells.max_open_quote, plan.spells.max_position_quote
        self._watcher = watcher
        self._breach = breach
        self._excused: dict[str, Decimal] = {}
        strange = any(rule.kind in BEYOND_CAPS for venue in plan.venues for rule in venue.rules)
        spells = plan.spells
        self.counts = spells.max_open_quote is not None and not (strange or spells.doubled or spells.overfill or spells.yesterday)
        """Whether the caps can be judged: not where the venue itself trades more, and not where the records of what is held were taken away."""

    def look(self, venue: WireVenue, client_order_id: str) -> None:
        """The venue has worked on this order."""
        if not self.counts:
            return
        is_entry = self._is_entry(client_order_id)
        total = known_total = Decimal(0)
        positions, unheard = venue.positions(), self._unheard_exits(venue)
        for pair in venue.pairs:
            amount, entries = positions.get(pair, Decimal(0)), self._entries(venue, pair)
            value = abs(amount) * venue.mid(pair) + entries
            known = abs(amount - unheard.get(pair, Decimal(0))) * venue.mid(pair) + entries
            self._hold(value, known, self._pair, f"{pair} at {venue.name}", is_entry=is_entry)
            total += value
            known_total += known
        self._hold(total, known_total, self._account, venue.name, is_entry=is_entry)

    def _unheard_exits(self, venue: WireVenue) -> dict[str, Decimal]:
        """What exits have traded there, by pair, of which the process has written nothing yet."""
        found: dict[str, Decimal] = {}
        for trade in venue.trades():
            if (venue.name, trade.trading_pair, trade.trade_id) not in self._watcher.fills and not self._is_entry(trade.client_order_id):
                found[trade.trading_pair] = found.get(trade.trading_pair, Decimal(0)) + trade.signed
        return found

    def _is_entry(self, client_order_id: str) -> bool:
        intent: dict[str, Any] = self._watcher.intents.get(intent_of(client_order_id), {})
        return intent.get("purpose") == Purpose.OPEN.value

    def _entries(self, venue: WireVenue, pair: str) -> Decimal:
        """What entries may still open."""
        symbol = pair.replace("-", "")
        market = venue.venue.engine.markets[symbol]
        found = Decimal(0)
        for order in venue.venue.account.open_of(symbol):
            if self._is_entry(order.client_id):
                found += market.amount(order.left) * (market.price(order.ticks) if order.ticks else venue.mid(pair))
        return found

    def _hold(self, value: Decimal, known: Decimal, cap: Decimal | None, where: str, *, is_entry: bool) -> None:
        """`known`: without what exits have traded unheard."""
        if cap is None:
            return
        limit = max(cap, self._excused.get(where, cap))
        if not is_entry or known <= limit * CAP_TOLERANCE < value:
            self._excused[where] = max(value, limit)
        elif value > limit * CAP_TOLERANCE:
            self._breach("I14", f"{where} has {value:.2f} open, its cap is {cap}")
