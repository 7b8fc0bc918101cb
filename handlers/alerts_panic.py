"""The words of alerts about `/panic`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from condor.views import FactKind, Notice, PanicAccountView
from handlers.html import Safe, bold, card, clip, italic, line
from handlers.screens.panic import UNWATCHED, account_blocks


def _begun(notice: Notice) -> Safe:
    payload = notice.payload
    closes = " Everything that bots hold is being closed." if payload.get("goal") == "flatten" else " Positions stay, without their stops."
    text = f" has stopped everything. No bot opens anything, every order is being canceled.{closes}"
    return line("🛑 ", bold(str(payload.get("by", "?"))), text, " /panic shows how far it is.")


def _report(notice: Notice) -> Safe:
    payload = notice.payload
    wanted = "no order is open, everything is closed" if payload.get("goal") == "flatten" else "no order is open"
    if payload.get("is_done"):
        head, tail = f"🛑 Panic done: {wanted}", "New positions stay off until the owner releases them with a reason (/panic)."
    else:
        head, tail = (
            f"🔴 Panic is not done yet: not proven that {wanted}",
            "It is tried again all the time; /panic shows it, and ends these messages.",
        )
    accounts = [_view(account) for account in payload.get("accounts") or []]
    blocks: list[object] = [bold(head)]
    if payload.get("goal") == "freeze" and any(account.positions for account in accounts):
        blocks.append(UNWATCHED)
    for account in accounts:
        blocks += account_blocks(account)
    blocks += [line("🔴 ", clip(str(text), 200)) for text in payload.get("troubles") or []]
    return card([*blocks, italic(tail)])


def _view(values: Mapping[str, Any]) -> PanicAccountView:
    def listed(name: str) -> tuple[str, ...]:
        return tuple(str(text) for text in values.get(name) or ())

    mode, title, phase, why = (str(values.get(name, "")) for name in ("mode", "title", "phase", "why"))
    return PanicAccountView(mode, title, phase, bool(values.get("is_at_rest")), listed("orders"), listed("positions"), listed("left"), why)


PANIC_ALERTS: dict[str, Callable[[Notice], Safe]] = {FactKind.PANIC_BEGUN: _begun, FactKind.PANIC_REPORT: _report}
