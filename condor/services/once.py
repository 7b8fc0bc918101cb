"""Pages that are used once, on this machine only: what must not be typed into a chat is typed there.

A link is random, works for ten minutes and for the browser that opened it first, and is over when its form was accepted. What was sent and refused may be corrected a few
times.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from botcore.model.errors import UserError

TTL_MS = 10 * 60_000
MAX_TRIES = 5
MAX_OPEN = 20
MAX_VALUE = 4096


@dataclass(frozen=True, slots=True)
class FormField:
    """One question.

    Parameters
    ----------
    kind : str
        `secret` (never shown), `text`, `code` (digits), or `choice`.
    """

    name: str
    label: str
    kind: str = "secret"
    choices: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A page: words, questions, and one button.

    Parameters
    ----------
    submit : callable
        Given the answers; what it returns is said on the page, a UserError lets the person correct them.
    picture : str
        SVG, shown above the questions.
    """

    title: str
    words: tuple[str, ...]
    fields: tuple[FormField, ...]
    button: str
    submit: Callable[[Mapping[str, str]], Awaitable[str]] = field(repr=False)
    picture: str = field(default="", repr=False)


@dataclass(slots=True)
class _Open:
    """A link that was not used yet."""

    form: Form
    until_ms: int
    visitor: str = ""
    tries: int = 0
    is_busy: bool = False


class NotOpen(UserError):
    """The page is over, or belongs to another browser."""


class OncePages:
    """See the module.

    Parameters
    ----------
    now_ms : callable
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._open: dict[str, _Open] = {}
        self.base = ""
        """`http://127.0.0.1:PORT` once the pages are served."""

    def open(self, form: Form) -> str:
        """A link for a form."""
        self._forget_old()
        while len(self._open) >= MAX_OPEN:
            del self._open[next(iter(self._open))]
        token = secrets.token_urlsafe(32)
        self._open[token] = _Open(form, self._now_ms() + TTL_MS)
        return f"{self.base}/once/{token}"

    def is_open(self, token: str) -> bool:
        """Whether a link still leads to a page."""
        self._forget_old()
        return token in self._open

    def visit(self, token: str, visitor: str) -> tuple[Form, str]:
        """The form of a link and what its browser is known by from now on.

        Raises
        ------
        NotOpen
            If the link is over, or was opened in another browser.
        """
        page = self._page(token)
        if not page.visitor:
            page.visitor = secrets.token_urlsafe(32)
        elif not hmac.compare_digest(page.visitor.encode(), visitor.encode(errors="replace")):
            raise NotOpen("this page was opened in another browser already; ask for a new one in the chat")
        return page.form, page.visitor

    async def send(self, token: str, visitor: str, values: Mapping[str, str]) -> str:
        """Hand in the answers; the page is over when they are accepted, or were refused too often.

        Raises
        ------
        NotOpen
            As `visit` does.
        UserError
            What is wrong with the answers.
        """
        page = self._page(token)
        if not page.visitor or not hmac.compare_digest(page.visitor.encode(), visitor.encode(errors="replace")):
            raise NotOpen("this page was not opened in this browser; ask for a new one in the chat")
        if page.is_busy:
            raise UserError("the answers that were sent first are still being looked at")
        page.is_busy = True
        try:
            page.tries += 1
            said = await page.form.submit({field.name: values.get(field.name, "").strip()[:MAX_VALUE] for field in page.form.fields})
        except UserError as error:
            if page.tries >= MAX_TRIES:
                self._open.pop(token, None)
                raise NotOpen(f"{error}. That was the {MAX_TRIES}th try: ask for a new page in the chat") from None
            raise
        finally:
            page.is_busy = False
        self._open.pop(token, None)
        return said

    def _page(self, token: str) -> _Open:
        self._forget_old()
        known = next((name for name in self._open if hmac.compare_digest(name.encode(), token.encode(errors="replace"))), None)
        if known is None:
            raise NotOpen("this page was used before or is too old; ask for a new one in the chat")
        return self._open[known]

    def _forget_old(self) -> None:
        now_ms = self._now_ms()
        self._open = {token: page for token, page in self._open.items() if page.until_ms > now_ms or page.is_busy}
