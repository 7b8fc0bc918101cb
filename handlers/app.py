"""A front end: python-telegram-bot's Application around the router, the same for Telegram and for the local chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from telegram import LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, Defaults, MessageHandler, TypeHandler, filters
from telegram.ext import ApplicationBuilder as Builder
from telegram.request import HTTPXRequest

from condor.errors import UserError
from condor.services.facade import Services
from condor.store.common import ChatRow
from condor.users import LOCAL_FRONT, Actor, Role
from handlers import alert_cards
from handlers import push as push_module
from handlers.gate import ChatContext, Gate
from handlers.late import LatePictures
from handlers.live import IDLE_MS, LiveCards
from handlers.menu import Menu
from handlers.polling import PollRequest, PollWatch
from handlers.present import Presenter
from handlers.processor import ChatLocks, Heard, PerChat
from handlers.push import Push
from handlers.registry import Registry, collect
from handlers.report_posts import ReportPosts
from handlers.router import Router
from handlers.screens import (
    alerts,
    audit,
    balances,
    bots,
    cancelling,
    caps,
    caps_changes,
    closing,
    code,
    codes,
    door,
    editing,
    executors,
    groups,
    help,
    home,
    invites,
    keys,
    life,
    logs,
    missing,
    panic,
    pausing,
    pnl,
    portfolio,
    prices,
    report_plans,
    role_limits,
    says,
    settings,
    status,
    stopping,
    trade,
    trade_order,
    trading,
    users,
    wizard,
    wizard_chart,
    wizard_files,
    wizard_review,
    wizard_trial,
)
from handlers.view import Show
from handlers.visitor_cards import VisitorCards
from handlers.voice import ChatVoice

log = logging.getLogger(__name__)

UPDATES = ["message", "callback_query", "my_chat_member"]
POLL_S = 10
LIVE_SCREENS = ("bot", "executors", "executor", "positions", "orders", "panic", "trade_order")
RETRY_S = (1, 2, 5, 15, 30)
REFUSED_S = 60
"""Between tries with a token that Telegram refuses."""


def build_registry() -> Registry:
    """Everything that the chat can do."""
    begun = (home, wizard, wizard_review, wizard_files, wizard_trial, wizard_chart, code)
    running = (trade, trade_order, cancelling, bots, stopping, pausing, closing, editing, says, status, missing, executors)
    shown = (portfolio, pnl, trading, life, logs)
    kept = (
        alerts,
        balances,
        prices,
        report_plans,
        settings,
        panic,
        users,
        invites,
        door,
        groups,
        audit,
        keys,
        codes,
        caps,
        caps_changes,
        role_limits,
        help,
    )
    return collect([*begun, *running, *shown, *kept, alert_cards, push_module])


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Bot API is.

    Parameters
    ----------
    base : str
        Such as `https://api.telegram.org`.
    is_local : bool
        Whether it is this process's own; then no proxy is asked.
    """

    token: str
    base: str
    is_local: bool


