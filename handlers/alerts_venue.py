"""The words of alerts about venues: the line to one, its limits, what stands in an account there, and this machine's clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from condor.views import FactKind, Notice
from handlers import words
from handlers.html import Safe, bold, card, clip, line


def _down(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("🔌 ", bold(f"{payload.get('title', '?')} can't be trusted now"), f": {clip(str(payload.get('reason', '?')), 200)}"),
            f"Nothing new is opened there. {_exposures(payload)} It is being tried again all the time.",
        ]
    )


def _up(notice: Notice) -> Safe:
    payload = notice.payload
    after = words.ago(float(payload.get("after_s") or 0))
    return line("✔ ", bold(f"{payload.get('title', '?')} is back"), f" after {after}: orders, executions, balances and positions were compared.")


def _banned(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("⛔ ", bold(f"{payload.get('title', '?')} wants quiet until {words.clock_time(int(payload.get('until_ms') or 0))}")),
            f"{clip(str(payload.get('reason', '')), 200)} Nothing is sent there before that, cancels and exits included. {_exposures(payload)}",
        ]
    )


def _exposures(payload: dict[str, Any]) -> str:
    """What stands at a venue that can't be reached."""
    held = payload.get("exposures") or []
    if not held:
        return "No bot holds anything there."
    shown = ", ".join(f"{item['amount']} {item['trading_pair']}" for item in held[:6])
    return f"Held there: {shown}{' …' if len(held) > 6 else ''}."


def _clock_jumped(notice: Notice) -> Safe:
    seconds = float(notice.payload.get("seconds") or 0)
    what = f"went ahead by {words.ago(seconds)}" if seconds > 0 else f"was set back by {words.ago(-seconds)}"
    return line(
        "⏱ ", bold(f"This machine's clock {what}"), ". All streams are opened anew and every account is compared before anything new is opened."
    )


def _clock_skewed(notice: Notice) -> Safe:
    payload = notice.payload
    offset_ms = int(payload.get("offset_ms") or 0)
    if payload.get("is_over"):
        return line("⏱ ", bold(f"This machine's clock agrees with {payload.get('title', '?')} again"), f" ({offset_ms:+d} ms).")
    how = "behind" if offset_ms > 0 else "ahead of"
    return line(
        "⏱ ",
        bold(f"This machine's clock is {abs(offset_ms) / 1000:.1f} s {how} {payload.get('title', '?')}"),
        ". Orders are signed with the venue's time and go on; set the clock of this machine right.",
    )


def _trouble(notice: Notice) -> Safe:
    payload = notice.payload
    return line("⚠️ ", bold(str(payload.get("title", "?"))), f": {clip(str(payload.get('text', '?')), 300)}")


def _warned(notice: Notice) -> Safe:
    payload = notice.payload
    return line("🔴 ", bold(f"{payload.get('title', '?')} warns"), f": {clip(str(payload.get('text', '?')), 300)}")


_FORCED = {
    "liquidation": "liquidated a position",
    "adl": "reduced a position because of the other side's losses (auto-deleveraging)",
    "settlement": "settled a position",
}


def _forced(notice: Notice) -> Safe:
    payload = notice.payload
    what = f"{str(payload.get('side', '?')).lower()} {payload.get('amount', '?')} {payload.get('trading_pair', '?')}"
    return card(
        [
            line("🔴 ", bold(f"{payload.get('connector_name', '?')} {_FORCED.get(str(payload.get('cause')), 'closed a position')}"), f": {what}"),
            "It is booked at that execution's price as soon as the venue's positions confirm it; bots that held it end or go on with the rest.",
        ]
    )


def _other_home(notice: Notice) -> Safe:
    payload = notice.payload
    who = f"another Condor ({payload['home']})" if payload.get("home") else "another Condor, or an older version of it,"
    return card(
        [
            line("🏠 ", bold(f"{payload.get('connector_name', '?')} is also traded by {who}"), f": {payload.get('trading_pair', '?')}"),
            "Its orders and executions are left alone. Funds are shared. Two homes should not trade the same perpetual in one account: the venue nets what they hold.",
        ]
    )


def _allowed(notice: Notice) -> Safe:
    return line("✔ ", bold(f"{notice.payload.get('connector_name', '?')} takes orders again"), ".")


