"""P18: an upgrade in mid-trade is a stop of the old version and a start of the new one on the same home, through recovery and a migration."""

from __future__ import annotations

from pathlib import Path

from tests.support.instance import FAST, Instance, condor
from tests.support.resumed import FAR, FILLS, LIVE, SLOW, assert_resumed


def columns(instance: Instance) -> set[str]:
    return {row[1] for row in instance.rows("PRAGMA table_info(executors)")}


def test_p18_a_newer_version_goes_on_with_the_open_executors_and_the_older_one_refuses_what_it_wrote(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "home", FAST, NEWER=str(tmp_path / "newer")).start()
    try:
        instance.person().start_bot(changes=FAR)
        instance.person().until(lambda: any(row[2] != "0" for row in instance.rows(LIVE)), "a position", 90)
        (instance.home / "conf" / "condor.yml").write_text(SLOW)
        assert instance.stop() == 0
        before, fills = instance.rows(LIVE), instance.rows(FILLS)
        assert "of_a_later_version" not in columns(instance)

        instance.module = "tests.support.newer_program"
        instance.start()
        instance.person().wait_text("Condor is back", "pmm-btc-1")
        assert "of_a_later_version" in columns(instance)
        assert_resumed(instance, before, fills)
        assert set(fills) <= set(instance.rows(FILLS))
        assert list((instance.home / "data" / "backups").iterdir()), "the records of the old version were kept"
        assert instance.stop() == 0

        found = condor("run", "--home", str(instance.home), CONDOR_HTTP="127.0.0.1:0")
        assert found.returncode == 2 and "newer" in found.stderr and found.stderr.count("\n") == 1, found.stderr
        instance.start()
        assert instance.health()["running_bots"] == 1, "which has changed nothing"
    finally:
        instance.kill()
