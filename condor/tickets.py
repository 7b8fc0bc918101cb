"""An order as a person asks for it: `buy 0.1 BTC-USDT`, `sell $50 ETH-USDT at 1,950`, `buy 0.01 BTC-USDT at -1% live`.

Words come in any order; what is left out is asked for.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from condor.answers import read_pair
from condor.errors import UserError, nearest
from condor.hosts import LIVE, PAPER
from condor.units import amount, is_in_dollars, names_dollars, number, plain, ratio

SIDES = {"buy": "BUY", "long": "BUY", "sell": "SELL", "short": "SELL"}
KINDS = {"market": "MARKET", "limit": "LIMIT", "maker": "LIMIT_MAKER", "limit_maker": "LIMIT_MAKER", "post": "LIMIT_MAKER"}
MODES = {"paper": PAPER, "live": LIVE, "real": LIVE}
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters of an id: none of them is taken for another."""
MOST = Decimal("1e15")
_AMOUNT = re.compile(r"^\$?[\d.][\d.,_]*[kKmM]?(%|usdt|usdc|usd)?$", re.IGNORECASE)
ASKED = "?"
MOST_LEVERAGE = 125
_LEVERAGE = re.compile(r"^(x\d+|\d+x)$", re.IGNORECASE)
EXAMPLE = "/trade buy 0.1 BTC-USDT, or /trade sell $50 ETH-USDT at 1,950"