class ChatFront:
    """See the module.

    Parameters
    ----------
    name : str
        `local` or `telegram`.
    on_trouble : callable
        Told in words when the chat can't be reached for good (a wrong token, a second poller), and None when it can.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        services: Services,
        registry: Registry,
        now_ms: Callable[[], int],
        on_trouble: Callable[[str | None], None],
    ) -> None:
        self.name = name
        self._registry = registry
        self._on_trouble = on_trouble
        self._locks, self._urgent, self._heard = ChatLocks(), ChatLocks(), Heard(now_ms)
        self._services = services
        self._watch = PollWatch(now_ms, self._frozen)
        self._application = self._build(address)
        bot = self._application.bot
        presenter = Presenter(bot, services.panels, partial(services.groups.manners, name))
        self._live = LiveCards(self._locks, self._urgent, now_ms)
        self._pictures = LatePictures(presenter, services.panels, services.data.pictures, self._locks)
        self._router = Router(registry, services, presenter, self._live, now_ms, self._pictures)
        reports = ReportPosts(name, presenter, services)
        self.notifier = Push(name, presenter, services.panels, services.groups.moved, self._pictures, reports)
        self._menu = Menu(bot, registry)
        self._voice = ChatVoice(bot, self._menu)
        services.voices.add(name, self._voice)
        self._visitors = VisitorCards(name, services, self._router, self._locks)
        # the door stands before everything else
        self._application.add_handler(TypeHandler(object, Gate(name, services, self._heard)), group=-1)
        self._application.add_handler(CallbackQueryHandler(self._router.on_tap))
        self._application.add_handler(MessageHandler(filters.ALL, self._router.on_line))
        self._application.add_error_handler(self._on_error)
        self._task: asyncio.Task[None] | None = None
        self.is_up = False

    def _build(self, address: Address) -> Application:  # type: ignore[type-arg]
        """An application whose life we lead ourselves: no job queue, no persistence of its own."""
        defaults = Defaults(
            parse_mode=ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            allow_sending_without_reply=True,
        )
        # within this machine there is no TLS: certificates need not be read
        options = {"trust_env": False, "verify": False} if address.is_local else None
        return (
            Builder()
            .token(address.token)
            .base_url(f"{address.base}/bot")
            .base_file_url(f"{address.base}/file/bot")
            .request(HTTPXRequest(connection_pool_size=32, read_timeout=10, pool_timeout=5, httpx_kwargs=options))
            .get_updates_request(PollRequest(self._watch, connection_pool_size=1, read_timeout=POLL_S + 5, httpx_kwargs=options))
            .defaults(defaults)
            .context_types(ContextTypes(context=ChatContext))
            .concurrent_updates(PerChat(self._locks, self._urgent, self._heard))
            .job_queue(None)
            .build()
        )

    # ---- life ------------------------------------------------------------------------------------------------------
    async def introduce(self) -> None:
        """Ask the server who this bot is.

        Raises
        ------
        UserError
            If it refuses the token, or can't be reached.
        """
        try:
            await self._application.initialize()
        except InvalidToken:
            raise UserError("Telegram refused this token (401): copy it once more from @BotFather; nothing was kept") from None
        except TelegramError as error:
            raise UserError(f"Telegram can't be reached from here ({error}); nothing was kept, try again") from None

    async def start(self) -> None:
        """Connect and take updates; raises TelegramError when that is not possible now."""
        application = self._application
        await application.initialize()
        if self.name == LOCAL_FRONT:
            await self._menu.set_for_all(Role.OWNER)
        else:
            await self._menu.set_all(await self._services.members.roles())
        assert application.updater is not None
        await application.updater.start_polling(timeout=POLL_S, allowed_updates=UPDATES, bootstrap_retries=-1, error_callback=self._poll_failed)
        await application.start()
        self.is_up = self._voice.is_up = True
        await self._take_up_live_cards()

    async def _take_up_live_cards(self) -> None:
        """Cards that moved when the process ended move on; those that show nothing live fall out with their first drawing."""
        for panel in await self._services.panels.recent(self.name, IDLE_MS):
            actor = await self._services.access.actor(self.name, panel.chat_id, "", panel.chat_id)
            if actor.role >= Role.VIEWER and panel.screen in LIVE_SCREENS:
                self._live.watch(panel, actor)

    @property
    def link(self) -> str:
        """Where a person finds the bot on Telegram, once it is up."""
        return f"https://t.me/{self._application.bot.username}"

    def start_soon(self) -> None:
        """Connect in the background and keep trying: trading never waits for a chat."""
        self._task = asyncio.create_task(self._start_until_up(), name=f"chat {self.name}")

    async def _start_until_up(self) -> None:
        attempt = 0
        while True:
            try:
                await self.start()
            except InvalidToken:
                self._frozen("Telegram refused this token (401): check CONDOR_TELEGRAM_TOKEN and start again")
                await asyncio.sleep(REFUSED_S)
            except TelegramError as error:
                pause_s = RETRY_S[min(attempt, len(RETRY_S) - 1)]
                self._on_trouble(f"the chat {self.name} can't be reached ({error}); trying again every {pause_s} s")
                attempt += 1
                await asyncio.sleep(pause_s)
            else:
                # polling began before this: what it has met already stands
                self._frozen(self._watch.reason)
                return

    async def close(self) -> None:
        """Let go of the chat; what was tapped and not handled is handled at the next start."""
        if self._task is not None:
            self._task.cancel()
        self.is_up = False
        await self._pictures.close()
        application = self._application
        if application.updater is not None and application.updater.running:
            try:
                await application.updater.stop()
            except TelegramError as error:
                # a token that was revoked meanwhile: the poller has ended by itself, and says so only now
                log.warning("the chat %s had ended before: %s", self.name, error)
        if application.running:
            await application.stop()
        await application.shutdown()

    def _poll_failed(self, error: TelegramError) -> None:
        log.warning("the chat %s was not reached: %s", self.name, error)

    def _frozen(self, reason: str | None) -> None:
        """Somebody else has this bot, or nobody has it any more: what comes in here must not change anything until that is over."""
        if reason is None:
            self._services.access.thaw(self.name)
        elif self.name != LOCAL_FRONT:
            # who polls the local chat has this machine's secret
            self._services.access.freeze(self.name, reason)
        self._on_trouble(reason)

    async def _on_error(self, update: object, context: ChatContext) -> None:
        log.error("an update of the chat %s failed", self.name, exc_info=context.error)

    # ---- by itself -------------------------------------------------------------------------------------------------
    async def draw_live(self) -> None:
        """Draw the cards that move; the scheduler calls this every few seconds."""
        if self.is_up:
            await self._live.round(self._router.redraw)

    async def look_around(self) -> None:
        """Who is at the door, and whether the bot is ours alone; the scheduler calls this every few seconds."""
        if self.is_up:
            self._watch.look()
            await self._visitors.round()

    async def push_status(self, chat: ChatRow) -> None:
        """The status of everything into a chat that asked for it."""
        actor = await self._services.access.actor(self.name, chat.user_id, "", chat.chat_id)
        if actor.role >= Role.VIEWER and self.is_up:
            await self._router.send(Actor(chat.user_id, "", actor.role, self.name, chat.chat_id), Show("status"), silent=True)
