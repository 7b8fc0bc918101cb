"""Position holds: the numbers of PH-*, HZ-19 and BT-10, and what an unknown mark or an unpriced fee does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.model.enums import PositionMode, TradeType
from botcore.orchestrator.holds import HoldBook, PositionHold
from tests.support.bench import PERP, SPOT, D, instrument, make_fill

BUY, SELL = TradeType.BUY, TradeType.SELL
ETH = instrument()


def hold_of(*trades: tuple[Any, ...], of: Any = ETH) -> PositionHold:
    """Trades as (side, base, quote[, fee])."""
    hold = PositionHold(of)
    for number, (side, base, quote, *fee) in enumerate(trades):
        assert hold.add(make_fill(of, side, D(quote) / D(base), base, trade_id=f"t{number}", fee=fee[0] if fee else 0))
    return hold


def test_ph_1_buy() -> None:
    hold = hold_of((BUY, 5, 1000))
    assert (hold.net_amount_base, hold.breakeven_price) == (5, 200)


def test_ph_2_sell() -> None:
    hold = hold_of((SELL, 3, 600))
    assert (hold.net_amount_base, hold.breakeven_price) == (-3, 200)


def test_ph_3_same_direction_averages() -> None:
    hold = hold_of((BUY, 2, 400), (BUY, 3, 900))
    assert (hold.net_amount_base, hold.breakeven_price) == (5, 260)


def test_ph_4_opposite_direction_realises_its_part_and_keeps_the_average() -> None:
    hold = hold_of((BUY, 5, 1000), (SELL, 2, 600))
    assert (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) == (3, 200, 200)


def test_ph_5_round_trip_is_flat_and_realised() -> None:
    hold = hold_of((BUY, 5, 1000), (SELL, 5, 1500))
    assert (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) == (0, 0, 500)
    assert hold.unrealized(D("NaN")) == 0, "nothing is held, no mark is needed"


def test_ph_6_through_zero_flips_at_the_exit_price() -> None:
    hold = hold_of((BUY, 5, 1000), (SELL, 8, 2000))
    assert (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) == (-3, 250, 250)
    assert hold.unrealized(D(240)) == 30


def test_ph_7_short_realises_with_the_right_sign() -> None:
    hold = hold_of((SELL, 4, 800), (BUY, 1, 150))
    assert (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) == (-3, 200, 50)


def test_ph_4_parts_without_a_last_digit_are_exact() -> None:
    """A third of 3 at 100 costs 100 and not 99.99...; through zero 5 of 7 close at their own price."""
    for part in (1, 2):
        hold = hold_of((BUY, 3, 300), (SELL, part, part * 120))
        assert (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) == (3 - part, 100, 20 * part)
        hold = hold_of((SELL, 7, 700), (BUY, part, part * 90))
        assert (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) == (part - 7, 100, 10 * part)
    hold = hold_of((BUY, 4, 400), (SELL, 7, 770))
    assert (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) == (-3, 110, 40)


def test_ph_8_a_trade_counts_once() -> None:
    hold = PositionHold(ETH)
    fill = make_fill(ETH, BUY, 200, 5, trade_id="same")
    assert hold.add(fill) is True
    assert hold.add(fill) is False
    assert (hold.net_amount_base, hold.volume_traded_quote) == (5, 1000)


def test_ph_9_oneway_and_spot_keep_one_net_hold() -> None:
    book, spot = HoldBook(), instrument(connector=SPOT)
    for of, mode in ((ETH, PositionMode.ONEWAY), (spot, PositionMode.ONEWAY), (spot, PositionMode.HEDGE)):
        book = HoldBook()
        book.add(make_fill(of, BUY, 200, 5, trade_id="1"), "main", mode, BUY)
        book.add(make_fill(of, SELL, 200, 2, trade_id="2"), "main", mode, SELL)
        (hold,) = book.of()
        assert (hold.bucket, hold.net_amount_base) == ("net", 3)


def test_ph_10_hedge_keeps_a_long_and_a_short_hold() -> None:
    book = HoldBook()
    book.add(make_fill(ETH, BUY, 200, 5, trade_id="1"), "main", PositionMode.HEDGE, BUY)
    book.add(make_fill(ETH, SELL, 200, 3, trade_id="2"), "main", PositionMode.HEDGE, SELL)
    # a long's partial exit is a sell, but it belongs to the long
    book.add(make_fill(ETH, SELL, 210, 1, trade_id="3"), "main", PositionMode.HEDGE, BUY)
    assert {hold.bucket: hold.net_amount_base for hold in book.of()} == {"long": 4, "short": -3}


def test_p8_the_venues_word_on_a_fills_side_comes_before_the_mode_and_the_executors_side() -> None:
    """After a restart fills may be read before the account's mode, and of an order whose intent is lost nobody knows whether it opened or closed."""
    book = HoldBook()
    book.add(replace(make_fill(ETH, BUY, 200, 5, trade_id="1"), position_side="short"), "main", PositionMode.ONEWAY, BUY)
    book.add(replace(make_fill(ETH, SELL, 200, 5, trade_id="2"), position_side="short"), "main", PositionMode.HEDGE, BUY)
    assert {hold.bucket: hold.net_amount_base for hold in book.of()} == {"short": 0}


