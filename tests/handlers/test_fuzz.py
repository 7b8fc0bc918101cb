"""Random sessions in a chat that delivers badly, with a process that dies at any write; `make chatfuzz RUNS=1000` looks further. Numbers are those of telegram.md section 7."""

from __future__ import annotations

from pathlib import Path

from tests.chatfuzz.__main__ import many, many_orders

RUNS = 15
ORDER_RUNS = 3


async def test_s62_no_double_start_no_orphan_draft_and_every_card_recovers(tmp_path: Path) -> None:
    world = await many(tmp_path, RUNS)
    # it looks at something: things were started, stopped and confirmed, and the process died on the way
    for name in ("bots", "stops", "taken"):
        assert world.totals[name] >= 3, world.totals
    assert world.deaths >= 5


async def test_s62_a_ticket_is_one_order_at_most_and_is_known_in_the_end(tmp_path: Path) -> None:
    """With a whole program that dies at any write, against the paper venue's own ledger. Run 1027: it died between the start of a market's first bot and its order."""
    tally = await many_orders(tmp_path, ORDER_RUNS, 1026)
    for name in ("orders", "intents", "cancels"):
        assert tally.totals[name] >= 1, tally
    assert tally.deaths >= 2
