"""The limiter: who goes, when, and who is told that he can't."""

from __future__ import annotations

import asyncio
import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.venues.backoff import Backoff, ConnectionBudget
from botcore.venues.limiter import Limiter, TurnedAway, shared
from botcore.venues.live_spec import LimitSpec
from botcore.venues.memory import NoMemory
from botcore.venues.wire import Call, Priority
from tests.support.venue_fakes import most_in_any
from tests.support.virtual_loop import Clocks, run_virtual, settle, swallow, virtual

NO_RESERVE = {"weight": LimitSpec(amount=10, window_s=5, reserve=0)}


def call(weight: int = 1, priority: Priority = Priority.QUERY, name: str = "x", limit: str = "weight") -> Call:
    return Call(name, "GET", "/", priority=priority, weights=((limit, weight),))


def limiter(limits: dict[str, LimitSpec] | None = None, memory: NoMemory | None = None, clocks: Clocks | None = None, **more: object) -> Limiter:
    return Limiter(limits or NO_RESERVE, memory or NoMemory(), (clocks or Clocks()).wall_ms, **more)  # type: ignore[arg-type]


class Line:
    """Callers that note when they were let go."""

    def __init__(self, limits: Limiter, reply_s: float = 0.0) -> None:
        self.limiter = limits
        self.reply_s = reply_s
        self.gone: list[tuple[float, str]] = []
        self.told: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def send(self, what: Call, patience_s: float = 1000.0) -> None:
        self.tasks.append(asyncio.create_task(self._go(what, patience_s)))

    async def _go(self, what: Call, patience_s: float) -> None:
        try:
            ticket = await self.limiter.acquire(what, patience_s)
        except TurnedAway as error:
            self.told.append(str(error))
            return
        self.gone.append((asyncio.get_running_loop().time(), what.name))
        await asyncio.sleep(self.reply_s)
        ticket.close()

    async def end(self) -> None:
        await asyncio.gather(*self.tasks)


@virtual
async def test_r7_cancels_go_before_creates_before_queries_before_market_data() -> None:
    line = Line(limiter({"weight": LimitSpec(amount=1, window_s=1, reserve=0)}))
    line.send(call(name="first"))
    await settle()
    for priority in (Priority.MARKET, Priority.QUERY, Priority.CREATE, Priority.CANCEL):
        line.send(call(priority=priority, name=priority.name))
        line.send(call(priority=priority, name=priority.name + "2"))
    await line.end()
    assert [name for _, name in line.gone] == ["first", "CANCEL", "CANCEL2", "CREATE", "CREATE2", "QUERY", "QUERY2", "MARKET", "MARKET2"]


@virtual
async def test_r7_cancels_have_room_that_nobody_else_may_use() -> None:
    line = Line(limiter({"weight": LimitSpec(amount=100, window_s=60, reserve=0.1)}))
    for _ in range(200):
        line.send(call(priority=Priority.MARKET, name="market"))
        line.send(call(priority=Priority.CREATE, name="create"))
    await settle()
    for _ in range(10):
        line.send(call(priority=Priority.CANCEL, name="cancel"))
    await settle()
    names = [name for _, name in line.gone]
    assert names.count("cancel") == 10
    assert names.count("create") + names.count("market") == 90
    assert line.limiter.status().used["weight"] == (100, 100)
    for task in line.tasks:
        task.cancel()
    await asyncio.gather(*line.tasks, return_exceptions=True)


@virtual
async def test_a_call_without_room_closes_only_the_limits_that_it_lacks() -> None:
    limits = {"orders": LimitSpec(amount=1, window_s=10, reserve=0), "weight": LimitSpec(amount=100, window_s=10, reserve=0)}
    line = Line(limiter(limits))
    both = Call("create", "POST", "/", weights=(("orders", 1), ("weight", 1)), priority=Priority.CREATE)
    line.send(both)
    line.send(both)
    line.send(call(name="query"))
    await settle()
    assert [name for _, name in line.gone] == ["create", "query"]
    await line.end()
    assert [name for _, name in line.gone] == ["create", "query", "create"]