def _denied(notice: Notice) -> Safe:
    payload = notice.payload
    return card(
        [
            line("🔴 ", bold(f"{payload.get('connector_name', '?')} denies the key"), f": {clip(str(payload.get('reason', '?')), 200)}"),
            "No new position is opened there. What is open is watched, but exits may be refused too: look at the key's rights and its allowed addresses.",
        ]
    )


def _balance_low(notice: Notice) -> Safe:
    payload, number = notice.payload, words.number
    asset, where = payload.get("asset", "?"), clip(str(payload.get("title", "?")), 40)
    now, least = words.price(number(payload, "total")), words.price(number(payload, "floor"))
    if payload.get("is_over"):
        return card([line("✔ ", bold(f"Balance of {where} is up again: {now} {asset}"), f", you asked for {least}."), notice.mode])
    return card(
        [
            line("🪫 ", bold(f"Balance low: {now} {asset} at {where}"), f", you asked for {least}."),
            "When it is used up, new orders are refused there. Add funds, make positions smaller, or change the amount: /alerts balance.",
            notice.mode,
        ]
    )


def _unaccounted(notice: Notice) -> Safe:
    payload = notice.payload
    where = f" on {payload.get('connector_name', '?')}"
    return card(
        [
            line("🔴 ", bold(f"Nobody's position: {payload.get('amount', '?')} {payload.get('trading_pair', '?')}"), where),
            "The account holds it and no bot knows of it: no stop loss protects it and no bot will close it. The records of the bot that opened it "
            "are gone (a file was removed, or a backup is older).",
            notice.mode,
        ]
    )


def _liquidated(notice: Notice) -> Safe:
    payload = notice.payload
    where = payload.get("trading_pair") or payload.get("market") or "?"
    return card(
        [
            line("🔴 ", bold(f"Liquidated: {where}")),
            f"The account's margin was used up at {words.price(words.number(payload, 'price'))}.",
            notice.mode,
        ]
    )


def _ended(notice: Notice) -> Safe:
    return line(
        "⏏ ", bold("The recording of "), bold(str(notice.payload.get("market", "?"))), bold(" has ended"), "; its price stands still from here."
    )


def _stood_still(notice: Notice) -> Safe:
    lasted = words.ago(float(notice.payload.get("seconds") or 0))
    return card(
        [
            line("⏱ ", bold(f"Condor stood still for {lasted}")),
            "No barrier was watched meanwhile. Streams are opened anew and accounts are compared before anything new is opened.",
        ]
    )


def _left_behind(notice: Notice) -> Safe:
    """An ordered end: what nobody watches until the next start."""
    blocks: list[object] = [line("⏹ ", bold("Condor ends"), ": nobody watches this until it runs again.")]
    for account in notice.payload.get("accounts") or []:
        orders, listed = int(account.get("orders") or 0), account.get("listed") or []
        text = f"{orders} orders still live" if orders != 1 else "1 order still live"
        more = f" and {orders - len(listed)} more" if orders > len(listed) else ""
        blocks.append(line(bold(f"{account.get('title', '?')}: {text}"), f": {', '.join(listed)}{more}." if listed else "."))
        if account.get("exposures"):
            blocks.append(_exposures(account))
        if account.get("reason"):
            blocks.append(f"It could not be compared at the end: {clip(str(account['reason']), 200)}")
    return card(blocks)


VENUE_ALERTS: dict[str, Callable[[Notice], Safe]] = {
    FactKind.VENUE_DOWN: _down,
    FactKind.VENUE_UP: _up,
    FactKind.VENUE_BANNED: _banned,
    FactKind.CLOCK_JUMPED: _clock_jumped,
    FactKind.CLOCK_SKEWED: _clock_skewed,
    FactKind.VENUE_TROUBLE: _trouble,
    FactKind.ACCOUNT_WARNED: _warned,
    FactKind.ACCOUNT_DENIED: _denied,
    FactKind.ACCOUNT_ALLOWED: _allowed,
    FactKind.BALANCE_LOW: _balance_low,
    FactKind.POSITION_UNACCOUNTED: _unaccounted,
    FactKind.LIQUIDATED: _liquidated,
    FactKind.MARKET_ENDED: _ended,
    FactKind.FORCED_ORDER: _forced,
    FactKind.OTHER_HOME: _other_home,
    FactKind.STOOD_STILL: _stood_still,
    FactKind.LEFT_BEHIND: _left_behind,
}
