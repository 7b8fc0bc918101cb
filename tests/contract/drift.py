"""`make drift`: the same calls to Telegram's own Bot API and to our local one, and where the forms of their answers differ (telegram.md 6.4).

Opt-in, for it needs the network and a bot of one's own for tests: `CONDOR_DRIFT_TOKEN` is its token, `CONDOR_DRIFT_CHAT` a private chat with it. Texts of errors are
compared word by word, everything else by the names and kinds of its values. What only Telegram has is listed too: most of it is not needed here, and a name that the library
begins to need shows there first.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, FormData

from tests.support.served_chat import png, served_chat

TELEGRAM = "https://api.telegram.org"
LOCAL_CHAT = 1
KEYS = json.dumps({"inline_keyboard": [[{"text": "a", "callback_data": "v1:a"}, {"text": "c", "copy_text": {"text": "x"}}]]})
COMMANDS = json.dumps([{"command": "start", "description": "home"}])
ALBUM = json.dumps([{"type": "photo", "media": "attach://one"}, {"type": "photo", "media": "attach://two"}])
PICTURE = json.dumps({"type": "photo", "media": "attach://one"})


@dataclass
class Known:
    """What later calls need of earlier answers."""

    chat_id: int
    ids: dict[str, int] = field(default_factory=dict)
    file_id: str = ""

    def learn(self, name: str, answer: dict[str, Any]) -> None:
        result = answer.get("result")
        if isinstance(result, dict) and "message_id" in result:
            self.ids[name] = result["message_id"]
            if result.get("photo"):
                self.file_id = result["photo"][-1]["file_id"]


@dataclass(frozen=True)
class Step:
    """One call: its name in the list of differences, method, parameters, and files by the names of their parts."""

    name: str
    method: str
    params: Callable[[Known], dict[str, Any]] = lambda known: {}
    files: tuple[str, ...] = ()


def to_chat(**values: Any) -> Callable[[Known], dict[str, Any]]:
    return lambda known: {"chat_id": known.chat_id, **values}


def of_message(message: str, **values: Any) -> Callable[[Known], dict[str, Any]]:
    return lambda known: {"chat_id": known.chat_id, "message_id": known.ids.get(message, 0), **values}


STEPS = (
    Step("who", "getMe"),
    Step("chat", "getChat", to_chat()),
    Step("webhook", "getWebhookInfo"),
    Step("commands set", "setMyCommands", lambda known: {"commands": COMMANDS}),
    Step("commands", "getMyCommands"),
    Step("commands gone", "deleteMyCommands"),
    Step("busy", "sendChatAction", to_chat(action="typing")),
    Step("text", "sendMessage", to_chat(text="🚀 <b>up</b> <code>a</code>", parse_mode="HTML", reply_markup=KEYS)),
    Step(
        "reply", "sendMessage", lambda known: {**to_chat(text="so")(known), "reply_parameters": json.dumps({"message_id": known.ids.get("text", 0)})}
    ),
    Step("broken markup", "sendMessage", to_chat(text="<b>open", parse_mode="HTML")),
    Step("no text", "sendMessage", to_chat(text="")),
    Step("long text", "sendMessage", to_chat(text="x" * 4097)),
    Step("long button", "sendMessage", to_chat(text="x", reply_markup=KEYS.replace("v1:a", "d" * 65))),
    Step("edit", "editMessageText", of_message("text", text="two", reply_markup=KEYS)),
    Step("same edit", "editMessageText", of_message("text", text="two", reply_markup=KEYS)),
    Step("edit of nothing", "editMessageText", to_chat(message_id=999_999_999, text="x")),
    Step("keyboard", "editMessageReplyMarkup", of_message("text")),
    Step("pin", "pinChatMessage", of_message("text", disable_notification="true")),
    Step("unpin", "unpinChatMessage", of_message("text")),
    Step("photo", "sendPhoto", to_chat(caption="<i>chart</i>", parse_mode="HTML"), ("photo",)),
    Step("file", "getFile", lambda known: {"file_id": known.file_id}),
    Step("text into a photo", "editMessageText", of_message("photo", text="x")),
    Step("caption", "editMessageCaption", of_message("photo", caption="new")),
    Step("other picture", "editMessageMedia", of_message("photo", media=PICTURE), ("one",)),
    Step("document", "sendDocument", to_chat(), ("document",)),
    Step("album", "sendMediaGroup", to_chat(media=ALBUM), ("one", "two")),
    Step("old tap", "answerCallbackQuery", lambda known: {"callback_query_id": "1"}),
    Step("delete", "deleteMessage", of_message("text")),
    Step("delete again", "deleteMessage", of_message("text")),
    Step("unknown method", "sendNothing"),
)


def form_of(value: Any) -> Any:
    """Names and kinds of what an answer holds; of a list, what its items have together."""
    if isinstance(value, dict):
        return {name: form_of(item) for name, item in value.items()}
    if isinstance(value, list):
        found: dict[str, Any] = {}
        for item in value:
            found.update(form_of(item) if isinstance(item, dict) else {"item": form_of(item)})
        return [found]
    return type(value).__name__


def differences(theirs: Any, ours: Any, where: str) -> Iterator[str]:
    """Where two forms differ, in words."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted(theirs.keys() | ours.keys()):
            place = f"{where}.{name}"
            if name not in ours:
                yield f"{place}: only Telegram has it"
            elif name not in theirs:
                yield f"{place}: only the local chat has it"
            else:
                yield from differences(theirs[name], ours[name], place)
    elif isinstance(theirs, list) and isinstance(ours, list):
        yield from differences(theirs[0], ours[0], f"{where}[]")
    elif theirs != ours:
        yield f"{where}: {theirs!r} at Telegram, {ours!r} here"