@virtual
async def test_a_heavy_call_is_not_overtaken_for_ever_by_light_ones() -> None:
    line = Line(limiter())
    for _ in range(9):
        line.send(call())
    await settle()
    line.send(call(8, name="heavy"))
    for _ in range(30):
        line.send(call(1, name="light"))
    await line.end()
    assert line.gone[9][1] == "heavy"


@virtual
async def test_no_window_of_the_venue_sees_too_much_whatever_the_way_takes() -> None:
    # a venue counts when the request arrives, somewhere between leaving and reply
    rng, limits = Random(7), limiter()
    arrivals: list[float] = []

    async def one() -> None:
        ticket = await limits.acquire(call(), 1e6)
        way_s = rng.uniform(0, 2)
        await asyncio.sleep(way_s)
        arrivals.append(asyncio.get_running_loop().time())
        await asyncio.sleep(rng.uniform(0, 1))
        ticket.close()

    await asyncio.gather(*(one() for _ in range(300)))
    assert len(arrivals) == 300
    assert most_in_any(arrivals, 5.0) <= 10


@given(st.lists(st.tuples(st.integers(1, 10), st.sampled_from(list(Priority)), st.floats(0, 3)), min_size=1, max_size=40))
def test_every_call_leaves_or_is_told_and_the_limit_holds(calls: list[tuple[int, Priority, float]]) -> None:
    async def work() -> None:
        limits = limiter({"weight": LimitSpec(amount=10, window_s=5, reserve=0.2)}, queue_max=15)
        sent: list[tuple[float, int]] = []
        told = 0

        async def one(weight: int, priority: Priority, reply_s: float) -> None:
            nonlocal told
            try:
                ticket = await limits.acquire(call(weight, priority), 60)
            except TurnedAway:
                told += 1
                return
            sent.append((asyncio.get_running_loop().time(), weight))
            await asyncio.sleep(reply_s)
            ticket.close()

        await asyncio.gather(*(one(*each) for each in calls))
        assert len(sent) + told == len(calls)
        for start, _ in sent:
            assert sum(weight for time, weight in sent if start <= time < start + 5) <= 10
        assert limits.status().queue_length == 0
        await asyncio.sleep(6)
        assert limits.status().used["weight"][0] == 0

    run_virtual(work())


@virtual
async def test_r7_nothing_leaves_before_a_rest_is_over_and_nothing_is_lost() -> None:
    clocks = Clocks()
    limits = limiter(clocks=clocks)
    start = asyncio.get_running_loop().time()
    limits.rest(30, "too many requests")
    line = Line(limits)
    for priority in Priority:
        line.send(call(priority=priority, name=priority.name))
    await settle()
    status = limits.status()
    assert not line.gone and status.queue_length == 4
    assert (status.reason, status.rest_until_ms) == ("too many requests", clocks.wall_ms() + 30_001)
    await line.end()
    assert [name for _, name in line.gone] == ["CANCEL", "CREATE", "QUERY", "MARKET"]
    assert all(time >= start + 30 for time, _ in line.gone)
    assert limits.status().rest_until_ms == 0


@virtual
async def test_r7_a_rest_longer_than_the_patience_is_told_at_once() -> None:
    limits = limiter()
    limits.rest(300, "banned")
    start = asyncio.get_running_loop().time()
    error = await swallow(limits.acquire(call(), 10))
    assert isinstance(error, TurnedAway) and "banned" in str(error)
    assert asyncio.get_running_loop().time() == start


@virtual
async def test_r7_a_rest_is_never_shortened() -> None:
    limits = limiter()
    limits.rest(30, "a")
    limits.rest(5, "b")
    assert limits.rest_left_s() == 30
    assert limits.status().reason == "a"


