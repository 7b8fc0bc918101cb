"""The matching engine: price, time, order kinds, and what each leaves in the ledger."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.simvenue import MatchRule, script
from tests.fakes_tests.client import Hand


def test_orders_at_one_price_fill_in_the_order_of_their_coming() -> None:
    hand = Hand()
    for name in ("first", "second"):
        hand.limit(name, "BUY", "0.01000", "64000.00")

    hand.venue.engine.house_take("BTCUSDT", "SELL", 10**9, 6_400_000)

    fills = [e.order.client_id for e in hand.venue.executions()]
    assert fills == ["first", "second"]
    assert all(e.is_maker and e.ticks == 6_400_000 for e in hand.venue.executions())


def test_a_better_price_goes_first_and_a_taker_gets_the_makers_price() -> None:
    hand = Hand()
    hand.limit("low", "BUY", "0.01000", "63999.00")
    hand.limit("high", "BUY", "0.01000", "64000.00")

    hand.venue.move("BTCUSDT", "63998")

    assert [(e.order.client_id, e.ticks) for e in hand.venue.executions()] == [("high", 6_400_000), ("low", 6_399_900)]


def test_o4_a_resting_order_is_filled_in_parts_and_the_rest_can_be_canceled() -> None:
    hand = Hand()
    hand.limit("a", "BUY", "0.03000", "64000.00")
    hand.venue.houses["BTCUSDT"].thin(0, 1)

    hand.venue.engine.house_take("BTCUSDT", "SELL", 1000, 6_400_000)

    assert hand.order("a")["status"] == "PARTIALLY_FILLED"
    assert hand.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="a")[1]["executedQty"] == "0.01000000"
    assert hand.order("a")["status"] == "CANCELED"
    assert hand.venue.account.locked["USDT"] == 0


@pytest.mark.parametrize(
    ("tif", "amount", "status", "filled"),
    [("IOC", "1.00000", "FILLED", "1.00000000"), ("IOC", "900.00000", "EXPIRED", None), ("FOK", "1.00000", "FILLED", "1.00000000"),
     ("FOK", "900.00000", "EXPIRED", "0.00000000")],
)  # fmt: skip
def test_o11_ioc_takes_what_there_is_and_fok_all_or_nothing(tif: str, amount: str, status: str, filled: str | None) -> None:
    hand = Hand(balances={"USDT": Decimal(10**9)})

    hand.limit("a", "BUY", amount, "66000.00", tif=tif)

    seen = hand.order("a")
    assert seen["status"] == status
    assert filled is None or seen["executedQty"] == filled
    if tif == "IOC" and status == "EXPIRED":
        assert Decimal(0) < Decimal(seen["executedQty"]) < 900
    assert hand.venue.account.locked.get("USDT", 0) == 0


def test_o11_an_order_that_must_make_is_refused_when_it_would_take() -> None:
    hand, futures = Hand(), Hand("futures")

    spot = hand.ask("POST", "order", symbol="BTCUSDT", side="BUY", type="LIMIT_MAKER", quantity="0.01", price="66000.00")
    other = futures.limit("a", "BUY", "0.010", "66000.0", tif="GTX")

    assert spot == (400, {"code": -2010, "msg": "Order would immediately match and take."})
    assert (other[0], other[1]["code"]) == (400, -5022)
    assert not hand.venue.orders() and not futures.venue.orders()


@pytest.mark.parametrize(
    ("mode", "resting", "coming"),
    [("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "NEW"), ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH"), ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
     ("NONE", "FILLED", "FILLED")],
)  # fmt: skip
def test_o14_an_account_does_not_trade_with_itself_unless_it_says_so(mode: str, resting: str, coming: str) -> None:
    hand = Hand()
    hand.venue.houses["BTCUSDT"].thin(0, 1)
    hand.limit("sell", "SELL", "0.01000", "65000.00")

    hand.limit("buy", "BUY", "0.01000", "65000.00", selfTradePreventionMode=mode)

    assert (hand.order("sell")["status"], hand.order("buy")["status"]) == (resting, coming)
    assert hand.venue.account.unexplained() == {}


def test_r20_a_client_id_is_refused_while_its_order_is_open_and_taken_again_after() -> None:
    hand = Hand()
    hand.limit("same", "BUY", "0.01000", "64000.00")

    assert hand.limit("same", "BUY", "0.01000", "63000.00") == (400, {"code": -2010, "msg": "Duplicate order sent."})

    hand.venue.move("BTCUSDT", "63990")
    assert hand.order("same")["status"] == "FILLED"
    assert hand.limit("same", "BUY", "0.01000", "63000.00")[0] == 200
    assert len(hand.venue.orders()) == 2


def test_a_spot_fee_comes_off_what_is_received_or_in_a_third_asset() -> None:
    hand = Hand(balances={"USDT": Decimal(10_000), "BNB": Decimal(1)})

    bought = hand.market("BUY", "0.01000")[1]
    hand.venue.account.pays_fees_in = "BNB"
    sold = hand.market("SELL", "0.00500")[1]

    assert (bought["fills"][0]["commissionAsset"], bought["fills"][0]["commission"]) == ("BTC", "0.00001000")
    assert sold["fills"][0]["commissionAsset"] == "BNB"
    worth = Decimal(sold["cummulativeQuoteQty"]) * Decimal("0.00075") / hand.venue.engine.mark("BNBUSDT")
    assert abs(Decimal(sold["fills"][0]["commission"]) - worth) <= Decimal("0.00000001")
    assert hand.venue.account.unexplained() == {}


def test_o15_a_rebate_is_money_for_the_maker() -> None:
    hand = Hand("futures")
    hand.venue.change_market("BTCUSDT", maker=Decimal("-0.0001"))
    hand.limit("a", "BUY", "0.100", "64000.0")

    hand.venue.move("BTCUSDT", "63990")

    assert hand.venue.balances()["USDT"] == Decimal(100_000) + Decimal("0.64")
    assert hand.ask("GET", "userTrades", symbol="BTCUSDT")[1][0]["commission"] == "-0.64000000"


# ---- futures ----------------------------------------------------------------------------------------------------------------
def test_a_position_turns_over_and_the_profit_is_exact() -> None:
    hand = Hand("futures")
    hand.market("BUY", "0.030")
    hand.venue.move("BTCUSDT", "66000")

    hand.market("SELL", "0.050")

    (position,) = hand.venue.positions()
    first, second = hand.venue.executions()
    market = hand.venue.engine.markets["BTCUSDT"]
    assert position.lots == -20
    assert second.realized == (market.price(second.ticks) - market.price(first.ticks)) * Decimal("0.03")
    assert position.cost == market.notional(second.ticks, 20)
    assert hand.venue.account.unexplained() == {}


def test_o16_reduce_only_never_opens_and_never_turns_a_position() -> None:
    hand = Hand("futures")

    assert hand.market("SELL", "0.010", reduceOnly="true")[1]["code"] == -2022
    hand.market("BUY", "0.010")
    done = hand.market("SELL", "0.030", reduceOnly="true", newOrderRespType="RESULT")[1]

    assert (done["status"], done["executedQty"]) == ("EXPIRED", "0.010")
    assert hand.venue.positions() == []


def test_o16_hedge_mode_keeps_two_sides_and_asks_for_them() -> None:
    hand = Hand("futures")
    assert hand.ask("POST", "positionSide/dual", dualSidePosition="true")[0] == 200
    assert hand.ask("POST", "positionSide/dual", dualSidePosition="true")[1]["code"] == -4059

    assert hand.market("BUY", "0.010")[1]["code"] == -4061
    hand.market("BUY", "0.010", positionSide="LONG")
    hand.market("SELL", "0.020", positionSide="SHORT")

    assert {(p.side, p.lots) for p in hand.venue.positions()} == {("LONG", 10), ("SHORT", -20)}
    assert hand.market("SELL", "0.011", positionSide="LONG")[1]["code"] == -2022
    assert hand.ask("POST", "positionSide/dual", dualSidePosition="false")[1]["code"] == -4068


def test_margin_is_checked_at_the_symbols_leverage() -> None:
    hand = Hand("futures", balances={"USDT": Decimal(1000)})
    hand.ask("POST", "leverage", symbol="BTCUSDT", leverage=2)

    assert hand.market("BUY", "0.031")[1]["code"] == -2019
    hand.ask("POST", "leverage", symbol="BTCUSDT", leverage=20)
    assert hand.market("BUY", "0.031")[0] == 200


@pytest.mark.parametrize(("working", "fires"), [("CONTRACT_PRICE", True), ("MARK_PRICE", False)])
def test_a_stop_fires_by_the_price_that_it_watches(working: str, fires: bool) -> None:
    hand = Hand("futures")
    hand.market("BUY", "0.010")
    hand.venue.set_mark("BTCUSDT", Decimal(65000))
    stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "64000", "clientAlgoId": "stop"}
    assert hand.ask("POST", "algoOrder", **stop, quantity="0.010", reduceOnly="true", workingType=working)[0] == 200

    hand.venue.move("BTCUSDT", "63900")

    assert (hand.venue.positions() == []) is fires
    assert hand.ask("GET", "algoOrder", clientAlgoId="stop")[1]["algoStatus"] == ("FINISHED" if fires else "NEW")
    if not fires:
        hand.venue.set_mark("BTCUSDT", Decimal(63999))
        assert hand.venue.positions() == []


def test_a_stop_that_closes_the_position_ends_with_it() -> None:
    hand = Hand("futures")
    hand.market("BUY", "0.010")
    hand.ask(
        "POST",
        "algoOrder",
        algoType="CONDITIONAL",
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_MARKET",
        triggerPrice="64000",
        closePosition="true",
        clientAlgoId="s",
    )

    hand.market("SELL", "0.010", reduceOnly="true")

    assert hand.ask("GET", "algoOrder", clientAlgoId="s")[1]["algoStatus"] == "EXPIRED"
    assert hand.ask("GET", "openAlgoOrders")[1] == []


def test_conditional_orders_are_sent_to_the_algo_service() -> None:
    hand = Hand("futures")
    status, body = hand.ask("POST", "order", symbol="BTCUSDT", side="SELL", type="STOP_MARKET", stopPrice="64000", closePosition="true")
    assert (status, body["code"]) == (400, -4120)


def test_a_spot_stop_waits_and_then_trades() -> None:
    hand = Hand()
    kind = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.01"}
    assert hand.ask("POST", "order", **kind, stopPrice="66000.00")[1]["code"] == -2010
    hand.ask("POST", "order", **kind, stopPrice="64000.00", newClientOrderId="s")
    assert hand.order("s")["isWorking"] is False

    hand.venue.move("BTCUSDT", "63900")

    assert hand.order("s")["status"] == "FILLED"
    assert hand.venue.account.locked.get("BTC", 0) == 0


def test_a_countdown_that_is_not_renewed_cancels_everything_of_its_symbol() -> None:
    hand = Hand("futures")
    hand.limit("a", "BUY", "0.010", "64000.0")
    hand.ask("POST", "countdownCancelAll", symbol="BTCUSDT", countdownTime=60_000)
    hand.wait(50)
    hand.ask("POST", "countdownCancelAll", symbol="BTCUSDT", countdownTime=60_000)
    hand.wait(50)
    assert hand.order("a")["status"] == "NEW"
    hand.wait(11)
    assert hand.order("a")["status"] == "CANCELED"


# ---- by script ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "status", "filled"),
    [(MatchRule("partial_then_cancel", fraction=0.25), "EXPIRED", "0.01000000"), (MatchRule("fill_at_once"), "FILLED", "0.04000000"),
     (MatchRule("overfill", extra_lots=500), "FILLED", "0.04500000")],
)  # fmt: skip
def test_o4_o10_a_rule_plays_on_a_new_order(rule: MatchRule, status: str, filled: str) -> None:
    hand = Hand()
    hand.venue.engine.script.add(rule)

    hand.limit("a", "BUY", "0.04000", "64000.00")

    assert (hand.order("a")["status"], hand.order("a")["executedQty"]) == (status, filled)
    assert hand.venue.account.unexplained() == {} and hand.venue.account.locked["USDT"] == 0
    assert hand.limit("b", "BUY", "0.04000", "64000.00")[1]["status"] == "NEW"


def test_o3_a_cancel_comes_too_late() -> None:
    hand = Hand()
    hand.limit("a", "BUY", "0.01000", "64000.00")
    hand.venue.engine.script.add(MatchRule("fill_on_cancel"))

    assert hand.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="a") == (400, {"code": -2011, "msg": "Unknown order sent."})
    assert hand.order("a")["status"] == "FILLED"


def test_o9_a_canceled_order_fills_later() -> None:
    hand = Hand()
    hand.limit("a", "BUY", "0.01000", "64000.00")
    hand.venue.engine.script.add(MatchRule("late_fill", delay_s=31, fraction=1))
    hand.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="a")
    assert hand.venue.executions() == []

    hand.wait(31)

    assert hand.order("a")["status"] == "CANCELED" and hand.order("a")["executedQty"] == "0.01000000"
    assert hand.venue.account.unexplained() == {} and hand.venue.account.locked["USDT"] == 0


def test_o2_an_order_says_filled_before_its_trades_are_seen() -> None:
    hand = Hand()
    _, heard = hand.user_stream()
    hand.venue.engine.script.add(MatchRule("filled_before_trades", delay_s=8))

    hand.market("BUY", "0.01000", newClientOrderId="a")

    assert hand.order("a")["status"] == "FILLED"
    assert hand.ask("GET", "myTrades", symbol="BTCUSDT")[1] == []
    assert "TRADE" not in [m["event"].get("x") for m in heard]
    hand.wait(8)
    assert len(hand.ask("GET", "myTrades", symbol="BTCUSDT")[1]) == 1
    assert "TRADE" in [m["event"].get("x") for m in heard]


def test_o23_a_market_order_slips() -> None:
    hand = Hand()
    hand.venue.engine.script.add(MatchRule("slip", fraction=0.05))
    (fill,) = hand.market("BUY", "0.01000")[1]["fills"]
    assert Decimal(fill["price"]) > 68_000


def test_o17_liquidation_and_funding_are_in_the_ledger_and_in_the_stream() -> None:
    hand = Hand("futures")
    _, heard = hand.user_stream()
    hand.market("BUY", "0.010")
    hand.limit("rest", "SELL", "0.010", "66000.0")
    script.pay_funding(hand.venue.engine, "BTCUSDT", Decimal("0.001"))
    assert [e.delta for e in hand.venue.account.journal if e.kind == "funding"] == [Decimal("-0.65")]

    script.liquidate(hand.venue.engine, hand.venue.account, "BTCUSDT")

    assert hand.venue.positions() == [] and hand.order("rest")["status"] == "CANCELED"
    told = [m["o"] for m in heard if m["e"] == "ORDER_TRADE_UPDATE"]
    assert told[-1]["x"] == "CALCULATED" and told[-1]["c"].startswith("autoclose-")
    assert "FUNDING_FEE" in [m["a"]["m"] for m in heard if m["e"] == "ACCOUNT_UPDATE"]
    assert hand.venue.account.unexplained() == {}


def test_o18_the_person_trades_and_cancels_elsewhere() -> None:
    hand = Hand("futures")
    hand.limit("a", "BUY", "0.010", "64000.0")
    hand.market("BUY", "0.020")

    script.cancel_elsewhere(hand.venue.engine, hand.venue.account.by_client["BTCUSDT", "a"])
    script.close_elsewhere(hand.venue.engine, hand.venue.account, "BTCUSDT")

    assert hand.order("a")["status"] == "CANCELED" and hand.venue.positions() == []


def test_o19_a_busted_trade_is_paid_back_and_leaves_the_lists() -> None:
    hand = Hand()
    before = hand.venue.balances()
    hand.market("BUY", "0.01000")

    script.bust(hand.venue.engine, hand.venue.account, hand.venue.executions()[0])

    assert {a: v for a, v in hand.venue.balances().items() if v} == {a: v for a, v in before.items() if v}
    assert hand.ask("GET", "myTrades", symbol="BTCUSDT")[1] == []


def test_r18_rules_change_and_markets_close_while_orders_rest() -> None:
    hand = Hand()
    hand.limit("a", "BUY", "0.01000", "64000.01")
    hand.venue.change_market("BTCUSDT", tick_multiple=100)

    assert hand.limit("b", "BUY", "0.01000", "64000.01") == (400, {"code": -1013, "msg": "Filter failure: PRICE_FILTER"})
    filters = hand.get("exchangeInfo?symbol=BTCUSDT")["symbols"][0]["filters"]
    assert next(f for f in filters if f["filterType"] == "PRICE_FILTER")["tickSize"] == "1.00000000"
    hand.venue.change_market("BTCUSDT", status="BREAK")
    assert hand.limit("c", "BUY", "0.01000", "64000.00")[1]["msg"] == "Market is closed."
    assert hand.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="a")[0] == 200


def test_o16_resting_reduce_only_orders_count_against_the_position_and_end_with_it() -> None:
    """Binance, -4118 (REDUCE_ONLY_MARGIN_CHECK_FAILED): a take profit of the whole position leaves nothing for another order that only reduces."""
    hand = Hand("futures")
    hand.market("BUY", "0.030")
    for name, amount in (("one", "0.010"), ("two", "0.015")):
        assert hand.limit(name, "SELL", amount, "66000.00", reduceOnly="true")[0] == 200
    refused = hand.market("SELL", "0.006", reduceOnly="true")[1]
    assert refused == {"code": -4118, "msg": "ReduceOnly Order Failed. Please check your existing position and open orders."}
    stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "60000.00"}
    assert hand.ask("POST", "algoOrder", **stop, quantity="0.030", reduceOnly="true")[0] == 200, "it counts when it is triggered"
    assert hand.market("SELL", "0.005", reduceOnly="true")[0] == 200
    hand.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="one")
    assert hand.market("SELL", "0.010", reduceOnly="true")[0] == 200
    assert hand.market("SELL", "0.015")[0] == 200, "an order that may also open is no business of this"
    assert [hand.order(name)["status"] for name in ("one", "two")] == ["CANCELED", "EXPIRED"]
