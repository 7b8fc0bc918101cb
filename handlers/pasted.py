"""Keys that somebody types into a chat: they are deleted, that they are gone is checked, and nothing is taken from them."""

from __future__ import annotations

import re

from telegram import Bot
from telegram.error import BadRequest, Forbidden

RUN = re.compile(r"[A-Za-z0-9+/_-]{56,}={0,2}")
LABELLED = re.compile(
    r"(?i)\b(?:api[ _-]?key|api[ _-]?secret|secret(?:[ _-]?key)?|private[ _-]?key|passphrase)\b\s*(?:is\b)?\s*[:=]?\s*[\"']?([A-Za-z0-9+/_-]{20,}={0,2})"
)
PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
BOT_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")
HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{64,}")
SEED_LENGTHS = (12, 15, 18, 21, 24)
SEED_WORD = re.compile(r"[a-z]{3,8}")


def looks_like_key(text: str) -> bool:
    """Whether a line is, or holds, what nobody types but a key, a seed phrase or a token."""
    if PEM.search(text) or BOT_TOKEN.search(text):
        return True
    if any(_is_random(found[1]) for found in LABELLED.finditer(text)):
        return True
    if any(_is_random(found[0]) for found in RUN.finditer(text) if not _in_address(text, found.start())):
        return True
    words = text.split()
    return len(words) in SEED_LENGTHS and all(SEED_WORD.fullmatch(word) for word in words)


def _is_random(run: str) -> bool:
    """Letters and digits mixed as no word and no name is."""
    if HEX.fullmatch(run):
        return len(set(run)) >= 8
    digits = sum(character.isdigit() for character in run)
    return digits >= 3 and any(character.isalpha() for character in run) and len(set(run)) >= 10


def _in_address(text: str, start: int) -> bool:
    """Whether this stands in the middle of a web address."""
    before = text[:start]
    return "://" in before[max(before.rfind(" "), before.rfind("\n")) + 1 :]


async def delete_for_sure(bot: Bot, chat_id: int, message_id: int) -> bool:
    """Delete a message; True when it is known to be gone: the Bot API says so only when it is asked to delete it once more."""
    try:
        await bot.delete_message(chat_id, message_id)
        await bot.delete_message(chat_id, message_id)
    except BadRequest as error:
        return "not found" in str(error).lower()
    except Forbidden:
        return False
    return False
