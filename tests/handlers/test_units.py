"""`/settings`: in what the sums of everything are read, too, and whether money is real (telegram.md 1.4)."""

from __future__ import annotations

import re

import pytest

from tests.support.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def house(shared: House) -> House:
    shared.freeze()
    return shared


async def test_sums_of_everything_stand_in_a_second_unit_too_where_it_is_wanted_also_after_a_restart(house: House) -> None:
    assert " in BTC" not in (await house.send("/start", "Equity"))["text"]
    card = await house.send("/settings", "Sums in")
    assert re.search(r"Sums in +USDT$", card["text"], re.MULTILINE) and re.search(r"Trading +paper only", card["text"])
    await house.tap("Units", card)
    assert "● USDT only" in house.labels(card)
    assert await house.tap("BTC", card) == "Saved"
    assert re.search(r"Sums in +USDT and BTC", house.text(card))
    mid = house.program.services.overview.rate("BTC", "USDT")
    assert mid is not None
    for command, label in (("/start", "Equity"), ("/portfolio text", "Total")):
        text = (await house.send(command.partition(" ")[0], label))["text"]
        found = re.search(r"in BTC +([\d.]+) BTC", text)
        assert found is not None and float(found[1]) == pytest.approx(10_000 / float(mid), rel=1e-4), text
    assert re.search(r"in BTC +0 BTC", (await house.send("/pnl 7d text", "Result"))["text"])
    await house.restart()
    house.freeze()
    assert "in BTC" in (await house.send("/start", "Equity"))["text"]
    # typed: an asset that nobody can count in is refused, and nothing changes
    assert "nobody here knows what a USDT is in 'DOGGO'" in (await house.send("/settings unit doggo", "⚠️"))["text"]
    assert "USDT and BTC" in (await house.send("/settings", "Sums in"))["text"]
    assert re.search(r"Sums in +USDT$", (await house.send("/settings unit usdt", "Sums in"))["text"], re.MULTILINE)
    await house.send("/settings unit btc", "USDT and BTC")
    assert re.search(r"Sums in +USDT$", (await house.send("/settings unit off", "Sums in"))["text"], re.MULTILINE)
    assert " in BTC" not in (await house.send("/start", "Equity"))["text"]
