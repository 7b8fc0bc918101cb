"""Executors that come and go in front of a lossy line, the line healed, and what must hold then, with the venue's ledger as the judge.

Numbers are those of the reliability specification: I2 position, I3 one intent one effect, I5 fills exactly once, I7 no executor ends with exposure and no hold, I11
everything comes to rest.
"""

from __future__ import annotations

import random
from typing import Any

from botcore.executors.data_types import TripleBarrierConfig
from botcore.model.enums import OrderType, TradeType
from botcore.model.events import FactKind
from botcore.model.order import OrderState, Purpose
from botcore.orders.ids import is_condors
from tests.support.live_bench import D, LiveBench
from tests.support.lossy_venue import FAULTS, Line

TERMINAL = {OrderState.CANCELED, OrderState.FILLED, OrderState.FAILED, OrderState.EXPIRED}


def drawn_line(chance: random.Random) -> Line:
    """A random subset of faults, none of them rare."""
    faults = {**FAULTS, "refuse": 0.4}
    chosen = {name: strength for name, strength in faults.items() if chance.random() < 0.5}
    return Line(**chosen, lag_s=chance.choice([0, 0, 5, 24]))


def trade(bench: LiveBench, chance: random.Random, seconds: int, kills: float = 0, *, shorts: bool = True, others: float = 0) -> None:
    """Executors come, the market walks, some are stopped.

    Parameters
    ----------
    kills : float
        Probability with which the process dies at a random point of a second.
    others : float
        Probability with which somebody else closes a part of the position within a second.
    """
    ticks = 10_000
    for _ in range(seconds):
        if chance.random() < 0.08:
            start_one(bench, chance, ticks, shorts)
        if chance.random() < 0.03 and bench.running:
            executor = chance.choice(bench.running)
            bot = next(bot for bot in bench.bots.values() if bot.executor(executor.id) is executor)
            bot.stop(executor.id, keep_position=chance.random() < 0.3)
        ticks = max(9_000, ticks + chance.randint(-25, 25))
        bench.price(ticks)
        position = bench.venue.position(bench.instrument.market)
        if others and position and chance.random() < others:
            side = TradeType.SELL if position > 0 else TradeType.BUY
            bench.venue.somebody_trades(bench.instrument, side, chance.randint(1, abs(position)))
        if chance.random() < kills:
            bench.connector.on_tick(bench.clock.now_ns)
            for bot in bench.bots.values():
                bot.on_tick(bench.clock.now_ns)
            bench.kill(chance.choice(["before", "written", "sent"]))
        bench.run(1)


def start_one(bench: LiveBench, chance: random.Random, ticks: int, shorts: bool) -> None:
    side = chance.choice([TradeType.BUY, TradeType.SELL]) if shorts else TradeType.BUY
    kind = chance.choice([OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET])
    away = chance.randint(0, 60) * side.sign
    barriers = TripleBarrierConfig(
        stop_loss=D("0.006"),
        take_profit=D("0.004"),
        time_limit=chance.randint(5, 60),
        open_order_type=kind,
        take_profit_order_type=chance.choice([OrderType.LIMIT, OrderType.MARKET]),
    )
    price = (ticks - away) * bench.instrument.tick_size
    bot_id = chance.choice(list(bench.bots))
    bench.start(bot_id, side=side, entry_price=price, amount=D(chance.randint(1, 3)), triple_barrier_config=barriers)


def settle(bench: LiveBench) -> None:
    """The line is whole again, everybody is asked to end, and there is time for it."""
    bench.venue.line = Line()
    bench.venue.partial = 0
    for bot in bench.bots.values():
        for executor in bot.running:
            bot.stop(executor.id)
    for _ in range(40):
        bench.run(5)
        if not bench.running and not bench.connector.tracker.open_count and not len(bench.connector.endings):
            break
    bench.run(60)


def last_surplus(bench: LiveBench) -> Any:
    """What is told to be nobody's. On a one-way account nobody can say whether somebody closed a short or opened a long beside another bot's long."""
    assert any(not is_condors(fill.client_order_id) for fill in bench.venue.trades), "without somebody else there is none"
    told = [D(fact.payload["amount"]) for fact in bench.records.facts if fact.kind == FactKind.POSITION_UNACCOUNTED]
    return told[-1] if told else None


def check(bench: LiveBench) -> None:
    """The invariants, with the venue's ledger as the judge."""
    venue, connector = bench.venue, bench.connector
    # I11: everything has come to rest
    assert bench.records.faults == []
    assert bench.running == []
    assert connector.tracker.open_orders() == []
    assert (len(connector.doubts), len(connector.cancels), len(connector.endings)) == (0, 0, 0)
    assert venue.open_orders() == []
    # I5: every execution once, and none that did not happen
    booked = [trade_id for trade_id in bench.booked() if not trade_id.startswith("external-")]
    assert sorted(booked) == sorted(fill.trade_id for fill in venue.trades if is_condors(fill.client_order_id))
    # I2, I1: what the venue holds is what the holds say, fees taken off
    if bench.instrument.is_perpetual:
        net = connector.own.of(bench.instrument).net
        assert bench.held() == bench.instrument.amount(net)
        surplus = venue.position(bench.instrument.market) - net
        assert not surplus or last_surplus(bench) == bench.instrument.amount(surplus)
    else:
        assert bench.held() == venue.base(bench.instrument.market)
    # O14: no entry has met an order of our own; O15: nothing was sold that is not there
    assert venue.met == []
    assert venue.uncovered == []
    # I3: no client order id has had two effects, and no executor opened more than it was to
    for order in bench.records.submitted:
        assert len(venue.of(order.client_order_id)) <= 1
        assert order.state in TERMINAL
        if order.request.purpose is Purpose.EXTERNAL:
            continue
        assert order.filled_lots == sum(fill.lots for fill in venue.trades if fill.client_order_id == order.client_order_id)
    opened: dict[str, int] = {}
    bench._write()
    for fill, executor_id in bench.records.fills:
        if bench.intents[fill.client_order_id].order.purpose == Purpose.OPEN.value:
            opened[executor_id] = opened.get(executor_id, 0) + fill.lots
    for executor_id, lots in opened.items():
        config = bench.records.executors[executor_id].config
        # what other kinds may open is in quote, and looked at by tests of their own
        assert "amount" not in config or lots <= bench.instrument.lots(D(config["amount"])), executor_id
    # I4: nothing of ours at the venue that was not written down before
    known = {order.client_order_id for order in bench.records.submitted} | set(bench.intents)
    assert {order.client_order_id for order in venue.orders if is_condors(order.client_order_id)} <= known
