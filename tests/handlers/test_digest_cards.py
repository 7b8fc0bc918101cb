"""Words beside a digest's picture: the limit of a caption holds, whatever there is to tell."""

from __future__ import annotations

import re
from typing import Any

import pytest

from condor.alerts.digest_pictures import picture_of
from condor.alerts.events import Own
from condor.alerts.posting import Post
from condor.store.alert_facts import PastFact
from condor.views import FactKind, Notice
from handlers.digest_cards import caption_of, drawing_of
from handlers.html import MAX_CAPTION, visible_length

DAY_MS = 86_400_000


def digest(bots: int, assets: int, kinds: int = 0, **more: Any) -> Post:
    sums = {f"SOMELONGCOIN{number}": "1234.5678" for number in range(assets)}
    result = {
        "mode": "paper",
        "closed": bots * assets,
        "won": bots,
        "sums": sums,
        "bots": [{"title": f"a bot with a rather long name {number}", "closed": assets, "sums": sums} for number in range(bots)],
        "close_types": {"TAKE_PROFIT": bots, "STOP_LOSS": 1},
    }
    kept = {f"a_kind_of_alert_that_has_a_name_{number}": 3 for number in range(kinds)}
    payload = {"results": [result], "zone": "UTC", "since_ms": 0, "until_ms": DAY_MS, "kept": kept, "standing": [["Running bots", "2"]], **more}
    return Post(5, 1, [Notice(-1, Own.DIGEST, "", "", "", "", DAY_MS, payload)])


@pytest.mark.parametrize(("bots", "assets", "shown"), [(2, 1, 2), (6, 1, 6), (12, 1, 9), (12, 4, 0)])
def test_bots_give_way_until_the_words_fit(bots: int, assets: int, shown: int) -> None:
    text = str(caption_of(digest(bots, assets)))
    assert visible_length(text) <= MAX_CAPTION - 100
    listed = text.count("a bot with a rather")
    assert listed <= bots and (listed == bots or re.search(rf"… and {bots - listed} bots? more: /pnl", text))
    assert (listed == bots) is (shown == bots) and "Digest of the day" in text and "take profit" in text


def test_what_is_too_much_even_so_leaves_the_sums() -> None:
    text = str(caption_of(digest(12, 4, kinds=40)))
    assert visible_length(text) <= MAX_CAPTION - 100 and "+1,234.57 SOMELONGCOIN0" in text and "… and 12 bots more: /pnl" in text


# ---- what is drawn -----------------------------------------------------------------------------------------------------
def closed(at_ms: int, pnl: str | None, pair: str = "BTC-USDT", volume: str = "100") -> PastFact:
    return PastFact(FactKind.EXECUTOR_CLOSED, "bot", {"trading_pair": pair, "net_pnl_quote": pnl, "volume_quote": volume}, at_ms)


def test_a_curve_is_of_one_asset_and_of_what_is_known() -> None:
    funding = PastFact(FactKind.FUNDING_PAID, "", {"asset": "USDT", "amount": "-0.5"}, 40)
    facts = [closed(10, "2"), closed(20, None), closed(25, "9", volume="0"), closed(30, "7", "BTC-EUR"), funding, closed(50, "-1")]
    found = picture_of(facts, "live", 0, 100, "UTC", is_weekly=False)
    assert found is not None and (found["unit"], found["mode"]) == ("USDT", "live")
    assert (found["at_ms"], found["values"]) == ([6, 10, 40, 50, 100], [0.0, 2.0, 1.5, 0.5, 0.5])
    assert picture_of([closed(20, None)], "live", 0, 100, "UTC", is_weekly=False) is None


def test_a_week_that_is_late_by_months_shows_its_newest_days() -> None:
    found = picture_of([closed(1, "5"), closed(99 * DAY_MS + 1, "3")], "paper", 0, 100 * DAY_MS - 1, "UTC", is_weekly=True)
    assert found is not None and len(found["days"]) == 31 and (found["values"][-1], sum(found["values"])) == (3.0, 3.0)


def test_only_a_digest_that_is_told_by_itself_has_a_picture() -> None:
    values = {"mode": "paper", "unit": "USDT", "at_ms": [0, 1], "values": [0.0, 1.0]}
    assert drawing_of(digest(1, 1)) is None
    assert drawing_of(digest(1, 1, picture=values)) is not None
    other = Notice(1, FactKind.EXECUTOR_CLOSED, "bot", "bot", "x", "paper", 0, {"picture": values})
    assert drawing_of(Post(5, 1, [other])) is None
