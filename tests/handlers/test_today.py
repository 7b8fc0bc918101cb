"""The home card says what today has come to, where its reader lives (telegram.md 1.1, /start)."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from botcore.recorder import tables
from condor.alerts.localtime import day_begun
from tests.support.house import House
from tests.support.result_rows import ended

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS


async def put(house: House, *results: tuple[str, int, str | None]) -> None:
    """Executors that have ended: (id, when, result)."""
    rows = [ended(name, "b", at_ns, "0", "TAKE_PROFIT", "BTC-USDT") | {"net_pnl_quote": result} for name, at_ns, result in results]
    known = sum((Decimal(result) for _, _, result in results if result), Decimal(0))
    tally = {
        "bot_id": "b", "controller_id": f"of {results[0][0]}", "asset": "USDT", "realized_quote": str(known), "volume_quote": "0", "fees_quote": "0",
        "closed": len(rows), "winning": 0, "close_types": "{}",
    }  # fmt: skip

    def write(connection: Any) -> None:
        connection.execute(insert(tables.executors), [row | {"controller_id": tally["controller_id"]} for row in rows])
        connection.execute(insert(tables.tallies), [tally])

    await asyncio.wrap_future(house.program._journal.run(write))


async def today(house: House) -> str:
    """What the home card says of today."""
    found = re.search(r"^Today +(.+)$", (await house.send("/start", "Equity"))["text"], re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.asyncio
async def test_start_shows_todays_result_in_the_time_zone_of_the_chat_and_never_a_zero_for_what_is_not_known(tmp_path: Path) -> None:
    async with House(tmp_path / "house") as house:
        house.freeze()
        assert await today(house) == "0.00 USDT"
        now_ns = house.program._host.clock.now_ns
        # the new day of UTC+14 and the one of UTC-11 never begin at the same moment
        begins = {zone: (now_ns + hours * HOUR_NS) // DAY_NS * DAY_NS - hours * HOUR_NS for zone, hours in (("Kiritimati", 14), ("Pago_Pago", -11))}
        for number, begin_ns in enumerate(begins.values()):
            await put(house, (f"before-{number}", begin_ns - 1, "1000"), (f"at-{number}", begin_ns, "3.5"))
        for zone, begin_ns in begins.items():
            expected = sum(
                Decimal(amount) for other in begins.values() for at_ns, amount in ((other - 1, "1000"), (other, "3.5")) if at_ns >= begin_ns
            )
            await house.send(f"/settings zone {zone}", "Time zone")
            assert await today(house) == f"{expected:+,.2f} USDT", zone
        await put(house, ("unpriced", now_ns, None))
        assert await today(house) == "? USDT"


@pytest.mark.parametrize(
    ("zone", "moment", "begun"),
    [
        ("UTC", "2026-03-05T00:00:00", "2026-03-05T00:00:00"),
        ("Europe/Berlin", "2026-03-29T21:59:59", "2026-03-28T23:00:00"),  # a day of 23 hours
        ("Europe/Berlin", "2026-10-25T22:59:59", "2026-10-24T22:00:00"),  # one of 25
        ("Asia/Beirut", "2026-03-29T10:00:00", "2026-03-28T22:00:00"),  # its clock is turned from 0:00 to 1:00
        ("America/Havana", "2026-11-01T12:00:00", "2026-11-01T04:00:00"),  # 0:00 comes twice: the first of them
        ("America/Havana", "2026-11-01T05:30:00", "2026-11-01T04:00:00"),
    ],
)
def test_a_day_begins_at_midnight_also_where_the_clock_is_turned_then(zone: str, moment: str, begun: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert datetime.fromtimestamp(day_begun(zone, int(at.timestamp() * 1000)) / 1000, UTC).isoformat() == f"{begun}+00:00"
