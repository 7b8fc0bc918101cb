"""What a bot's controllers say of themselves: `to_format_status`, as they wrote it."""

from __future__ import annotations

from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pre
from handlers.registry import screen
from handlers.view import View, show

MAX_SHOWN = 3200
"""Characters of all of it together: a message has room for 4,096, with their marks."""


@screen("says")
async def says(ctx: Context, args: Args) -> View:
    """Each controller's own lines."""
    bot_id = str(args["bot"])
    found = ctx.services.bots.says(ctx.actor, bot_id)
    blocks: list[object] = [line(bold("🗒 Details of "), bold(clip(bot_id, 40)))]
    for controller_id, text in found:
        blocks.append(bold(clip(controller_id, 40)))
        blocks.append(pre(text.strip("\n")[: MAX_SHOWN // len(found)]) if text.strip() else italic("says nothing of itself"))
    if not found:
        blocks.append("It does not run here.")
    return View(card(blocks), ((show("🔄 Refresh", "says", bot=bot_id), show("◀ Back", "bot", bot=bot_id)),))
