"""The caller: what is repeated, what never is, and what it obeys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from botcore.venues.caller import Caller, retry_after_s
from botcore.venues.dialect import Credentials
from botcore.venues.limiter import Limiter
from botcore.venues.live_spec import LimitSpec
from botcore.venues.memory import NoMemory
from botcore.venues.offset import VenueOffset
from botcore.venues.port import HttpRequest, Lane
from botcore.venues.stats import CallStats
from botcore.venues.wire import Access, Call, NoReply, Outcome, Priority, Reply, Verdict
from tests.support.venue_fakes import FakeDialect, FakePort, reply
from tests.support.virtual_loop import Clocks, settle, virtual

CREATE = Call("create", "POST", "/order", access=Access.SIGNED, priority=Priority.CREATE, weights=(("weight", 1),), is_write=True)
CANCEL = Call("cancel", "DELETE", "/order", access=Access.SIGNED, priority=Priority.CANCEL, weights=(("weight", 1),), is_write=True)
QUERY = Call("query", "GET", "/order", access=Access.SIGNED, weights=(("weight", 1),))
DEPTH = Call("depth", "GET", "/depth", priority=Priority.MARKET, weights=(("weight", 1),))


class World:
    """A caller, its port, and the venue behind it: answers come from `script`, then all is well."""

    def __init__(self, memory: NoMemory | None = None) -> None:
        self.clocks = Clocks()
        self.venue_ahead_ms = 0
        self.dialect = FakeDialect()
        self.port = FakePort(self._answer)
        self.memory = memory or NoMemory()
        self.limiter = Limiter({"weight": LimitSpec(amount=1000, window_s=60)}, self.memory, self.clocks.wall_ms)
        self.offset = VenueOffset(self.clocks.wall_ms)
        self.stats = CallStats()
        self.denials: list[Outcome] = []
        self.caller = Caller(
            self.dialect,  # type: ignore[arg-type]
            self.port,
            self.limiter,
            self.offset,
            Credentials("key", "secret"),
            self.clocks.now_ns,
            Random(1),
            hook=self.stats,
            on_denied=self.denials.append,
        )
        self.script: list[Reply | NoReply] = []
        self.always: Callable[[HttpRequest], Reply | NoReply | None] = lambda _request: None

    def _answer(self, request: HttpRequest) -> Reply | NoReply:
        if "name=time" in request.url:
            always = self.always(request)
            return always or reply(body=str(int(self.clocks.true_ms()) + self.venue_ahead_ms).encode())
        return self.script.pop(0) if self.script else self.always(request) or reply()

    def sent(self, name: str) -> list[float]:
        return [time for time, request, _ in self.port.requests if f"name={name}" in request.url]

    def timestamps(self, name: str) -> list[int]:
        return [int(request.url.split("timestamp=")[1].split("&")[0]) for _, request, _ in self.port.requests if f"name={name}" in request.url]


@virtual
async def test_a_call_is_signed_with_the_venues_time_at_the_moment_of_leaving() -> None:
    world = World()
    world.venue_ahead_ms = 45_000
    world.limiter.rest(8, "quiet")
    left_ns = world.clocks.now_ns()
    answer = await world.caller.call(CREATE)
    assert answer.is_accepted and answer.said is answer.outcome
    sent_ms = world.clocks.true_ms() - 50
    assert world.timestamps("create")[0] == pytest.approx(sent_ms + 45_000, abs=50)
    assert answer.sent_ns >= left_ns + 8_000_000_000


@virtual
async def test_orders_and_polls_use_lanes_of_their_own() -> None:
    world = World()
    for call in (CREATE, CANCEL, QUERY, DEPTH):
        await world.caller.call(call)
    lanes = {name: lane for name, (_, _, lane) in zip(world.port.names(), world.port.requests, strict=True)}
    assert lanes == {"time": Lane.POLLS, "create": Lane.ORDERS, "cancel": Lane.ORDERS, "query": Lane.POLLS, "depth": Lane.POLLS}


@virtual
async def test_r7_429_with_seconds_is_obeyed_by_all_and_the_call_is_repeated() -> None:
    world = World()
    await world.caller.call(DEPTH)
    world.script = [reply(429, retry_after="7")]
    start = asyncio.get_running_loop().time()
    create = asyncio.create_task(world.caller.call(CREATE))
    await settle(lambda: not world.script)
    cancel = asyncio.create_task(world.caller.call(CANCEL))
    depth = asyncio.create_task(world.caller.call(DEPTH))
    answers = await asyncio.gather(create, cancel, depth)
    assert all(answer.is_accepted for answer in answers)
    later = [time for time, _, _ in world.port.requests if time > start + 1]
    assert later and all(time >= start + 7 for time in later)
    assert len(world.sent("create")) == 2


@virtual
async def test_r7_429_with_a_date_is_obeyed() -> None:
    world = World()
    world.script = [reply(429, retry_after="Wed, 21 Oct 2026 07:28:09 GMT", date="Wed, 21 Oct 2026 07:28:00 GMT")]
    assert (await world.caller.call(DEPTH)).is_accepted
    first, second = world.sent("depth")
    assert second - first >= 9


@virtual
async def test_r7_429_without_a_word_makes_a_pause_of_our_own() -> None:
    world = World()
    world.script = [reply(429)]
    assert (await world.caller.call(DEPTH)).is_accepted
    first, second = world.sent("depth")
    assert second - first >= 10


@virtual
async def test_r7_a_create_that_can_not_leave_in_time_is_told_that_nothing_left() -> None:
    world = World()
    world.script = [reply(429, retry_after="3600")]
    start = asyncio.get_running_loop().time()
    answer = await world.caller.call(CREATE)
    assert answer.outcome.verdict is Verdict.LIMITED
    second = await world.caller.call(CREATE)
    assert isinstance(second.said, NoReply) and not second.said.left and "status 429" in second.said.reason
    assert asyncio.get_running_loop().time() < start + 2
    assert len(world.sent("create")) == 1
    assert world.stats.turned_away == 1


@virtual
async def test_r7_a_venue_that_always_says_429_is_not_asked_for_ever() -> None:
    world = World()
    world.always = lambda _request: reply(429, retry_after="1")
    answer = await world.caller.call(DEPTH)
    assert answer.outcome.verdict is Verdict.LIMITED
    assert len(world.sent("depth")) == 6


@virtual
async def test_r8_418_bans_all_traffic_until_the_venues_time_also_after_a_restart() -> None:
    world = World()
    world.venue_ahead_ms = 30_000
    await world.caller.meter.measure()
    until_ms = int(world.clocks.true_ms()) + 30_000 + 600_000
    world.script = [reply(418, x_until=str(until_ms))]
    ban_at = asyncio.get_running_loop().time()
    assert (await world.caller.call(DEPTH, patience_s=5)).outcome.verdict is Verdict.LIMITED
    assert world.limiter.status().reason == "banned"
    again = World(world.memory)
    again.clocks, again.limiter = world.clocks, Limiter({"weight": LimitSpec(amount=10, window_s=60)}, world.memory, world.clocks.wall_ms)
    again.caller._limiter = again.limiter
    for call in (CANCEL, CREATE, QUERY, DEPTH):
        said = (await again.caller.call(call)).said
        assert isinstance(said, NoReply) and not said.left
    assert not again.port.requests
    assert (await again.caller.call(DEPTH, patience_s=1000)).is_accepted
    assert again.sent("depth")[0] >= ban_at + 600


@virtual
async def test_r8_a_ban_without_an_end_is_taken_for_two_minutes() -> None:
    world = World()
    world.script = [reply(418)]
    await world.caller.call(DEPTH, patience_s=1)
    assert world.limiter.rest_left_s() == 120


@virtual
async def test_r5_a_write_whose_fate_is_unknown_is_never_repeated() -> None:
    world = World()
    for bad in (
        reply(500),
        reply(502),
        reply(503, retry_after="2"),
        reply(403, b"<html>"),
        NoReply("hung up", left=True),
        NoReply("refused", left=False),
    ):
        world.script = [bad]
        before = len(world.sent("create"))
        answer = await world.caller.call(CREATE)
        assert answer.outcome.verdict is Verdict.UNKNOWN
        assert answer.said is (bad if isinstance(bad, NoReply) else answer.outcome)
        await asyncio.sleep(60)
        assert len(world.sent("create")) == before + 1


@virtual
@pytest.mark.parametrize("refusal", [reply(400, b"refused"), reply(429, retry_after="1"), reply(400, b"stale"), reply(401, b"denied")])
async def test_r22_once_replies_are_mixed_up_refusals_of_what_was_under_way_say_nothing(refusal: Reply) -> None:
    world = World()
    await world.caller.call(DEPTH)
    await world.caller.call(CANCEL)
    world.script = [reply(body=b"foreign"), refusal]
    first, second = await asyncio.gather(world.caller.call(CREATE), world.caller.call(CREATE))
    assert (first.outcome.verdict, second.outcome.verdict) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert len(world.sent("create")) == 2 and world.port.renewed == [Lane.ORDERS]
    assert world.denials == []


@virtual
async def test_r22_what_leaves_on_new_connections_is_refused_as_ever() -> None:
    world = World()
    world.script = [reply(body=b"foreign"), reply(400, b"refused")]
    await world.caller.call(CREATE)
    await asyncio.sleep(1)
    answer = await world.caller.call(CREATE)
    assert answer.outcome.verdict is Verdict.REFUSED


@virtual
async def test_r12_a_stale_time_is_signed_again_only_after_the_clock_was_measured() -> None:
    world = World()
    await world.caller.call(CREATE)
    world.venue_ahead_ms = -90_000
    world.script = [reply(400, b"stale")]
    before = len(world.port.requests)
    answer = await world.caller.call(CREATE)
    assert answer.is_accepted
    assert world.port.names()[before:] == ["create", "time", "time", "time", "time", "time", "create"]
    assert world.timestamps("create")[-1] == pytest.approx(world.clocks.true_ms() - 90_000 - 50, abs=50)


@virtual
async def test_r12_a_venue_that_never_likes_our_time_is_asked_three_times() -> None:
    world = World()
    world.script = [reply(400, b"stale")] * 9
    answer = await world.caller.call(CREATE)
    assert answer.outcome.verdict is Verdict.STALE_TIME
    assert len(world.sent("create")) == 3


@virtual
async def test_r12_without_the_venues_time_only_cancels_leave() -> None:
    world = World()
    world.always = lambda request: reply(500) if "name=time" in request.url else None
    create = await world.caller.call(CREATE)
    assert isinstance(create.said, NoReply) and not create.said.left and "clock" in create.said.reason
    assert (await world.caller.call(CANCEL)).is_accepted
    assert not world.sent("create")


@virtual
async def test_r9_r17_polls_stop_when_the_venue_does_not_answer_like_one_but_cancels_and_orders_go_on() -> None:
    world = World()
    await world.caller.meter.measure()
    world.always = lambda _request: reply(403, b"<html>blocked</html>")
    start = asyncio.get_running_loop().time()
    for _ in range(600):
        await world.caller.call(DEPTH)
        await asyncio.sleep(0.5)
    assert world.caller.circuit.is_open and world.caller.circuit.reason == "status 403"
    # five failures, then pauses that grow to half a minute
    assert 5 < len(world.sent("depth")) < 35
    said = (await world.caller.call(DEPTH)).said
    assert isinstance(said, NoReply) and not said.left and "status 403" in said.reason
    for call in (CANCEL, CREATE):
        assert isinstance((await world.caller.call(call)).said, Outcome)
    assert len(world.sent("cancel")) == len(world.sent("create")) == 1
    world.always = lambda _request: None
    await settle(lambda: asyncio.get_running_loop().time() > start + 340)
    assert (await world.caller.call(DEPTH)).is_accepted
    assert not world.caller.circuit.is_open


@virtual
async def test_r9_one_bad_answer_among_good_ones_stops_nothing() -> None:
    world = World()
    for _ in range(20):
        world.script = [reply(502)] * 4
        for _ in range(5):
            await world.caller.call(DEPTH)
    assert len(world.sent("depth")) == 100


@virtual
async def test_a_denied_key_is_noted_and_forgotten_when_it_works_again() -> None:
    world = World()
    world.script = [reply(401)]
    assert (await world.caller.call(QUERY)).outcome.verdict is Verdict.DENIED
    assert world.caller.denied == "status 401" and len(world.denials) == 1
    await world.caller.call(DEPTH)
    assert world.caller.denied
    await world.caller.call(QUERY)
    assert not world.caller.denied


@virtual
async def test_without_a_key_only_public_calls_leave() -> None:
    world = World()
    world.caller._credentials = None
    said = (await world.caller.call(QUERY)).said
    assert isinstance(said, NoReply) and not said.left and "API key" in said.reason
    assert (await world.caller.call(DEPTH)).is_accepted
    assert world.port.names() == ["depth"]


@virtual
async def test_a_reader_that_breaks_leaves_a_write_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await world.caller.meter.measure()

    def broken(_call: Call, _reply: Reply) -> Outcome:
        raise KeyError("x")

    monkeypatch.setattr(world.dialect, "outcome", broken)
    answer = await world.caller.call(CREATE)
    assert answer.outcome.verdict is Verdict.UNKNOWN and "KeyError" in answer.outcome.text
    assert world.limiter.status().used["orders under way"][0] == 0


@virtual
async def test_a_request_that_cant_be_built_never_left(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await world.caller.meter.measure()

    def broken(*_args: object) -> HttpRequest:
        raise KeyError("secret")

    monkeypatch.setattr(world.dialect, "request", broken)
    said = (await world.caller.call(CREATE)).said
    assert isinstance(said, NoReply) and not said.left and "KeyError" in said.reason


@virtual
async def test_used_weight_of_replies_is_adopted() -> None:
    world = World()
    world.script = [reply(200, x_used="990")]
    await world.caller.call(DEPTH)
    start = asyncio.get_running_loop().time()
    await world.caller.call(DEPTH)
    assert asyncio.get_running_loop().time() >= start + 59


@virtual
async def test_statistics_tell_what_calls_cost() -> None:
    world = World()
    world.script = [reply(), reply(500), NoReply("x", left=True)]
    for _ in range(3):
        await world.caller.call(DEPTH)
    figures = world.stats.figures["depth"]
    assert (figures.requests, world.stats.errors, world.stats.weights["weight"]) == (3, 2, 3)
    assert figures.took_s == pytest.approx(0.15) and sum(figures.buckets) == 3 and figures.buckets[2] == 3
    assert dict(world.stats.statuses) == {200: 1, 500: 1, 0: 1}


@virtual
async def test_a_cancelled_call_gives_its_place_back() -> None:
    world = World()
    world.port.delay_s = 5
    call = asyncio.create_task(world.caller.call(DEPTH))
    await settle(lambda: world.port.under_way)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert world.limiter.status().used["polls under way"][0] == 0
    assert world.limiter.status().used["weight"][0] == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 3 "}, 3),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "9" * 400}, 999_999_999),
        ({"retry-after": "²"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "Thu, 01 Jan 1970 00:16:50 GMT"}, 10),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 1),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:30 GMT", "date": "Thu, 01 Jan 1970 00:00:10 GMT"}, 20),
        ({"retry-after": "Thu, 01 Jan 1970 00:16:50 GMT", "date": "rubbish"}, 10),
    ],
)
def test_r7_retry_after_is_read_as_seconds_or_date(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_s(Reply(429, headers, b"", 0, 0), 1_000_000) == seconds
