"""A report that comes by itself: the file is made when it leaves, for whoever has asked for it and as long as they may look."""

from __future__ import annotations

from condor.alerts.events import Own
from condor.alerts.posting import Post
from condor.errors import UserError
from condor.services.facade import Services
from condor.users import Role
from handlers.alert_cards import post_text
from handlers.html import card, line
from handlers.present import Presenter

PATIENCE_S = 3.0
"""How long the curve of a page may take: what is critical may wait behind it."""


class ReportPosts:
    """Sends them through one front end."""

    def __init__(self, front: str, presenter: Presenter, services: Services) -> None:
        self._front = front
        self._presenter = presenter
        self._services = services

    @staticmethod
    def is_report(post: Post) -> bool:
        return bool(post.notices) and post.notices[0].kind == Own.REPORT

    async def send(self, post: Post) -> int:
        """Send the file, or say why there is none; returns the message's id, 0 where nobody may have it any more. Raises TelegramError as the Bot API does."""
        payload = post.notices[0].payload
        actor = await self._services.access.actor(self._front, int(payload["user_id"]), "", post.chat_id, post.thread_id)
        if actor.role < Role.VIEWER:
            return 0
        text = post_text(post)
        asked = (str(payload["mode"]), str(payload["period"]), str(payload["form"]))
        try:
            file = await self._services.data.reports.make(actor, *asked, patience_s=PATIENCE_S)
            return await self._presenter.send_file(actor, file.name, file.content, text, silent=post.is_silent)
        except UserError as error:
            return await self._presenter.tell(actor, card([text, line("⚠️ It could not be made: ", f"{error}.")]), silent=post.is_silent)
