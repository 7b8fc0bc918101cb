"""Where the second channel may lead."""

from __future__ import annotations

from urllib.parse import urlsplit

from botcore.model.errors import ConfigError

MIN_SECRET = 16


def check_address(url: str, secret: str) -> None:
    """Raise ConfigError unless alerts may be sent there: https, or this machine, and a secret that is long enough."""
    parts = urlsplit(url)
    is_local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.scheme == "http" and not is_local):
        raise ConfigError("CONDOR_ALERT_WEBHOOK: expected an address such as https://example.org/condor; plain http is for this machine only")
    if len(secret) < MIN_SECRET:
        raise ConfigError(f"CONDOR_ALERT_WEBHOOK_SECRET: expected at least {MIN_SECRET} characters, which sign what is sent")
