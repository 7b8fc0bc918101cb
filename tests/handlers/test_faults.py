"""What is said of a fault of ours: to the person, and to the owner."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from condor.errors import CondorError
from condor.redaction import Redactor
from handlers.faults import NOTHING, Faults


@pytest.mark.asyncio
async def test_known_secrets_are_taken_out_of_what_a_fault_says() -> None:
    said: list[str] = []

    async def owner_chats(front: str) -> list[int]:
        return [5]

    async def say(chat_id: int, text: str) -> None:
        said.append(text)

    access: Any = SimpleNamespace(owner_chats=owner_chats)
    presenter: Any = SimpleNamespace(say=say)
    faults = Faults(access, presenter, Redactor(["correct horse"]), lambda: 0)
    told = await faults.report("telegram", "/keys", CondorError(f"{'x' * 70} correct horse is no passphrase"), had_effect=False)
    (owners,) = said
    assert NOTHING in told and "reference" in owners
    for text in (told, owners):
        assert "correct" not in text and "horse" not in text
