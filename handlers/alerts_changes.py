"""The words of alerts about what people have changed: pauses, caps, keys, codes, and who may do what. The rows come from the audit (`condor.store.change_facts`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from condor.users import Role
from condor.views import FactKind, Notice
from handlers.html import Safe, bold, card, clip, line

WHERE = {"local": "on the local page", "telegram": "in Telegram", "cli": "at the terminal", "signal": "by a signal to the process"}
"""Front end -> where somebody was."""

NOT_YOU = "Was that not you? /users and /keys take it back, /audit shows all that was done."


def by_whom(payload: Mapping[str, Any]) -> str:
    """`by Olga in Telegram`."""
    where = WHERE.get(str(payload.get("front") or ""), "")
    group = " (a group)" if int(payload.get("chat_id") or 0) < 0 else ""
    return f"by {clip(str(payload.get('by') or '?'), 40)} {where}{group}".strip()


def _of_bot(notice: Notice) -> str:
    """The bot, or the controller whose kill switch was turned, or all of them."""
    if not notice.bot_id:
        return "All bots"
    controller = str(notice.payload.get("target") or "").partition("/")[2]
    return f"{clip(controller, 40)} of {clip(notice.bot_title, 40)}" if controller else clip(notice.bot_title, 40)


# ---- pauses, caps ------------------------------------------------------------------------------------------------------
def _paused(notice: Notice) -> Safe:
    is_switch = notice.payload.get("action") == "update_config"
    then = "No new entries until somebody resumes it, over restarts too. What is open keeps its exits."
    if is_switch:
        then = "Its kill switch is on: its executors end and it decides nothing until somebody turns it off."
    blocks: list[object] = [line("⏸ ", bold(_of_bot(notice)), f" paused {by_whom(notice.payload)}"), then]
    return card([*blocks, notice.mode] if notice.bot_id else blocks)


def _resumed(notice: Notice) -> Safe:
    was = str(notice.payload.get("before") or "")
    text = f" resumed {by_whom(notice.payload)}{f' (it was {was})' if was else ''}"
    return line("▶ ", bold(_of_bot(notice)), text, ": entries are allowed again.")


def _caps_changed(notice: Notice) -> Safe:
    payload = notice.payload
    if notice.bot_id:
        what = bold(f"Limits of {clip(notice.bot_title, 40)} changed")
    else:
        account, _, field = str(payload.get("target") or "?").partition(" ")
        what = bold(f"Caps of {account} changed: {field.replace('_', ' ')}")
    return card([line("⚖️ ", what, f" {by_whom(payload)}"), f"{_value(payload.get('before'))} → {_value(payload.get('after'))}"])


def _value(text: object) -> str:
    """What stood in the audit, as a person reads it; nothing was a cap of none."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return clip(str(text or "none"), 200)
    if isinstance(found, dict):
        return clip(", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in found.items()) or "none", 200)
    return clip(_plain(found), 200)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "none"
    return "none" if value is None else str(value)


def _day_loss(notice: Notice) -> Safe:
    payload = notice.payload
    why = str(payload.get("text", "?")).removeprefix("cap of its day: ")
    return card(
        [
            line("🛑 ", bold(f"{payload.get('title', '?')}: the day's loss has reached its cap"), f": {clip(why, 200)}"),
            "Nothing new is opened there until the owner releases it (/caps), also after midnight and over restarts. Exits go on.",
        ]
    )


def _day_loss_released(notice: Notice) -> Safe:
    payload = notice.payload
    why = str(payload.get("after") or "")
    return card(
        [
            line("▶ ", bold(f"New positions are allowed again at {payload.get('target', '?')}"), f", {by_whom(payload)}"),
            *([line("Why: ", clip(why, 200))] if why else []),
            "Losses of the day count from now on.",
        ]
    )


# ---- keys and codes ----------------------------------------------------------------------------------------------------
def _keys_added(notice: Notice) -> Safe:
    payload = notice.payload
    return card([line("🔑 ", bold(f"Keys of {payload.get('target', '?')} stored"), f" {by_whom(payload)}: {payload.get('after') or '?'}"), NOT_YOU])


def _keys_refused(notice: Notice) -> Safe:
    payload = notice.payload
    why = str(payload.get("reason") or "the venue did not take them")
    return card(
        [
            line("🔑 ", bold(f"Keys of {payload.get('target', '?')} refused"), f", sent {by_whom(payload)}"),
            line("Why: ", clip(why, 300)),
            "Nothing was stored.",
        ]
    )


def _keys_removed(notice: Notice) -> Safe:
    return card([line("🔑 ", bold(f"Keys of {notice.payload.get('target', '?')} removed"), f" {by_whom(notice.payload)}"), NOT_YOU])


def _key_pasted(notice: Notice) -> Safe:
    payload = notice.payload
    is_gone = payload.get("after") == "deleted"
    what = "The message was deleted." if is_gone else "The message is still there: delete it."
    return card(
        [
            line("🔑 ", bold(f"A key was typed into a {payload.get('target') or 'chat'}"), f" {by_whom(payload)}"),
            f"{what} Whoever has read it can use it: delete this key at the venue and make another one.",
        ]
    )


_CODES = {
    "on": ("An authenticator was set up", "Live starts, keys, caps and grants ask for its code."),
    "off": ("The authenticator was taken away", "Nothing asks for a code any more."),
    "everybody": ("Everybody who may act must show codes now", ""),
    "who has one": ("Only who has an authenticator must show codes now", ""),
}
"""What the audit says of it -> what has happened, and what that means."""


def _codes_changed(notice: Notice) -> Safe:
    payload = notice.payload
    after, target = str(payload.get("after") or "?"), str(payload.get("target") or "")
    what, then = _CODES.get(after, (f"Codes: {clip(after, 80)}", ""))
    whose = f" ({target})" if target.startswith("user ") else ""
    # of one person's authenticator it is not said what the others are asked for
    return card([line("🔐 ", bold(what), whose, f" {by_whom(payload)}"), *([then] if then and not whose else []), NOT_YOU])


def _codes_locked(notice: Notice) -> Safe:
    blocks = [line("🔐 ", bold("Five wrong codes"), f" {by_whom(notice.payload)}"), "No code of theirs is looked at for 15 minutes."]
    return card([*blocks, NOT_YOU])


# ---- who may do what ---------------------------------------------------------------------------------------------------
_ACCESS = {
    "claim": "This Condor has an owner now",
    "set_role": "{target} is {after} now, was {before}",
    "allow_user": "{target} was let in as {after}",
    "remove_user": "{target} has no role any more, was {before}",
    "block_user": "{target} was blocked",
    "unblock_user": "{target} is not blocked any more",
    "new_invite": "An invitation was made: {after}",
    "end_invite": "{target} was ended",
    "use_invite": "{target} was used: {after}",
    "approve_code": "{target} may run",
    "change_role_limit": "Limit of a {target} changed: {before} → {after}",
}
"""Action in the audit -> what has happened."""


def _access(notice: Notice) -> Safe:
    payload = notice.payload
    values = {name: _role(str(payload.get(name) or "?")) for name in ("target", "before", "after")}
    what = _ACCESS.get(str(payload.get("action")), "Access was changed: {target}").format(**values)
    return card([line("👤 ", bold(what[:1].upper() + what[1:]), f", {by_whom(payload)}"), NOT_YOU])


def _role(text: str) -> str:
    return Role[text].title if text in Role.__members__ else clip(text, 80)


CHANGE_ALERTS: dict[str, Callable[[Notice], Safe]] = {
    FactKind.BOT_PAUSED: _paused,
    FactKind.BOT_RESUMED: _resumed,
    FactKind.CAPS_CHANGED: _caps_changed,
    FactKind.DAY_LOSS_REACHED: _day_loss,
    FactKind.DAY_LOSS_RELEASED: _day_loss_released,
    FactKind.KEYS_ADDED: _keys_added,
    FactKind.KEYS_REFUSED: _keys_refused,
    FactKind.KEYS_REMOVED: _keys_removed,
    FactKind.KEY_PASTED: _key_pasted,
    FactKind.CODES_CHANGED: _codes_changed,
    FactKind.CODES_LOCKED: _codes_locked,
    FactKind.ACCESS_CHANGED: _access,
}
