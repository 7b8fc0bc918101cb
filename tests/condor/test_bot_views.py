"""Views of bots that do not run: sums of several quote assets from the records."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from botcore.model.instrument import Market
from botcore.model.records import BotRecords, HoldRecord, TallyRecord
from condor.services.bot_views import stopped_view
from condor.store.bots import STOPPED, BotRow, ConfigRow
from condor.views import BotView


def hold(pair: str, amount: int) -> HoldRecord:
    return HoldRecord("c", "venue", pair, "net", D(amount), D(100) * amount, D(100), D(2), D(1), D(1), D(300), False)


def view(rates: dict[str, D]) -> BotView:
    """Closed: +10 USDT, -4 EUR; holds 1 ETH of EUR bought at 100, now 108, with 1 realised; +3 EUR of funding. Its config names ETH-USDT."""
    tallies = [TallyRecord("c", asset, D(pnl), D(50), D("0.5"), 2, 1, {"FAILED": 1}) for asset, pnl in (("USDT", 10), ("EUR", -4))]
    records = BotRecords([], [], [], [], [hold("ETH-EUR", 1)], tallies, funding={("c", "EUR"): (D(3), False)})
    row: Any = BotRow("bot", "bot", "paper", "paper", STOPPED, False, 0, 0, 0)
    configs = [ConfigRow("c", 1, "pmm_simple", {"connector_name": "venue", "trading_pair": "ETH-USDT"})]
    rate_of = lambda asset, quote: rates.get(f"{asset}-{quote}")  # noqa: E731
    return stopped_view(row, records, configs, {Market("venue", "ETH-EUR"): D(108)}, rate_of)


def test_a_stopped_bots_sums_are_converted_into_the_asset_of_its_markets() -> None:
    found = view({"EUR-USDT": D(2)})
    assert (found.quote, found.realized, found.unrealized, found.funding) == ("USDT", 10 - 2 * 4 + 2 * 1, 16, 6)
    assert (found.net_pnl, found.volume, found.fees) == (26, 50 + 2 * 350, D("0.5") + 2 * D("1.5"))
    assert found.by_asset == (("EUR", 8), ("USDT", 10)) and found.unpriced == ()
    assert (found.closed, found.winning, found.close_types) == (4, 2, (("FAILED", 2),))


def test_a_stopped_bots_sum_without_a_rate_is_not_known() -> None:
    found = view({})
    assert (found.net_pnl, found.realized, found.unrealized, found.fees, found.volume, found.funding) == (None,) * 6
    assert found.by_asset == (("EUR", 8), ("USDT", 10)) and found.unpriced == ("EUR",)