@virtual
async def test_r7_without_a_word_from_the_venue_the_rest_doubles() -> None:
    limits, rests = limiter(), []
    for _ in range(6):
        limits.rest(0, "429")
        rests.append(limits.rest_left_s())
        await asyncio.sleep(rests[-1])
    assert rests == [10, 20, 40, 80, 120, 120]
    limits.adopt({})
    limits.rest(0, "429")
    assert limits.rest_left_s() == 10


@virtual
async def test_r8_a_ban_holds_over_a_restart() -> None:
    memory, clocks = NoMemory(), Clocks()
    limiter(memory=memory, clocks=clocks).rest(7200, "banned for too many requests")
    await asyncio.sleep(600)
    again = limiter(memory=memory, clocks=clocks)
    assert again.rest_left_s() == pytest.approx(6600, abs=0.01)
    assert again.status().reason == "banned for too many requests"
    error = await swallow(again.acquire(call(priority=Priority.CANCEL), 12))
    assert isinstance(error, TurnedAway)
    await asyncio.sleep(6601)
    (await again.acquire(call(), 1)).close()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"until_ms": "x"}', '{"until_ms": null}', "7", json.dumps({"until_ms": 1})])
def test_r8_a_memory_that_cant_be_read_bans_nobody(text: str) -> None:
    async def work() -> None:
        memory = NoMemory()
        memory.put("rest", text)
        (await limiter(memory=memory).acquire(call(), 1)).close()

    run_virtual(work())


@virtual
async def test_r8_a_nonsense_ban_ends_after_three_days() -> None:
    memory = NoMemory()
    memory.put("rest", json.dumps({"until_ms": 10**18, "reason": ""}))
    assert limiter(memory=memory).rest_left_s() == 3 * 86400


@virtual
async def test_used_weight_is_adopted_when_it_is_higher() -> None:
    limits = limiter()
    (await limits.acquire(call(2), 1)).close()
    limits.adopt({"weight": 1, "unheard of": 99})
    assert limits.status().used["weight"] == (2, 10)
    limits.adopt({"weight": 9})
    assert limits.status().used["weight"] == (9, 10)
    line = Line(limits)
    start = asyncio.get_running_loop().time()
    line.send(call(2))
    await line.end()
    assert line.gone[0][0] == start + 5


@virtual
async def test_a_full_queue_turns_away_the_least_urgent_and_says_so() -> None:
    limits = limiter({"weight": LimitSpec(amount=1, window_s=10, reserve=0)}, queue_max=3)
    line = Line(limits)
    line.send(call(name="gone"))
    for number in range(3):
        line.send(call(priority=Priority.MARKET, name=f"market {number}"))
    await settle()
    line.send(call(priority=Priority.MARKET, name="one too many"))
    line.send(call(priority=Priority.CANCEL, name="cancel"))
    await settle()
    assert len(line.told) == 2
    assert all(text.startswith("not sent") for text in line.told)
    await line.end()
    assert [name for _, name in line.gone] == ["gone", "cancel", "market 0", "market 1"]


@virtual
async def test_who_waits_too_long_is_told_and_makes_room_for_the_next() -> None:
    limits = limiter()
    (await limits.acquire(call(4), 1)).close()
    line = Line(limits)
    line.send(call(10, name="heavy"), patience_s=2)
    line.send(call(6, name="light"))
    start = asyncio.get_running_loop().time()
    await line.end()
    assert line.told == ["not sent: no room within the venue's rate limit for 2 s"]
    assert line.gone == [(start + 2, "light")]


