"""Code of the home: shown by its hash, and allowed to run by the owner, once for each version."""

from __future__ import annotations

from condor.services.confirms import Frozen
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import bold, card, esc, line, quote
from handlers.registry import Danger, action, screen
from handlers.view import Button, Outcome, Show, View, show

SHOWN = 12
READ_S = 900
"""How long the card may be answered: its file is to be read first."""


@screen("code", Role.TRADER)
async def code(ctx: Context, args: Args) -> View:
    """A controller file that is not approved as it is now."""
    name = str(args.get("controller", ""))
    leave = show("◀ Leave it", "new")
    found = next((view for view in ctx.services.code.files() if view.name == name), None)
    if found is None or found.problem:
        reason = found.problem if found is not None else f"There is no {name} among the files of this home any more."
        return View(card([bold(f"📄 {name}"), quote(esc(reason))]), ((leave,),))
    if found.approved_by is not None:
        return View(
            card([bold(f"📄 {name}"), "Approved as it is now."]),
            ((Button("➕ Go on", "begin", {"controller": name}, style="primary"), leave),),
            gone="This file is approved as it is now.",
        )
    blocks: list[object] = [line(bold("📄 Let this file run?")), line(bold(found.file), f" · hash {found.digest[:SHOWN]}")]
    if found.others:
        blocks.append(line("With ", ", ".join(found.others)))
    blocks.append("It is code that can do whatever you can. Read it first; a changed file asks again.")
    if ctx.actor.role < Role.OWNER:
        blocks.append(quote("Only the owner can approve it."))
        return View(card(blocks), ((leave,),))
    approve = Button(f"✔ Approve {found.digest[:SHOWN]}", "approve_code", {"controller": name, "digest": found.digest}, style="danger", confirm=True)
    rows = ((leave,), (approve,), (show("🔄 Look again", "code", controller=name),))
    return View(card(blocks), rows, frozen=Frozen(found.file, found.digest))


@action("approve_code", Role.OWNER, Danger.CONFIRM, ttl_s=READ_S)
async def approve_code(ctx: Context, args: Args) -> Outcome:
    """Let the version run that was shown, and go on with its wizard."""
    name = str(args["controller"])
    await ctx.services.code.approve(ctx.actor, name, str(args["digest"]), ctx.claim)
    draft = await ctx.services.drafts.begin(ctx.actor, name)
    return Show("draft", {"draft": draft.draft_id}, toast="Approved")
