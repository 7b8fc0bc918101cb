"""The paper exchange's perpetuals: reduce-only, position modes, margin and liquidation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.connectors.paper.ledger import PerpetualLedger, Position
from botcore.model.enums import PositionMode
from botcore.model.order import OrderState, Purpose
from botcore.model.refusals import NOTHING_TO_REDUCE
from botcore.model.venue_updates import OrderEnded, PositionLiquidated
from tests.support.bench import PERP, D, instrument
from tests.support.paper_venue import BUY, CLOSE, SELL, Venue, ended, fills, perpetual, traded


def position(venue: Venue, side: str = "net") -> tuple[Decimal, Decimal]:
    found = venue.ledger.positions.get((venue.of.market.trading_pair, side))
    return (venue.of.amount(found.lots), found.entry_price) if found else (D(0), D(0))


def test_oneway_nets_both_directions_and_realises_by_average_cost() -> None:
    venue = perpetual(taker="0.001")
    venue.order(BUY, 2)
    assert position(venue) == (2, 101)
    venue.quote(109, 111, "10", "10")
    venue.order(BUY, 2)
    assert position(venue) == (4, 106)
    venue.order(SELL, 1)
    assert position(venue) == (3, 106)
    # 109 - 106 realised, fees of 202, 222 and 109
    assert venue.ledger.total("USDT") == 1000 + 3 - D("0.533")


def test_oneway_order_through_zero_flips_the_position_at_its_price() -> None:
    venue = perpetual()
    venue.order(BUY, 1)
    venue.quote(105, 106, "10", "10")
    venue.order(SELL, 3)
    assert position(venue) == (-2, 105)
    assert venue.ledger.total("USDT") == 1004


def test_hedge_keeps_long_and_short_side_by_side() -> None:
    venue = perpetual()
    assert venue.exchange.set_position_mode(PositionMode.HEDGE) is None
    venue.order(BUY, 2)
    venue.order(SELL, 1)
    assert (position(venue, "long"), position(venue, "short"), position(venue)) == ((2, 101), (-1, 99), (0, 0))
    venue.order(SELL, 2, action=CLOSE, purpose=Purpose.CLOSE)
    venue.order(BUY, 1, action=CLOSE, purpose=Purpose.CLOSE)
    assert (position(venue, "long")[0], position(venue, "short")[0]) == (0, 0)
    assert venue.ledger.total("USDT") == 1000 - 4 - 2


def test_position_mode_does_not_change_while_anything_stands() -> None:
    venue = perpetual()
    venue.order(BUY, 1, 90)
    assert "can't switch to HEDGE" in venue.exchange.set_position_mode(PositionMode.HEDGE)
    assert venue.ledger.mode is PositionMode.ONEWAY
    venue.cancel("o-1")
    assert venue.exchange.set_position_mode(PositionMode.HEDGE) is None


def test_reduce_only_without_a_position_is_refused() -> None:
    venue = perpetual()
    said = venue.order(SELL, 1, action=CLOSE, purpose=Purpose.CLOSE)[1]
    assert ended(said) == [(OrderState.FAILED, "reduce-only order, but there is no position to reduce")]
    venue.order(SELL, 1)
    said = venue.order(SELL, 1, action=CLOSE, purpose=Purpose.CLOSE)[1]
    assert ended(said)[0][0] is OrderState.FAILED, "a sell can't reduce a short"


def test_reduce_only_never_turns_the_position() -> None:
    venue = perpetual()
    venue.order(BUY, 1)
    _, said = venue.order(SELL, 5, action=CLOSE, purpose=Purpose.CLOSE)
    assert traded(said) == [(99, 1)]
    assert ended(said) == [(OrderState.EXPIRED, NOTHING_TO_REDUCE)]
    assert position(venue)[0] == 0


def test_resting_reduce_only_orders_end_when_the_position_is_gone() -> None:
    venue = perpetual()
    venue.order(BUY, 1)
    names = [venue.order(SELL, 1, 105, action=CLOSE, purpose=Purpose.TAKE_PROFIT)[0] for _ in range(2)]
    venue.quote(105, 106)
    said = venue.said()
    assert [fill.client_order_id for fill in fills(said)] == names[:1]
    assert ended(said) == [(OrderState.EXPIRED, NOTHING_TO_REDUCE)]
    assert venue.exchange.orders == {} and position(venue)[0] == 0


def test_reduce_only_binds_nothing_and_has_no_smallest_value() -> None:
    venue = Venue(instrument(connector=PERP, min_notional="50"), deposit={"USDT": "101"})
    venue.order(BUY, 1)
    assert ended(venue.order(SELL, "0.1", 105, action=CLOSE, purpose=Purpose.TAKE_PROFIT)[1]) == []
    assert venue.ledger.reserved.get("USDT", D(0)) == 0


@pytest.mark.parametrize(("leverage", "largest"), [(1, 9), (5, 49), (10, 99)])
def test_leverage_bounds_what_can_be_opened(leverage: int, largest: int) -> None:
    """1000 USDT buy less than 1000 * leverage / 101 in base."""
    venue = perpetual()
    venue.book([(99, 500)], [(101, 500)])
    venue.exchange.set_leverage("ETH-USDT", leverage)
    assert "insufficient balance" in ended(venue.order(BUY, largest + 1)[1])[0][1]
    assert ended(venue.order(BUY, largest)[1]) == []
    held = D(largest) * 101 / leverage
    assert venue.ledger.position_margin("USDT") == held
    # marked at the mid of 100
    assert venue.ledger.available("USDT") == 1000 - held - largest


def test_order_that_closes_and_opens_binds_margin_only_for_what_it_opens() -> None:
    venue = perpetual()
    venue.order(BUY, 5)
    assert ended(venue.order(SELL, 8, 102)[1]) == []
    assert venue.ledger.reserved["USDT"] == 3 * 102


def test_liquidation_closes_everything_at_the_touch_and_never_owes() -> None:
    venue = perpetual(taker="0.001", maintenance="0.01", deposit={"USDT": "100"})
    venue.exchange.set_leverage("ETH-USDT", 20)
    venue.order(BUY, 10)
    resting, _ = venue.order(BUY, "0.5", 90)
    assert position(venue) == (10, 101)
    wallet = 100 - D("1.01")
    assert venue.ledger.total("USDT") == wallet
    venue.quote(95, 95, "50", "50")
    assert venue.said() == [], "equity 98.99 - 60 is above the margin of 10.10"
    venue.quote("92.11", "92.13", "50", "50")
    assert venue.said() == [], "mid 92.12: equity 10.19"
    venue.quote("92.09", "92.11", "50", "50")
    said = venue.said()
    assert [(update.client_order_id, update.state, update.reason) for update in said if type(update) is OrderEnded] == [
        (resting, OrderState.CANCELED, "liquidation")
    ]
    (lost,) = [update for update in said if type(update) is PositionLiquidated]
    assert venue.of.price(lost.price_ticks) == D("92.09")
    assert position(venue)[0] == 0
    assert venue.ledger.total("USDT") == wallet - 10 * (101 - D("92.09")) - 10 * D("92.09") * D("0.001")
    assert venue.ledger.total("USDT") > 0


def test_gap_through_bankruptcy_leaves_an_empty_account_not_a_debt() -> None:
    venue = perpetual(deposit={"USDT": "100"})
    venue.exchange.set_leverage("ETH-USDT", 20)
    venue.order(SELL, 15)
    venue.quote(150, 151)
    assert venue.ledger.total("USDT") == 0
    assert venue.ledger.available("USDT") == 0
    assert position(venue)[0] == 0


def test_position_cost_is_exact_over_many_partial_closes() -> None:
    """A cost that does not divide: 3 lots that cost 10 ticks lots together; nothing is lost by rounding."""
    of = instrument(connector=PERP)
    held = Position(of, "net")
    held.apply(2, 3)
    held.apply(1, 4)
    realised = sum((held.apply(-1, 5) for _ in range(3)), D(0))
    assert realised == 5 * of.unit
    assert (held.lots, held.cost) == (0, 0)


def test_equity_counts_unrealised_pnl() -> None:
    venue = perpetual()
    venue.order(BUY, 2)
    venue.quote(110, 112)
    assert venue.exchange.equity() == {"USDT": 1000 + 2 * (D(111) - 101)}
    assert isinstance(venue.ledger, PerpetualLedger)


def test_reset_empties_the_account() -> None:
    venue = perpetual()
    venue.order(BUY, 2)
    venue.order(BUY, 1, 90)
    venue.exchange.reset()
    assert venue.exchange.orders == {} and venue.ledger.totals == {} and position(venue)[0] == 0
    assert [state for state, _ in ended(venue.said())] == [OrderState.CANCELED]
