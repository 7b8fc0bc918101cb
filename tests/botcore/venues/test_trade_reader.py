"""The list of executions, and whose they are, where the venue's places contradict each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botcore.venues.caller import Answer
from botcore.venues.line import Traded, TradesRead
from botcore.venues.memory import NoMemory
from botcore.venues.tasks import Tasks
from botcore.venues.trade_reader import LAG_MS, MARGIN_MS, TradeReader
from botcore.venues.wire import Call, Outcome, Reply, Verdict
from tests.support.binance_wire import spot

PAIR = "BTC-USDT"
WALL_MS = 1_790_000_000_000


class Answers:
    """A caller that answers by the name of a call."""

    def __init__(self, **bodies: Callable[[Call], tuple[Verdict, Any]]) -> None:
        self.calls: list[Call] = []
        self._bodies = bodies

    async def call(self, call: Call, patience_s: float | None = None) -> Answer:
        self.calls.append(call)
        verdict, body = self._bodies[call.name](call)
        return Answer(Outcome(verdict), Reply(200, {}, json.dumps(body).encode(), 0, 0), 1)


def trade(trade_id: int, order_id: int, time_ms: int) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "id": trade_id,
        "orderId": order_id,
        "price": "50000.00",
        "qty": "0.01000",
        "commission": "0",
        "commissionAsset": "USDT",
        "time": time_ms,
        "isBuyer": True,
        "isMaker": False,
    }


def order(order_id: int, client_order_id: str) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "orderId": order_id,
        "clientOrderId": client_order_id,
        "origQty": "0.01000",
        "executedQty": "0.01000",
        "status": "FILLED",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "time": WALL_MS,
        "updateTime": WALL_MS,
    }


def reader(caller: Any, wall_ms: Callable[[], int], *, ahead_ms: int = 0) -> tuple[TradeReader, list[Any]]:
    """Knows no order of its own; and what it has delivered."""
    delivered: list[Any] = []

    def broke(what: str, error: BaseException) -> None:
        raise AssertionError(what) from error

    made = TradeReader(
        spot(), caller, Tasks(broke), NoMemory(), lambda pair, order_id: None, lambda pair: WALL_MS, delivered.append, wall_ms, lambda: ahead_ms
    )
    return made, delivered


async def test_r14_execution_whose_order_a_lagging_replica_does_not_show_yet_is_read_again_and_booked() -> None:
    """The list of executions has it already, the place where orders are asked for does not: it must not count as somebody else's for ever."""
    lags = True
    caller = Answers(
        trades=lambda call: (Verdict.ACCEPTED, [trade(7, 70, WALL_MS)] if dict(call.params).get("fromId", "0") <= "7" else []),
        query=lambda call: (Verdict.NOT_FOUND, {}) if lags else (Verdict.ACCEPTED, order(70, "cdr-1-5-1")),
    )
    trades, delivered = reader(caller, lambda: WALL_MS + 2_000)
    assert not await trades.read(PAIR), "nothing is complete while one of the executions is nobody's"
    assert delivered == []
    lags = False
    assert await trades.read(PAIR)
    (traded,) = [news.fill for news in delivered if isinstance(news, Traded)]
    assert (traded.client_order_id, traded.trade_id) == ("cdr-1-5-1", "7")


async def test_r14_answer_that_lacks_an_execution_which_was_there_already_is_no_end_of_the_list() -> None:
    """The order of 8 can't be asked for in this moment; the next list comes from a replica that does not have 8 yet, nor 9: nothing is complete before both are booked."""
    shown, verdict = [7, 8, 9], Verdict.UNKNOWN
    caller = Answers(
        trades=lambda call: (
            Verdict.ACCEPTED,
            [trade(number, 10 * number, WALL_MS) for number in shown if number >= int(dict(call.params).get("fromId", "0"))],
        ),
        query=lambda call: (verdict, {}) if dict(call.params)["orderId"] == "80" else (Verdict.ACCEPTED, order(70, "cdr-1-5-1")),
    )
    trades, delivered = reader(caller, lambda: WALL_MS + 2_000)
    assert not await trades.read(PAIR)
    shown, verdict = [7], Verdict.ACCEPTED
    caller._bodies["query"] = lambda call: (Verdict.ACCEPTED, order(int(dict(call.params)["orderId"]), "cdr-1-6-1"))
    assert not await trades.read(PAIR), "8 was there"
    shown = [7, 9]
    assert not await trades.read(PAIR), "8 is still owed, whatever is behind it"
    shown = [7, 8, 9]
    assert await trades.read(PAIR)
    assert {news.fill.trade_id for news in delivered if isinstance(news, Traded)} == {"7", "8", "9"}


