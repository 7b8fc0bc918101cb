"""The words of alerts about a position that is open: barriers that have moved, and a liquidation that is near."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from condor.views import FactKind, Notice
from handlers import words
from handlers.html import Safe, bold, card, clip, line

_BARRIERS = (("stop_loss", "stop loss"), ("take_profit", "take profit"), ("time_limit", "time limit"), ("trailing_stop", "trailing stop"))


def barrier_line(notice: Notice) -> Safe:
    """`gs-btc · BUY BTC-USDT: stop loss 2 % → 1 %`."""
    payload = notice.payload
    legs = " and ".join(str(leg.get("trading_pair")) for leg in payload.get("legs") or [])
    what = f"{payload.get('side') or ''} {payload.get('trading_pair') or legs or '?'}".strip()
    return line(bold(clip(notice.bot_title, 40)), f" · {what}: {_moves(payload)}")


def _moves(payload: Mapping[str, Any]) -> str:
    """What was changed, or that the trailing stop follows the price from here on."""
    if payload.get("cause") == "armed":
        return f"trailing stop armed, closes below {words.percent(words.number(payload, 'trigger_pct'))}"
    if payload.get("cause") == "trailed":
        was, now = (words.percent(words.number(payload, name)) for name in ("before_pct", "trigger_pct"))
        return f"trailing stop followed, closes below {now} (was {was})"
    before, after = payload.get("before") or {}, payload.get("after") or {}
    found = [
        f"{name} {_barrier(key, before.get(key))} → {_barrier(key, after.get(key))}" for key, name in _BARRIERS if before.get(key) != after.get(key)
    ]
    return ", ".join(found) or "nothing but order types"


def _barrier(key: str, value: Any) -> str:
    if value is None:
        return "off"
    if key == "time_limit":
        return words.ago(float(value))
    if key == "trailing_stop":
        return f"{_share(value['activation_price'])}/{_share(value['trailing_delta'])}"
    return _share(value)


def _share(value: Any) -> str:
    """A distance, which has no sign."""
    return words.percent(None if value is None else Decimal(str(value))).lstrip("+")


def _barrier_moved(notice: Notice) -> Safe:
    payload = notice.payload
    then = (
        "It follows the price from here on, and never loosens."
        if payload.get("cause") in ("armed", "trailed")
        else "It holds at once, for what is open."
    )
    return card([line("🎯 ", bold("Barrier moved"), " · ", barrier_line(notice)), then, notice.mode])


def _liquidation_near(notice: Notice) -> Safe:
    payload, number = notice.payload, words.number
    what = f"{payload.get('amount', '?')} {payload.get('trading_pair', '?')} on {payload.get('connector_name', '?')}"
    at, now = words.price(number(payload, "liquidation_price")), words.price(number(payload, "price"))
    far = _share(payload.get("distance"))
    if payload.get("is_gone"):
        return card([line("✔ ", bold(f"Liquidation is no danger any more: {what}"), " is gone."), notice.mode])
    if payload.get("is_safe"):
        return card([line("✔ ", bold(f"Liquidation is no danger any more: {what}"), ": no price would liquidate it now."), notice.mode])
    if payload.get("is_over"):
        return card([line("✔ ", bold(f"Liquidation is further away again: {what}"), f": {far} from {at}"), notice.mode])
    return card(
        [
            line("🔴 ", bold(f"Liquidation near: {what}")),
            f"It is {far} away: the price is {now}, the position is liquidated at {at}.",
            "Add margin, or make the position smaller: /positions, /close, /panic.",
            notice.mode,
        ]
    )


POSITION_ALERTS: dict[str, Callable[[Notice], Safe]] = {
    FactKind.BARRIER_MOVED: _barrier_moved,
    FactKind.LIQUIDATION_NEAR: _liquidation_near,
}
