"""Alerts into a chat: words, a card with a way to the details, and what went wrong in terms that the sender understands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from condor.alerts.events import Own
from condor.alerts.posting import Post, Unreachable
from condor.services.panels import PanelService
from condor.users import Actor, Role
from condor.views import Notice
from handlers.alert_cards import buttons_of, post_text
from handlers.alerts import text_of
from handlers.context import Args, Context
from handlers.digest_cards import caption_of, drawing_of
from handlers.late import LatePictures
from handlers.present import Presenter
from handlers.registry import action
from handlers.report_posts import ReportPosts
from handlers.view import Outcome, Show, View

NOT_LEFT = ("ConnectTimeout", "ConnectError", "PoolTimeout", "ProxyError", "UnsupportedProtocol")
"""What the HTTP client calls failures in which nothing has left this machine."""

NOT_ALLOWED = ("chat not found", "chat_write_forbidden", "not enough rights to send text", "have no rights to send")
"""Words of a refusal that is of the chat, whatever is sent; a group that takes no pictures or files takes alerts all the same."""

Moved = Callable[[str, int, int], Awaitable[None]]
"""Front end, old number of a chat, new one."""


class Push:
    """Implements `Notifier` for one front end."""

    def __init__(self, front: str, presenter: Presenter, panels: PanelService, moved: Moved, late: LatePictures, reports: ReportPosts) -> None:
        self._front = front
        self._presenter = presenter
        self._panels = panels
        self._moved = moved
        self._late = late
        self._reports = reports

    async def send(self, post: Post) -> int:
        """Send a post as one message; returns its id.

        Raises
        ------
        Unreachable
            If it did not get through.
        """
        try:
            return await (self._reports.send(post) if self._reports.is_report(post) else self._put(post))
        except ChatMigrated as error:
            # what waits goes on to the new chat
            await self._moved(self._front, post.chat_id, error.new_chat_id)
            raise unreachable(error) from error
        except TelegramError as error:
            raise unreachable(error) from error

    async def _put(self, post: Post) -> int:
        """As a card; a digest with its picture."""
        anybody = self._anybody(post.chat_id, post.thread_id)
        panel = self._panels.fresh(anybody, "alert", {"key": post.key})
        notices = post.notices or post.doubtful
        buttons, drawing = buttons_of(notices, post.key), drawing_of(post)
        if drawing is None:
            view = View(post_text(post), buttons, is_public=all(notice.kind == Own.PRICE for notice in notices))
            panel = await self._presenter.put(panel, view, anybody, silent=post.is_silent, reply_to=post.reply_to)
        else:
            # what is critical may wait behind this one: a picture that is not there at once follows
            panel = await self._late.put(panel, View(caption_of(post), buttons, drawing=drawing), anybody, silent=post.is_silent, waits="")
        return panel.message_id

    async def edit(self, chat_id: int, message_id: int, notice: Notice) -> None:
        """Have an opening message say what it is to say now; one that is gone or too old stays as it is.

        Raises
        ------
        Unreachable
            If it is to be tried again.
        """
        anybody = self._anybody(chat_id)
        panel = await self._panels.at(anybody, message_id)
        if panel is None:
            return
        try:
            await self._presenter.change(panel, View(text_of([notice]), buttons_of([notice], int(panel.args.get("key", 0)))), anybody)
        except TelegramError as error:
            raise unreachable(error) from error

    def _anybody(self, chat_id: int, thread_id: int = 0) -> Actor:
        return Actor(0, "", Role.VIEWER, self._front, chat_id, topic_id=thread_id)


def unreachable(error: TelegramError) -> Unreachable:
    """A refusal or a silence of the Bot API as the sender understands it."""
    words = str(error).lower()
    if isinstance(error, RetryAfter):
        pause = error.retry_after
        return Unreachable(str(error), float(pause if isinstance(pause, int | float) else pause.total_seconds()))
    if isinstance(error, ChatMigrated):
        return Unreachable(str(error), is_moved=True)
    if isinstance(error, Forbidden):
        return Unreachable(str(error), is_dead=True)
    if isinstance(error, BadRequest):
        is_topic_gone = "thread not found" in words or "topic_" in words
        is_dead = any(each in words for each in NOT_ALLOWED)
        return Unreachable(str(error), is_dead=is_dead, is_topic_gone=is_topic_gone, is_refused=not is_dead)
    if isinstance(error, TimedOut | NetworkError) and not isinstance(error, InvalidToken):
        return Unreachable(str(error), may_have_arrived=_may_have_left(error))
    return Unreachable(str(error))


def _may_have_left(error: TelegramError) -> bool:
    """Whether the request may have reached the server: no answer came, and nothing says that there was no connection.

    An answer of any kind, also one of a server that is in trouble, says that it did not count.
    """
    cause = error.__cause__
    return cause is not None and type(cause).__name__ not in NOT_LEFT


@action("open")
async def open_card(ctx: Context, args: Args) -> Outcome:
    """Open a screen on a card of its own."""
    return Show(str(args["screen"]), dict(args.get("args", {})), is_new=True)
