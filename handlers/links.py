"""Deep links: `https://t.me/<bot>?start=<what>` opens a bot's or an executor's card, or brings an invite."""

from __future__ import annotations

from condor.errors import UserError
from condor.services.invites import PREFIX as INVITE
from condor.users import Role
from handlers.context import Context
from handlers.view import Show

BOT, EXECUTOR = "bot_", "exec_"
MAX_PARAMETER = 64
"""Characters that Telegram takes in a link."""


def bot_link(base: str, bot_id: str) -> str | None:
    """A link that opens a bot's card; None where its name is too long for one, or the bot is not on Telegram."""
    return f"{base}?start={BOT}{bot_id}" if base and len(BOT + bot_id) <= MAX_PARAMETER else None


async def linked(ctx: Context, what: str) -> Show:
    """The card that a link leads to.

    Raises
    ------
    UserError
        If the link leads nowhere, or brings an invite that has ended.
    """
    if what.startswith(INVITE):
        return await _invited(ctx, what.removeprefix(INVITE))
    if what.startswith(BOT):
        bot_id = what.removeprefix(BOT)
        if await ctx.services.bots.one(ctx.actor, bot_id) is None:
            raise UserError(f"there is no bot {bot_id[:64]} any more; /bots shows those that there are")
        return Show("bot", {"bot": bot_id})
    if what.startswith(EXECUTOR):
        return Show("executor", {"id": what.removeprefix(EXECUTOR), "from": "history", "back": {}})
    raise UserError("this link leads nowhere; /start opens the home card")


async def _invited(ctx: Context, token: str) -> Show:
    """Somebody with a role opens an invite: they may get more by it."""
    if ctx.actor.user_id != ctx.actor.chat_id:
        raise UserError("an invite is opened in the private chat with the bot")
    role = await ctx.services.invites.redeem(ctx.actor, token, ctx.claim)
    if role is None:
        raise UserError("this invite has ended; ask for a new one")
    return Show("home" if role > Role.ALERT_ONLY else "whoami")
