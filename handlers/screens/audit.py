"""`/audit`: who changed what, the newest first, with what was refused."""

from __future__ import annotations

from datetime import UTC, datetime

from condor.services.audit import AuditRow
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import Safe, bold, card, clip, italic, line
from handlers.registry import command, screen
from handlers.view import Show, View, show


@command("audit", "who changed what; words narrow it: /audit pmm-btc", "[refused | WORDS]", Role.OWNER)
async def audit_command(ctx: Context, arguments: list[str]) -> Show:
    if arguments == ["refused"]:
        return Show("audit", {"refused": True})
    return Show("audit", {"words": " ".join(arguments)[:64]})


@screen("audit", Role.OWNER)
async def audit(ctx: Context, args: Args) -> View:
    """A page of rows."""
    words, refused = str(args.get("words") or ""), bool(args.get("refused"))
    before = [int(below) for below in args.get("before") or []]
    page = await ctx.services.audit.page(ctx.actor, words=words, only_refused=refused, below=before[-1] if before else None)
    what = f" · {clip(words, 40)}" if words else " · refused" if refused else ""
    blocks: list[object] = [bold(f"📒 Audit{what}"), *(_row(row) for row in page.rows)]
    if not page.rows:
        blocks.append("Nothing.")
    if before:
        blocks.append(italic(f"Page {len(before) + 1}"))
    same = {"words": words, "refused": refused}
    turns = [show("◀ Newer", "audit", **same, before=before[:-1])] if before else []
    turns += [show("Older ▶", "audit", **same, before=[*before, page.next_below])] if page.next_below is not None else []
    rows = [tuple(turns)] if turns else []
    rows.append((show("Everything", "audit"), show("Refused only", "audit", refused=True)))
    return View(card(blocks), (*rows, (show("🔄 Refresh", "audit", **same), show("◀ Users", "users"))))


def _row(row: AuditRow) -> Safe:
    """`14:03 Ann · stop_bot pmm-btc-1: running → stop and close`."""
    at = datetime.fromtimestamp(row.wall_ms / 1000, UTC).strftime("%m-%d %H:%M")
    who = clip(row.name or (f"user {row.user_id}" if row.user_id else "the program"), 24)
    change = f": {clip(row.before, 60)} → {clip(row.after, 60)}" if row.before and row.after else f": {clip(row.after or row.before, 80)}"
    mark = "⛔ " if row.result == "refused" else ""
    said = f": {clip(row.reason, 100)}" if row.result == "refused" else change if row.before or row.after else ""
    front = "" if row.front in ("", "telegram") else f" ({row.front})"
    return line(f"{at} {mark}", bold(who), f"{front} · {row.action} {clip(row.target, 60)}", said)
