"""A real account on the clock of a `TradingRuntime`: where it stands in the tick, and what counts as held there from the start."""

from __future__ import annotations

import dataclasses
from typing import Any

from botcore.connectors.live.account import Account
from botcore.connectors.live.doubts import BeliefRules
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.connectors.live.venue_side import VenueSide
from botcore.model.enums import TradeType
from botcore.model.events import FactKind
from botcore.model.instrument import Market
from botcore.model.records import FillRecord, HoldRecord, IntentRecord
from botcore.orders.ids import IdSource
from botcore.risk.limits import RiskLimits
from botcore.strategies.runtime import TradingRuntime
from botcore.strategies.strays import UNOWNED
from botcore.venues.line import Traded
from tests.support.bench import PERP, D, instrument, make_fill
from tests.support.lossy_venue import LossyVenue
from tests.support.paper_bench import PaperBench


class Written:
    """Records of an earlier process: one hold of a bot that does not run."""

    def __init__(self, *holds: HoldRecord) -> None:
        self._holds = list(holds)

    def intent(self, client_order_id: str) -> IntentRecord | None:
        return None

    def fills(self, client_order_id: str) -> list[FillRecord]:
        return []

    def hold(self, bot_id: str, controller_id: str, market: Market, bucket: str) -> HoldRecord | None:
        return next(
            (hold for hold in self._holds if (hold.controller_id, hold.trading_pair, hold.bucket) == (controller_id, market.trading_pair, bucket)),
            None,
        )

    def holds(self, connector_name: str) -> list[HoldRecord]:
        return [hold for hold in self._holds if hold.connector_name == connector_name]

    def owned_holds(self, connector_name: str) -> list[tuple[str, HoldRecord]]:
        return [("stopped", hold) for hold in self.holds(connector_name)]


def live_runtime(*holds: HoldRecord, known: bool = True) -> tuple[PaperBench, TradingRuntime, ExchangeConnector]:
    bench = PaperBench(instrument(connector="paper_perpetual"))
    of = instrument(connector=PERP)
    runtime = TradingRuntime(bench.clock, bench.bus, bench.source, bench.records, RiskLimits(), IdSource(start=500), stray_records=Written(*holds))
    inbox: list[Any] = []
    venue = LossyVenue(lambda: bench.clock.now_ns, inbox.append, 1)
    account = Account(D("0.0004"))
    account.set_balances({"USDT": (D(1000), D(1000))}, complete=True)
    side = VenueSide(venue, BeliefRules(), {"ETH-USDT": of} if known else {}, account)
    connector = ExchangeConnector(PERP, bench.clock, bench.bus, runtime.ids, side)
    runtime.add_live(connector)
    return bench, runtime, connector


def hold(amount: str, bucket: str = "net") -> HoldRecord:
    return HoldRecord("main", PERP, "ETH-USDT", bucket, D(amount), D(amount) * 100, D(100), D(0), D(0), D(0), D(100), False)


def test_account_and_position_keeper_are_stepped_before_requests_leave() -> None:
    bench, runtime, connector = live_runtime()
    parts = bench.clock._parts
    assert parts.index(connector) < parts.index(runtime.positions) < parts.index(runtime.dispatch)
    assert runtime.connectors[PERP] is connector


def test_holds_of_bots_that_do_not_run_are_ours_from_the_start() -> None:
    bench, _, connector = live_runtime(hold("-1.5"))
    connector.account.set_position("ETH-USDT", "net", -1500)
    assert connector.own.of(connector.instrument("ETH-USDT")).net == -1500
    bench.tick(60)
    bench.tick(60)
    kinds = bench.records.fact_kinds()
    assert FactKind.POSITION_ADJUSTED not in kinds and FactKind.POSITION_UNACCOUNTED not in kinds


def test_p3_holds_count_as_soon_as_the_rules_name_their_pair() -> None:
    """The venue did not answer while the program started: what is held there is ours all the same."""
    bench, _, connector = live_runtime(hold("-1.5"), known=False)
    bench.tick(1)
    connector._instruments["ETH-USDT"] = instrument(connector=PERP)
    bench.tick(1.5)
    assert connector.own.of(connector.instrument("ETH-USDT")).net == -1500
    bench.tick(5)
    assert connector.own.of(connector.instrument("ETH-USDT")).net == -1500


def test_stray_fill_without_an_intent_is_nobodys_hold() -> None:
    bench, runtime, connector = live_runtime()
    assert runtime.strays is not None
    of = connector.instrument("ETH-USDT")
    fill = make_fill(of, TradeType.BUY, 99, "0.5", trade_id="t1", order_id="cdr-3-4-1")
    connector.inbox += [Traded(fill), Traded(fill)]
    bench.tick()
    (record,) = [record for key, record in bench.records.holds.items() if key[0] == UNOWNED]
    assert record.net_amount_base == D("0.5")
    assert [booked.trade_id for booked, _ in bench.records.fills] == ["t1"]


def test_o18_position_of_a_stopped_bot_that_was_closed_by_hand_shrinks_its_hold_once() -> None:
    """Nobody has its market open here: it is booked at what it was bought for."""
    bench, runtime, connector = live_runtime(hold("-1.5"))
    for _ in range(300):
        connector.account.set_position("ETH-USDT", "net", 0, bench.clock.now_ns)
        bench.tick()
    (told,) = [fact for fact in bench.records.facts if fact.kind == FactKind.POSITION_ADJUSTED]
    assert (told.payload["booked_amount"], told.payload["price"]) == ("-1.500", "100.00")
    assert bench.records.holds["main", PERP, "ETH-USDT", "net"].net_amount_base == 0
    assert connector.own.of(connector.instrument("ETH-USDT")).net == 0
    assert runtime.positions in bench.clock.parts


def test_o18_loss_that_is_nobodys_is_told_once_and_nobody_is_asked_on_and_on() -> None:
    bench, runtime, connector = live_runtime()
    connector.own.hold(connector.instrument("ETH-USDT"), "net", 2_000, 10_000)
    for _ in range(300):
        connector.account.set_position("ETH-USDT", "net", 0, bench.clock.now_ns)
        bench.tick()
    assert bench.records.fact_kinds().count(FactKind.POSITION_ADJUSTED) == 1
    assert runtime.positions in bench.clock.parts


def test_r18_hold_of_a_pair_that_is_no_longer_traded_hides_no_other() -> None:
    gone = dataclasses.replace(hold("3"), trading_pair="GONE-USDT")
    _, _, connector = live_runtime(gone, hold("-1.5"))
    assert connector.own.of(connector.instrument("ETH-USDT")).net == -1500
