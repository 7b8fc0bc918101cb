"""Taking secrets out of texts: of every line that is logged, of tracebacks, and of whatever else of ours leaves as text.

Known secrets are taken out wherever they stand, also percent-encoded or in base64; what looks like a token, a signature or a key header is taken out too, whoever it
belongs to.
"""

from __future__ import annotations

import re
import sys
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterable
from types import TracebackType
from urllib.parse import quote

from botcore.model.secret import Secret

LEAST = 8
"""Shorter texts are not looked for: they would be found everywhere."""

# in an address it stands right behind `bot`, so there is no border of a word before it
BOT_TOKEN = re.compile(r"(?<!\d)\d{6,12}(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE)
PATTERNS = (
    (BOT_TOKEN, "[token]"),
    # in URLs, in JSON and in the repr of headers
    (
        re.compile(
            r"(?i)\b(signature|api[_-]?key|api[_-]?secret|secret[_-]?key|x-mbx-apikey|listenkey|passphrase|authorization|bearer)"
            r"(\\?[\"']?\s*[=:,]\s*\\?[\"']?(?:bearer\s+)?)([A-Za-z0-9+/_.~%-]{16,}=*)"
        ),
        r"\1\2[secret]",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"), "[token]"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), "[secret]"),
)


class Redactor:
    """See the module; secrets may be made known to it at any time.

    Parameters
    ----------
    secrets : iterable of Secret or str
    """

    def __init__(self, secrets: Iterable[Secret | str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret | str) -> None:
        """Take this out from now on."""
        text = secret.reveal() if isinstance(secret, Secret) else secret
        if len(text) >= LEAST:
            forms = {text, quote(text, safe=""), b64encode(text.encode()).decode().rstrip("="), repr(text)[1:-1]}
            # the longest first: one may be part of another; a new tuple, for other threads read the old one
            self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, "[secret]")
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def watch_tracebacks(self) -> Callable[[], None]:
        """Take secrets out of the traceback that ends the process, too; until what is returned is called."""
        before = sys.excepthook

        def show(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
            sys.stderr.write(self("".join(traceback.format_exception(kind, error, where))))

        def end() -> None:
            if sys.excepthook is show:
                sys.excepthook = before

        sys.excepthook = show
        return end
