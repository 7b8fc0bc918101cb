"""Rates, budget and fees: RO-1, RO-3, BC-1..4, BC-8, FE-1, FE-3 of the numeric scenarios; O15 and I20 on a fill; PS-1 through a hold's record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.connectors.live.account import Account
from botcore.connectors.live.fees import no_rate, with_priced_fee
from botcore.connectors.paper.models import FeeModel
from botcore.executors.exposure import Exposure
from botcore.markets.market_state import MarketState
from botcore.markets.rates import RateOracle
from botcore.model.enums import OrderType, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import OrderRequest
from botcore.orchestrator.holds import PositionHold
from botcore.recorder.rows import read_record, record_row
from tests.support.bench import SECOND_NS, SPOT, T0_NS, D, instrument, make_fill, quote_event

BUY, SELL = TradeType.BUY, TradeType.SELL
OF = instrument("HBOT-USDT", SPOT)


# ---- rates -----------------------------------------------------------------------------------------------------------
def oracle(now_ns: int = T0_NS, **prices: str) -> RateOracle:
    made = RateOracle(lambda: now_ns, {}, 60 * SECOND_NS)
    for pair, price in prices.items():
        made.put(pair.replace("_", "-"), D(price), T0_NS)
    return made


@pytest.mark.parametrize(
    ("asset", "quote", "expected"),
    [
        ("HBOT", "USDT", "100"),
        ("USDT", "HBOT", "0.01"),
        ("HBOT", "AAVE", "2"),
        ("AAVE", "HBOT", "0.5"),
        ("HBOT", "GBP", "75"),
        ("GBP", "GBP", "1"),
        ("ZBOT", "USDT", None),
        ("HBOT", "ZBOT", None),
    ],
)
def test_ro_1_direct_inverse_and_over_a_common_asset(asset: str, quote: str, expected: str | None) -> None:
    rates = oracle(HBOT_USDT="100", AAVE_USDT="50", USDT_GBP="0.75")
    assert rates.rate(asset, quote) == (None if expected is None else D(expected))


def test_ro_3_price_of_zero_has_no_inverse() -> None:
    rates = oracle(HBOT_USDT="0", AAVE_USDT="50")
    assert rates.rate("HBOT", "USDT") == 0
    assert rates.rate("USDT", "HBOT") is None
    assert rates.rate("AAVE", "HBOT") is None
    assert rates.rate("HBOT", "AAVE") is None, "worth nothing on the way is no price"


def test_rate_that_is_too_old_is_not_known() -> None:
    assert oracle(T0_NS + 60 * SECOND_NS, HBOT_USDT="100").rate("HBOT", "USDT") == 100
    assert oracle(T0_NS + 61 * SECOND_NS, HBOT_USDT="100").rate("HBOT", "USDT") is None


def test_rate_of_an_open_market_is_its_mid_while_it_can_be_trusted() -> None:
    of = instrument("BNB-USDT", SPOT)
    state = MarketState(of, 10 * SECOND_NS)
    now = T0_NS
    rates = RateOracle(lambda: now, {of.market: state}, 60 * SECOND_NS)
    assert rates.rate("BNB", "USDT") is None
    state.apply(quote_event(of, T0_NS, 599, 601))
    assert rates.rate("BNB", "USDT") == 600
    now += 11 * SECOND_NS
    assert rates.rate("BNB", "USDT") is None


def test_of_several_venues_the_first_by_name_gives_the_rate() -> None:
    """Whatever the order in which they were opened; one that can't be trusted leaves the place to the next."""
    states = {}
    for name, price in (("kraken", 598), ("binance", 600), ("okx", 602)):
        of = instrument("BNB-USDT", name)
        states[of.market] = MarketState(of, 10 * SECOND_NS)
        states[of.market].apply(quote_event(of, T0_NS + (19 * SECOND_NS if name != "binance" else 0), price, price))
    now = T0_NS + SECOND_NS
    rates = RateOracle(lambda: now, states, 60 * SECOND_NS)
    assert (rates.rate("BNB", "USDT"), rates.rate("USDT", "BNB")) == (600, D(1) / 600)
    rates.put("BNB-USDT", D(590), now)
    assert rates.rate("BNB", "USDT") == 600, "a book that can be trusted comes before a price that was put in"
    now = T0_NS + 20 * SECOND_NS
    assert rates.rate("BNB", "USDT") == 598


def test_older_price_does_not_replace_a_newer_one() -> None:
    rates = oracle(HBOT_USDT="100")
    rates.put("HBOT-USDT", D(90), T0_NS - 1)
    assert rates.rate("HBOT", "USDT") == 100


# ---- budget: 10 at 2, maker 1 %, taker 2 % ---------------------------------------------------------------------------
def request(side: TradeType, amount: str = "10", price: str = "2", of: Instrument = OF) -> OrderRequest:
    return OrderRequest(of, side, OrderType.LIMIT, of.lots(D(amount)), of.floor_ticks(D(price)))


def account(taker: str = "0.02", balances: dict[str, str] | None = None, **options: Any) -> Account:
    made = Account(D(taker), **options)
    made.set_balances({asset: (D(amount), D(amount)) for asset, amount in (balances or {}).items()}, complete=True)
    return made


def demand(of: Account, side: TradeType) -> tuple[str, Decimal]:
    wanted = request(side)
    return of.demand(wanted, wanted.price_ticks, wanted.lots)


def test_bc_1_buy_binds_its_notional_and_the_taker_fee() -> None:
    assert demand(account(), BUY) == ("USDT", D("20.4"))
    fees = FeeModel(D("0.01"), D("0.02"))
    ticks, lots = OF.floor_ticks(D(2)), OF.lots(D(10))
    assert [fees.fee(OF, BUY, ticks, lots, is_maker).amount for is_maker in (True, False)] == [D("0.2"), D("0.4")]


