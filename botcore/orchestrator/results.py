"""`Results`: what the executors and holds of one bot come to, in the asset that the bot's results are told in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.executors.base import ExecutorBase
from botcore.executors.exposure import Earned
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import PriceType
from botcore.model.instrument import Market, quote_of
from botcore.orchestrator.holds import HoldBook, PositionHold, PositionSummary
from botcore.orchestrator.performance import PerformanceReport, Tally, report_of
from botcore.orchestrator.reporting import Rates, add_known
from botcore.orchestrator.shelf import Shelf, Shelves


class Results:
    """See the module.

    Parameters
    ----------
    asset : str
        What results are told in; empty where no controller names a market: then what is traded says it.
    """

    def __init__(self, asset: str, holds: HoldBook, shelves: Shelves, market_data: MarketDataProvider) -> None:
        self.asset = asset
        self._holds = holds
        self._shelves = shelves
        self._market_data = market_data

    def begun(self, executor: ExecutorBase[Any]) -> None:
        """An executor has begun: where no controller names a market, what is traded first says what results are told in."""
        if not self.asset:
            self.asset = quote_of(getattr(executor.config, "trading_pair", ""))

    def count(self, shelf: Shelf, executor: ExecutorBase[Any], earned: list[Earned], *, handed_over: bool) -> list[Tally]:
        """Count an ended executor, once, and add what it came to in each asset; gives what has changed."""
        counting = shelf.tally(earned[0].asset if earned else quote_of(getattr(executor.config, "trading_pair", "")) or self.asset)
        counting.count(executor.info, handed_over=handed_over)
        changed = {counting.asset: counting}
        for part in earned:
            changed[part.asset] = shelf.tally(part.asset)
            changed[part.asset].add(part)
        return list(changed.values())

    def positions(self, controller_id: str | None = None) -> list[PositionSummary]:
        """Holds at the present mid."""
        return [hold.summary(self._mark(hold)) for hold in self._holds.of(controller_id)]

    def _mark(self, hold: PositionHold) -> Any:
        market = hold.instrument.market
        return self._market_data.get_price_by_type(market.connector_name, market.trading_pair, PriceType.MidPrice)

    def closing_price(self, market: Market, is_long: bool) -> Decimal | None:
        """Price at which a position would be closed at market; None while nobody stands there, or the book is torn."""
        state = self._market_data.state(market.connector_name, market.trading_pair)
        ticks = state.book.best_bid if is_long else state.book.best_ask
        return None if state.is_torn or ticks in (NO_BID, NO_ASK) else state.instrument.price(ticks)

    def rates(self) -> Rates:
        """Present rates into the asset that results are told in."""
        if not self.asset:
            # no controller names a market, and nothing of one market was begun here: what was earned, or is held, says it
            shelves = self._shelves.all.values()
            earned = {asset for shelf in shelves for asset in (*shelf.tallies, *shelf.funding, *shelf.standing.assets())}
            self.asset = min({*earned, *(hold.instrument.quote for hold in self._holds.of())} - {""}, default="")
        return Rates(self.asset, self._market_data.rates.rate)

    def pnl(self, controller_id: str, rates: Rates | None = None) -> Decimal | None:
        """Global PnL of a controller after fees, with funding; None while a price or a rate that it needs is not known."""
        shelf, rates = self._shelves.of(controller_id), rates or self.rates()
        sums = shelf.standing.pnl(self.closing_price)
        for asset, tally in shelf.tallies.items():
            add_known(sums, asset, tally.realized_quote)
        for asset, funding in shelf.funding.items():
            add_known(sums, asset, funding.quote)
        for hold in self._holds.of(controller_id):
            unrealized = hold.unrealized(self._mark(hold) if hold.net_amount_base else None)
            add_known(sums, hold.instrument.quote, None if unrealized is None else hold.realized_pnl_quote + unrealized)
        # what is the same in every asset needs no rate; a shelf of other assets moves with their rates too
        shelf.is_converted = any(value for asset, value in sums.items() if asset != self.asset)
        return rates.total(sums)

    def report(self, controller_id: str | None, worst: Decimal) -> PerformanceReport:
        """Performance of one controller, or of the whole bot, whose largest drop from a peak was `worst`."""
        shelves = list(self._shelves.all.values()) if controller_id is None else [self._shelves.of(controller_id)]
        tallies = [tally for shelf in shelves for tally in shelf.tallies.values()]
        active = [shelf.standing.sums(self.closing_price) for shelf in shelves]
        return report_of(tallies, active, self.positions(controller_id), [shelf.funding for shelf in shelves], self.rates(), worst)
