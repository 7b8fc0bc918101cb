"""The paper exchange behaves as a venue: latency, matching, queues, fees, budget, reduce-only, position modes, margin and liquidation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.connectors.paper.exchange import PaperExchange, PaperRules
from botcore.connectors.paper.ledger import PerpetualLedger, Position
from botcore.connectors.paper.models import BackOfQueue, ConstantLatency, FeeModel, JitterLatency, QueueModel, ThroughQueue, TouchQueue
from botcore.markets.market_state import MarketState
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.instrument import Instrument
from botcore.model.market_events import BookSnapshot, FeedEnded, MarketEvent, TradeTick
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.venue_updates import CancelRefused, OrderEnded, OrderTaken, OrderTraded, PositionLiquidated
from tests.support.bench import PERP, SPOT, T0_NS, D, instrument, lots_of, quote_event, ticks_of

BUY, SELL = TradeType.BUY, TradeType.SELL
MARKET, LIMIT, MAKER = OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER
OPEN, CLOSE, NIL = PositionAction.OPEN, PositionAction.CLOSE, PositionAction.NIL
MS = 1_000_000


class Venue:
    """One paper exchange with one market, quoted 99 / 101 with 10 on each side at the start."""

    def __init__(
        self,
        of: Instrument | None = None,
        *,
        maker: str = "0",
        taker: str = "0",
        from_received: bool = False,
        latency_ns: int = 1,
        queue: QueueModel | None = None,
        slippage: str = "0",
        maintenance: str = "0.005",
        deposit: dict[str, str] | None = None,
    ) -> None:
        self.of = of or instrument(connector=SPOT)
        self.wakes: list[int] = []
        fees = FeeModel(D(maker), D(taker), from_received)
        rules = PaperRules(self.of.kind, fees, ConstantLatency(latency_ns), queue or TouchQueue(), D(slippage), D(maintenance))
        self.exchange = PaperExchange(self.of.market.connector_name, rules, self.wakes.append)
        self.state = MarketState(self.of)
        self.exchange.open_market(self.state)
        for asset, amount in (deposit or {"USDT": "10000", "ETH": "10"}).items():
            self.exchange.deposit(asset, D(amount))
        self.now_ns = T0_NS
        self.count = 0
        self.quote(99, 101, "10", "10")

    @property
    def ledger(self) -> Any:
        return self.exchange.ledger

    # ---- the market
    def play(self, event: MarketEvent) -> None:
        self.exchange.before(event)
        self.state.apply(event)
        self.exchange.after(event)

    def quote(self, bid: Any, ask: Any, bid_size: Any = None, ask_size: Any = None) -> None:
        self.now_ns += 1000
        self.play(quote_event(self.of, self.now_ns, bid, ask, bid_size, ask_size))

    def book(self, bids: list[tuple[Any, Any]], asks: list[tuple[Any, Any]]) -> None:
        self.now_ns += 1000
        levels = [[(ticks_of(self.of, price), lots_of(self.of, size)) for price, size in side] for side in (bids, asks)]
        self.play(BookSnapshot(self.of.market, self.now_ns, 1, *levels))

    def trade(self, price: Any, size: Any, *, buyer_is_maker: bool) -> None:
        self.now_ns += 1000
        self.play(TradeTick(self.of.market, self.now_ns, ticks_of(self.of, price), lots_of(self.of, size), buyer_is_maker))

    # ---- orders
    def send(
        self,
        side: TradeType,
        amount: Any,
        price: Any = None,
        order_type: OrderType | None = None,
        action: PositionAction | None = None,
        purpose: Purpose = Purpose.OPEN,
    ) -> str:
        self.count += 1
        name = f"o-{self.count}"
        kind = order_type or (MARKET if price is None else LIMIT)
        action = action or (OPEN if self.of.is_perpetual else NIL)
        request = OrderRequest(
            self.of, side, kind, lots_of(self.of, amount), None if price is None else ticks_of(self.of, price), action, purpose, "bot", "main", "x-1"
        )
        self.exchange.create(request, name, self.now_ns)
        return name

    def order(self, *args: Any, **kwargs: Any) -> tuple[str, list[Any]]:
        """Send an order and let it arrive; returns its id and what the venue said."""
        name = self.send(*args, **kwargs)
        return name, self.arrive()

    def arrive(self) -> list[Any]:
        self.now_ns += 1000
        self.exchange.advance(self.now_ns)
        return self.said()

    def said(self) -> list[Any]:
        return self.exchange.drain()

    def cancel(self, name: str) -> list[Any]:
        self.exchange.cancel(name, self.now_ns)
        return self.arrive()


def fills(said: list[Any]) -> list[Fill]:
    return [update.fill for update in said if type(update) is OrderTraded]


def traded(said: list[Any]) -> list[tuple[Decimal, Decimal]]:
    return [(fill.price, fill.amount) for fill in fills(said)]


def ended(said: list[Any]) -> list[tuple[OrderState, str]]:
    return [(update.state, update.reason) for update in said if type(update) is OrderEnded]


def perpetual(**options: Any) -> Venue:
    return Venue(instrument(connector=PERP), **({"deposit": {"USDT": "1000"}} | options))


# ---- matching ------------------------------------------------------------------------------------------------------
def test_market_order_walks_the_book_level_by_level() -> None:
    venue = Venue()
    venue.book([(99, 5)], [(101, 1), (102, 2), (103, 3)])
    name, said = venue.order(BUY, 4)
    assert type(said[0]) is OrderTaken and said[0].client_order_id == name
    assert traded(said) == [(101, 1), (102, 2), (103, 1)]
    assert not any(fill.is_maker for fill in fills(said))
    assert ended(said) == [], "a complete fill needs no further word"
    assert name not in venue.exchange.orders


def test_market_order_walks_more_levels_than_one_page_of_the_book() -> None:
    venue = Venue()
    venue.book([(99, 5)], [(101 + step, 1) for step in range(50)])
    _, said = venue.order(BUY, 40)
    assert traded(said) == [(101 + step, 1) for step in range(40)]


def test_market_order_beyond_the_depth_fills_what_is_there_and_expires() -> None:
    venue = Venue()
    _, said = venue.order(SELL, "10")
    assert traded(said) == [(99, 10)]
    venue = Venue(deposit={"ETH": "20"})
    _, said = venue.order(SELL, "12")
    assert traded(said) == [(99, 10)]
    assert ended(said) == [(OrderState.EXPIRED, "the book had no more depth")]
    assert venue.ledger.available("ETH") == 10


def test_market_order_into_an_empty_side_is_refused() -> None:
    venue = Venue()
    venue.book([(99, 5)], [])
    _, said = venue.order(BUY, 1)
    assert ended(said) == [(OrderState.FAILED, "nobody stands on the other side of the book")]


def test_limit_order_takes_up_to_its_price_and_rests_with_what_is_left() -> None:
    venue = Venue()
    venue.book([(99, 5)], [(101, 1), (102, 2), (103, 3)])
    name, said = venue.order(BUY, 4, 102)
    assert traded(said) == [(101, 1), (102, 2)]
    assert venue.exchange.orders[name].remaining == 1000


def test_resting_order_trades_at_its_own_price_never_better() -> None:
    venue = Venue()
    name, said = venue.order(BUY, 1, 98)
    assert fills(said) == []
    venue.quote(90, 91)
    (fill,) = fills(venue.said())
    assert (fill.price, fill.amount, fill.is_maker) == (98, 1, True)
    assert name not in venue.exchange.orders


def test_better_priced_and_older_orders_trade_first() -> None:
    venue = Venue()
    names = [venue.order(BUY, 1, price)[0] for price in (97, 98, 97, 98)]
    venue.quote(90, 91)
    assert [fill.client_order_id for fill in fills(venue.said())] == [names[1], names[3], names[0], names[2]]


def test_sell_side_mirrors_it() -> None:
    venue = Venue()
    names = [venue.order(SELL, 1, price)[0] for price in (103, 102, 102)]
    venue.quote(102, 104)
    assert [(fill.client_order_id, fill.price) for fill in fills(venue.said())] == [(names[1], 102), (names[2], 102)]


@pytest.mark.parametrize(("side", "price", "refused"), [(BUY, 101, True), (BUY, 100, False), (SELL, 99, True), (SELL, 100, False)])
def test_limit_maker_rests_or_is_refused(side: TradeType, price: int, refused: bool) -> None:
    venue = Venue()
    name, said = venue.order(side, 1, price, MAKER)
    assert fills(said) == []
    assert ended(said) == ([(OrderState.FAILED, "post-only order would take")] if refused else [])
    assert (name in venue.exchange.orders) is not refused
    assert venue.ledger.reserved.get("USDT" if side is BUY else "ETH", D(0)) == (0 if refused else 100 if side is BUY else 1)


def test_order_sizes_are_checked_against_the_rules() -> None:
    venue = Venue(instrument(connector=SPOT, min_amount="0.1", min_notional="50"))
    assert "smallest order 0.1" in ended(venue.order(BUY, "0.05", 98)[1])[0][1]
    assert "smallest order value 50" in ended(venue.order(BUY, "0.2", 98)[1])[0][1]
    assert ended(venue.order(BUY, "0.6", 98)[1]) == []


def test_slippage_counts_where_the_source_has_no_depth_and_respects_a_limit() -> None:
    venue = Venue(slippage="0.001")
    venue.quote(100, 100)
    assert traded(venue.order(BUY, 1)[1]) == [(D("100.10"), 1)]
    assert traded(venue.order(SELL, 1)[1]) == [(D("99.90"), 1)]
    assert traded(venue.order(BUY, 1, "100.05")[1]) == [(D("100.05"), 1)]
    venue.quote(100, 100, "5", "5")
    assert traded(venue.order(BUY, 1)[1]) == [(100, 1)], "displayed depth is what it is"


# ---- latency -------------------------------------------------------------------------------------------------------
def test_order_acts_only_after_the_latency_and_on_the_book_of_that_moment() -> None:
    venue = Venue(latency_ns=50 * MS)
    sent_ns = venue.now_ns
    venue.send(BUY, 1)
    assert venue.wakes == [sent_ns + 50 * MS]
    venue.exchange.advance(sent_ns + 50 * MS - 1)
    assert venue.said() == []
    venue.now_ns = sent_ns + 20 * MS
    venue.quote(104, 105)
    venue.exchange.advance(sent_ns + 50 * MS)
    (fill,) = fills(venue.said())
    assert (fill.price, fill.ts_ns) == (105, sent_ns + 50 * MS)


def test_order_that_arrived_before_a_market_event_meets_the_book_as_it_was() -> None:
    venue = Venue(latency_ns=10)
    venue.send(BUY, 1)
    venue.quote(104, 105)
    assert [fill.price for fill in fills(venue.said())] == [101]


def test_nothing_trades_on_the_event_it_was_born_in() -> None:
    """Sent at the time of an event, with no latency at all, it still arrives later."""
    venue = Venue(latency_ns=0)
    venue.send(BUY, 1)
    venue.exchange.advance(venue.now_ns)
    assert venue.said() == []
    venue.exchange.advance(venue.now_ns + 1)
    assert len(fills(venue.said())) == 1


def test_cancel_takes_time_too_and_a_fill_may_win() -> None:
    venue = Venue(latency_ns=50 * MS)
    name = venue.send(BUY, 1, 98)
    venue.now_ns += 60 * MS
    venue.exchange.advance(venue.now_ns)
    venue.said()
    venue.exchange.cancel(name, venue.now_ns)
    venue.quote(90, 91)
    assert len(fills(venue.said())) == 1
    venue.exchange.advance(venue.now_ns + 60 * MS)
    (answer,) = venue.said()
    assert type(answer) is CancelRefused and answer.client_order_id == name


def test_cancel_frees_what_the_order_bound() -> None:
    venue = Venue(taker="0.001")
    name, _ = venue.order(BUY, 1, 98)
    assert venue.ledger.available("USDT") == 10_000 - D("98.098")
    assert ended(venue.cancel(name)) == [(OrderState.CANCELED, "")]
    assert venue.ledger.available("USDT") == 10_000
    venue.quote(90, 91)
    assert venue.said() == []


def test_requests_keep_their_order_on_a_jittery_line() -> None:
    venue = Venue()
    object.__setattr__(venue.exchange.rules, "latency", JitterLatency(5 * MS, 20 * MS, seed=7))
    names = []
    for _ in range(30):
        names.append(venue.send(BUY, "0.01", 90))
        venue.now_ns += MS
    arrivals = [at for at, _, _ in venue.exchange.arriving()]
    assert arrivals == sorted(arrivals)
    venue.now_ns += 10_000 * MS
    taken = [update.client_order_id for update in venue.arrive() if type(update) is OrderTaken]
    assert taken == names


def test_jitter_is_the_same_for_the_same_seed() -> None:
    one, two = JitterLatency(5, 100, 3), JitterLatency(5, 100, 3)
    assert [one.delay_ns() for _ in range(20)] == [two.delay_ns() for _ in range(20)]


# ---- queue models --------------------------------------------------------------------------------------------------
def test_touch_queue_fills_when_the_market_reaches_the_price() -> None:
    venue = Venue(queue=TouchQueue())
    venue.order(BUY, 1, 98)
    venue.quote(97, 98)
    assert traded(venue.said()) == [(98, 1)]


def test_through_queue_fills_only_when_the_market_goes_through() -> None:
    venue = Venue(queue=ThroughQueue())
    venue.order(BUY, 1, 98)
    venue.quote(97, 98)
    venue.trade(98, 1000, buyer_is_maker=True)
    assert traded(venue.said()) == []
    venue.quote(97, "97.99")
    assert traded(venue.said()) == [(98, 1)]


def test_back_of_queue_waits_for_the_displayed_size_to_trade() -> None:
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 2, 99)
    venue.trade(99, 4, buyer_is_maker=True)
    assert traded(venue.said()) == [], "4 of 10 ahead"
    venue.trade(99, 5, buyer_is_maker=True)
    assert traded(venue.said()) == [], "9 of 10 ahead"
    venue.trade(99, "2.5", buyer_is_maker=True)
    assert traded(venue.said()) == [(99, D("1.5"))]
    venue.trade(99, 1, buyer_is_maker=True)
    assert traded(venue.said()) == [(99, D("0.5"))]


def test_back_of_queue_shrinks_with_what_stands_there() -> None:
    """Others canceled: no more can be ahead than the level displays."""
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 1, 99)
    venue.quote(99, 101, "2", "10")
    venue.trade(99, 2, buyer_is_maker=True)
    assert traded(venue.said()) == []
    venue.trade(99, "0.4", buyer_is_maker=True)
    assert traded(venue.said()) == [(99, D("0.4"))]


def test_trade_of_the_other_side_or_at_a_worse_price_fills_nobody() -> None:
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 1, 98)
    venue.trade(99, 100, buyer_is_maker=True)
    venue.trade(98, 100, buyer_is_maker=False)
    assert traded(venue.said()) == []
    venue.trade("97.5", 1, buyer_is_maker=True)
    assert traded(venue.said()) == [(98, 1)], "a trade beyond our price fills us in full"


# ---- fees and budget -----------------------------------------------------------------------------------------------
def test_maker_and_taker_fees_in_quote() -> None:
    venue = Venue(maker="0.001", taker="0.002")
    (taken,) = fills(venue.order(BUY, 2)[1])
    assert (taken.fee.amount, taken.fee.asset, taken.fee.in_quote) == (D("0.404"), "USDT", D("0.404"))
    venue.order(SELL, 1, 102)
    venue.quote(102, 103)
    (made,) = fills(venue.said())
    assert (made.fee.amount, made.fee.asset) == (D("0.102"), "USDT")
    assert venue.ledger.totals == {"USDT": D(10_000) - 202 - D("0.404") + 102 - D("0.102"), "ETH": D(11)}


def test_fee_from_what_one_receives_is_base_on_a_buy_and_quote_on_a_sell() -> None:
    venue = Venue(taker="0.001", from_received=True)
    (bought,) = fills(venue.order(BUY, 1)[1])
    assert (bought.fee.amount, bought.fee.asset, bought.fee.in_quote) == (D("0.001"), "ETH", D("0.101"))
    (sold,) = fills(venue.order(SELL, 1)[1])
    assert (sold.fee.amount, sold.fee.asset) == (D("0.099"), "USDT")
    assert venue.ledger.totals == {"USDT": D(10_000) - 101 + 99 - D("0.099"), "ETH": D("9.999")}


def test_budget_counts_fees_and_what_other_orders_bind() -> None:
    venue = Venue(taker="0.01", deposit={"USDT": "202"})
    assert ended(venue.order(BUY, 2, 100)[1]) == []
    assert venue.ledger.available("USDT") == 0
    ((state, reason),) = ended(venue.order(BUY, "0.001", 100)[1])
    assert state is OrderState.FAILED
    assert reason.startswith("insufficient balance: needs 0.101") and "USDT, available 0" in reason


def test_sell_needs_the_base() -> None:
    venue = Venue(deposit={"ETH": "1"})
    assert ended(venue.order(SELL, "0.6", 105)[1]) == []
    assert "insufficient balance" in ended(venue.order(SELL, "0.5", 105)[1])[0][1]
    assert ended(venue.order(SELL, "0.4", 105)[1]) == []


def test_partial_fill_frees_its_share_of_what_was_bound() -> None:
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 4, 99)
    assert venue.ledger.reserved["USDT"] == 396
    venue.trade(99, 11, buyer_is_maker=True)
    assert venue.ledger.reserved["USDT"] == 297
    assert venue.ledger.total("USDT") == 10_000 - 99


def test_doubled_client_order_id_is_refused_and_harms_nobody() -> None:
    venue = Venue()
    name, _ = venue.order(BUY, 1, 98)
    venue.exchange.create(venue.exchange.orders[name].request, name, venue.now_ns)
    assert ended(venue.arrive()) == [(OrderState.FAILED, f"client order id {name} is in use")]
    assert name in venue.exchange.orders


# ---- reports -------------------------------------------------------------------------------------------------------
def test_report_tells_everything_about_an_order() -> None:
    venue = Venue(queue=BackOfQueue())
    name, _ = venue.order(BUY, 2, 99)
    venue.trade(99, 11, buyer_is_maker=True)
    venue.said()
    assert [type(update) for update in venue.exchange.report(name, venue.now_ns)] == [OrderTaken, OrderTraded]
    venue.cancel(name)
    report = venue.exchange.report(name, venue.now_ns)
    assert [type(update) for update in report] == [OrderTaken, OrderTraded, OrderEnded]
    assert report[-1].state is OrderState.CANCELED


def test_report_of_an_order_that_never_came_ends_it_and_of_one_on_its_way_says_nothing() -> None:
    venue = Venue(latency_ns=50 * MS)
    name = venue.send(BUY, 1, 98)
    assert venue.exchange.report(name, venue.now_ns) == []
    assert ended(venue.exchange.report("never", venue.now_ns)) == [(OrderState.FAILED, "the order never reached the venue")]


def test_ended_market_takes_no_new_risk_but_lets_exits_out() -> None:
    venue = perpetual()
    venue.order(BUY, 1)
    venue.play(FeedEnded(venue.of.market, venue.now_ns))
    assert ended(venue.order(BUY, 1)[1]) == [(OrderState.FAILED, "the recorded market has ended")]
    assert traded(venue.order(SELL, 1, action=CLOSE, purpose=Purpose.CLOSE)[1]) == [(99, 1)]


# ---- perpetuals ----------------------------------------------------------------------------------------------------
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
    assert ended(said) == [(OrderState.EXPIRED, "the position that it would reduce is gone")]
    assert position(venue)[0] == 0


def test_resting_reduce_only_orders_end_when_the_position_is_gone() -> None:
    venue = perpetual()
    venue.order(BUY, 1)
    names = [venue.order(SELL, 1, 105, action=CLOSE, purpose=Purpose.TAKE_PROFIT)[0] for _ in range(2)]
    venue.quote(105, 106)
    said = venue.said()
    assert [fill.client_order_id for fill in fills(said)] == names[:1]
    assert ended(said) == [(OrderState.EXPIRED, "the position that it would reduce is gone")]
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