@virtual
async def test_a_cancelled_caller_leaves_no_trace() -> None:
    limits = limiter()
    (await limits.acquire(call(10), 1)).close()
    waiting = asyncio.create_task(limits.acquire(call(3), 100))
    await settle()
    waiting.cancel()
    assert isinstance(await swallow(waiting), asyncio.CancelledError)
    assert limits.status().queue_length == 0
    await asyncio.sleep(5)
    assert limits.status().used["weight"][0] == 0
    # cancelled in the moment in which it is let go
    (await limits.acquire(call(10), 1)).close()
    waiting = asyncio.create_task(limits.acquire(call(3), 100))
    await settle()
    asyncio.get_running_loop().call_later(5, waiting.cancel)
    await swallow(waiting)
    await asyncio.sleep(0)
    assert limits.status().used["polls under way"][0] == 0


@virtual
async def test_polls_under_way_do_not_hold_up_orders() -> None:
    limits = limiter({"weight": LimitSpec(amount=1000, window_s=1)})
    line = Line(limits, reply_s=30)
    for _ in range(100):
        line.send(call())
    await settle()
    assert 10 <= len(line.gone) <= 16
    line.send(Call("create", "POST", "/", priority=Priority.CREATE, is_write=True))
    await settle()
    assert line.gone[-1][1] == "create"
    await line.end()


@virtual
async def test_a_long_queue_is_not_walked_through_for_every_call() -> None:
    limits = limiter({"weight": LimitSpec(amount=1, window_s=60, reserve=0)})
    looks = 0
    whole = limits._lacking

    def look(*args: object) -> list[tuple[str, int]]:
        nonlocal looks
        looks += 1
        return whole(*args)  # type: ignore[arg-type]

    limits._lacking = look  # type: ignore[method-assign,assignment]
    line = Line(limits)
    for _ in range(1000):
        line.send(call(), patience_s=30)
    await line.end()
    assert len(line.gone) == 1 and len(line.told) == 999
    assert looks < 10_000


@virtual
async def test_a_ticket_that_did_not_leave_costs_nothing() -> None:
    limits = limiter()
    ticket = await limits.acquire(call(10), 1)
    ticket.close(left=False)
    ticket.close()
    assert limits.status().used["weight"][0] == 0


@virtual
async def test_closing_turns_away_all_that_wait() -> None:
    limits = limiter()
    limits.rest(50, "x")
    line = Line(limits)
    line.send(call())
    await settle()
    limits.close()
    await line.end()
    assert "being closed" in line.told[0]


@virtual
async def test_a_call_that_can_never_go_is_told_at_once() -> None:
    assert "costs 11" in str(await swallow(limiter().acquire(call(11), 1000)))
    assert "'other'" in str(await swallow(limiter().acquire(call(1, limit="other"), 1000)))


def test_shares_round_down_but_never_to_nothing() -> None:
    assert [shared(amount, 0.29) for amount in (1, 3, 100)] == [1, 1, 29]


# ---- connections -------------------------------------------------------------------------------------------------------
@virtual
async def test_w3_attempts_stay_under_the_budget() -> None:
    budget = ConnectionBudget(300, 300)
    times: list[float] = []

    async def storm() -> None:
        for _ in range(50):
            async with budget.attempt():
                times.append(asyncio.get_running_loop().time())
                await asyncio.sleep(0.3)

    await asyncio.gather(*(storm() for _ in range(20)))
    assert len(times) == 1000
    assert most_in_any(times, 300) <= 270
    assert budget.used()[1] == 270


def test_w3_pauses_double_with_chance_in_them_and_begin_anew_after_a_long_life() -> None:
    pauses = Backoff(0.5, 30, Random(1))
    assert pauses.next_s() == 0
    drawn = []
    for _ in range(12):
        pauses.lived(0.1)
        drawn.append(pauses.next_s())
    for number, pause in enumerate(drawn):
        whole = min(0.5 * 2**number, 30)
        assert whole / 2 <= pause <= whole
    assert len(set(drawn)) == len(drawn)
    pauses.lived(3600)
    assert pauses.next_s() <= 0.5
    for _ in range(2000):
        pauses.failed()
    assert pauses.next_s() <= 30
