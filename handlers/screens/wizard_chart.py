"""The chart of a draft: the candles of its market with the levels that it would have."""

from __future__ import annotations

from condor.errors import UserError
from condor.pictures.drawings import Drawing
from condor.services.draft_pictures import INTERVALS
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import MAX_CAPTION, bold, card, italic, line
from handlers.parts import chosen, theme, theme_button
from handlers.registry import screen
from handlers.view import Expects, View, show


@screen("draft_chart", Role.TRADER)
async def draft_chart(ctx: Context, args: Args) -> View:
    """One interval; a typed answer such as `pair=eth` changes the draft and draws it anew."""
    draft_id = str(args["draft"])
    interval = next((name for name in INTERVALS if name == args.get("interval")), INTERVALS[1])
    own = {"draft": draft_id, "interval": interval, "theme": theme(args)}
    draft = await ctx.services.drafts.draft(draft_id)
    name = draft.controller_name.removeprefix("executors.")
    blocks: list[object] = [line(bold(f"➕ {name}"), f" · chart · {interval}")]
    steps = tuple(show(chosen(step, step == interval), "draft_chart", **{**own, "interval": step}) for step in INTERVALS)
    last = (show("🔄 Refresh", "draft_chart", **own), show("◀ Review", "draft", draft=draft_id))
    takes = Expects("search_fields", {"draft": draft_id, "from": "draft_chart", "with": {"interval": interval, "theme": theme(args)}})
    try:
        picture = await ctx.services.drafts.picture(draft_id, interval)
    except UserError as error:
        blocks.append(italic(f"No chart: {error}."))
        return View(card(blocks), (steps, last), takes)
    blocks.append(italic("Thin lines are the levels where it would open, at the price now."))
    return View(card(blocks, MAX_CAPTION), (steps, (theme_button("draft_chart", own), *last)), takes, drawing=Drawing(picture, theme(args)))
