"""Orders by hand in a house: what tests of `/trade` and `/cancel` do, and ask."""

from __future__ import annotations

import time
from typing import Any

from condor.tickets import Ticket, read_ticket
from tests.support.house import House
from tests.support.programs import OWNER, no_claim


def trades(house: House) -> int:
    """Orders by hand that were ever given."""
    return int(house.rows("SELECT count(*) FROM executors WHERE type = 'single_order_executor'")[0][0])


def is_so(house: House, card: dict[str, Any], words: str) -> Any:
    return house.until(lambda: words in house.text(card), f"{words!r} on the card")


async def with_numbers(house: House, card: dict[str, Any]) -> None:
    """Look until the preview has its numbers: the book of a market that was not open comes in a moment."""
    deadline = time.monotonic() + 90
    while "Average about" not in house.text(card):
        assert time.monotonic() < deadline, house.text(card)
        await house.tap("Fresh numbers", card)


async def ticket(house: House, line: str) -> Ticket:
    manual = house.program.services.manual
    return await manual.settled(OWNER, read_ticket(line.split(), manual.pairs(OWNER)))


async def given(house: House, line: str) -> Any:
    """An order that was confirmed."""
    return await house.program.services.manual.place(OWNER, await ticket(house, line), no_claim)


async def ended(house: House, order_id: str) -> Any:
    manual = house.program.services.manual
    await house.until(lambda: all(order.order_id != order_id for order in manual.at_work(OWNER)), "the end of an order")
    await house.row_of(f"SELECT 1 FROM executors WHERE executor_id = '{order_id}' AND status = 'TERMINATED'")
    return await manual.order(OWNER, order_id)