async def test_execution_that_the_venue_took_back_is_not_waited_for_for_ever() -> None:
    shown, wall_ms = [8], WALL_MS + 2_000
    caller = Answers(
        trades=lambda call: (Verdict.ACCEPTED, [trade(number, 10 * number, WALL_MS) for number in shown]), query=lambda call: (Verdict.UNKNOWN, {})
    )
    trades, _ = reader(caller, lambda: wall_ms)
    assert not await trades.read(PAIR)
    shown = []
    assert not await trades.read(PAIR)
    wall_ms += LAG_MS + MARGIN_MS
    assert await trades.read(PAIR)


async def test_order_that_the_venue_has_forgotten_long_after_its_execution_is_passed_over() -> None:
    caller = Answers(
        trades=lambda call: (Verdict.ACCEPTED, [trade(7, 70, WALL_MS)] if "fromId" not in dict(call.params) else []),
        query=lambda call: (Verdict.NOT_FOUND, {}),
    )
    trades, delivered = reader(caller, lambda: WALL_MS + LAG_MS + MARGIN_MS + 1_000)
    assert await trades.read(PAIR)
    assert [type(news) for news in delivered] == [TradesRead]


async def test_r12_executions_are_asked_for_from_the_order_on_by_the_venues_clock() -> None:
    """Our clock is 90 s ahead: the venue dates an execution 88 s before the order's time here."""
    caller = Answers(trades=lambda call: (Verdict.ACCEPTED, []))
    trades, _ = reader(caller, lambda: WALL_MS, ahead_ms=90_000)
    await trades.read(PAIR)
    assert int(dict(caller.calls[0].params)["startTime"]) <= WALL_MS - 90_000 - MARGIN_MS


async def test_w13_a_long_time_is_asked_for_window_by_window_without_a_hole() -> None:
    caller = Answers(trades=lambda call: (Verdict.ACCEPTED, []))
    window_ms = spot().trades_window_ms
    trades, _ = reader(caller, lambda: WALL_MS + int(2.5 * window_ms))
    assert await trades.read(PAIR)
    starts = [int(dict(call.params)["startTime"]) for call in caller.calls]
    assert starts == [starts[0], starts[0] + window_ms, starts[0] + 2 * window_ms]
    assert starts[0] <= WALL_MS and starts[-1] + window_ms >= WALL_MS + int(2.5 * window_ms)


async def test_w13_a_read_without_an_execution_is_remembered_for_the_next_process() -> None:
    caller, memory = Answers(trades=lambda call: (Verdict.ACCEPTED, [])), NoMemory()
    for wall_ms in (WALL_MS, WALL_MS + 60_000, WALL_MS + 5 * 3_600_000):
        made = TradeReader(
            spot(), caller, Tasks(lambda what, error: None), memory, lambda pair, order_id: None, lambda pair, at=wall_ms: at, lambda item: None,
            lambda at=wall_ms: at, lambda: 0,
        )  # fmt: skip
        assert await made.read(PAIR)
    first, second, third = [int(dict(call.params)["startTime"]) for call in caller.calls]
    assert first == second == third == WALL_MS - MARGIN_MS, "each process goes on from where nothing was missed"
    assert int(memory.get(f"since {PAIR}") or 0) == WALL_MS + 5 * 3_600_000 - MARGIN_MS
