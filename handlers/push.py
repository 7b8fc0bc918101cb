"""Alerts into a chat: words, a card with a way to the details, and what went wrong in terms that the sender understands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from condor.notifications import Unreachable
from condor.services.panels import PanelService
from condor.users import Actor, Role
from condor.views import FactKind, Notice
from handlers.alerts import text_of
from handlers.context import Args, Context
from handlers.present import Presenter
from handlers.registry import action
from handlers.view import Button, Outcome, Show, View

Moved = Callable[[str, int, int], Awaitable[None]]
"""Front end, old number of a chat, new one."""


class Push:
    """Implements `Notifier` for one front end."""

    def __init__(self, front: str, presenter: Presenter, panels: PanelService, moved: Moved) -> None:
        self._front = front
        self._presenter = presenter
        self._panels = panels
        self._moved = moved

    async def send(self, chat_id: int, notices: Sequence[Notice], *, silent: bool) -> int:
        """Send one message for all the notices; returns its id.

        Raises
        ------
        Unreachable
            If it did not get through.
        """
        anybody = Actor(0, "", Role.VIEWER, self._front, chat_id)
        panel = self._panels.fresh(anybody, "home", {})
        try:
            panel = await self._presenter.put(panel, View(text_of(notices), _buttons(notices)), anybody, silent=silent)
        except RetryAfter as error:
            pause = error.retry_after
            raise Unreachable(str(error), float(pause if isinstance(pause, int | float) else pause.total_seconds())) from error
        except ChatMigrated as error:
            # what waits goes on to the new chat
            await self._moved(self._front, chat_id, error.new_chat_id)
            raise Unreachable(str(error), 0.0) from error
        except Forbidden as error:
            raise Unreachable(str(error), is_dead=True) from error
        except BadRequest as error:
            raise Unreachable(str(error), is_dead="chat not found" in str(error).lower()) from error
        except (InvalidToken, TelegramError) as error:
            raise Unreachable(str(error)) from error
        return panel.message_id


def _buttons(notices: Sequence[Notice]) -> tuple[tuple[Button, ...], ...]:
    """Ways on: they open cards of their own, the alert stays."""
    first = notices[0]
    row = []
    if len(notices) == 1 and first.executor_id:
        row.append(Button("🔎 Details", "open", {"screen": "executor", "args": {"id": first.executor_id, "from": "history", "back": {}}}))
    if len(notices) > 1:
        row.append(Button("📜 History", "open", {"screen": "history", "args": {}}))
    if first.bot_id and all(notice.bot_id == first.bot_id for notice in notices):
        row.append(Button("🤖 Bot", "open", {"screen": "bot", "args": {"bot": first.bot_id}}))
    if first.kind in (FactKind.PANIC_BEGUN, FactKind.PANIC_REPORT):
        row.append(Button("🛑 Panic", "open", {"screen": "panic", "args": {}}))
    if first.kind == FactKind.BALANCE_SHORT:
        row.append(Button("🪙 Missing coins", "open", {"screen": "missing", "args": {}}))
    if first.kind == FactKind.RECOVERED:
        row.append(Button("📊 Status", "open", {"screen": "status", "args": {}}))
    return (tuple(row),) if row else ()


@action("open")
async def open_card(ctx: Context, args: Args) -> Outcome:
    """Open a screen on a card of its own."""
    return Show(str(args["screen"]), dict(args.get("args", {})), is_new=True)
