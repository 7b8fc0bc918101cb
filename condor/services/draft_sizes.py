"""Sizes of a draft: what its account has free, and shares of that as answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from botcore.model.errors import UserError
from botcore.model.instrument import Instrument, Market
from condor.forms import Question
from condor.hosts import LIVE, PAPER, Hosts
from condor.questions import SIZE
from condor.services.purse import Purse
from condor.store.drafts import Draft
from condor.units import amount, is_in_dollars, names_dollars, plain, ratio

SHARES = ("10%", "25%", "50%", "100%")
"""Sizes that are offered, of the free balance."""


class DraftSizes:
    """See the module."""

    def __init__(self, hosts: Hosts, purse: Purse) -> None:
        self._hosts = hosts
        self._purse = purse

    def market(self, answers: Mapping[str, Any], prefix: str = "") -> tuple[Market | None, Instrument | None]:
        """The market that a draft names, and its rules on paper; None where it names none that there is."""
        connector, pair = answers.get(f"{prefix}connector_name"), answers.get(f"{prefix}trading_pair")
        if not connector or not pair:
            return None, None
        market = Market(str(connector), str(pair))
        try:
            return market, self._hosts.paper.instrument(market)
        except UserError:
            return market, None

    def share(self, draft: Draft, question: Question, text: str) -> str | None:
        """`25%` of the free balance as an amount; None when the text is no share or the question asks for no size."""
        cleaned = text.strip()
        if not _is_size(question) or not cleaned.endswith("%"):
            return None
        share = ratio(cleaned)
        if not 0 < share <= 1:
            raise UserError(f"expected a share of the balance above 0% and up to 100%, found {cleaned!r}")
        found = self._free(draft, question)
        if found is None:
            raise UserError("the balance is not known here: type an amount")
        size = self._amount(draft, question, found[0] * share)
        if size <= 0:
            raise UserError(f"nothing of {found[1]} is free there: type an amount")
        return plain(size)

    def of_dollars(self, draft: Draft, question: Question, text: str) -> str | None:
        """`$200` as an amount of what is asked for: dollars are no coins. None for text without dollars, or where money is asked for and the pair is priced in them."""
        if question.unit not in ("quote", "base") or not names_dollars(text):
            return None
        market, _ = self.market(draft.answers, _part_of(question))
        pair = market.trading_pair if market is not None else ""
        base, _, quote = pair.partition("-")
        if pair and not is_in_dollars(pair):
            raise UserError(f"{pair} is priced in {quote}, not in dollars: say how much {quote if question.unit == 'quote' else base}, such as 0.1")
        if question.unit == "quote":
            return None
        size = self._amount(draft, question, amount(text))
        if size <= 0:
            raise UserError(f"{text.strip()[:40]} buys no {base}: type a larger amount")
        return plain(size)

    def presets(self, draft: Draft, question: Question) -> tuple[tuple[tuple[str, str], ...], str]:
        """((label, text) of the sizes that are offered, what is free)."""
        found = self._free(draft, question) if _is_size(question) else None
        if found is None or found[0] <= 0:
            return (), ""
        free, asset, mode = found
        try:
            labels = [f"{share} · {plain(self._amount(draft, question, free * ratio(share)))}" for share in SHARES]
        except UserError:
            return (), ""
        return tuple(zip(labels, SHARES, strict=True)), f"{free:,.2f} {asset} free ({'real money' if mode == LIVE else 'paper'})"

    def _free(self, draft: Draft, question: Question) -> tuple[Decimal, str, str] | None:
        """(free, asset, paper or live) of the account that a size is counted in: the one with real money where there is one."""
        market, instrument = self.market(draft.answers, _part_of(question))
        if market is None or instrument is None:
            return None
        mode = LIVE if self._purse.has_account(market.connector_name) else PAPER
        free = self._purse.free(mode, market.connector_name, instrument.quote, instrument)
        return None if free is None else (max(free, Decimal(0)), instrument.quote, mode)

    def _amount(self, draft: Draft, question: Question, quote: Decimal) -> Decimal:
        """Money as an answer: itself, or what it buys of the base asset."""
        if question.unit == "quote":
            return quote.quantize(Decimal("0.01"), ROUND_DOWN)
        market, instrument = self.market(draft.answers, _part_of(question))
        mid = self._purse.mid(market) if market is not None else None
        if instrument is None or not mid:
            raise UserError("there is no price of this pair yet: type an amount")
        return instrument.amount(instrument.lots(quote / mid))


def _part_of(question: Question) -> str:
    """The part of a config that a question is of, such as `long.`; empty for one of the whole."""
    part = question.name.rpartition(".")[0]
    return f"{part}." if part else ""


def _is_size(question: Question) -> bool:
    return question.unit in ("quote", "base") and question.section == SIZE
