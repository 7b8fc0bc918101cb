"""What people change and others want to hear of: the row of the audit becomes a fact in the same transaction, and the fact an alert like any other.

So no service tells of its changes by itself, and none can forget to: whatever is in the audit under one of these names is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, insert

from botcore.model.events import FactKind
from botcore.recorder import tables as records

ACCOUNT: Final = "live"
"""Under which account they stand: who may do what concerns real money, whoever uses it on paper only."""

ALL_BOTS: Final = "all bots"
"""How the audit names a change of all bots."""

_KINDS: Final = {
    ("pause", "done"): FactKind.BOT_PAUSED,
    ("resume", "done"): FactKind.BOT_RESUMED,
    ("change_caps", "done"): FactKind.CAPS_CHANGED,
    ("set_limits", "done"): FactKind.CAPS_CHANGED,
    ("release_caps", "done"): FactKind.DAY_LOSS_RELEASED,
    ("add_keys", "done"): FactKind.KEYS_ADDED,
    ("add_keys", "refused"): FactKind.KEYS_REFUSED,
    ("remove_keys", "done"): FactKind.KEYS_REMOVED,
    ("key_pasted", "refused"): FactKind.KEY_PASTED,
    ("authenticator", "done"): FactKind.CODES_CHANGED,
    ("step_up", "locked"): FactKind.CODES_LOCKED,
    **{
        (action, "done"): FactKind.ACCESS_CHANGED
        for action in (
            "claim", "set_role", "allow_user", "remove_user", "block_user", "unblock_user", "new_invite", "end_invite", "use_invite", "approve_code",
            "change_role_limit",
        )
    },
}  # fmt: skip
"""(action, result) in the audit -> kind of fact."""

OF_BOTS: Final = frozenset({"pause", "resume", "set_limits", "update_config"})
"""Actions whose target is a bot, or a controller of one."""


def tell_change(connection: Connection, row: Mapping[str, Any]) -> None:
    """Note the fact of a row of the audit, if it is one that is told."""
    kind = _switched(row) if row["action"] == "update_config" else _KINDS.get((row["action"], row["result"]))
    if kind is None:
        return
    names = ("action", "target", "before", "after", "result", "reason", "front", "chat_id")
    payload: dict[str, Any] = {name: row[name] for name in names} | {"by": row["name"] or str(row["user_id"])}
    mode, _, name = row["target"].rpartition(":") if kind == FactKind.DAY_LOSS_RELEASED else ("", "", "")
    if name:
        payload["connector_name"] = name
    if row["action"] == "update_config":
        payload["before"] = ""
    bot_id, _, controller_id = row["target"].partition("/") if row["action"] in OF_BOTS and row["target"] != ALL_BOTS else ("", "", "")
    values = {
        "kind": kind,
        "account": mode or ACCOUNT,
        "bot_id": bot_id,
        "controller_id": controller_id,
        "executor_id": "",
        "payload": json.dumps(payload),
    }
    connection.execute(insert(records.facts).values(**values, ts_ns=row["wall_ms"] * 1_000_000, wall_ms=row["wall_ms"]))


def _switched(row: Mapping[str, Any]) -> str | None:
    """The kind of a config change that turns a controller's kill switch: on, it decides nothing; off, it goes on."""
    if row["result"] != "done":
        return None
    try:
        after = json.loads(row["after"] or "{}")
    except ValueError:
        return None
    if not isinstance(after, dict) or "manual_kill_switch" not in after:
        return None
    return FactKind.BOT_PAUSED if after["manual_kill_switch"] else FactKind.BOT_RESUMED
