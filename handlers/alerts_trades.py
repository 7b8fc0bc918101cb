"""The words of alerts about what was traded: openings, ends of executors, positions that nobody watches; the outcome first, then what and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from condor.alerts.events import REFUSALS, is_rejected
from condor.manual_views import KIND as MANUAL
from condor.views import FactKind, Notice
from condor.worth import result_asset
from handlers import words
from handlers.alerts_orders import MAX_LINES, fix_of, rejected
from handlers.html import Safe, bold, card, clip, line
from handlers.sums import DOLLARS, sum_text


# ---- several -----------------------------------------------------------------------------------------------------------
def several_trades(notices: Sequence[Notice]) -> Safe:
    """A burst as one message: the sums first, a line for each."""
    closed = [notice for notice in notices if notice.kind == FactKind.EXECUTOR_CLOSED]
    opened = [notice for notice in notices if notice.kind == FactKind.POSITION_OPENED]
    blocks: list[object] = [closes_head(closed)] if closed else []
    if opened:
        blocks.append(line("▶ " if not closed else "", bold(f"{words.plural(len(opened), 'position')} opened")))
    blocks += [line("• ", _outcome(notice)) for notice in closed[:MAX_LINES]]
    blocks += [line("• ", _entry(notice)) for notice in opened[: max(0, MAX_LINES - len(closed))]]
    shown = min(len(closed), MAX_LINES) + min(len(opened), max(0, MAX_LINES - len(closed)))
    if len(notices) > shown:
        blocks.append(line(f"… and {len(notices) - shown} more: /history"))
    held = sum(is_held(notice.payload) for notice in closed)
    if held:
        blocks.append(bold(f"✋ {held} of these positions are still open and nobody watches them."))
    return card([*blocks, notices[0].mode])


def closes_head(notices: Sequence[Notice]) -> Safe:
    """`▲ 12 executors closed · +$3.10`: exact sums, by quote asset."""
    totals, unknown = _totals(notices)
    sums = [f"{sum_text(total, asset, signed=True)}{_named(asset, totals)}" for asset, total in sorted(totals.items())]
    marks = {words.result_mark(total) for total in totals.values()}
    return line(
        marks.pop() if len(marks) == 1 else "•",
        " ",
        bold(f"{words.plural(len(notices), 'executor')} closed · {' and '.join(sums) or '$0.00'}"),
        f" + {unknown} unknown" if unknown else "",
    )


def _named(asset: str, totals: Mapping[str, Decimal]) -> str:
    """Which dollar it is, where there are several sums."""
    return f" {asset}" if asset in DOLLARS and len(totals) > 1 else ""


def _totals(notices: Sequence[Notice]) -> tuple[dict[str, Decimal], int]:
    """(quote asset -> sum of the known results, number of those that are not known)."""
    totals: dict[str, Decimal] = {}
    unknown = 0
    for notice in notices:
        pnl = words.number(notice.payload, "net_pnl_quote")
        if pnl is None:
            unknown += 1
        else:
            asset = result_asset(notice.payload)
            totals[asset] = totals.get(asset, Decimal(0)) + pnl
    return totals, unknown


# ---- one notice --------------------------------------------------------------------------------------------------------
def _closed(notice: Notice) -> Safe:
    """`✅ pmm-btc closed · TAKE_PROFIT · +$4.21 (+0.42 %) · 2h13m · fees $0.31`, then where."""
    payload = notice.payload
    if payload.get("type") == MANUAL:
        return _by_hand(notice)
    if is_rejected(payload):
        return rejected(notice)
    blocks: list[object] = [line(_result_sign(notice), " ", _outcome(notice))]
    if payload.get("entry_price") is not None:
        prices = f"{words.price(words.number(payload, 'entry_price'))} → {words.price(words.number(payload, 'exit_price'))}"
        level = f" · {payload['level_id']}" if payload.get("level_id") else ""
        volume = words.number(payload, "volume_quote")
        size = f" · {sum_text(volume, result_asset(payload))} traded" if volume else ""
        blocks.append(
            line(f"{payload.get('side') or ''} {payload.get('trading_pair') or ''} on {payload.get('connector_name') or '?'}: {prices}{size}{level}")
        )
    blocks += [_leg(leg) for leg in payload.get("legs") or []]
    if payload.get("reason"):
        blocks.append(line("Why: ", str(payload["reason"])))
    if is_held(payload):
        held = words.number(payload, "exposure_base")
        blocks.append(bold("The position is still open and nobody watches it."))
        if held:
            blocks.append(f"Held: {words.amount(held)} {(payload.get('trading_pair') or '?').partition('-')[0]}")
    blocks.append(f"{notice.mode}")
    return card(blocks)


def _by_hand(notice: Notice) -> Safe:
    """How an order by hand came out: `✅ Order by hand: BUY BTC-USDT · filled at 65,035 · $6,503 · fees $2.60`."""
    payload, quote = notice.payload, result_asset(notice.payload)
    what = line(bold("Order by hand: "), bold(f"{payload.get('side') or ''} {payload.get('trading_pair') or '?'}"))
    reason = clip(str(payload.get("reason") or ""), 300)
    volume = words.number(payload, "volume_quote")
    if volume:
        price, fees = words.number(payload, "entry_price"), words.number(payload, "fees_quote")
        told = f" · {sum_text(volume, quote)} at {words.price(price)} · fees {sum_text(fees, quote)}"
        blocks: list[object] = [line("✅ ", what, told), *([f"The rest was not traded: {reason}"] if reason else [])]
    elif is_rejected(payload):
        nothing = "Nothing was placed and nothing is sent again."
        blocks = [line("⛔ ", what, " · nothing was traded"), line("Why: ", reason or "no reason was given"), line("Fix: ", fix_of(reason, nothing))]
    else:
        blocks = [line("✖ ", what, " · cancelled, nothing was traded")]
    return card([*blocks, line("on ", str(payload.get("connector_name") or "?"), f" · {notice.mode}")])


def _opened(notice: Notice) -> Safe:
    """`▶ pmm-btc opened · BUY 0.4 of 1 BTC-USDT at 17,194`; once it has ended, the outcome in front."""
    payload, ended = notice.payload, notice.payload.get("ended")
    if ended:
        over = replace(notice, payload=ended)
        return card([line(_result_sign(over), " ", _outcome(over)), line("opened: ", _entry_words(payload)), notice.mode])
    return card([line("▶ ", _entry(notice)), *_filled_at(notice)])


def _filled(notice: Notice) -> Safe:
    """More of an entry is filled, or all of it; its opening message says so too."""
    return card([line("▶ ", entry_line(notice)), *_filled_at(notice)])


def _entry(notice: Notice) -> Safe:
    return line(bold(clip(notice.bot_title, 40)), " opened · ", bold(_entry_words(notice.payload)))


def entry_line(notice: Notice) -> Safe:
    """`pmm-btc entry filled · BUY 1 BTC-USDT at 100`."""
    return line(bold(clip(notice.bot_title, 40)), " entry filled · ", bold(_entry_words(notice.payload)))


def _entry_words(payload: Mapping[str, Any]) -> str:
    """What was bought or sold so far, of how much."""
    filled, wanted = words.number(payload, "filled"), words.number(payload, "wanted")
    of = f" of {words.amount(wanted)}" if wanted is not None and filled is not None and filled < wanted else ""
    at = words.price(words.number(payload, "price"))
    level = f" · {payload['level_id']}" if payload.get("level_id") else ""
    return f"{payload.get('side') or ''} {words.amount(filled)}{of} {payload.get('trading_pair') or '?'} at {at}{level}".strip()


def _filled_at(notice: Notice) -> list[object]:
    """Where it is filled so far, a line for each market."""
    legs = [_leg(leg, "nothing filled yet") for leg in notice.payload.get("legs") or []]
    return [*legs, notice.mode] if legs else [f"on {notice.payload.get('connector_name') or '?'} · {notice.mode}"]


def _leg(leg: Mapping[str, Any], nothing: str = "nothing traded") -> Safe:
    """One market of an executor that trades several: `BUY 0.4 BTC-USDT on binance at 17,194`, without the amount where only the price is told."""
    price, filled = words.number(leg, "entry_price"), words.number(leg, "filled")
    amount = f"{words.amount(filled)} " if filled else ""
    what = f"{leg.get('side') or ''} {amount}{leg.get('trading_pair') or '?'} on {leg.get('connector_name') or '?'}".strip()
    return line(what, f" · {nothing}" if price is None or filled == 0 else f" at {words.price(price)}")


def is_held(payload: Mapping[str, Any]) -> bool:
    """Whether it has left a position: also a plan that was carried out to its end does."""
    close_type = payload.get("close_type")
    return close_type == "POSITION_HOLD" or (close_type == "COMPLETED" and bool(words.number(payload, "exposure_base")))


def _outcome(notice: Notice) -> Safe:
    payload = notice.payload
    pnl, pct, fees = words.number(payload, "net_pnl_quote"), words.number(payload, "net_pnl_pct"), words.number(payload, "fees_quote")
    close_type, quote = str(payload.get("close_type") or "?"), result_asset(payload)
    is_held = close_type == "POSITION_HOLD"
    result = "handed over" if is_held else "result not known" if pnl is None else f"{sum_text(pnl, quote, signed=True)} ({words.percent(pct)})"
    lasted = words.ago(float(payload.get("duration_s") or 0))
    return line(bold(clip(notice.bot_title, 40)), " closed · ", bold(close_type), " · ", bold(result), f" · {lasted} · fees {sum_text(fees, quote)}")


def _result_sign(notice: Notice) -> str:
    if notice.payload.get("close_type") in REFUSALS:
        return "⚠️"
    if notice.payload.get("close_type") == "POSITION_HOLD":
        return "✋"
    pnl = words.number(notice.payload, "net_pnl_quote")
    return "❔" if pnl is None else "✅" if pnl >= 0 else "🔻"


def _held(notice: Notice) -> Safe:
    payload = notice.payload
    amount = f"{payload.get('fill_side') or payload.get('side') or ''} {payload.get('amount')} {payload.get('trading_pair')}".strip()
    return card(
        [
            line("✋ ", bold(clip(notice.bot_title, 40)), " holds ", bold(amount)),
            f"at {words.price(words.number(payload, 'price'))} on {payload.get('connector_name') or '?'}: no executor watches it, no stop loss protects it.",
            notice.mode,
        ]
    )


TRADE_ALERTS: dict[str, Callable[[Notice], Safe]] = {
    FactKind.EXECUTOR_CLOSED: _closed,
    FactKind.POSITION_OPENED: _opened,
    FactKind.POSITION_FILLED: _filled,
    FactKind.POSITION_HELD: _held,
}
