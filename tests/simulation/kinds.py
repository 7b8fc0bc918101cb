"""Seeds whose bots start executors of the other kinds: grids, ladders, plans, chasers, and those of two markets.

What such a seed changes is drawn from a random stream of its own name; its faults, its disk and its deaths are those that the swarm draws for its number.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from tests.simulation.offers import ONE_MARKET, TWO_MARKETS
from tests.simulation.plan import BotPlan, MarketPlan, WirePlan

CLASSES, CHOSEN = 36, (7, 13, 14, 16, 21, 25, 27, 33, 34)
"""Seeds with these remainders start other kinds: among them was none of the seeds that had failed before there were any, which thereby stay as they were."""
STOCK = 1000
"""Base that a spot account over a line owns at the beginning."""
SHARED = "ETH-USDT"
"""What two venues both list, for executors that trade one asset at two places."""


def is_of_kinds(seed: int) -> bool:
    return seed % CLASSES in CHOSEN


def has_spells(seed: int) -> bool:
    """Whether a seed of other kinds has spells besides."""
    return is_of_kinds(seed) and stream(seed, "spells").random() < 0.4


def stream(seed: int, what: str) -> random.Random:
    """Chance for one thing that such a seed changes."""
    return random.Random(f"kinds {what} {seed}")


def line_markets(seed: int, markets: tuple[MarketPlan, ...]) -> tuple[MarketPlan, ...]:
    """The markets of a seed, mostly with the first pair at a second venue too: a spot and a perpetual one, or two perpetual ones."""
    chance = stream(seed, "markets")
    # with nothing of its own a spot account that sells short takes away what another executor has bought, whose exit is then refused for minutes
    markets = tuple(replace(market, stock=STOCK) for market in markets)
    if chance.random() < 0.25:
        return markets
    first = markets[0]
    second = replace(first, connector_name=chance.choice(["other", "other_perpetual", "other_perpetual"]), walk=chance.choice([5, 15, 25]))
    return first, second


def wire_venues(seed: int, venues: tuple[WirePlan, ...]) -> tuple[WirePlan, ...]:
    """The venues of a seed, which list the shared pair; one alone lists one more or is joined by the other, so that there are two markets."""
    chance = stream(seed, "markets")
    if len(venues) == 1 and chance.random() < 0.3:
        (first,) = venues
        other = "binance_perpetual" if first.name == "binance" else "binance"
        # what goes wrong is on the wires of the first: two of its kind are the swarm's own draw
        venues = (first, WirePlan(other, (SHARED,), chance.choice([0.0003, 0.0006])))
    return tuple(replace(venue, pairs=_with_shared(chance, venue.pairs, alone=len(venues) == 1)) for venue in venues)


def _with_shared(chance: random.Random, pairs: tuple[str, ...], *, alone: bool) -> tuple[str, ...]:
    others = tuple(pair for pair in pairs if pair != SHARED)
    if alone and not others:
        others = (chance.choice(["BTC-USDT", "SOL-USDT"]),)
    return (SHARED, *others[: int(alone or chance.random() < 0.3)])


def bots(seed: int, sites: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[BotPlan, ...]:
    """One or two bots at all sites (connector name, its pairs), each with some of the kinds."""
    chance = stream(seed, "bots")
    markets = tuple((name, pair) for name, listed in sites for pair in listed)
    possible = [*ONE_MARKET, *(TWO_MARKETS if len(markets) > 1 else ())]
    return tuple(_bot(chance, number, markets, possible) for number in range(chance.choice([1, 1, 1, 2])))


def _bot(chance: random.Random, number: int, markets: tuple[tuple[str, str], ...], possible: list[str]) -> BotPlan:
    kinds = tuple(sorted(chance.sample(possible, chance.choice([1, 2, 3, len(possible)]))))
    return BotPlan(f"bot{number}", "chooser", markets=markets, rate=chance.choice([0.1, 0.2, 0.3]), kinds=kinds)
