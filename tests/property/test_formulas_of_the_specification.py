"""Executors against the formulas of the specification, written down once more here in exact fractions: random markets, sides, steps, fees and barriers."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from fractions import Fraction as F
from typing import Any

import pytest

from botcore.executors.data_types import PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.levels import lay_out
from botcore.model.enums import CloseType, TradeType
from botcore.risk.limits import RiskLimits
from tests.support.bench import PERP, D, instrument
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
WHERE = {"trading_pair": "ETH-USDT", "connector_name": PERP}
NO_LIMITS = RiskLimits(max_order_quote=D(10) ** 15, price_band=D(1))
NEARLY = F(1, 10**18)


def part(rng: random.Random, low: int, high: int) -> Decimal:
    return D(rng.randint(low, high)) / 10_000


def exits(rng: random.Random) -> tuple[Decimal | None, Decimal | None, TrailingStop | None]:
    """Stop loss, take profit, trailing stop, each there or not; distances of a trailing stop below and above its activation."""
    trailing = TrailingStop(activation_price=part(rng, 5, 600), trailing_delta=part(rng, 5, 900))
    return rng.choice([None, part(rng, 10, 1500)]), rng.choice([None, part(rng, 10, 1500)]), rng.choice([None, trailing])


class Rules:
    """Stop loss, trailing stop, take profit, in this order, as the text has them."""

    def __init__(self, stop: Decimal | None, profit: Decimal | None, trailing: TrailingStop | None, *, strict: bool = False) -> None:
        self.stop, self.profit, self.trailing, self.strict = stop, profit, trailing, strict
        self.trigger: F | None = None

    def close_type(self, pct: F, stops: bool | None = None) -> CloseType | None:
        if stops if stops is not None else self.stop is not None and pct <= -F(self.stop):
            return CloseType.STOP_LOSS
        if self.trailing is not None:
            delta = F(self.trailing.trailing_delta)
            if self.trigger is None:
                self.trigger = pct - delta if pct > F(self.trailing.activation_price) else None
            elif pct < self.trigger:
                return CloseType.TRAILING_STOP
            else:
                self.trigger = max(self.trigger, pct - delta)
        if self.profit is not None and (pct > F(self.profit) if self.strict else pct >= F(self.profit)):
            return CloseType.TAKE_PROFIT
        return None


def is_same_trigger(executor: Any, rules: Rules) -> bool:
    shown = executor.custom_info()["trailing_stop_trigger_pct"]
    return (shown is None) is (rules.trigger is None) and (rules.trigger is None or abs(F(shown) - rules.trigger) < NEARLY)


@pytest.mark.parametrize("seed", range(40))
def test_position_ends_where_the_formulas_say(seed: int) -> None:
    rng = random.Random(seed)
    tick, lot = rng.choice(["0.01", "0.5", "0.0001", "1"]), rng.choice(["0.001", "1", "0.0005"])
    side, start = rng.choice([BUY, SELL]), rng.randint(200, 4000)
    entry, amount = D(tick) * start, D(lot) * rng.randint(1, 3000)
    stop, profit, trailing = exits(rng)
    bench = VenueBench(instrument(tick=tick, lot=lot), price=entry, limits=NO_LIMITS)
    triple = TripleBarrierConfig(stop_loss=stop, take_profit=profit, trailing_stop=trailing)
    executor = bench.start(PositionExecutorConfig(side=side, entry_price=entry, amount=amount, triple_barrier_config=triple, **WHERE))
    fee = amount * entry * part(rng, 0, 30)
    bench.venue.trade(bench.orders[0], fee=fee / 250, asset="BNB", rate=250)
    rules, ticks = Rules(stop, profit, trailing), start
    for _ in range(50):
        ticks = max(1, ticks + rng.randint(-start // 60 - 1, start // 60 + 1))
        bid, ask = D(tick) * ticks, D(tick) * (ticks + rng.randint(0, 2))
        bench.price(bid, ask)
        close = bid if side is BUY else ask
        net = side.sign * (F(close) - F(entry)) * F(amount) - F(fee)
        pct = net / (F(amount) * F(entry))
        expected = rules.close_type(pct)
        assert executor.close_type is expected
        if expected is not None:
            bench.venue.trade(bench.orders[-1], price=close, fee="0.25")
            info = executor.info
            assert abs(F(info.net_pnl_quote) - net + F(1, 4)) < NEARLY and info.filled_amount_quote == amount * (entry + close)
            return
        assert abs(F(executor.net_pnl_pct()) - pct) < NEARLY and is_same_trigger(executor, rules)


def met(bench: VenueBench, order: Any, side: TradeType, ticks: int) -> bool:
    limit = order.request.price_ticks
    return order.is_open and not order.cancel_asked and (limit is None or (limit >= ticks if side is BUY else limit <= ticks))


def may_go(config: DCAExecutorConfig, price: F, mid: F) -> bool:
    """Bounds of one level."""
    bounds, is_buy = config.activation_bounds, config.side is BUY
    if bounds is None:
        return True
    if config.mode is DCAMode.MAKER:
        return price > mid * (1 - F(bounds[0])) if is_buy else price < mid * (1 + F(bounds[0]))
    below, above = (bounds[0], bounds[1]) if is_buy else (bounds[1], bounds[0])
    return price * (1 - F(below)) < mid < price * (1 + F(above))


@pytest.mark.parametrize("seed", range(40))
def test_ladder_opens_and_ends_where_the_formulas_say(seed: int) -> None:
    rng = random.Random(seed)
    tick, lot = rng.choice(["0.01", "0.5", "0.0001"]), "0.0005"
    side, mode, start = rng.choice([BUY, SELL]), rng.choice(list(DCAMode)), rng.randint(1000, 4000)
    steps = [0, *(rng.randint(5, start // 20) for _ in range(rng.randint(0, 3)))]
    prices = [D(tick) * (start - side.sign * sum(steps[: number + 1])) for number in range(len(steps))]
    amounts = [D(rng.randint(20_000, 200_000)) / 10 for _ in steps]
    stop, profit, trailing = exits(rng)
    bounds = [D("0.01"), D("0.02")] if mode is DCAMode.TAKER else rng.choice([None, [D("0.03")]])
    ladder: dict[str, Any] = {"side": side, "mode": mode, "prices": prices, "amounts_quote": amounts, "activation_bounds": bounds}
    config = DCAExecutorConfig(stop_loss=stop, take_profit=profit, trailing_stop=trailing, **ladder, **WHERE)
    bench = VenueBench(instrument(tick=tick, lot=lot), price=prices[0], limits=NO_LIMITS)
    executor = bench.start(config)
    rules, ticks = Rules(stop, profit, trailing, strict=True), start
    cash = base = opened = F(0)
    for _ in range(60):
        for number, order in enumerate(bench.orders):
            if met(bench, order, side, ticks):
                assert order.lots == int(F(amounts[number]) / F(prices[number]) / F(lot))
                price = prices[number] if mode is DCAMode.MAKER else D(tick) * ticks
                bench.venue.trade(order, price=price, fee="0.75")
                size = F(order.lots) * F(lot)
                base, cash, opened = base + side.sign * size, cash - side.sign * size * F(price) - F(3, 4), opened + size * F(price)
        ticks = max(1, ticks + rng.randint(-start // 60 - 1, start // 60 + 1))
        sent, close = len(bench.orders), D(tick) * ticks
        bench.price(close)
        if base:
            net = cash + base * F(close)
            loss = None if stop is None or mode is DCAMode.MAKER else net <= -F(sum(amounts)) * F(stop)
            expected = rules.close_type(net / opened, loss)
            assert executor.close_type is expected
            if expected is not None:
                return
            assert abs(F(executor.net_pnl_quote()) - net) < NEARLY and abs(F(executor.net_pnl_pct()) - net / opened) < NEARLY
            assert is_same_trigger(executor, rules)
        goes = sent < len(prices) and may_go(config, F(prices[sent]), F(close))
        assert len(bench.orders) - sent == goes


def levels_by_the_text(config: GridExecutorConfig, of: Any, mid: F) -> tuple[list[F], F, F] | None:
    """Prices, quote amount of each level, take profit; None where the budget is below one order."""
    total, lot, start, end = F(config.total_amount_quote), F(of.lot_size), F(config.start_price), F(config.end_price)
    smallest = math.ceil(max(F(config.min_order_amount_quote), F(of.min_notional)) * F(105, 100) / mid / lot) * lot
    count = int(total / (smallest * mid))
    if not count:
        return None
    width = (end - start) / start
    count = max(1, min(count, int(width / max(F(config.min_spread_between_orders), F(of.tick_size) / mid))))
    base = max(smallest, int(total / (mid * count) / lot) * lot)
    count = max(1, min(count, int(total / (base * mid))))
    prices = [(start + end) / 2] if count == 1 else [start + (end - start) * number / (count - 1) for number in range(count)]
    profit = F(config.triple_barrier_config.take_profit or 0)
    return prices, base * mid, max(width / max(1, count - 1), profit) if config.coerce_tp_to_step else profit


def test_grids_are_laid_out_as_the_text_says() -> None:
    rng, refused = random.Random(3), 0
    for _ in range(1500):
        of = instrument(
            tick=rng.choice(["0.01", "0.5", "0.0001", "1"]), lot=rng.choice(["0.001", "1", "0.00001"]), min_notional=rng.choice(["0", "5", "10"])
        )
        start, side = D(rng.randint(500, 20_000)) / 100, rng.choice([BUY, SELL])
        end, mid = start * (1 + part(rng, 1, 5000)), start * (1 + part(rng, -2000, 6000))
        config = GridExecutorConfig(
            side=side,
            start_price=start,
            end_price=end,
            limit_price=start / 2 if side is BUY else end * 2,
            total_amount_quote=D(rng.randint(1, 5000)),
            min_spread_between_orders=part(rng, 1, 300),
            min_order_amount_quote=D(rng.randint(1, 30)),
            coerce_tp_to_step=rng.random() < 0.5,
            triple_barrier_config=TripleBarrierConfig(take_profit=part(rng, 1, 300)),
            **WHERE,
        )
        expected, found = levels_by_the_text(config, of, F(mid)), lay_out(config, of, mid)
        if expected is None or isinstance(found, str):
            assert expected is None and isinstance(found, str)
            refused += 1
            continue
        prices, quote, profit = expected
        assert len(found.levels) == len(prices)
        for level, price in zip(found.levels, prices, strict=True):
            assert max(abs(F(level.price) - price), abs(F(level.amount_quote) - quote), abs(F(level.take_profit) - profit)) < NEARLY
    assert 0 < refused < 200