Pairs = Mapping[str, Sequence[str]]
"""Venue -> pairs that are traded there."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One order that is being asked for; empty texts are not answered yet.

    Parameters
    ----------
    ticket_id : str
        Becomes the id of its executor: one ticket is one order, however often it is confirmed.
    asked : str
        The amount as it was asked for: `0.1`, `$50`, `25%`.
    asked_price : str
        The limit as it was asked for: `1950`, `-1%`.
    amount, price : str
        What those come to, as Decimal texts in base and in quote.
    leverage : str
        Of the account in this market, as a whole number; empty leaves it as it is, `ASKED` has it asked for.
    """

    ticket_id: str
    mode: str = PAPER
    venue: str = ""
    pair: str = ""
    side: str = ""
    asked: str = ""
    kind: str = ""
    asked_price: str = ""
    amount: str = ""
    price: str = ""
    leverage: str = ""

    @property
    def missing(self) -> str:
        """The first field that is to be asked for; empty where nothing is."""
        wanted = ["venue", "pair", "side", "asked", "kind"]
        if self.kind not in ("", "MARKET"):
            wanted.append("asked_price")
        missing = next((name for name in wanted if not getattr(self, name)), "")
        return missing or ("leverage" if self.leverage == ASKED else "")

    @property
    def is_buy(self) -> bool:
        return self.side == "BUY"

    @property
    def is_live(self) -> bool:
        return self.mode == LIVE

    @property
    def asked_words(self) -> str:
        """The amount as it was asked for; one in quote says in what, where that is no dollar."""
        quote = self.pair.partition("-")[2]
        return f"{self.asked[1:]} {quote}" if self.asked.startswith("$") and quote and not is_in_dollars(self.pair) else self.asked

    def with_answer(self, **answers: str) -> Ticket:
        """With other answers; what they came to is worked out anew."""
        return replace(self, amount="", price="", **answers)

    def with_pair(self, pair: str) -> Ticket:
        """On this pair; an amount in dollars is asked for again where it is priced in something else."""
        return self.with_answer(pair=pair, **({"asked": ""} if self.asked.startswith("$") and not is_in_dollars(pair) else {}))

    def values(self) -> dict[str, str]:
        """What a button carries."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Ticket:
        known = {each.name for each in fields(cls)}
        return cls(**{name: str(value) for name, value in values.items() if name in known})


def new_ticket(mode: str = PAPER) -> Ticket:
    """An empty one."""
    return Ticket("t-" + "".join(secrets.choice(ALPHABET) for _ in range(8)), mode)


# ---- reading -------------------------------------------------------------------------------------------------------
def read_ticket(words: Sequence[str], pairs: Mapping[str, Pairs]) -> Ticket:
    """What a typed line asks for.

    Parameters
    ----------
    pairs : mapping of str to Pairs
        What may be traded on paper and with real money.

    Raises
    ------
    UserError
        If a word means nothing here, or is said twice.
    """
    found: dict[str, str] = {}
    left: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        lowered = word.lower()
        if lowered in SIDES:
            _once(found, "side", SIDES[lowered], word)
        elif lowered in MODES:
            _once(found, "mode", MODES[lowered], word)
        elif lowered in KINDS:
            # `limit maker` is one kind
            if found.get("kind") == "LIMIT" and KINDS[lowered] == "LIMIT_MAKER":
                del found["kind"]
            _once(found, "kind", KINDS[lowered], word)
        elif lowered in ("at", "@", "on"):
            if not waiting:
                raise UserError(f"expected a {'venue' if lowered == 'on' else 'price'} behind {word!r}, found nothing; such as {EXAMPLE}")
            _once(found, "venue" if lowered == "on" else "asked_price", waiting.pop(0), word)
        elif lowered.startswith("@"):
            _once(found, "asked_price", word[1:], word)
        elif _LEVERAGE.match(word):
            _once(found, "leverage", read_leverage(word), word)
        elif _AMOUNT.match(word) and "asked" not in found:
            found["asked"] = lowered
        else:
            left.append(word)
    return _completed(found, left, pairs)


def _once(found: dict[str, str], name: str, value: str, word: str) -> None:
    if name in found:
        raise UserError(f"{word!r} says once more what stands there already; say it once, such as {EXAMPLE}")
    found[name] = value


def _completed(found: dict[str, str], left: list[str], pairs: Mapping[str, Pairs]) -> Ticket:
    """A ticket of what was said; `left` are the words for the pair, and the asset of the amount before it."""
    ticket = new_ticket(found.get("mode", PAPER))
    known = pairs.get(ticket.mode, {})
    if ticket.is_live and not known:
        raise UserError("no account with real money is connected: /keys connects one; without the word live the order is on paper")
    venue, text, unit = found.get("venue", ""), " ".join(left), ""
    if ":" in text:
        before, _, text = text.partition(":")
        # in front of the venue the amount's asset may stand
        asset, _, named = before.rpartition(" ")
        venue, text = venue or named, f"{asset} {text}".strip()
    if venue:
        ticket = replace(ticket, venue=read_venue(venue, known))
    if text:
        ticket, unit = _with_pair(ticket, text, known)
        if unit and "asked" not in found:
            raise UserError(f"expected an amount, a pair and a side such as {EXAMPLE}, found {unit!r}")
    if "asked" in found:
        asked = read_amount(found["asked"], ticket.pair)
        ticket = replace(ticket, asked=_with_unit(asked, unit, ticket.pair) if unit else asked)
    if "asked_price" in found:
        ticket = replace(ticket, asked_price=read_price(found["asked_price"]), kind=found.get("kind") or "LIMIT")
        if ticket.kind == "MARKET":
            raise UserError("a market order has no price: leave out the price, or the word market")
    ticket = replace(ticket, side=found.get("side", ""), kind=ticket.kind or found.get("kind", ""), leverage=found.get("leverage", ""))
    if not ticket.kind and ticket.side and ticket.asked and ticket.pair:
        ticket = replace(ticket, kind="MARKET")
    return ticket


def _with_pair(ticket: Ticket, text: str, known: Pairs) -> tuple[Ticket, str]:
    """(ticket with its pair, and its venue where that was not said; the asset that stands before it). The first venue that trades it is taken."""
    venues = {ticket.venue: known[ticket.venue]} if ticket.venue else known
    every = list(dict.fromkeys(pair for pairs in venues.values() for pair in pairs))
    unit = ""
    try:
        pair = read_pair(text, every)
    except UserError:
        unit, blank, rest = text.partition(" ")
        if not blank:
            raise
        pair = read_pair(rest, every)
    return replace(ticket, pair=pair, venue=next(name for name, pairs in venues.items() if pair in pairs)), unit


def _with_unit(asked: str, unit: str, pair: str) -> str:
    """`50` and `USDT` as `$50`, `0.1` and `BTC` as `0.1`."""
    base, _, quote = pair.partition("-")
    if unit.upper() == quote and not asked.endswith("%"):
        return asked if asked.startswith("$") else f"${asked}"
    if unit.upper() == base and not asked.startswith("$") and not asked.endswith("%"):
        return asked
    raise UserError(f"expected an amount in {base} or {quote}, found {asked} {unit}")


def read_venue(text: str, known: Pairs) -> str:
    """A venue that is traded at; UserError with the nearest one."""
    wanted = text.strip().lower().replace(" ", "_")
    if wanted not in known:
        raise UserError(f"nothing can be traded at {text.strip()[:32]!r}{nearest(wanted, known)} (there are {', '.join(list(known)[:8])})")
    return wanted


def read_amount(text: str, pair: str = "") -> str:
    """An amount as it is kept: `0.1` in base, `$50` in quote, `25%` of what is free.

    Raises
    ------
    UserError
        If it is none, or dollars for a pair (where that is known) that is priced in something else.
    """
    cleaned = text.strip().lower().replace(" ", "")
    if cleaned.endswith("%"):
        share = ratio(cleaned)
        if not 0 < share <= 1:
            raise UserError(f"expected a share of the balance above 0% and up to 100%, found {text.strip()!r}")
        return f"{plain(share * 100)}%"
    is_quote = names_dollars(cleaned)
    base, _, quote = pair.partition("-")
    if is_quote and pair and not is_in_dollars(pair):
        raise UserError(f"{pair} is priced in {quote}, not in dollars: say how much {base}, such as 0.1, or a share such as 25%")
    value = amount(cleaned)
    if not 0 < value <= MOST:
        raise UserError(f"expected an amount above 0, such as 0.1, $50 or 25%, found {text.strip()[:40]!r}")
    return f"{'$' if is_quote else ''}{plain(value)}"


def read_price(text: str) -> str:
    """A limit as it is kept: `1950`, or `-1%` from the middle of the market."""
    cleaned = text.strip().lower().replace(" ", "")
    if cleaned.endswith(("%", "bp", "bps")):
        far = ratio(cleaned)
        if not -1 < far < 1:
            raise UserError(f"expected a distance between -100% and 100%, found {text.strip()!r}")
        return f"{'+' if far >= 0 else ''}{plain(far * 100)}%"
    value = number(cleaned.removeprefix("$"), "a price such as 1,950, or a distance from the market such as -1%")
    if not 0 < value <= MOST:
        raise UserError(f"expected a price above 0, such as 1,950, or a distance from the market such as -1%, found {text.strip()[:40]!r}")
    return plain(value)


def read_side(text: str) -> str:
    wanted = text.strip().lower()
    if wanted not in SIDES:
        raise UserError(f"expected buy or sell, found {text.strip()[:32]!r}")
    return SIDES[wanted]


def read_kind(text: str) -> str:
    wanted = text.strip().lower().replace(" ", "_")
    if wanted not in KINDS:
        raise UserError(f"expected market, limit or maker, found {text.strip()[:32]!r}")
    return KINDS[wanted]


def read_leverage(text: str) -> str:
    """A leverage as it is kept: `5x`, `x5` or `5` as `5`."""
    digits = text.strip().lower().strip("x")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 6 and 1 <= int(digits) <= MOST_LEVERAGE):
        raise UserError(f"expected a leverage from 1x to {MOST_LEVERAGE}x, found {text.strip()[:32]!r}")
    return str(int(digits))
