"""What a refusal of the Bot API says of a chat."""

from __future__ import annotations

import pytest
from telegram.error import BadRequest

from handlers.push import unreachable


@pytest.mark.parametrize(
    ("words", "is_dead"),
    [
        ("Chat not found", True),
        ("CHAT_WRITE_FORBIDDEN", True),
        ("Not enough rights to send text messages to the chat", True),
        ("Not enough rights to send documents to the chat", False),
        ("Not enough rights to send photos to the chat", False),
    ],
)
def test_a_group_that_takes_no_files_is_not_given_up(words: str, is_dead: bool) -> None:
    """A report that is refused there must not end the alerts of that group."""
    found = unreachable(BadRequest(words))
    assert (found.is_dead, found.is_refused) == (is_dead, not is_dead)