def compared(answer: dict[str, Any]) -> Any:
    """What of an answer is held against the other one: of an error its words."""
    return form_of(answer) if answer.get("ok") else {name: answer.get(name) for name in ("ok", "error_code", "description")}


async def answers(root: str, token: str, chat_id: int) -> dict[str, dict[str, Any]]:
    """Step -> answer, all steps in their order."""
    known, found = Known(chat_id), dict[str, dict[str, Any]]()
    async with ClientSession(trust_env=root == TELEGRAM) as session:
        for step in STEPS:
            form = FormData()
            for name, value in step.params(known).items():
                form.add_field(name, str(value))
            for number, name in enumerate(step.files):
                content, kind = (b"a,b\n1,2\n", "a.csv") if name == "document" else (png(20 + number, 10), "a.png")
                form.add_field(name, content, filename=kind)
            async with session.post(f"{root}/bot{token}/{step.method}", data=form) as response:
                found[step.name] = await response.json()
            known.learn(step.name, found[step.name])
    return found


def compare(theirs: dict[str, dict[str, Any]], ours: dict[str, dict[str, Any]]) -> list[str]:
    """All differences of two runs."""
    return [words for step in STEPS for words in differences(compared(theirs[step.name]), compared(ours[step.name]), step.name)]


async def drift(token: str, chat_id: int) -> list[str]:
    """Differences between Telegram and our server now."""
    with tempfile.TemporaryDirectory() as folder:
        async with served_chat(Path(folder)) as served:
            ours = await answers(served.root, served.web.bot_token, LOCAL_CHAT)
    return compare(await answers(TELEGRAM, token, chat_id), ours)


def main() -> int:
    token, chat = os.environ.get("CONDOR_DRIFT_TOKEN", ""), os.environ.get("CONDOR_DRIFT_CHAT", "")
    if not token or not chat.lstrip("-").isdecimal():
        print(
            "expected CONDOR_DRIFT_TOKEN (of a bot for tests) and CONDOR_DRIFT_CHAT (the number of a private chat with it) in the environment",
            file=sys.stderr,
        )
        return 2
    found = asyncio.run(drift(token, int(chat)))
    print("\n".join(found) or "the local chat answers in the form of Telegram")
    return 1 if any(not words.endswith("only Telegram has it") for words in found) else 0


if __name__ == "__main__":
    sys.exit(main())
