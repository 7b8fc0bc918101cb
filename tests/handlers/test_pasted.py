"""What is taken for a key that was typed into a chat, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden

from handlers.pasted import delete_for_sure, looks_like_key

HMAC_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
HEX = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIH\n-----END PRIVATE KEY-----"
SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TOKEN = "8123456789:AAF9x_canary-canary-canary-canary-c4"


@pytest.mark.parametrize(
    "text",
    [
        HMAC_KEY,
        f"binance {HMAC_KEY} {HMAC_KEY[::-1]}",
        f"/connect binance {HMAC_KEY}",
        HEX,
        PEM,
        SEED,
        TOKEN,
        "api key: 5f9c2ab77d1e4e0001b3c8aa",
        "secret=Zk3+9abQ/7xw12345678901234",
    ],
)
def test_t15_keys_seeds_and_tokens_are_known(text: str) -> None:
    assert looks_like_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BTC-USDT",
        "0.4%",
        "123456",
        "/status every 15m",
        "buy_spreads=0.001,0.002,0.003,0.004,0.005,0.006 sell_spreads=0.001,0.002,0.003",
        "what is an api key and where do I find the secret key of my account",
        "https://www.binance.com/en/support/faq/how-to-create-api-keys-on-binance-360002502072-and-more-of-it-1234567890",
        "So11111111111111111111111111111111111111112",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "a" * 80,
        "please stop the grid when it has lost more than forty dollars today or tomorrow",
    ],
)
def test_what_people_type_is_not_taken_for_a_key(text: str) -> None:
    assert not looks_like_key(text)


class Chat:
    """A chat that answers a deletion in one of the ways of the Bot API."""

    def __init__(self, *answers: Exception | bool) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def delete_message(self, chat_id: int, message_id: int) -> bool:
        self.asked += 1
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((True, BadRequest("Message to delete not found")), True),
        ((BadRequest("Message to delete not found"),), True),
        ((True, True), False),
        ((BadRequest("Message can't be deleted"),), False),
        ((Forbidden("bot is not a member of the chat"),), False),
    ],
)
async def test_s58_t15_a_message_is_gone_only_when_the_chat_says_that_it_is_not_there(answers: tuple[Any, ...], expected: bool) -> None:
    chat: Any = Chat(*answers)
    assert await delete_for_sure(chat, 1, 2) is expected
