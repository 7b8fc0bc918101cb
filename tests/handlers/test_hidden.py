"""What is left of a text in a group from which sums are hidden."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from condor.store.people import Manners
from handlers.hidden import hidden, hidden_view
from handlers.html import bold, card, code, line, pairs
from handlers.photos import Photos
from handlers.view import Button, View, show


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("✅ closed · TAKE_PROFIT · +$4.21 (+0.42 %) · 2h13m · fees $0.31", "✅ closed · TAKE_PROFIT · ••• (+0.42 %) · 2h13m · fees •••"),
        ("holds 500 USDT and <b>2</b> BTC", "holds ••• USDT and <b>•••</b> BTC"),
        ("12 fills on gs-btc-1: +$3.10, 3 orders", "12 fills on gs-btc-1: •••, 3 orders"),
        ("2026-11-28 02:30:55 UTC, 7 % of it, 25bp, 5x", "2026-11-28 02:30:55 UTC, 7 % of it, 25bp, 5x"),
        ("between 64,000-65,000.5 or 1e9", "between •••-••• or •••"),
        ("total amount: 200 · levels 3", "total amount: ••• · levels 3"),
        ("<code>200</code> → <code>500</code>", "<code>200</code> → <code>•••</code>"),
        ("by <code>123456</code>, with <code>5000</code> USDT", "by <code>123456</code>, with <code>•••</code> USDT"),
        ("−1,234.50 USDT, 10000, 2k", "••• USDT, •••, •••"),
        ("USDT 512 and <b>BTC</b> <code>2</code>, BTC-USDT 3 orders", "USDT ••• and <b>BTC</b> <code>•••</code>, BTC-USDT 3 orders"),
        ("chat ID <code>512</code>, Levels 3", "chat ID <code>512</code>, Levels 3"),
        ("<a href='https://x.y/1234.50'>v2</a>", "<a href='https://x.y/1234.50'>v2</a>"),
    ],
)
def test_sums_go_and_percentages_times_counts_and_names_stay(shown: str, expected: str) -> None:
    assert hidden(shown) == expected


def test_in_a_table_neither_the_end_nor_the_length_of_a_sum_is_seen() -> None:
    small, large = (hidden(pairs([("Equity", f"{sum_} USDT"), ("Running bots", "4"), ("User", "123456")])) for sum_ in ("1.50", "1,234,567.89"))
    assert small == large and "4</pre>" not in small and "Running bots                         4" in small and "123456" in small


def test_labels_lose_their_sums_and_a_picture_is_left_out() -> None:
    view = View(card([bold("Stop?")]), ((Button("✖ Close 64,000.00 USDT at market", "close", confirm=True), show("<b> 3", "x")),), picture=b"png")
    shown = hidden_view(view)
    assert [button.text for button in shown.rows[0]] == ["✖ Close ••• USDT at market", "<b> 3"] and shown.rows[0][0].confirm
    assert shown.picture is None and "left out in this group" in shown.text
    public = View(line("65,000.00 ", code("$500")), is_public=True)
    assert hidden_view(public) is public


async def test_a_picture_is_protected_like_a_text() -> None:
    sent: list[dict[str, Any]] = []

    async def send_photo(chat_id: int, picture: bytes, **options: Any) -> Any:
        sent.append(options)
        return SimpleNamespace(message_id=1, photo=())

    photos = Photos(SimpleNamespace(send_photo=send_photo))  # type: ignore[arg-type]
    for manners in (Manners(is_protected=True), Manners()):
        await photos.send(-5, b"png", card(["x"]), None, silent=False, is_protected=manners.is_protected)
    assert [options["protect_content"] for options in sent] == [True, None]