def test_ph_11_holds_of_controllers_and_pairs_stay_apart() -> None:
    book, btc = HoldBook(), instrument("BTC-USDT")
    book.add(make_fill(ETH, BUY, 200, 5, trade_id="1"), "one", PositionMode.ONEWAY, BUY)
    book.add(make_fill(ETH, SELL, 200, 5, trade_id="2"), "two", PositionMode.ONEWAY, SELL)
    book.add(make_fill(btc, BUY, 200, 1, trade_id="3"), "one", PositionMode.ONEWAY, BUY)
    assert [hold.net_amount_base for hold in book.of("one")] == [5, 1]
    assert [hold.net_amount_base for hold in book.of("two")] == [-5]


def test_ph_14_existing_hold_and_another_executors_fills() -> None:
    """Hold 2 base / 400 quote and 3 base / 600 quote: 5 base, 1000 quote, volume 1000."""
    hold = hold_of((BUY, 2, 400), (BUY, 3, 600))
    assert (hold.net_amount_base, hold.cost_quote, hold.volume_traded_quote) == (5, 1000, 1000)


def test_hz_19_fees_are_in_the_result() -> None:
    """+10 gross with fees of 50 and 50 is -90."""
    hold = hold_of((BUY, 1, 1000, 50), (SELL, 1, 1010, 50))
    assert (hold.realized_pnl_quote, hold.cum_fees_quote) == (-90, 100)
    assert hold.summary(D(1000)).global_pnl_quote == -90


def test_bt_10_realised_unrealised_and_breakeven() -> None:
    assert hold_of((BUY, 10, 1000)).net_amount_base == 10
    summary = hold_of((BUY, 10, 1000), (SELL, 5, 550)).summary(D(105))
    assert (summary.realized_pnl_quote, summary.unrealized_pnl_quote, summary.breakeven_price) == (50, 25, 100)
    assert summary.global_pnl_quote == 75


def test_unknown_mark_is_unknown_not_zero() -> None:
    """The reference counts an empty book as a price of 0: 10 @ 230 would show -2300."""
    hold = hold_of((BUY, 10, 2300))
    for mark in (None, D("NaN")):
        summary = hold.summary(mark)
        assert summary.unrealized_pnl_quote is None and summary.global_pnl_quote is None


def test_fee_in_base_is_missing_from_the_amount_and_raises_the_breakeven() -> None:
    spot = instrument(connector=SPOT)
    hold = PositionHold(spot)
    hold.add(make_fill(spot, BUY, 99, 1, trade_id="1", fee="0.01", fee_asset="ETH", fee_in_quote="0.99"))
    assert (hold.net_amount_base, hold.breakeven_price) == (D("0.99"), 100)
    assert hold.cum_fees_quote == D("0.99")
    assert hold.realized_pnl_quote == 0, "the fee is in the amount already, it is not counted twice"
    assert hold.unrealized(D(100)) == 0


def test_unpriced_fee_is_marked() -> None:
    hold = PositionHold(ETH)
    hold.add(make_fill(ETH, BUY, 100, 1, trade_id="1", fee="0.01", fee_asset="BNB", fee_in_quote=None))
    assert hold.unpriced is True and hold.cum_fees_quote == 0


def test_close_at_realises_everything_at_that_price() -> None:
    hold = hold_of((BUY, 4, 400))
    hold.close_at(D(90))
    assert (hold.net_amount_base, hold.cost_quote, hold.realized_pnl_quote) == (0, 0, -40)


def test_ps_1_tiny_prices_survive_the_record_exactly() -> None:
    of = instrument("SHIB-USDT", tick="0.00000000001", lot="1")
    hold = PositionHold(of, controller_id="main")
    hold.add(make_fill(of, BUY, "0.00001234567", 3, trade_id="1", fee="0.000001"))
    back = PositionHold.from_record(hold.record(), of)
    assert back.breakeven_price == D("0.00001234567")
    assert back.record() == hold.record()


trades = st.lists(st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 5000), st.integers(1, 100_000), st.integers(0, 50)), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(happenings=trades, mark=st.integers(1, 100_000), base_fee=st.booleans())
def test_hold_conserves_value(happenings: list[tuple[TradeType, int, int, int]], mark: int, base_fee: bool) -> None:
    """At any mark, realised plus unrealised is cash flow plus inventory at the mark, fees inside."""
    of = instrument(connector=SPOT if base_fee else PERP)
    hold = PositionHold(of)
    cash, base = Decimal(0), Decimal(0)
    for number, (side, lots, ticks, fee) in enumerate(happenings):
        price, amount, paid = of.price(ticks), of.amount(lots), D(fee) / 100_000
        asset = "ETH" if base_fee and side is BUY else "USDT"
        hold.add(
            make_fill(of, side, price, amount, trade_id=str(number), fee=paid, fee_asset=asset, fee_in_quote=paid * price if asset == "ETH" else paid)
        )
        cash -= side.sign * amount * price + (paid if asset == "USDT" else 0)
        base += side.sign * amount - (paid if asset == "ETH" else 0)
    total = hold.summary(of.price(mark)).global_pnl_quote
    assert hold.net_amount_base == base
    assert total is not None and abs(total - (cash + base * of.price(mark))) < D("1e-15")
