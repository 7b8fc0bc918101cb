"""Help, from the registry."""

from __future__ import annotations

from condor.users import Role
from handlers.context import Args, Context
from handlers.html import Safe, bold, card, code, italic, line
from handlers.registry import Command, command, screen
from handlers.view import Show, View, show

REAL = "Real money is at stake where a card says 💵."


@command("help", "all commands", "[COMMAND]", Role.ALERT_ONLY)
async def help_command(ctx: Context, arguments: list[str]) -> Show:
    if not arguments:
        return Show("help")
    return Show("help", {"command": ctx.registry.command(arguments[0].lstrip("/").lower()).name})


@screen("help", Role.ALERT_ONLY)
async def help_screen(ctx: Context, args: Args) -> View:
    """The commands that this person may use, or one of them."""
    only = args.get("command")
    shown = [item for item in ctx.registry.commands.values() if ctx.actor.role >= item.role and only in (None, item.name)]
    blocks: list[object] = [
        bold("❔ Help"),
        *(_line(item, ctx.registry.alias_of(item.name)) for item in shown),
        italic(REAL if "live" in ctx.services.data.results.modes() else "Paper trading: no real money is at stake here."),
    ]
    if only is None:
        blocks.append(
            line(
                "Percentages need a sign: ",
                code("0.4%"),
                " or ",
                code("25bp"),
                ". Times: ",
                code("15m"),
                ". Money: ",
                code("$500"),
                " or ",
                code("2k"),
                ".",
            )
        )
        blocks.append("A button acts on what its card shows, once. Typing never trades.")
    if ctx.actor.role < Role.VIEWER:
        return View(card(blocks), ((show("👤 Who am I", "whoami"),),))
    rows = [(show("➕ New bot", "new"), show("◀ Home", "home"))]
    rows.append((show("👤 Who am I", "whoami"), *((show("👥 Users", "users"),) if ctx.actor.role >= Role.OWNER else ())))
    return View(card(blocks), tuple(rows), is_public=True)


def _line(item: Command, alias: str) -> Safe:
    return line(f"/{item.name}", f" (/{alias})" if alias else "", f" {item.usage}" if item.usage else "", " — ", item.summary)
