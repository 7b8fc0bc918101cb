"""The loop itself: time, order, death, and what it refuses."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from tests.simulation.loop import Deadlock, Runaway, SimError, SimLoop, SimProcess, WouldBlock


def test_time_jumps_to_the_next_timer() -> None:
    loop = SimLoop(1, start_ns=1_000)

    async def main() -> list[float]:
        seen = []
        for pause in (0.0, 3600.0, 0.5):
            await asyncio.sleep(pause)
            seen.append(loop.time())
        return seen

    assert loop.run(main()) == [0.0, 3600.0, 3600.5]
    assert loop.now_ns == 1_000 + 3600_500_000_000


def order_of(seed: int) -> list[int]:
    loop, order = SimLoop(seed), []

    async def worker(name: int) -> None:
        for _ in range(3):
            order.append(name)
            await asyncio.sleep(0.01)

    async def main() -> None:
        await asyncio.gather(*(worker(name) for name in range(8)))

    loop.run(main())
    return order


def test_the_seed_decides_the_order_and_nothing_else_does() -> None:
    assert order_of(1) == order_of(1)
    assert len({tuple(order_of(seed)) for seed in range(10)}) > 5


def test_plain_callbacks_keep_their_order() -> None:
    loop, seen = SimLoop(3), []

    async def main() -> None:
        for number in range(50):
            loop.call_soon(seen.append, number)
        await asyncio.sleep(1)

    loop.run(main())
    assert seen == list(range(50))


def test_timeout_queue_group_and_event_work() -> None:
    loop = SimLoop(5)

    async def main() -> tuple[bool, list[int], float]:
        queue: asyncio.Queue[int] = asyncio.Queue(2)
        done = asyncio.Event()
        got = []

        async def produce() -> None:
            for number in range(5):
                await queue.put(number)
                await asyncio.sleep(0.1)
            done.set()

        async def consume() -> None:
            while len(got) < 5:
                got.append(await queue.get())

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            group.create_task(consume())
        await done.wait()
        try:
            async with asyncio.timeout(7):
                await asyncio.Event().wait()
        except TimeoutError:
            return await asyncio.to_thread(lambda: True), got, loop.time()
        return False, got, loop.time()

    assert loop.run(main()) == (True, [0, 1, 2, 3, 4], 7.5)


def test_a_wait_for_nothing_is_a_deadlock() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="no timer is set"):
        SimLoop(1).run(main())


def test_real_input_and_output_raise() -> None:
    async def read() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            await asyncio.get_running_loop().sock_recv(ours, 1)

    async def connect() -> None:
        await asyncio.open_connection("localhost", 1)

    for main in (read, connect):
        with pytest.raises(WouldBlock):
            SimLoop(1).run(main())


def test_a_thread_that_calls_in_raises() -> None:
    found: list[BaseException] = []
    loop = SimLoop(1)

    def intrude() -> None:
        try:
            loop.call_soon_threadsafe(print)
        except WouldBlock as error:
            found.append(error)

    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join()
    loop.close()
    assert len(found) == 1


def test_steps_are_bounded() -> None:
    async def spin() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(0)

    with pytest.raises(Runaway, match="without time moving"):
        SimLoop(1, max_still=1000).run(spin())


def test_a_callback_that_raises_ends_the_run() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(1, lambda: 1 // 0)
        await asyncio.sleep(2)

    with pytest.raises(SimError) as caught:
        SimLoop(1).run(main())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_is_left_is_canceled_at_the_end() -> None:
    told: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            told.append("cleaned")

    async def main() -> None:
        asyncio.get_running_loop().create_task(forever())
        await asyncio.sleep(1)

    SimLoop(1).run(main())
    assert told == ["cleaned"]


def test_a_killed_process_does_nothing_any_more_and_the_world_goes_on() -> None:
    loop = SimLoop(9)
    told: list[Any] = []
    process = SimProcess("p")
    process.deaths.append(lambda: told.append("sockets closed"))

    async def server(reply: asyncio.Future[str]) -> None:
        await asyncio.sleep(1)
        told.append("request executed")
        if not reply.done():
            reply.set_result("ok")

    async def client() -> None:
        reply = loop.create_future()
        loop.in_world(server(reply))
        try:
            told.append(await reply)
        finally:
            told.append("finally")

    async def child() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            told.append("finally of the child")

    async def body() -> None:
        loop.call_later(2, told.append, "timer of the dead")
        loop.create_task(child())
        await client()

    async def main() -> None:
        loop.start(process, body())
        await asyncio.sleep(0.5)
        assert loop.tasks_of(process) == 2
        loop.kill(process)
        await asyncio.sleep(200)
        told.append("end")
        assert loop.tasks_of(process) == 0

    loop.run(main())
    assert told[:3] == ["sockets closed", "request executed", "end"]
    assert "timer of the dead" not in told and "ok" not in told


def test_a_timer_is_never_early() -> None:
    loop = SimLoop(1)

    async def main() -> bool:
        for number in range(2000):
            when = loop.time() + number * 1.2345678e-10
            async with asyncio.timeout_at(None):
                await asyncio.sleep(0)
            reached = loop.create_future()
            loop.call_at(when, reached.set_result, None)
            await reached
            assert loop.time() >= when
        return True

    assert loop.run(main())
