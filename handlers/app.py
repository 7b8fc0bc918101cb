"""A front end: python-telegram-bot's Application around the router, the same for Telegram and for the local chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from telegram import BotCommand, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, Defaults, MessageHandler, TypeHandler, filters
from telegram.ext import ApplicationBuilder as Builder
from telegram.request import HTTPXRequest

from condor.services.facade import Services
from condor.store.common import ChatRow
from condor.users import Actor, Role
from handlers import alert_cards
from handlers import push as push_module
from handlers.gate import ChatContext, Gate
from handlers.live import IDLE_MS, LiveCards
from handlers.polling import PollRequest, TokenRefused
from handlers.present import Presenter
from handlers.processor import ChatLocks, PerChat
from handlers.push import Push
from handlers.registry import Registry, collect
from handlers.router import Router
from handlers.screens import alerts, bots, code, executors, help, home, missing, panic, prices, says, settings, status, wizard
from handlers.view import Show

log = logging.getLogger(__name__)

UPDATES = ["message", "callback_query"]
POLL_S = 10
LIVE_SCREENS = ("bot", "executors", "executor", "panic")
RETRY_S = (1, 2, 5, 15, 30)


def build_registry() -> Registry:
    """Everything that the chat can do."""
    return collect([home, wizard, code, bots, says, status, missing, executors, alerts, prices, settings, panic, help, alert_cards, push_module])


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
        self._is_refused = False
        self._locks, self._urgent = ChatLocks(), ChatLocks()
        self._services = services
        self._application = self._build(address)
        bot = self._application.bot
        presenter = Presenter(bot, services.panels)
        self._live = LiveCards(self._locks, self._urgent, now_ms)
        self._router = Router(registry, services, presenter, self._live, now_ms)
        self.notifier = Push(name, presenter, services.panels)
        # the door stands before everything else
        self._application.add_handler(TypeHandler(object, Gate(name, services)), group=-1)
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
            .get_updates_request(PollRequest(self._polled, connection_pool_size=1, read_timeout=POLL_S + 5, httpx_kwargs=options))
            .defaults(defaults)
            .context_types(ContextTypes(context=ChatContext))
            .concurrent_updates(PerChat(self._locks, self._urgent))
            .job_queue(None)
            .build()
        )

    # ---- life ------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Connect and take updates; raises TelegramError when that is not possible now."""
        application = self._application
        await application.initialize()
        commands = [BotCommand(item.name, item.summary[:250]) for item in self._registry.commands.values()]
        await application.bot.set_my_commands(commands)
        assert application.updater is not None
        await application.updater.start_polling(timeout=POLL_S, allowed_updates=UPDATES, bootstrap_retries=-1, error_callback=self._poll_failed)
        await application.start()
        self.is_up = True
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
                self._on_trouble("Telegram refused this token (401): check CONDOR_TELEGRAM_TOKEN and start again")
                return
            except TelegramError as error:
                pause_s = RETRY_S[min(attempt, len(RETRY_S) - 1)]
                self._on_trouble(f"the chat {self.name} can't be reached ({error}); trying again every {pause_s} s")
                attempt += 1
                await asyncio.sleep(pause_s)
            else:
                self._on_trouble(None)
                return

    async def close(self) -> None:
        """Let go of the chat; what was tapped and not handled is handled at the next start."""
        if self._task is not None:
            self._task.cancel()
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
        if isinstance(error, Conflict):
            self._on_trouble("another program reads the same bot's messages (409): stop it, only one may")
        elif isinstance(error, TokenRefused):
            self._is_refused = True
            self._on_trouble("Telegram refuses the token now (401): check CONDOR_TELEGRAM_TOKEN and start again")
        else:
            log.warning("the chat %s was not reached: %s", self.name, error)

    def _polled(self) -> None:
        """Updates can be asked for: the token is taken again. Two pollers take turns, so that an answer says nothing about a second one."""
        if self._is_refused:
            self._is_refused = False
            self._on_trouble(None)

    async def _on_error(self, update: object, context: ChatContext) -> None:
        log.error("an update of the chat %s failed", self.name, exc_info=context.error)

    # ---- by itself -------------------------------------------------------------------------------------------------
    async def draw_live(self) -> None:
        """Draw the cards that move; the scheduler calls this every few seconds."""
        if self.is_up:
            await self._live.round(self._router.redraw)

    async def push_status(self, chat: ChatRow) -> None:
        """The status of everything into a chat that asked for it."""
        actor = await self._services.access.actor(self.name, chat.user_id, "", chat.chat_id)
        if actor.role >= Role.VIEWER and self.is_up:
            await self._router.send(Actor(chat.user_id, "", actor.role, self.name, chat.chat_id), Show("status"), silent=True)
