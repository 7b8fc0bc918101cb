"""Time-based one-time codes (RFC 6238): six digits of HMAC-SHA1 over steps of 30 seconds, as every authenticator app makes them."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32decode, b32encode
from urllib.parse import quote, urlencode

from botcore.model.secret import Secret

STEP_S, DIGITS = 30, 6
AROUND = 1
"""How many steps a phone's clock may be off, either way."""


def new_secret() -> Secret:
    """160 bits, as the RFC asks for, in the letters that apps take."""
    return Secret(b32encode(secrets.token_bytes(20)).decode())


def code_at(secret: Secret, step: int, digits: int = DIGITS) -> str:
    """The code of one step."""
    digest = hmac.digest(b32decode(secret.reveal(), casefold=True), step.to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(secret: Secret, code: str, now_s: float) -> int | None:
    """The step whose code this is, now or just before or after; None for a wrong one."""
    present = int(now_s) // STEP_S
    found = None
    for step in range(max(0, present - AROUND), present + AROUND + 1):
        # all are compared, whichever it is: the time tells nothing
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def app_address(secret: Secret, account: str) -> str:
    """What a QR code hands to an authenticator app."""
    query = urlencode({"secret": secret.reveal(), "issuer": "Condor", "digits": DIGITS, "period": STEP_S})
    return f"otpauth://totp/{quote(f'Condor:{account}')}?{query}"
