"""An alert as a card: its words, the digest after an outage, its buttons, and what they do. The card stays an alert whatever is tapped on it."""

from __future__ import annotations

from collections.abc import Sequence

from condor.alerts.batches import Shape
from condor.alerts.events import REPEATS_ITSELF, Own, event_of, severity_of
from condor.alerts.posting import Post
from condor.users import Role
from condor.views import FactKind, Notice
from handlers import words
from handlers.alerts import first_line, text_of
from handlers.alerts_orders import MAX_LINES
from handlers.alerts_own import called, local_text
from handlers.alerts_trades import closes_head, is_held
from handlers.context import Args, Context
from handlers.html import Safe, bold, card, italic, line
from handlers.registry import action, screen
from handlers.view import Button, Outcome, Toast, View, show

HOUR_S = 3600
MUTED = frozenset({FactKind.POSITION_OPENED, FactKind.POSITION_FILLED, FactKind.BARRIER_MOVED, FactKind.EXECUTOR_CLOSED})
"""Alerts that come often enough to be muted from where they stand."""

EXPOSED = frozenset({FactKind.POSITION_OPENED, FactKind.POSITION_FILLED, FactKind.BARRIER_MOVED})
"""Alerts of an executor that holds something: one may want to close it."""


# ---- words -------------------------------------------------------------------------------------------------------------
def post_text(post: Post) -> Safe:
    """The words of one message."""
    if post.shape is Shape.DOUBT:
        return card([line("❔ ", bold("This may not have reached you")), *_first_lines(post.doubtful)])
    if post.shape is Shape.LATE:
        return late_text(post.notices, len(post.doubtful))
    text = text_of(post.notices)
    more: list[object] = []
    if post.is_late:
        more.append(italic(f"🕓 {local_text(post.notices[0].wall_ms, 'UTC')} UTC"))
    if post.is_again:
        more.append(italic(f"#{post.notices[0].event_id} again: it is not known whether it has reached you before"))
    if post.doubtful:
        more += [line("❔ ", italic("before this, and perhaps not arrived:")), *_first_lines(post.doubtful)]
    return card([text, *more]) if more else text


def late_text(notices: Sequence[Notice], doubtful: int = 0) -> Safe:
    """All that could not be told for a while: counts first, then the newest of them."""
    since, until = min(notice.wall_ms for notice in notices), max(notice.wall_ms for notice in notices)
    span = f"{local_text(since, 'UTC')} – {local_text(until, 'UTC')} UTC"
    blocks: list[object] = [line("📨 ", bold(f"While you could not be reached: {words.plural(len(notices), 'alert')}")), span]
    closed = [notice for notice in notices if notice.kind == FactKind.EXECUTOR_CLOSED]
    for mode in sorted({notice.mode for notice in closed}):
        blocks.append(line(closes_head([notice for notice in closed if notice.mode == mode]), f" · {words.MODES.get(mode, mode)}"))
    counts: dict[str, int] = {}
    for notice in notices:
        if notice.kind != FactKind.EXECUTOR_CLOSED:
            counts[notice.kind] = counts.get(notice.kind, 0) + 1
    blocks += [f"• {called(kind, count)}" for kind, count in counts.items()]
    if doubtful:
        blocks.append(italic(f"❔ {doubtful} of these may have reached you already"))
    rest = [notice for notice in notices if severity_of(notice.kind, notice.payload) == "warning"]
    blocks += _first_lines(rest[-MAX_LINES:])
    return card(blocks)


def _first_lines(notices: Sequence[Notice]) -> list[object]:
    """The first line of each, which has the outcome."""
    shown: list[object] = [line("• ", first_line(notice)) for notice in notices[:MAX_LINES]]
    if len(notices) > MAX_LINES:
        shown.append(f"… and {len(notices) - MAX_LINES} more: /history")
    return shown


# ---- buttons -----------------------------------------------------------------------------------------------------------
def buttons_of(notices: Sequence[Notice], key: int, unseen: int | None = None, *, is_muted: bool = False) -> tuple[tuple[Button, ...], ...]:
    """Ways on, which open cards of their own, and what can be done about the alert itself.

    Parameters
    ----------
    key : int
        Of the first notice in the outbox.
    unseen : int, optional
        How many of these events are still waiting to be seen; None while that is not known, as when it is sent.
    """
    first = notices[0]
    ways = _ways(notices)
    rows: list[tuple[Button, ...]] = [tuple(ways)] if ways else []
    if _is_critical(first) and unseen != 0:
        count = len(first.payload.get("events") or []) if first.kind == Own.REPEAT else 1
        rows.append((Button("✔ Seen" if count == 1 else f"✔ Seen, all {count}", "alert_seen", {"key": key}, style="success"),))
    bots = {notice.bot_id for notice in notices}
    if first.kind in MUTED and len(bots) == 1 and first.bot_id:
        mute = Button("🔔 Unmute", "alert_mute", {"key": key, "bot": first.bot_id, "seconds": 0})
        if not is_muted:
            mute = Button("🔕 1h", "alert_mute", {"key": key, "bot": first.bot_id, "seconds": HOUR_S})
        event = event_of(first.kind, first.payload)
        rows.append((mute, Button("📅 This bot: digest", "alert_digest", {"key": key, "bot": first.bot_id, "event": event})))
    if len(notices) == 1 and first.kind in EXPOSED and first.executor_id and not first.payload.get("ended"):
        rows.append((Button("✖ Close position …", "open", {"screen": "close", "args": {"id": first.executor_id}}),))
    market = _held_market(first) if len(notices) == 1 else ""
    if market:
        rows.append((Button("✖ Close position …", "open", {"screen": "close_hold", "args": {"bot": first.bot_id, "market": market}}),))
    return tuple(rows)


