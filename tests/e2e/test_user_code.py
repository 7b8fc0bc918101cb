"""A controller file written for Hummingbot, dropped into a home that runs: asked about, configured in the wizard, traded on paper, looked at, stopped."""

from __future__ import annotations

import shutil

from tests.support.instance import Instance, condor
from tests.support.user_code import HOME


def test_a_file_that_is_dropped_into_the_home_is_approved_asked_and_trades_on_paper(instance: Instance) -> None:
    folder = instance.home / "controllers" / "generic"
    folder.mkdir(parents=True)
    shutil.copy(HOME / "controllers" / "generic" / "quick_quotes.py", folder)
    person = instance.person()
    asked = person.send("/new quick_quotes", "Let this file run?")
    assert "controllers/generic/quick_quotes.py" in asked["text"]
    person.tap("Approve")
    person.tap("Review")
    for field, text in (("trading pair:", "btc/usdt"), ("amount: 200", "500"), ("spreads:", "0.0001,0.0003")):
        person.tap("Change")
        person.tap(field)
        person.send(text, "change")
        person.tap("Review")
    person.tap("Start (paper)")
    traded = "SELECT close_type FROM v_executors WHERE close_type != '' AND CAST(volume_quote AS REAL) > 0"
    person.until(lambda: len(instance.rows(traded)) >= 3, "three executors that traded to close", 60)
    assert instance.rows("SELECT payload FROM facts WHERE kind LIKE '%fault%'") == []
    person.send("/bots", "Bots")
    person.tap("quick-btc-1")
    person.tap("Details")
    person.until(lambda: any("| level " in message["text"] and "buy_0" in message["text"] for message in person.seen.values()), "its own table", 10)
    ((bot_id,),) = instance.rows("SELECT bot_id FROM bots")
    person.send(f"/stop {bot_id}", "Stop")
    person.tap("Stop and close at market")
    person.until(lambda: instance.rows("SELECT state FROM bots") == [("stopped",)], "the bot to stop", 30)
    assert instance.stop() == 0
    done = condor("verify", "--home", str(instance.home))
    assert done.returncode == 0, done.stdout + done.stderr
