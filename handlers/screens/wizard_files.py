"""Configs as files: one that is sent becomes a draft, a draft or a bot's config is sent as one."""

from __future__ import annotations

from condor.approvals import ApprovalNeeded
from condor.services.draft_files import FileFaults
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, esc, line, quote
from handlers.registry import action, screen
from handlers.view import Outcome, Send, Show, View, show

MAX_FAULTS = 20


@action("upload", Role.TRADER)
async def upload(ctx: Context, args: Args) -> Outcome:
    """A YAML file: a draft at its review, or what is wrong with it."""
    name = str(args["name"])
    try:
        draft = await ctx.services.drafts.from_file(ctx.actor, name, args["content"], ctx.claim)
    except ApprovalNeeded:
        return Show("code", {})
    except FileFaults as error:
        rows = [[fault.line, fault.field, fault.problem, fault.allowed] for fault in error.faults[:MAX_FAULTS]]
        return Show("file_faults", {"name": name, "rows": rows, "count": len(error.faults)})
    return Show("draft", {"draft": draft.draft_id})


@screen("file_faults", Role.TRADER)
async def file_faults(ctx: Context, args: Args) -> View:
    """Every fault of a file: line, field, what is wrong, what is allowed."""
    rows = list(args.get("rows", ()))
    count = int(args.get("count", len(rows)))
    blocks: list[object] = [line(bold(f"📄 {clip(str(args.get('name', 'the file')), 60)}"), " can't be used yet")]
    blocks.append(f"{count} {'fault' if count == 1 else 'faults'}. Nothing was changed; mend it and send it again.")
    for number, field, problem, allowed in rows:
        where = line(f"line {number} · " if number else "", code(field) if field else "the file")
        blocks.append(quote(line(where, ": ", str(problem), line(" · allowed: ", str(allowed)) if allowed else "")))
    return View(card(blocks), ((show("➕ New bot", "new"), show("◀ Home", "home")),))


@action("draft_yaml", Role.TRADER)
async def draft_yaml(ctx: Context, args: Args) -> Outcome:
    """A draft as a file."""
    name, text = await ctx.services.drafts.as_file(str(args["draft"]))
    return Send(name, text.encode(), esc("Send it back to set up the same again."))


@action("bot_yaml", Role.VIEWER)
async def bot_yaml(ctx: Context, args: Args) -> Outcome:
    """The config of one of a bot's controllers as a file."""
    for row in await ctx.services.bots.configs(ctx.actor, str(args["bot"])):
        if row.controller_id == args["controller"]:
            name, text = ctx.services.drafts.files.text(row.controller_name, row.config)
            return Send(name, text.encode(), esc(f"{args['bot']}, version {row.version}"))
    return Show("bot", {"bot": str(args["bot"])})
