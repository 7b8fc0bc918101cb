"""Keeping in the audit that somebody tried to change what they may not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from condor.errors import UserError
from condor.services.audit import AuditService
from condor.users import Actor, Forbidden, Role
from handlers.confirm import CONFIRM, Confirming


class Refusals:
    """See the module."""

    def __init__(self, audit: AuditService, confirming: Confirming) -> None:
        self._audit = audit
        self._confirming = confirming

    async def note(self, actor: Actor, action: str, args: Mapping[str, Any], error: UserError) -> None:
        """Keep it, if that is what an error says."""
        if not isinstance(error, Forbidden) or error.role <= Role.VIEWER:
            return
        if action == CONFIRM:
            action, args = await self._confirming.meant(args)
        if action in ("show", "open"):
            action, args = f"open {args.get('screen')}", args.get("args") or {}
        target = ", ".join(str(args[name]) for name in ("bot", "draft", "id", "user", "chat", "controller") if args.get(name))
        await self._audit.refused(actor, action, target, str(error))
