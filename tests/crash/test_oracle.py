"""The judge of the crash suite finds what it is for, and a power cut takes what it should."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections import Counter
from decimal import Decimal as D
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botcore.model.events import FactKind
from botcore.recorder import tables
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import Write
from condor.store.epoch import claim_epoch
from tests.crash.oracle import judge_exits, judge_running, judge_words, unbooked
from tests.crash.power import cut_power
from tests.crash.rounds import draw
from tests.simulation.ledger import VenueOrder, VenueTrade

NAME = "cdr-1-5-1"


def books(filled: str = "1", arrived_ns: int = 20) -> Any:
    order = VenueOrder(NAME, "ETH-USDT", "BUY", D(1), D(filled), False, arrived_ns)
    trade = VenueTrade("7", NAME, "ETH-USDT", "BUY", D(100), D(filled), D(0), "USDT")
    return SimpleNamespace(name="binance", orders=lambda: [order], trades=lambda: [trade])


def records(**changes: Any) -> Any:
    intent = {"amount": "1", "created_ns": 10, "purpose": "open"}
    values: dict[str, Any] = {"intents": {"cdr-1-5": intent}, "fills": {}, "facts": Counter(), "told_facts": [], "outbox": []}
    return SimpleNamespace(**(values | changes))


def breaches(judge: Any, *given: Any) -> list[str]:
    found: list[str] = []
    judge(*given, lambda invariant, text: found.append(invariant))
    return found


def test_an_order_without_or_before_its_intent_and_one_that_traded_twice_are_found() -> None:
    assert breaches(judge_running, records(), [books()]) == []
    assert breaches(judge_running, records(intents={}), [books()]) == ["I4"]
    assert breaches(judge_running, records(), [books(arrived_ns=9)]) == ["I4"]
    assert breaches(judge_running, records(), [books(filled="1.1")]) == ["I3"]


def test_an_execution_that_is_not_booked_is_found() -> None:
    assert len(unbooked(records(), [books()])) == 1
    assert unbooked(records(fills={("binance", "ETH-USDT", "7"): {}}), [books()]) == []


def test_an_exit_sent_beside_the_stop_is_found_and_two_that_rested_are_not() -> None:
    def closed(**amounts: str) -> Any:
        names = {purpose: f"cdr-1-{number}" for number, purpose in enumerate(amounts)}
        intents = {names[purpose]: {"purpose": purpose} for purpose in amounts}
        fills = {purpose: {"executor_id": "x", "client_order_id": f"{names[purpose]}-1", "amount": amount} for purpose, amount in amounts.items()}
        return records(intents=intents, fills=fills, facts=Counter({(FactKind.OVER_CLOSED, "x"): 1}))

    assert breaches(judge_exits, closed(open="1", stop="1", close="1")) == ["O20"]
    assert breaches(judge_exits, closed(open="1", stop="1", take_profit="1", close="1")) == []


def words(*told: tuple[int, str, int | None], messages: dict[int, str], kills: int = 0) -> list[str]:
    kind = FactKind.EXECUTOR_CLOSED
    facts = [{"event_id": event, "kind": kind, "payload": "{}"} for event in sorted({event for event, _, _ in told})]
    outbox = [
        {"event_id": event, "state": state, "message_id": number, "severity": "info", "notice": json.dumps({"kind": kind})}
        for event, state, number in told
    ]
    return breaches(judge_words, records(told_facts=facts, outbox=outbox), messages, kills)


def test_what_was_told_never_twice_or_in_the_wrong_order_is_found() -> None:
    one, two = "▼ b closed · STOP_LOSS · -$1", "2 executors closed · 3"
    assert words((1, "sent", 5), (2, "sent", 6), messages={5: one, 6: one}) == []
    assert words((1, "sent", 5), (2, "sent", 5), messages={5: two}) == []
    assert words((1, "sent", 5), (2, "sent", 5), messages={5: one}) == ["I9"]
    assert words((1, "queued", None), messages={}) == ["I9"]
    assert words((1, "sent", 5), messages={}) == ["I9"]
    assert words((1, "sent", 6), (2, "sent", 5), messages={5: one, 6: one}) == ["I9"]
    assert words((1, "sent", 5), (1, "sent", 5), messages={5: two}) == ["I9"]
    assert words((1, "sent", 6), messages={5: one, 6: one}) == ["I9"]
    assert words((1, "sent", 6), messages={5: one, 6: one}, kills=1) == []
    # nobody hears of this one unless he has asked for it; of the other one he does
    untold = [{"event_id": 1, "kind": FactKind.POSITION_FILLED, "payload": "{}"}]
    assert breaches(judge_words, records(told_facts=untold, outbox=[]), {}, 0) == []
    assert breaches(judge_words, records(told_facts=[{**untold[0], "kind": FactKind.POSITION_OPENED}], outbox=[]), {}, 0) == ["I9"]


def test_p2_a_power_cut_takes_the_commit_that_nobody_knew_to_be_synced(tmp_path: Path) -> None:
    data = tmp_path / "home" / "data"
    data.mkdir(parents=True)
    database = data / "condor.db"
    migrate(database)
    epoch = claim_epoch(data / "epoch", database, "boot", lambda below: 1)
    journal = Journal(database, lambda call: call(), mark=epoch.mark)
    for number in range(5):
        done = threading.Event()
        journal.commit([Write(tables.runtime, {"key": f"k{number}", "value": "1"})], done.set)
        assert done.wait(10)
    # a sixth is written, and the process dies before it knows
    epoch.mark.reached(4)
    copy = tmp_path / "dead"
    shutil.copytree(tmp_path / "home", copy)
    journal.close()
    epoch.mark.close()
    cut = cut_power(copy)
    assert (cut.commits, cut.survived) == (1, commits(copy))
    connection = sqlite3.connect(copy / "data" / "condor.db")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = {row[0] for row in connection.execute("SELECT key FROM runtime WHERE key LIKE 'k%'")}
    finally:
        connection.close()
    assert kept == {"k0", "k1", "k2", "k3"}
    assert cut_power(copy).commits == 0


def test_p2_a_second_power_cut_spares_what_the_first_one_did(tmp_path: Path) -> None:
    """The process between the two dies before it has corrected the count, which fell back to the last synced one."""
    data = tmp_path / "home" / "data"
    data.mkdir(parents=True)
    migrate(data / "condor.db")
    epoch = claim_epoch(data / "epoch", data / "condor.db", "boot", lambda below: 1)
    journal = Journal(data / "condor.db", lambda call: call(), mark=epoch.mark)
    for number in range(5):
        journal.commit([Write(tables.runtime, {"key": f"k{number}", "value": "1"})])
    journal.run(lambda connection: None).result(10)
    copy = tmp_path / "dead"
    shutil.copytree(tmp_path / "home", copy)
    journal.close()
    epoch.mark.close()
    first = cut_power(copy)
    assert first.commits == 0 and first.survived == commits(copy) >= 2
    forgetful = Path(shutil.copytree(copy, tmp_path / "forgetful"))
    assert cut_power(forgetful).commits == first.survived, "the count alone says that nothing of it was synced"
    assert cut_power(copy, first.survived).commits == 0 and commits(copy) == first.survived


def commits(home: Path) -> int:
    connection = sqlite3.connect(f"file:{home / 'data' / 'condor.db'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT value FROM runtime WHERE key = 'commits'").fetchone()[0])
    finally:
        connection.close()


def test_a_seed_draws_the_same_rounds_and_all_kinds_of_them() -> None:
    rounds = [draw(3, number, longest_s=4.0) for number in range(400)]
    assert rounds == [draw(3, number, longest_s=4.0) for number in range(400)]
    assert any(one.freeze_s for one in rounds) and any(one.cuts_power for one in rounds) and any(one.in_start for one in rounds)
    assert len({values.get("kind", verb) for one in rounds for _, verb, values in one.faults}) >= 10
