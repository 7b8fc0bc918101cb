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
from condor.units import plain, ratio

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
        amount = self._amount(draft, question, found[0] * share)
        if amount <= 0:
            raise UserError(f"nothing of {found[1]} is free there: type an amount")
        return plain(amount)

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
        prefix = question.name.rpartition(".")[0]
        market, instrument = self.market(draft.answers, f"{prefix}." if prefix else "")
        if market is None or instrument is None:
            return None
        mode = LIVE if self._purse.has_account(market.connector_name) else PAPER
        free = self._purse.free(mode, market.connector_name, instrument.quote, instrument)
        return None if free is None else (max(free, Decimal(0)), instrument.quote, mode)

    def _amount(self, draft: Draft, question: Question, quote: Decimal) -> Decimal:
        """Money as an answer: itself, or what it buys of the base asset."""
        if question.unit == "quote":
            return quote.quantize(Decimal("0.01"), ROUND_DOWN)
        market, instrument = self.market(draft.answers)
        mid = self._purse.mid(market) if market is not None else None
        if instrument is None or not mid:
            raise UserError("there is no price of this pair yet: type an amount")
        return instrument.amount(instrument.lots(quote / mid))


def _is_size(question: Question) -> bool:
    return question.unit in ("quote", "base") and question.section == SIZE
