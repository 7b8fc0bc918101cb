"""Funding in the swarm: when a seed's venues pay it, and the judge of what became of it (I1, I20)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botcore.recorder.rows import intent_of
from tests.fakes.simvenue.script import pay_funding
from tests.simulation.ledger import Ledger, VenueFunding
from tests.simulation.plan import Funding, WirePlan
from tests.simulation.watcher import Watcher

if TYPE_CHECKING:
    from tests.simulation.wire_world import WireWorld

Breach = Callable[[str, str], None]
Holder = tuple[str, str]
ZERO = Decimal(0)
CLASSES, CHOSEN = 48, (8, 12, 13, 14, 21, 25, 26, 30, 39, 43, 46)
"""Seeds with these remainders pay funding: among them was none of the seeds that had failed before any did, which thereby stay as they were."""
MS = 1_000_000
NEAR_NS = 5 * MS
"""The venue tells milliseconds: what happened so near a payment may count on either side of it."""
TOLERANCE = Decimal("1e-9")
"""Shares are rounded."""
AGAIN_S = 1.0


def fundings_of(seed: int, venues: Iterable[WirePlan], seconds: float) -> tuple[Funding, ...]:
    """The payments of a seed, drawn from a stream of their own."""
    if seed % CLASSES not in CHOSEN:
        return ()
    chance = random.Random(f"funding {seed}")
    sites = [(venue.name, pair) for venue in venues if venue.name.endswith("_perpetual") for pair in venue.pairs]
    return tuple(
        Funding(chance.uniform(20, seconds - 2), name, pair, Decimal(chance.choice(["0.0001", "0.0007", "-0.0004"])))
        for name, pair in sites
        for _ in range(chance.choice([1, 2, 3]))
    )


def arrange(world: WireWorld) -> None:
    """Have the payments of a world's plan come at their times. After the faults have healed the venue that paid closes its sockets once: what told of a payment may have
    been lost without a word, and the list is read every ten minutes and with every new connection."""
    loop, plan = world.loop, world.plan
    by_name = {venue.name: venue for venue in world.venues}
    for funding in plan.fundings:
        engine, symbol = by_name[funding.connector_name].venue.engine, funding.trading_pair.replace("-", "")
        loop.call_later(funding.at_s, pay_funding, engine, symbol, funding.rate, context=loop.world)
    for name in sorted({funding.connector_name for funding in plan.fundings}):
        loop.call_later(plan.seconds + AGAIN_S, by_name[name].front.close_all, 1001, context=loop.world)


def judge_funding(watcher: Watcher, ledger: Ledger, breach: Breach) -> int:
    """I20: each payment is in the records once, whole, and with those who held the position; returns how many payments could be split without a doubt."""
    paid: dict[tuple[str, int], list[VenueFunding]] = defaultdict(list)
    for payment in ledger.funding():
        paid[payment.trading_pair, payment.ns // MS].append(payment)
    rows: dict[tuple[str, int], list[tuple[tuple[str, ...], dict[str, Any]]]] = defaultdict(list)
    for key, row in watcher.funding.items():
        if row["connector_name"] == ledger.name:
            rows[row["trading_pair"], row["ts_ns"] // MS].append((key, row))
    split = 0
    for where in sorted(paid.keys() | rows.keys()):
        amount = sum((payment.amount for payment in paid[where]), ZERO)
        booked = sum((Decimal(row["amount"]) for _, row in rows[where]), ZERO)
        if amount != booked:
            breach("I20", f"{ledger.name} paid funding of {amount} for {where}, {booked} is booked")
        elif rows[where] and paid[where] and not watcher.lost:
            # after an older database was put back some is held for nobody, and whose it was can't be told
            split += _judge_shares(watcher, ledger, where[0], paid[where][0].ns, amount, rows[where], breach)
    return split


def _judge_shares(
    watcher: Watcher,
    ledger: Ledger,
    pair: str,
    paid_ns: int,
    amount: Decimal,
    rows: list[tuple[tuple[str, ...], dict[str, Any]]],
    breach: Breach,
) -> bool:
    """Whether everything was known when it was booked; then each has its share."""
    booked_ns = max(watcher.times[key] for key, _ in rows)
    held: dict[Holder, Decimal] = defaultdict(Decimal)
    for trade in ledger.trades():
        if trade.trading_pair != pair:
            continue
        known_ns = watcher.times.get((ledger.name, pair, trade.trade_id))
        intent = watcher.intents.get(intent_of(trade.client_order_id))
        if trade.ns <= paid_ns - NEAR_NS and intent is not None and known_ns is not None and known_ns < paid_ns:
            held[intent["bot_id"], intent["controller_id"]] += trade.signed
        elif trade.ns < booked_ns + NEAR_NS:
            # of before, and not known in time; of the same moment; or after it, while it was looked up: what is held then can't be told for sure
            return False
    whole = sum(held.values(), ZERO)
    if not whole:
        return False
    found: dict[Holder, Decimal] = defaultdict(Decimal)
    for _, row in rows:
        found[row["bot_id"], row["controller_id"]] += Decimal(row["amount"])
    for holder in sorted(held.keys() | found.keys()):
        if abs(found[holder] - amount * held[holder] / whole) > TOLERANCE:
            breach("I20", f"{holder} held {held[holder]} of {whole} {pair} at {ledger.name} when {amount} was paid, and has {found[holder]} of it")
    return True


def judge_reports(watcher: Watcher, reported: dict[str, Decimal], breach: Breach) -> None:
    """I20: what is booked of funding is in the result of each bot (bot id -> funding of its report)."""
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for row in watcher.funding.values():
        if row["amount_quote"] is not None:
            booked[row["bot_id"]] += Decimal(row["amount_quote"])
    for bot_id, amount in reported.items():
        if amount != booked[bot_id]:
            breach("I20", f"{bot_id} reports funding of {amount}, {booked[bot_id]} is booked for it")
