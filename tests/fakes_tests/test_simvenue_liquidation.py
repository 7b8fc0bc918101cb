"""Where SimVenue says that it liquidates: Binance's formula, by hand, and that the margin is used up exactly there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.money import FuturesMoney
from tests.fakes.simvenue.values import OrderAsk
from tests.fakes_tests.client import Hand

D = Decimal
MMR = D("0.004")


def bench(wallet: str) -> tuple[Any, Account, FuturesMoney]:
    hand = Hand("futures", seed=3)
    hand.venue.open_account("person", "secret", {"USDT": D(wallet)})
    engine = hand.venue.engine
    money = engine.money
    assert isinstance(money, FuturesMoney)
    return engine, engine.accounts["person"], money


def trade(engine: Any, account: Account, side: str, lots: int, position_side: str = "BOTH") -> None:
    account.leverage["BTCUSDT"] = 20
    engine.submit(account, OrderAsk("BTCUSDT", side, "MARKET", lots, client_id=f"{side}{position_side}", position_side=position_side))


def margin_at(money: FuturesMoney, account: Account, price: Decimal, engine: Any) -> Decimal:
    """What is left of the margin above the maintenance, were the mark there."""
    market = engine.markets["BTCUSDT"]
    left = account.totals["USDT"]
    for position in account.positions.values():
        size = market.amount(position.lots)
        left += price * size - (position.cost if position.lots > 0 else -position.cost) - abs(size) * price * money.maintenance
    return left


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_cross_position_is_liquidated_where_its_margin_is_the_maintenance(side: str) -> None:
    engine, account, money = bench("2000")
    trade(engine, account, side, 500)
    position = account.position("BTCUSDT", "BOTH")
    size, entry = engine.markets["BTCUSDT"].amount(abs(position.lots)), position.cost / engine.markets["BTCUSDT"].amount(abs(position.lots))
    sign = 1 if side == "BUY" else -1
    by_hand = (account.totals["USDT"] - sign * size * entry) / (size * MMR - sign * size)
    at = money.liquidation_price(account, "BTCUSDT")
    assert at is not None and abs(at - by_hand) < D("1e-9")
    assert (at < entry) if side == "BUY" else (at > entry)
    assert abs(margin_at(money, account, at, engine)) < D("1e-9")


def test_an_isolated_position_has_its_own_margin_only() -> None:
    engine, account, money = bench("100000")
    account.isolated.add("BTCUSDT")
    trade(engine, account, "BUY", 500)
    at = money.liquidation_price(account, "BTCUSDT")
    position = account.position("BTCUSDT", "BOTH")
    size = engine.markets["BTCUSDT"].amount(position.lots)
    entry = position.cost / size
    assert at is not None and abs(at - entry * (1 - D(1) / 20) / (1 - MMR)) < D("1e-9"), "what the wallet has besides does not help it"


def test_no_price_liquidates_what_the_wallet_pays_for() -> None:
    engine, account, money = bench("10000000")
    trade(engine, account, "BUY", 500)
    assert money.liquidation_price(account, "BTCUSDT") is None
    assert money.liquidation_price(account, "ETHUSDT") is None, "nothing stands there"


def test_both_sides_of_a_hedge_have_one_price() -> None:
    engine, account, money = bench("3000")
    account.is_hedge = True
    trade(engine, account, "BUY", 600, "LONG")
    alone = money.liquidation_price(account, "BTCUSDT")
    trade(engine, account, "SELL", 300, "SHORT")
    both = money.liquidation_price(account, "BTCUSDT")
    assert alone is not None and both is not None and both < alone, "what is half hedged can fall further"
    assert abs(margin_at(money, account, both, engine)) < D("1e-9")
