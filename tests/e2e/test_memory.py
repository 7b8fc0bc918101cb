"""P12 in a real process: short of memory from its first moment, it sheds what can be had again, says so, and trading goes on."""

from __future__ import annotations

import re
from pathlib import Path

from condor.store.chat_store import ChatStore
from tests.support.instance import FAST, Instance


def test_p12_a_program_without_room_sheds_tells_and_goes_on(tmp_path: Path) -> None:
    instance = Instance(tmp_path, FAST + "runtime: {memory_soft_mb: 40}\n")
    (tmp_path / "data").mkdir()
    store = ChatStore(tmp_path / "data" / "chat.db")
    store.save(new_events=[{"seq": seq, "kind": "commands", "commands": [], "padding": "x" * 1000} for seq in range(1, 1_501)])
    store.close()
    try:
        person = instance.start().person()
        person.wait_text("memory is short (", "MB before caches were shed; the soft limit is 40 MB): no new bots until there is room")
        found = re.search(r"caches of about (\d+\.\d) MB were shed", (tmp_path / "logs" / "condor.log").read_text())
        assert found is not None and float(found[1]) >= 1, "all but the newest of 1.5 MB of old events"
        assert instance.health()["last_tick_age_s"] < 2
        assert instance.stop() == 0
    finally:
        instance.kill()
