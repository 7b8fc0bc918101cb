"""Reply markup: what keyboards may be, and what they look like to the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from condor.localchat.errors import bad_request

MAX_DATA_BYTES = 64
MAX_BUTTONS = 100
MAX_ROW = 8
STYLES = ("danger", "success", "primary")


def check_markup(markup: dict[str, Any] | None) -> dict[str, Any] | None:
    """A reply markup as Telegram would store it; only inline keyboards stay with a message.

    Raises
    ------
    BotApiError
        BUTTON_DATA_INVALID and its like.
    """
    if not markup:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        if asks(markup):
            return None
        raise bad_request("object expected as reply markup")
    if not (isinstance(rows, list) and all(isinstance(row, list) and all(isinstance(button, dict) for button in row) for row in rows)):
        raise bad_request("can't parse reply keyboard markup JSON object")
    cleaned = [[_button(button) for button in row] for row in rows if row]
    if sum(len(row) for row in cleaned) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in cleaned):
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": cleaned} if cleaned else None


def keyboard_of(markup: Any, message_id: int) -> dict[str, Any] | None:
    """What a reply markup asks of whoever writes next: rows of lines to tap, or a reply to its message; None when it takes that away.

    Raises
    ------
    BotApiError
        If the rows are not rows of texts.
    """
    placeholder = str(markup.get("input_field_placeholder", ""))[:64]
    if markup.get("force_reply"):
        return {"type": "reply", "message_id": message_id, "placeholder": placeholder}
    if "keyboard" not in markup:
        return None
    rows = [[_line(button) for button in row] for row in _rows(markup["keyboard"]) if row]
    if not rows:
        raise bad_request("reply markup is empty")
    return {"type": "lines", "rows": rows, "once": bool(markup.get("one_time_keyboard")), "placeholder": placeholder}


def asks(markup: Any) -> bool:
    """Whether a reply markup is about what is written next, not about its own message."""
    return isinstance(markup, dict) and any(key in markup for key in ("keyboard", "remove_keyboard", "force_reply"))


def _rows(rows: Any) -> list[list[Any]]:
    if not (isinstance(rows, list) and all(isinstance(row, list) for row in rows)):
        raise bad_request("can't parse reply keyboard markup JSON object")
    return rows


def _line(button: Any) -> str:
    """A button of a reply keyboard is its text, which is what a tap on it says."""
    text = str(button.get("text", "") if isinstance(button, dict) else button).strip()
    if not text:
        raise bad_request("can't parse keyboard button: button text must be non-empty")
    return text


def _button(button: dict[str, Any]) -> dict[str, Any]:
    text = str(button.get("text", "")).strip()
    if not text:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if button.get("style", STYLES[0]) not in STYLES:
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    if "callback_data" in button:
        if not 1 <= len(str(button["callback_data"]).encode()) <= MAX_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    elif "url" in button:
        _check_url(str(button["url"]))
    elif "copy_text" in button:
        copied = button["copy_text"]
        if not isinstance(copied, dict) or not 1 <= len(str(copied.get("text", ""))) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    else:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    return {**button, "text": text}


def _check_url(url: str) -> None:
    """Telegram refuses addresses that only mean something on one machine."""
    wrong = bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https", "tg") or (
        parts.scheme != "tg" and ("." not in host or (host.replace(".", "").isdigit() and host.startswith("127.")))
    ):
        raise wrong


def buttons_of(markup: dict[str, Any] | None) -> list[list[dict[str, Any]]]:
    """Rows of buttons for the page: text, kind, style, and what it needs."""
    rows = []
    for row in (markup or {}).get("inline_keyboard", []):
        shown = []
        for button in row:
            kind = "url" if "url" in button else "copy" if "copy_text" in button else "callback"
            item: dict[str, Any] = {"text": button["text"], "kind": kind}
            if "style" in button:
                item["style"] = button["style"]
            if kind == "url":
                item["url"] = button["url"]
            elif kind == "copy":
                item["copy"] = button["copy_text"]["text"]
            shown.append(item)
        rows.append(shown)
    return rows
