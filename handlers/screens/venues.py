"""Live accounts on the status card: what is connected, how old what is known is, and what nobody knows."""

from __future__ import annotations

from condor.views import DoubtView, VenueView
from handlers import words
from handlers.html import bold, clip, code, italic, line, pairs

MAX_DOUBTS = 5
MAX_BOOKS = 6


def venue_blocks(venue: VenueView) -> list[object]:
    """One account."""
    is_open = venue.closed is None
    head = line(
        "🟢 " if is_open else "🟠 ", bold(venue.title), f" · real money · {'live' if is_open else venue.stage} for {words.ago(venue.since_s)}"
    )
    blocks: list[object] = [head]
    if venue.closed is not None:
        blocks.append(line("nothing new is opened: ", clip(venue.closed, 200)))
    rows = [("account heard", _age(venue.account_age_s)), ("clock", _offset(venue.clock_offset_ms))]
    if venue.resting_until_ms:
        rows.append(("quiet until", words.clock_time(venue.resting_until_ms)))
    if venue.queued:
        rows.append(("requests waiting", str(venue.queued)))
    rows += [(asset, words.money(total)) for asset, total in venue.equity[:4]]
    rows += [(f"book {pair}", f"{state}, {_age(age_s)}") for pair, state, age_s in venue.books[:MAX_BOOKS]]
    blocks.append(pairs(rows))
    if venue.doubts:
        blocks.append(line("❔ ", bold(words.plural(len(venue.doubts), "order")), " of which nobody knows whether it is there:"))
        blocks += [_doubt(doubt) for doubt in venue.doubts[:MAX_DOUBTS]]
        if len(venue.doubts) > MAX_DOUBTS:
            blocks.append(italic(f"… and {len(venue.doubts) - MAX_DOUBTS} more"))
    return blocks


def _doubt(doubt: DoubtView) -> object:
    what = f"{doubt.side} {words.amount(doubt.amount)} {doubt.trading_pair}, sent {words.ago(doubt.age_s)} ago: {doubt.doing} "
    return line("• ", what, code(doubt.client_order_id))


def _age(seconds: float | None) -> str:
    return "nothing yet" if seconds is None else f"{words.ago(seconds)} ago"


def _offset(milliseconds: float | None) -> str:
    return "not known" if milliseconds is None else f"{milliseconds:+.0f} ms from ours"
