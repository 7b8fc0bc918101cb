"""The dialect against an exchange in a box that somebody else wrote, in process: what is sent is understood, what comes back is read, and fills equal its ledger."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fill, OrderRequest, OrderState
from botcore.orders.tracker import Order
from botcore.venues.account_news import BalancesTold, FundingPaid, PositionTold
from botcore.venues.catalog import dialect
from botcore.venues.dialect import Channel, Credentials, Dialect, Heard, Subscription
from botcore.venues.line import Reported
from botcore.venues.off_grid import counted_in, on_grid
from botcore.venues.wire import Call, OrderReport, Outcome, Reply, Verdict
from tests.fakes.simvenue import script
from tests.fakes.simvenue import venue as simvenue
from tests.support.binance_wire import NOW_NS, spec

D = Decimal
BUY, SELL = TradeType.BUY, TradeType.SELL
OPEN, CLOSE, NIL = PositionAction.OPEN, PositionAction.CLOSE, PositionAction.NIL


class Bench:
    """A venue, our dialect of it, and what its sockets pushed."""

    def __init__(self, name: str, **options: Any) -> None:
        self.now_ns = NOW_NS
        kind = "futures" if name.endswith("_perpetual") else "spot"
        self.venue = simvenue.SimVenue(kind, lambda: self.now_ns, still=True, **options)
        self.dialect: Dialect = dialect(spec(name), {})
        self.keys = Credentials("key", "secret")
        self.pushed: list[bytes] = []
        self.market: list[bytes] = []
        self.serial = 0
        self.dialect.learn(self.dialect.instruments(self.call(self.dialect.rules_call())[1], name))
        self.known = self.dialect.instruments(self.call(self.dialect.rules_call())[1], name)
        self._listen()

    def call(self, call: Call) -> tuple[Outcome, Reply]:
        request = self.dialect.request(call, self.keys, self.now_ns // 1_000_000)
        target = urlsplit(request.url)
        answer = self.venue.handle(request.method, f"{target.path}?{target.query}", dict(request.headers), request.body)
        reply = Reply(answer.status, {key.lower(): value for key, value in answer.headers.items()}, answer.body, self.now_ns, self.now_ns)
        return self.dialect.outcome(call, reply), reply

    def _listen(self) -> None:
        key_call = self.dialect.user_key_call()
        key_reply = self.call(key_call)[1] if key_call is not None else None
        stream = self.dialect.user_stream(key_reply, self.keys, self.now_ns // 1_000_000)
        session = self.venue.connect(urlsplit(stream.url).path, self.pushed.append, lambda code, reason: None)
        for place, message in enumerate(stream.opening, 1):
            session.receive(message)
            ack = self.dialect.peek(self.pushed[-1])
            assert (ack.heard, ack.request_id, ack.granted) == (Heard.ACK, place, True)

    def watch(self, *wanted: Subscription) -> None:
        """Subscribe, each channel on the socket where it is heard."""
        for url in {self.dialect.market_url(one.channel) for one in wanted}:
            session = self.venue.connect(urlsplit(url).path, self.market.append, lambda code, reason: None)
            mine = [one for one in wanted if self.dialect.market_url(one.channel) == url]
            session.receive(self.dialect.subscribe(7, mine))
            assert any(self.dialect.peek(message).request_id == 7 for message in self.market)

    def order(self, pair: str, side: TradeType, kind: OrderType, price: str, amount: str, action: PositionAction = NIL) -> Order:
        self.serial += 1
        instrument: Instrument = self.known[pair]
        ticks = instrument.price_ticks(D(price), side) if kind.is_limit else None
        request = OrderRequest(instrument, side, kind, instrument.lots(D(amount)), ticks, action)
        return Order(request, f"cdr-1-{self.serial}-1", None, self.now_ns)

    def create(self, order: Order, hedge: bool = False) -> OrderReport:
        call = self.dialect.create_call(order, hedge)
        said, reply = self.call(call)
        assert said.verdict is Verdict.ACCEPTED, said.text
        return self.dialect.order_report(call, reply)

    def news(self) -> list[Any]:
        return [told for message in self.pushed for told in self.dialect.user_news(message)]

    def reports(self) -> list[OrderReport]:
        return [told.report for told in self.news() if isinstance(told, Reported)]

    def streamed(self) -> list[Fill]:
        return [fill for report in self.reports() for fill in report.fills]

    def listed(self, pair: str) -> list[Fill]:
        said, reply = self.call(self.dialect.trades_call(pair, None, self.now_ns // 1_000_000 - 1000))
        assert said.verdict is Verdict.ACCEPTED, said.text
        return self.dialect.fills(reply, pair)


def without_id(fills: list[Fill]) -> list[Any]:
    return sorted((fill.trade_id, fill.trade_type, fill.price, fill.amount, fill.fee, fill.ts_ns, fill.is_maker) for fill in fills)


@pytest.fixture
def spot() -> Bench:
    return Bench("binance")


@pytest.fixture
def usdm() -> Bench:
    return Bench("binance_perpetual")


# ---- questions --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["binance", "binance_perpetual"])
def test_every_question_is_answered_and_its_cost_is_known(name: str) -> None:
    bench = Bench(name)
    made = bench.dialect
    said, reply = bench.call(made.time_call())
    assert made.server_time_ms(reply) == NOW_NS // 1_000_000 and made.used_weight(reply)["weight"] > 0
    assert made.balances(bench.call(made.balances_call())[1], NOW_NS).balances["USDT"][0] == 100_000
    for call in (made.open_orders_call(""), made.open_orders_call("BTC-USDT")):
        assert made.order_reports(bench.call(call)[1]) == []
    rights = made.rights_call()
    assert rights is not None and made.rights(bench.call(rights)[1]).can_trade
    said, _ = bench.call(made.depth_call("BTC-USDT"))
    assert said.verdict is Verdict.ACCEPTED
    costs = {
        call.name: dict(call.weights).get("weight", 0)
        for call in (made.time_call(), made.open_orders_call("BTC-USDT"), made.depth_call("BTC-USDT"), made.balances_call())
    }
    for call in (made.time_call(), made.open_orders_call("BTC-USDT"), made.depth_call("BTC-USDT"), made.balances_call()):
        before = made.used_weight(bench.call(made.time_call())[1])["weight"]
        after = made.used_weight(bench.call(call)[1])["weight"]
        assert after - before == costs[call.name], call.name


# ---- the life of an order -------------------------------------------------------------------------------------------------------
def test_w15_spot_a_market_order_gives_equal_fills_on_all_channels(spot: Bench) -> None:
    order = spot.order("BTC-USDT", BUY, OrderType.MARKET, "0", "0.9")
    report = spot.create(order)
    assert report.state is OrderState.FILLED and report.filled_lots == order.lots == sum(fill.lots for fill in report.fills)
    assert without_id(list(report.fills)) == without_id(spot.streamed()) == without_id(spot.listed("BTC-USDT"))
    ledger = spot.venue.executions(symbol="BTCUSDT")
    assert sorted(fill.trade_id for fill in report.fills) == sorted(str(row.id) for row in ledger)
    fee = sum(fill.fee.amount for fill in report.fills)
    told = [news for news in spot.news() if isinstance(news, BalancesTold)][-1]
    assert told.balances["BTC"][0] == spot.venue.balances()["BTC"] == 2 + D("0.9") - fee, "the fee of a buy is taken from what was bought"


@pytest.mark.parametrize("name", ["binance", "binance_perpetual"])
def test_an_order_rests_is_found_and_is_canceled(name: str) -> None:
    bench = Bench(name)
    action = OPEN if name.endswith("_perpetual") else NIL
    order = bench.order("BTC-USDT", BUY, OrderType.LIMIT_MAKER, "64000", "0.01", action)
    assert bench.create(order).state is OrderState.OPEN
    query = bench.dialect.query_call(order)
    assert bench.dialect.order_report(query, bench.call(query)[1]).state is OrderState.OPEN
    assert [report.client_order_id for report in bench.dialect.order_reports(bench.call(bench.dialect.open_orders_call("BTC-USDT"))[1])] == [
        order.client_order_id
    ]
    cancel = bench.dialect.cancel_call(order)
    said, reply = bench.call(cancel)
    assert said.verdict is Verdict.ACCEPTED and bench.dialect.order_report(cancel, reply).state is OrderState.CANCELED
    assert bench.dialect.order_report(query, bench.call(query)[1]).state is OrderState.CANCELED
    assert [(report.client_order_id, report.state) for report in bench.reports()] == [
        (order.client_order_id, OrderState.OPEN),
        (order.client_order_id, OrderState.CANCELED),
    ]
    assert bench.call(cancel)[0].verdict is Verdict.NOT_FOUND


@pytest.mark.parametrize("name", ["binance", "binance_perpetual"])
def test_a_resting_order_is_filled(name: str) -> None:
    bench = Bench(name)
    order = bench.order("BTC-USDT", BUY, OrderType.LIMIT, "64000", "0.01", OPEN if name.endswith("_perpetual") else NIL)
    bench.create(order)
    bench.venue.move("BTCUSDT", 63_000)
    assert bench.reports()[-1].state is OrderState.FILLED
    fills = bench.streamed()
    assert sum(fill.lots for fill in fills) == order.lots and all(fill.is_maker for fill in fills)
    assert without_id(fills) == without_id(bench.listed("BTC-USDT"))


@pytest.mark.parametrize("name", ["binance", "binance_perpetual"])
def test_r6_r13_refusals_and_duplicates(name: str) -> None:
    bench = Bench(name)
    action = OPEN if name.endswith("_perpetual") else NIL

    def said(order: Order) -> Outcome:
        return bench.call(bench.dialect.create_call(order))[0]

    poor = said(bench.order("BTC-USDT", BUY, OrderType.LIMIT, "64000", "150", action))
    assert poor.verdict is Verdict.REFUSED and poor.text.startswith(("not enough balance", "not enough margin"))
    small = said(bench.order("BTC-USDT", BUY, OrderType.LIMIT, "64000", "0.00001" if action is NIL else "0.001", action))
    assert small.verdict is Verdict.REFUSED and ("below the smallest" in small.text or "outside" in small.text)
    order = bench.order("BTC-USDT", BUY, OrderType.LIMIT, "64000", "0.01", action)
    bench.create(order)
    assert said(order).verdict is Verdict.UNKNOWN, "the first one may stand"
    bench.keys = Credentials("key", "wrong")
    assert said(bench.order("BTC-USDT", BUY, OrderType.LIMIT, "64000", "0.01", action)).verdict is Verdict.DENIED


def test_o11_post_only(spot: Bench, usdm: Bench) -> None:
    said, _ = spot.call(spot.dialect.create_call(spot.order("BTC-USDT", BUY, OrderType.LIMIT_MAKER, "66000", "0.01")))
    assert said.verdict is Verdict.REFUSED and said.text.startswith("post-only")
    call = usdm.dialect.create_call(usdm.order("BTC-USDT", BUY, OrderType.LIMIT_MAKER, "66000", "0.01", OPEN))
    said, reply = usdm.call(call)
    told = said.text if said.verdict is Verdict.REFUSED else usdm.dialect.order_report(call, reply).reason
    assert told.startswith("post-only")


def test_r12_a_request_out_of_its_time(spot: Bench) -> None:
    spot.venue.skew_ns = 60 * 10**9
    assert spot.call(spot.dialect.balances_call())[0].verdict is Verdict.STALE_TIME


# ---- positions --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("hedge", [False, True])
def test_futures_positions_open_and_close(usdm: Bench, hedge: bool) -> None:
    made = usdm.dialect
    for call in made.settings_calls("BTC-USDT", 7, hedge):
        assert usdm.call(call)[0].verdict is Verdict.ACCEPTED
        assert usdm.call(call)[0].verdict is Verdict.ACCEPTED, "no need to change is done"
    mode = made.mode_call()
    assert mode is not None and made.is_hedge(usdm.call(mode)[1]) is hedge
    usdm.create(usdm.order("BTC-USDT", BUY, OrderType.MARKET, "0", "0.02", OPEN), hedge)
    usdm.create(usdm.order("ETH-USDT", SELL, OrderType.MARKET, "0", "0.5", OPEN), hedge)
    positions = made.positions_call()
    assert positions is not None
    long, short = ("long", "short") if hedge else ("net", "net")
    told = {(one.trading_pair, one.side): one.lots for one in made.positions(usdm.call(positions)[1], NOW_NS) if one.lots}
    assert told == {("BTC-USDT", long): 20, ("ETH-USDT", short): -500}
    streamed = {(one.trading_pair, one.side): one.lots for one in usdm.news() if isinstance(one, PositionTold)}
    assert streamed.items() >= told.items()
    usdm.create(usdm.order("BTC-USDT", SELL, OrderType.MARKET, "0", "0.02", CLOSE), hedge)
    usdm.create(usdm.order("ETH-USDT", BUY, OrderType.MARKET, "0", "0.5", CLOSE), hedge)
    assert not any(one.lots for one in made.positions(usdm.call(positions)[1], NOW_NS)) and usdm.venue.positions() == []


def test_a_futures_order_that_would_not_reduce_is_refused(usdm: Bench) -> None:
    said, _ = usdm.call(usdm.dialect.create_call(usdm.order("BTC-USDT", SELL, OrderType.MARKET, "0", "0.02", CLOSE)))
    assert said.verdict is Verdict.REFUSED and "reduce" in said.text


def test_o20_a_stop_rests_at_the_venue_fires_and_fills(usdm: Bench) -> None:
    stops = usdm.dialect.stops
    assert stops is not None
    usdm.create(usdm.order("BTC-USDT", BUY, OrderType.MARKET, "0", "0.02", OPEN))
    btc = usdm.known["BTC-USDT"]
    call = stops.create_call(btc, SELL, 20, btc.floor_ticks(D(64_000)), "cdr-1-99-1", "net")
    said, reply = usdm.call(call)
    assert said.verdict is Verdict.ACCEPTED, said.text
    report = stops.report(call, reply)
    assert report is not None and report.state is OrderState.OPEN and report.lots == 20
    assert [one.client_order_id for one in stops.reports(usdm.call(stops.open_call("BTC-USDT"))[1])] == ["cdr-1-99-1"]
    usdm.venue.move("BTCUSDT", 63_500)
    assert usdm.venue.positions() == []
    mine = [fill for fill in usdm.streamed() if fill.client_order_id == "cdr-1-99-1"]
    assert sum(fill.lots for fill in mine) == 20, "its executions come under its client id"
    assert usdm.call(stops.cancel_call("cdr-1-99-1"))[0].verdict is not Verdict.ACCEPTED


def test_a_stop_is_canceled(usdm: Bench) -> None:
    stops = usdm.dialect.stops
    assert stops is not None
    usdm.create(usdm.order("BTC-USDT", BUY, OrderType.MARKET, "0", "0.02", OPEN))
    btc = usdm.known["BTC-USDT"]
    assert usdm.call(stops.create_call(btc, SELL, 20, btc.floor_ticks(D(64_000)), "cdr-1-99-1", "net"))[0].verdict is Verdict.ACCEPTED
    cancel = stops.cancel_call("cdr-1-99-1")
    said, reply = usdm.call(cancel)
    assert said.verdict is Verdict.ACCEPTED and stops.report(cancel, reply) is None
    query = stops.query_call("cdr-1-99-1")
    report = stops.report(query, usdm.call(query)[1])
    assert report is not None and report.state is OrderState.CANCELED
    assert stops.reports(usdm.call(stops.open_call("BTC-USDT"))[1]) == []


@pytest.mark.parametrize("adl", [False, True])
def test_o17_liquidation_and_deleveraging(usdm: Bench, adl: bool) -> None:
    usdm.create(usdm.order("BTC-USDT", BUY, OrderType.MARKET, "0", "0.02", OPEN))
    script.liquidate(usdm.venue.engine, usdm.venue.account, "BTCUSDT", adl=adl)
    usdm.venue.advance()
    forced = [report for report in usdm.reports() if report.forced]
    assert {report.forced for report in forced} == {"adl" if adl else "liquidation"}
    assert sum(fill.lots for report in forced for fill in report.fills) == 20
    assert [told.lots for told in usdm.news() if isinstance(told, PositionTold)][-1] == 0
    assert without_id(usdm.streamed()) == without_id(usdm.listed("BTC-USDT")), "the venue's own orders are in the list of trades too"


def test_o17_funding(usdm: Bench) -> None:
    usdm.create(usdm.order("BTC-USDT", BUY, OrderType.MARKET, "0", "0.02", OPEN))
    before = usdm.venue.balances()["USDT"]
    script.pay_funding(usdm.venue.engine, "BTCUSDT", D("0.0001"))
    (paid,) = [told for told in usdm.news() if isinstance(told, FundingPaid)]
    assert paid.amount == usdm.venue.balances()["USDT"] - before < 0 and paid.asset == "USDT"


@pytest.mark.parametrize("name", ["binance", "binance_perpetual"])
def test_o11_o14_of_two_own_orders_that_meet_the_resting_one_goes(name: str) -> None:
    bench = Bench(name)
    action = OPEN if name.endswith("_perpetual") else NIL
    _, depth = bench.call(bench.dialect.depth_call("BTC-USDT"))
    inside = str(D(json.loads(depth.body)["bids"][0][0]) + bench.known["BTC-USDT"].tick_size)
    resting = bench.order("BTC-USDT", BUY, OrderType.LIMIT, inside, "0.01", action)
    bench.create(resting)
    taking = bench.order("BTC-USDT", SELL, OrderType.LIMIT, inside, "0.01", action)
    assert bench.create(taking).state is OrderState.OPEN, "the new one goes on"
    last = [report for report in bench.reports() if report.client_order_id == resting.client_order_id][-1]
    assert last.state is OrderState.EXPIRED and last.reason.startswith("self-trade prevention")
    query = bench.dialect.query_call(resting)
    assert bench.dialect.order_report(query, bench.call(query)[1]).state is OrderState.EXPIRED
    assert bench.streamed() == []


@pytest.mark.parametrize("kind", ["partial_then_cancel", "fill_at_once", "overfill", "slip", "fill_on_cancel", "late_fill", "filled_before_trades"])
@pytest.mark.parametrize("name", ["binance", "binance_perpetual"])
def test_o2_o9_o10_odd_lives_are_read_whole(name: str, kind: str) -> None:
    """Whatever order its messages come in, in the end the stream and the list of trades have what the ledger has, each once by its id."""
    bench = Bench(name)
    bench.venue.engine.script.add(script.MatchRule(kind))
    order = bench.order(
        "BTC-USDT", BUY, OrderType.LIMIT, "65100" if kind == "filled_before_trades" else "64000", "0.02", OPEN if name.endswith("_perpetual") else NIL
    )
    created = bench.create(order)
    bench.call(bench.dialect.cancel_call(order))
    for _ in range(10):
        bench.now_ns += 1_000_000_000
        bench.venue.advance()
    ledger = {(str(row.id), row.lots) for row in bench.venue.executions(symbol="BTCUSDT")}
    assert ledger
    _, reply = bench.call(bench.dialect.trades_call("BTC-USDT", 0, None))
    listed = bench.dialect.fills(reply, "BTC-USDT")
    streamed = {fill.trade_id: fill for fill in (*created.fills, *bench.streamed())}
    assert {(fill.trade_id, fill.lots) for fill in listed} == {(fill.trade_id, fill.lots) for fill in streamed.values()} == ledger
    assert all(fill.client_order_id == order.client_order_id for fill in streamed.values())
    query = bench.dialect.query_call(order)
    report = bench.dialect.order_report(query, bench.call(query)[1])
    assert report.filled_lots == sum(lots for _, lots in ledger)
    assert set(bench.dialect.fill_order_ids(reply)) == {report.exchange_order_id}


@pytest.mark.parametrize(
    ("name", "price", "amount", "changed"),
    [
        ("binance", "64000.33", "0.01303", {"tick_multiple": 10, "lot_multiple": 10}),
        ("binance_perpetual", "64000.3", "0.013", {"tick_multiple": 5, "lot_multiple": 4}),
    ],
)
def test_r18_the_venue_changes_its_rules(name: str, price: str, amount: str, changed: dict[str, int]) -> None:
    """An order that was sent under the old rules is reported and filled on its own grid."""
    bench = Bench(name)
    action = OPEN if name.endswith("_perpetual") else NIL
    order = bench.order("BTC-USDT", BUY, OrderType.LIMIT, price, amount, action)
    bench.create(order)
    bench.venue.change_market("BTCUSDT", **changed)
    rules = bench.dialect.instruments(bench.call(bench.dialect.rules_call())[1], name)
    assert rules["BTC-USDT"].tick_size == order.instrument.tick_size * changed["tick_multiple"]
    bench.dialect.learn(rules)
    said, _ = bench.call(bench.dialect.create_call(bench.order("BTC-USDT", BUY, OrderType.LIMIT, price, amount, action)))
    assert said.verdict is Verdict.REFUSED and said.code in spec(name).live.codes.stale_rules, "the rules are to be fetched again"  # type: ignore[union-attr]
    bench.venue.move("BTCUSDT", 63_000)
    report = counted_in([one for one in bench.reports() if one.client_order_id == order.client_order_id][-1], order.instrument)
    assert (report.state, report.lots, report.filled_lots) == (OrderState.FILLED, order.lots, order.lots)
    fills = [on_grid(fill, order.instrument) for fill in bench.streamed()]
    assert sum(fill.lots for fill in fills) == order.lots
    assert [(fill.price, fill.amount, fill.fee) for fill in fills] == [(fill.price, fill.amount, fill.fee) for fill in bench.streamed()], "exactly"


# ---- market data --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["binance", "binance_perpetual"])
def test_every_market_message_is_read(name: str) -> None:
    bench = Bench(name)
    for house in bench.venue.houses.values():
        house.is_still = False
    bench.watch(*(Subscription(channel, "BTC-USDT", "1m" if channel is Channel.CANDLES else "") for channel in Channel))
    for _ in range(400):
        bench.now_ns += 250_000_000
        bench.venue.advance()
    heard: Counter[Heard] = Counter()
    readers: dict[Heard, Any] = {Heard.TRADE: bench.dialect.trade, Heard.TICKER: bench.dialect.quote, Heard.CANDLE: bench.dialect.candle}
    for message in bench.market:
        peek = bench.dialect.peek(message)
        heard[peek.heard] += 1
        if peek.heard in readers:
            assert peek.trading_pair == "BTC-USDT"
            readers[peek.heard](message)
    assert heard[Heard.BOOK] > 50 and heard[Heard.TRADE] > 5 and heard[Heard.TICKER] > 50 and heard[Heard.CANDLE] > 5, heard
    assert heard[Heard.OTHER] == 0