def test_bc_2_fee_from_what_is_received_binds_nothing_more() -> None:
    assert demand(account(fee_from_received=True), BUY) == ("USDT", D(20))
    exposure = Exposure(OF, BUY)
    exposure.apply(make_fill(OF, BUY, 2, 10, trade_id="1", fee="0.1", fee_asset="HBOT", fee_in_quote="0.2"))
    assert exposure.base == D("9.9")


def test_bc_3_sell_binds_its_base_and_returns_less_its_fee() -> None:
    assert demand(account(), SELL) == ("HBOT", D(10))
    fee = FeeModel(D("0.01"), D("0.01")).fee(OF, SELL, OF.floor_ticks(D(2)), OF.lots(D(10)), False)
    assert 20 - fee.amount == D("19.8")


def test_bc_4_fee_in_a_third_asset_is_counted_at_its_rate() -> None:
    """1 % of 20 is 0.2 USDT; one PFC costs half a USDT."""
    rates = oracle(PFC_USDT="0.5")
    fill = with_priced_fee(make_fill(OF, BUY, 2, 10, trade_id="1", fee="0.4", fee_asset="PFC", fee_in_quote=None), rates.rate)
    assert (fill.fee.amount, fill.fee.asset, fill.fee.in_quote) == (D("0.4"), "PFC", D("0.2"))
    assert account("0", balances={"USDT": "20", "PFC": "1"}, fixed_fee=("PFC", D("0.4"))).can_pay(request(BUY), request(BUY).price_ticks, [])


def test_bc_8_fixed_fee_that_the_account_does_not_have_lets_nothing_be_sent() -> None:
    poor = account("0", {"USDT": "1000", "PFC": "10"}, fixed_fee=("PFC", D(11)))
    assert not poor.can_pay(request(BUY), request(BUY).price_ticks, [])


# ---- fees ------------------------------------------------------------------------------------------------------------
def test_fe_1_fee_is_added_to_a_buys_cost_or_taken_from_what_is_received() -> None:
    ticks, lots = OF.floor_ticks(D(2)), OF.lots(D(10))
    added = FeeModel(D("0.01"), D("0.01")).fee(OF, BUY, ticks, lots, False)
    deducted = FeeModel(D("0.01"), D("0.01"), from_received=True).fee(OF, BUY, ticks, lots, False)
    sold = FeeModel(D("0.01"), D("0.01"), from_received=True).fee(OF, SELL, ticks, lots, False)
    assert [(fee.asset, fee.amount) for fee in (added, deducted, sold)] == [("USDT", D("0.2")), ("HBOT", D("0.1")), ("USDT", D("0.2"))]


def test_fe_3_fee_of_nothing_needs_no_rate_and_another_one_stays_unpriced() -> None:
    free = with_priced_fee(make_fill(OF, BUY, 2, 10, trade_id="1", fee=0, fee_asset="ZZZ", fee_in_quote=None), no_rate)
    paid = with_priced_fee(make_fill(OF, BUY, 2, 10, trade_id="2", fee=1, fee_asset="ZZZ", fee_in_quote=None), no_rate)
    assert (free.fee.in_quote, paid.fee.in_quote) == (D(0), None)


@pytest.mark.parametrize(
    ("asset", "amount", "in_quote", "base", "pnl"),
    [
        ("USDT", "1", "1", "10", "-1"),
        ("HBOT", "0.1", "0.2", "9.9", "-0.2"),
        ("PFC", "0.4", "0.2", "10", "-0.2"),
        ("PFC", "-0.4", "-0.2", "10", "0.2"),
        ("ZZZ", "7", None, "10", "0"),
    ],
)
def test_o15_i20_fee_matrix(asset: str, amount: str, in_quote: str | None, base: str, pnl: str) -> None:
    """Quote, base, third asset, rebate and a fee without a rate: what can be sold, what was earned, and what is not known."""
    rates = oracle(PFC_USDT="0.5")
    fill = with_priced_fee(make_fill(OF, BUY, 2, 10, trade_id="1", fee=amount, fee_asset=asset, fee_in_quote=None), rates.rate)
    assert fill.fee.in_quote == (None if in_quote is None else D(in_quote))
    exposure, hold = Exposure(OF, BUY), PositionHold(OF)
    exposure.apply(fill)
    hold.add(fill)
    assert exposure.base == hold.net_amount_base == D(base)
    assert exposure.lots == OF.lots(D(base))
    assert exposure.net_pnl(OF.floor_ticks(D(2))) == D(pnl)
    assert hold.realized_pnl_quote + (hold.unrealized(D(2)) or 0) == D(pnl)
    assert exposure.unpriced is hold.unpriced is (in_quote is None)


def test_ps_1_break_even_is_exact_through_the_records() -> None:
    of = instrument("SHIB-USDT", SPOT, tick="0.00000000001", lot="1")
    hold = PositionHold(of, controller_id="main")
    hold.add(make_fill(of, BUY, "0.00001234567", 3, trade_id="1"))
    assert hold.breakeven_price == D("0.00001234567")

    class Row:
        def __init__(self, values: dict[str, Any]) -> None:
            self.__dict__.update(values)

    again = PositionHold.from_record(read_record(type(hold.record()), Row(record_row(hold.record()))), of)
    assert (again.breakeven_price, again.net_amount_base, again.cost_quote) == (D("0.00001234567"), D(3), D("0.00003703701"))
