"""`/keys`: accounts with real money, the pages where keys are typed, and the authenticator. No key is ever typed, or shown whole, in a chat."""

from __future__ import annotations

from condor.services.keys import KeyView
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line
from handlers.registry import action, command, screen
from handlers.view import Button, Expects, Outcome, Show, View, show

NOT_HERE = "Keys are never typed into a chat: a page on the machine where Condor runs takes them, or its terminal (condor connect VENUE)."


@command("keys", "accounts with real money: connect, remove, authenticator", role=Role.OWNER)
async def keys_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("keys")


@screen("keys", Role.OWNER)
async def keys(ctx: Context, args: Args) -> View:
    """What is connected, and the ways to the pages."""
    service, step_up = ctx.services.keys, ctx.services.step_up
    views = service.list(ctx.actor)
    blocks: list[object] = [bold("🔑 Keys")]
    if service.trouble:
        blocks.append(line("🟠 ", clip(service.trouble, 300)))
    for view in views:
        blocks += key_blocks(view)
    if not views:
        blocks.append("No account with real money is connected; everything trades on paper.")
    blocks.append(italic(NOT_HERE))
    is_on = step_up.is_asked(ctx.actor) or ctx.services.codes.can_set_up
    blocks.append(line("Authenticators: ", bold("on") if is_on else "off", " · asked for live starts, keys, caps and grants"))
    rows: list[tuple[Button, ...]] = [(Button("➕ Connect an account …", "keys_add"),)]
    if service.stored():
        rows.append((Button("🗑 Remove keys …", "keys_remove"),))
    if is_on:
        rows.append((show("🔐 Codes", "codes"), Button("📴 Take all away …", "codes_off")))
    else:
        rows.append((Button("🔐 Set up an authenticator …", "codes_on"),))
    rows.append((show("🔄 Refresh", "keys"), show("◀ Home", "home")))
    return View(card(blocks), tuple(rows))


def key_blocks(view: KeyView) -> list[object]:
    """One account."""
    mark = "🟢" if view.state == "connected" else "⚪"
    head = line(f"{mark} ", bold(clip(view.title, 40)), " · ", code(view.masked) if view.masked else "sealed", f" · {view.source}")
    blocks: list[object] = [head, line(view.state, " · ", clip(view.rights, 200))]
    if view.waits:
        blocks.append(line("⏳ nothing new is opened there yet: ", clip(view.waits, 200)))
    return blocks + [line("⚠️ ", clip(text, 200)) for text in view.advice]


# ---- pages ---------------------------------------------------------------------------------------------------------
@action("keys_add", Role.OWNER)
async def keys_add(ctx: Context, args: Args) -> Outcome:
    await ctx.services.key_forms.add_keys(ctx.actor)
    return Show("keys_page")


@action("keys_remove", Role.OWNER)
async def keys_remove(ctx: Context, args: Args) -> Outcome:
    await ctx.services.key_forms.remove_keys(ctx.actor)
    return Show("keys_page")


@action("codes_on", Role.OWNER)
async def codes_on(ctx: Context, args: Args) -> Outcome:
    await ctx.services.key_forms.set_up_codes(ctx.actor)
    return Show("keys_page")


@action("codes_off", Role.OWNER)
async def codes_off(ctx: Context, args: Args) -> Outcome:
    await ctx.services.key_forms.end_codes(ctx.actor)
    return Show("keys_page")


@screen("keys_page", Role.OWNER)
async def keys_page(ctx: Context, args: Args) -> View:
    """Where the page is. The address is known to this process only: the records have no part of it."""
    return one_page("🔑", ctx.services.key_forms.link_of(ctx.actor), show("◀ Keys", "keys"))


def one_page(mark: str, link: str | None, back: Button) -> View:
    """Where a one-time page is; None when it is over."""
    blocks: list[object] = [bold(f"{mark} One page, once")]
    if link:
        blocks += [
            "Open this in a browser on the machine where Condor runs. It works for ten minutes, once, and for the browser that opens it first.",
            code(link),
        ]
    else:
        blocks.append("The page is over. Ask for a new one.")
    return View(card(blocks), ((back,),))


@screen("key_pasted", Role.VIEWER)
async def key_pasted(ctx: Context, args: Args) -> View:
    """Somebody has typed a key into the chat."""
    blocks: list[object] = [bold("🔑 That looked like a key")]
    if args.get("is_gone"):
        blocks.append("The message was deleted, and it is gone: that was checked. Nothing was stored.")
    else:
        blocks.append(line("⚠️ ", bold("The message could not be deleted"), ": delete it yourself, now. Nothing was stored."))
    if args.get("is_group"):
        blocks.append(line(bold("Everybody in this group may have seen it."), " Revoke the key at the venue. Keys are never taken in a group."))
    else:
        blocks.append("It has passed through the chat all the same: make a new key at the venue and revoke this one.")
    blocks.append(italic(NOT_HERE))
    if ctx.actor.role < Role.OWNER or args.get("is_group"):
        return View(card(blocks), ((show("◀ Home", "home"),),))
    return View(card(blocks), ((Button("➕ Connect an account …", "keys_add"),), (show("◀ Keys", "keys"),)))


# ---- codes ---------------------------------------------------------------------------------------------------------
@screen("step_up", Role.VIEWER)
async def step_up_screen(ctx: Context, args: Args) -> View:
    """Asks for a code; `screen` and `args` are where it came from."""
    back = show("◀ Back", str(args.get("screen", "home")), **dict(args.get("args", {})))
    blocks = [
        bold("🔐 Code, please"),
        "This needs the six digits of the authenticator. Send them as a message; it is deleted at once. They open five minutes for you.",
    ]
    return View(card(blocks), ((back,),), Expects("step_up", dict(args), "the code"))


@action("step_up", Role.VIEWER)
async def step_up(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.show(ctx.actor, str(args.get("text", "")))
    return Show(str(args.get("screen", "home")), dict(args.get("args", {})), toast="Open for five minutes; tap again")
