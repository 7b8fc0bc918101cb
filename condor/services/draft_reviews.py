"""The review of a draft: its answers, what they may cost, what was looked at, and what starting it with real money would mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.model.errors import ConfigError
from botcore.model.instrument import Instrument, Market
from condor.configs import Configs
from condor.forms import answer_text
from condor.hosts import LIVE, PAPER, Hosts
from condor.services.draft_kinds import DraftKinds
from condor.services.draft_views import LiveOffer, ReviewView, Row
from condor.services.estimates import estimates
from condor.services.preflight import Preflight
from condor.services.purse import Purse
from condor.services.sizes import ladder_of, leverage_of, main_market, quotes_of
from condor.store.drafts import Draft
from condor.user_code import is_script

Pairs = tuple[tuple[str, str], ...]


class DraftReviews:
    """See the module."""

    def __init__(self, configs: Configs, kinds: DraftKinds, preflight: Preflight, hosts: Hosts, purse: Purse) -> None:
        self._configs = configs
        self._kinds = kinds
        self._preflight = preflight
        self._hosts = hosts
        self._purse = purse

    def review(self, draft: Draft, mode: str = PAPER) -> ReviewView:
        """See the module."""
        form = self._kinds.form(draft.controller_name, draft.answers)
        problems = tuple(self._preflight.problems(draft, mode))
        config = None if problems else self._preflight.config(draft, mode)
        labels = {question.name: question.label for question in form.questions}
        return ReviewView(
            draft.draft_id,
            draft.controller_name,
            self._kinds.summary(draft.controller_name),
            self._rows(draft, form.steps),
            self._rows(draft, form.advanced),
            () if config is None else self._estimates(draft, config, mode),
            problems,
            draft.state,
            self._offer(draft) if config is None else self._at_stake(draft, config),
            tuple((labels[name], reason) for name, reason in draft.notes.why.items() if name in labels),
            () if config is None else self._looked_at(config, mode),
            draft.notes.origin,
            is_script(draft.controller_name),
        )

    @staticmethod
    def _rows(draft: Draft, questions: Any) -> tuple[Row, ...]:
        return tuple((question.name, question.label, answer_text(question, draft.answers.get(question.name))) for question in questions)

    def _estimates(self, draft: Draft, config: Any, mode: str) -> Pairs:
        if is_script(draft.controller_name):
            return (("orders and worst case", "only the script knows"),)
        market = main_market(config)
        if market is None:
            return ()
        taker = self._configs.venue(market.connector_name).fees.taker
        return estimates(config, self._hosts.of(mode).instrument(market), taker, self._purse.mid(market, mode))

    def _looked_at(self, config: Any, mode: str) -> Pairs:
        """What holds: keys, balance, smallest order, leverage."""
        market = main_market(config)
        if market is None:
            return ()
        instrument = self._hosts.of(mode).instrument(market)
        rows = [("keys", f"of {self._purse.title(market.connector_name)}" if mode == LIVE else "none needed on paper")]
        rows += [*self._balance(market, instrument, mode), *self._smallest(config, market, instrument, mode)]
        leverage = leverage_of(config)
        if instrument.is_perpetual and leverage:
            rows.append(("leverage", f"{leverage}x"))
        return tuple(rows)

    def _balance(self, market: Market, instrument: Instrument, mode: str) -> list[tuple[str, str]]:
        free = self._purse.free(mode, market.connector_name, instrument.quote, instrument)
        return [("balance", "not known yet" if free is None else f"{free:,.2f} {instrument.quote} free")]

    def _smallest(self, config: Any, market: Market, instrument: Instrument, mode: str) -> list[tuple[str, str]]:
        mid = self._purse.mid(market, mode)
        ladder = ladder_of(config, instrument, mid)
        quotes = quotes_of(config, mid) if ladder is None else [level.amount_quote for level in ladder.levels]
        if not instrument.min_notional or not quotes:
            return []
        return [("smallest order", f"{min(quotes):.2f}, venue asks {instrument.min_notional:f}")]

    def _offer(self, draft: Draft) -> LiveOffer | None:
        """What a live start would put at stake where only paper stands in the way, such as its smaller balance."""
        if self._hosts.live is None or is_script(draft.controller_name) or self._preflight.problems(draft, LIVE):
            return None
        return self._at_stake(draft, self._preflight.config(draft, LIVE))

    def _at_stake(self, draft: Draft, config: Any) -> LiveOffer | None:
        """What a live start would put at stake; None where no account of that venue is connected."""
        live = self._hosts.live
        if is_script(draft.controller_name):
            # the amount belongs on the button, and nobody knows it: a terminal may start it with real money (condor start --script ... --live)
            return None
        market = main_market(config)
        account = live.accounts.get(market.connector_name) if live is not None and market is not None else None
        if account is None or market is None or live is None:
            return None
        try:
            instrument = self._hosts.of(LIVE).instrument(market)
        except ConfigError:
            # a venue that was never reached says nothing of what it trades: paper does not wait for it, and the live review says so
            return None
        total = sum(quotes_of(config, self._purse.mid(market, LIVE)), Decimal(0))
        reason = account.connector.closed_reason() or account.session.view().trouble
        markets = tuple(sorted(str(each) for each in config.markets()))
        return LiveOffer(live.title(market.connector_name), total, instrument.quote, reason, markets)