def _held_market(notice: Notice) -> str:
    """Where an alert tells of a position that a bot holds and nobody watches; empty where it tells of none, or of several."""
    is_hold = notice.kind == FactKind.POSITION_HELD or (notice.kind == FactKind.EXECUTOR_CLOSED and is_held(notice.payload))
    name, pair = notice.payload.get("connector_name"), notice.payload.get("trading_pair")
    return f"{name}:{pair}" if is_hold and notice.bot_id and name and pair else ""


def _ways(notices: Sequence[Notice]) -> list[Button]:
    first = notices[0]
    row = []
    if len(notices) == 1 and first.executor_id:
        row.append(Button("🔎 Details", "open", {"screen": "executor", "args": {"id": first.executor_id, "from": "history", "back": {}}}))
    if len(notices) > 1:
        row.append(Button("📜 History", "open", {"screen": "history", "args": {}}))
    if first.bot_id and all(notice.bot_id == first.bot_id for notice in notices):
        row.append(Button("🤖 Bot", "open", {"screen": "bot", "args": {"bot": first.bot_id}}))
    for kinds, label, name in _SCREENS:
        if first.kind in kinds:
            row.append(Button(label, "open", {"screen": name, "args": {}}))
    if len(notices) == 1 and first.kind == FactKind.EXECUTOR_CLOSED and first.payload.get("close_type") == "POSITION_HOLD":
        # its executor has ended: what it left is nobody's to close from here
        row.append(Button("📌 Positions", "open", {"screen": "positions", "args": {}}))
    return row


_SCREENS = (
    ((FactKind.PANIC_BEGUN, FactKind.PANIC_REPORT), "🛑 Panic", "panic"),
    ((FactKind.BALANCE_SHORT,), "🪙 Missing coins", "missing"),
    ((FactKind.BALANCE_LOW,), "🪫 Balances", "balances"),
    ((FactKind.RECOVERED, FactKind.TRADING_HALTED), "📊 Status", "status"),
    ((FactKind.POSITION_HELD, FactKind.POSITION_UNACCOUNTED, FactKind.LIQUIDATION_NEAR), "📌 Positions", "positions"),
    ((FactKind.DAY_LOSS_REACHED, FactKind.DAY_LOSS_RELEASED), "⚖️ Caps", "caps"),
    ((FactKind.KEYS_ADDED, FactKind.KEYS_REFUSED, FactKind.KEYS_REMOVED, FactKind.CODES_CHANGED), "🔑 Keys", "keys"),
    ((FactKind.ACCESS_CHANGED,), "👤 Users", "users"),
    ((Own.PRICE,), "💲 Price alerts", "prices"),
)
"""Kinds, and the screen that has more about them."""


def _is_critical(notice: Notice) -> bool:
    return severity_of(notice.kind, notice.payload) == "critical" and notice.kind not in REPEATS_ITSELF


# ---- the card ----------------------------------------------------------------------------------------------------------
@screen("alert")
async def alert(ctx: Context, args: Args) -> View:
    """An alert again, with what has become of it."""
    told = await ctx.services.alerts.told(ctx.actor, int(args.get("key", 0)))
    if not told.notices:
        return View(card([bold("This alert is no longer kept.")]), ((show("◀ Home", "home"),),))
    text = text_of(told.notices)
    if told.seen_by:
        text = card([text, italic(f"✔ seen by {told.seen_by}")])
    if told.is_muted:
        text = card([text, italic("🔕 this bot is silent for now: /alerts")])
    return View(text, buttons_of(told.notices, int(args["key"]), told.unseen, is_muted=told.is_muted))


@action("alert_seen")
async def seen(ctx: Context, args: Args) -> Outcome:
    """Somebody has seen it: it is not said again, in no chat."""
    count = await ctx.services.alerts.acknowledge(ctx.actor, int(args["key"]), ctx.claim)
    return Toast("Seen" if count else "It was seen already")


@action("alert_mute")
async def mute(ctx: Context, args: Args) -> Outcome:
    """A bot without sound for a while."""
    seconds = int(args["seconds"])
    await ctx.services.alerts.mute(ctx.actor, str(args["bot"]), seconds, ctx.claim)
    return Toast("🔕 silent for an hour; what is critical is still told aloud" if seconds else "🔔 told aloud again")


@action("alert_digest", Role.VIEWER)
async def digest(ctx: Context, args: Args) -> Outcome:
    """What a bot trades, and what this alert tells of it, is told in the digest only."""
    await ctx.services.alerts.trades_to_digest(ctx.actor, str(args["bot"]), ctx.claim, str(args.get("event", "closed")))
    return Toast("What this bot trades comes with the daily digest now: /alerts changes it back")
