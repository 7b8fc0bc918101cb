"""The log: newest first, by level, and as a file."""

from __future__ import annotations

from condor.errors import UserError
from condor.result_views import LogEntry
from condor.services.log_files import LEVELS
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, esc, italic, line, quote
from handlers.parts import AGES, chosen, turning
from handlers.registry import action, command, screen
from handlers.view import Button, Outcome, Send, Show, Toast, View, show

PAGE = 8
MAX_ENTRY = 380
MARKS = {"WARNING": "⚠️", "ERROR": "🔴", "CRITICAL": "🛑"}


@command("logs", "what the program has noted, newest first", "[all|warnings|errors] [file]", Role.OPERATOR)
async def logs_command(ctx: Context, arguments: list[str]) -> Show | Send:
    asked = [word.lower() for word in arguments]
    if "file" in asked:
        return await _file(ctx) or Show("logs")
    unknown = [word for word in asked if word not in LEVELS]
    if unknown:
        raise UserError(f"expected {', '.join(LEVELS)} or file, found {unknown[0]!r}")
    return Show("logs", {"level": asked[0] if asked else "all", "offset": 0})


@screen("logs", Role.OPERATOR)
async def logs(ctx: Context, args: Args) -> View:
    """Entries of the log."""
    level, offset = str(args.get("level", "all")), int(args.get("offset", 0))
    page = await ctx.services.data.logs.page(ctx.actor, level, offset, PAGE)
    blocks: list[object] = [line(bold("📋 Log"), f" · {level} · newest first")]
    blocks += [_entry(entry) for entry in page.entries]
    if not page.entries:
        blocks.append(italic("There is nothing."))
    levels = tuple(show(chosen(name, name == level), "logs", level=name, offset=0) for name in LEVELS)
    # how many there are in all is not known: nobody reads the whole log for that
    known = offset + PAGE + page.has_older
    last = (Button("📎 As file", "send_log"), show("🔄 Refresh", "logs", level=level, offset=offset), show("◀ Home", "home"))
    return View(card(blocks), (levels, *turning("logs", {"level": level}, offset, known, PAGE, AGES), last))


def _entry(entry: LogEntry) -> object:
    first, _, rest = entry.text.partition("\n")
    head = line(MARKS.get(entry.level, "·"), " ", code(entry.at[5:]), " ", clip(entry.source, 40))
    # of a traceback the end says what happened
    shown = clip(first, MAX_ENTRY if not rest else MAX_ENTRY // 2) + (f"\n…{rest[-MAX_ENTRY // 2 :]}" if rest else "")
    return line(head, "\n", quote(esc(shown), expandable=len(shown) > 120))


@action("send_log", Role.OPERATOR)
async def send_log(ctx: Context, args: Args) -> Outcome:
    return await _file(ctx) or Toast("The log is empty")


async def _file(ctx: Context) -> Send | None:
    file = await ctx.services.data.logs.file(ctx.actor)
    if file is None:
        return None
    return Send(file.name, file.content, line(bold("📋 Log"), " · secrets are taken out"), toast="Sent")
