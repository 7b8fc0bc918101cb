"""One program for the tests of a file; each leaves no order by hand at work."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.house import House
from tests.support.programs import OWNER, no_claim


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared: House) -> AsyncIterator[House]:
    """The program, with no answer and no order of an earlier test."""
    shared.answers.clear()
    yield shared
    shared.ahead_ms = 0
    manual = shared.program.services.manual
    rest = [order.order_id for order in manual.at_work(OWNER)]
    if rest:
        await manual.cancel(OWNER, rest, no_claim)
    await shared.until(lambda: not manual.at_work(OWNER), "the end of all orders")
