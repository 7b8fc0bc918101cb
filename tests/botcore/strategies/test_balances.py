"""`BalanceKeeper`: when a spot account's balance is believed against the records (R21, O18)."""

from __future__ import annotations

from decimal import Decimal as D
from types import SimpleNamespace
from typing import Any

from botcore.connectors.live.account import Account
from botcore.core.bus import EventBus
from botcore.executors.exposure import MarketExposure
from botcore.model.enums import InstrumentKind, OrderType, TradeType
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Instrument, Market
from botcore.model.order import Fee, Fill, OrderRequest
from botcore.model.times import SECOND_NS
from botcore.orders.own import OwnBooks
from botcore.orders.shortages import Shortages
from botcore.orders.tracker import OrderTracker
from botcore.strategies.balances import BalanceKeeper
from tests.support.live_rig import Owner

LAG_S = 20


def spot(pair: str) -> Instrument:
    return Instrument(Market("venue", pair), InstrumentKind.SPOT, D("0.01"), D("0.001"), D(0), D(5))


class Bench:
    """An account of a venue whose lists are `LAG_S` old at the worst, and one executor for each pair."""

    def __init__(self) -> None:
        self.name = "venue"
        self.own, self.tracker, self.shortages = OwnBooks(), OrderTracker(), Shortages()
        self.account = Account(D(0))
        self.looked = self.reconciled = self.now_s = 0
        self.facts: list[Fact] = []
        bus = EventBus()
        bus.subscribe(Fact, self.facts.append)
        self.running: list[Any] = []
        bot: Any = SimpleNamespace(bot_id="bot", holds=SimpleNamespace(of=tuple), running=self.running)
        connector: Any = self
        self.keeper = BalanceKeeper(bus, [connector], lambda: [bot])

    # ---- the connector -----------------------------------------------------------------------------------------------
    def balances_ns(self) -> int:
        return self.account.listed_ns

    def total(self, asset: str) -> D:
        return self.account.total(asset)

    def balance(self, asset: str) -> tuple[D, D]:
        return self.account.total(asset), self.account.available(asset, self.tracker.open_orders())

    def read_lag_ns(self) -> int:
        return LAG_S * SECOND_NS

    def is_settled(self) -> bool:
        return True

    def reconcile(self, now_ns: int) -> None:
        self.reconciled += 1

    def look_at_account(self) -> None:
        self.looked += 1

    # ---- what happens --------------------------------------------------------------------------------------------------
    def track(self, pair: str, side: TradeType, amount: str, name: str) -> None:
        instrument = spot(pair)
        request = OrderRequest(instrument, side, OrderType.LIMIT, instrument.lots(D(amount)), 10_000)
        self.own.sent(self.tracker.track(request, name, Owner(), self.now_s * SECOND_NS), 10_000)

    def trade(self, pair: str, amount: str, price: int = 10_000) -> None:
        """An executor of ours has bought."""
        instrument, name = spot(pair), f"cdr-{pair}-{len(self.running)}"
        self.track(pair, TradeType.BUY, amount, name)
        order = self.tracker.get(name)
        assert order is not None
        fill = Fill(instrument, name, name, TradeType.BUY, price, order.lots, Fee(D(0), "USDT", D(0)), self.now_s * SECOND_NS, False)
        self.tracker.apply_fill(name, name, price, order.lots, fill.ts_ns)
        self.own.filled(order, fill, hedge=False)
        exposure = MarketExposure(instrument.market, TradeType.BUY, D(amount), None)
        self.running.append(SimpleNamespace(id=name, controller_id="main", exposures=lambda: [exposure]))

    def list(self, **totals: str) -> None:
        """A complete list that was asked for just now."""
        self.account.set_balances({asset: (D(total), D(total)) for asset, total in totals.items()}, complete=True, ts_ns=self.now_s * SECOND_NS)

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now_s += 1
            self.keeper.on_tick(self.now_s * SECOND_NS)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(fact.kind, fact.payload["missing"]) for fact in self.facts]


def short(bench: Bench, **totals: str) -> None:
    """Lists of this content, every other second, until it must be told."""
    for _ in range(25):
        bench.list(**totals)
        bench.run(2)


def test_o18_what_is_missing_is_told_once_and_more_of_it_again() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    short(bench, ETH="0.4")
    short(bench, ETH="0.4")
    assert bench.told == [(FactKind.BALANCE_SHORT, "0.6")]
    short(bench, ETH="0.1")
    assert bench.told[1:] == [(FactKind.BALANCE_SHORT, "0.9")]
    short(bench, ETH="1")
    assert bench.told[2:] == [(FactKind.BALANCE_COVERED, "0")] and not bench.shortages


def test_r21_a_list_that_may_be_older_than_our_last_fill_proves_nothing() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    bench.list(ETH="1")
    bench.run(10)
    bench.list(ETH="0.9")
    bench.run(33)
    assert bench.reconciled == 2 and not bench.told
    # a last fill comes while it is being looked after: the lists so far may all lack it
    bench.trade("ETH-USDT", "1")
    for _ in range(LAG_S // 2):
        bench.list(ETH="1")
        bench.run(2)
    assert not bench.told
    bench.list(ETH="2")
    bench.run(10)
    assert not bench.told and not bench.shortages


def test_r21_one_word_from_before_does_not_end_a_shortage() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    short(bench, ETH="0.4")
    bench.list(ETH="1")
    bench.run(2)
    bench.list(ETH="0.4")
    bench.run(30)
    assert bench.told == [(FactKind.BALANCE_SHORT, "0.6")] and bench.shortages.proven


def test_r21_what_a_working_sell_may_have_given_away_is_not_missing() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    bench.track("ETH-USDT", TradeType.SELL, "0.6", "cdr-exit")
    short(bench, ETH="0.4")
    assert not bench.told
    short(bench, ETH="0.3")
    assert bench.told == [(FactKind.BALANCE_SHORT, "0.7")]


def test_several_pairs_of_one_asset_are_one_sum_and_what_paid_for_others_is_not_missing() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    bench.trade("ETH-EUR", "1")
    # 2 SOL at 0.3
    bench.trade("SOL-ETH", "2", price=30)
    short(bench, ETH="1.4", SOL="2")
    assert not bench.told, "0.6 ETH have become SOL"
    short(bench, ETH="1.3", SOL="2")
    assert bench.told == [(FactKind.BALANCE_SHORT, "0.1")]


def test_o12_less_than_anybody_could_trade_is_dust() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    # an order must be worth 5 USDT at 100
    short(bench, ETH="0.951")
    assert not bench.told
    short(bench, ETH="0.949")
    assert len(bench.told) == 1


def test_nothing_is_compared_before_the_balances_are_known() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    bench.run(90)
    assert not bench.told and not bench.reconciled


def test_o13_a_refusal_for_want_of_coins_stands_until_a_later_list_has_them_all_free() -> None:
    bench = Bench()
    bench.trade("ETH-USDT", "1")
    short(bench, ETH="1")
    bench.shortages.refused["ETH"] = bench.now_s * SECOND_NS
    bench.list(ETH="1")
    bench.run(LAG_S)
    assert bench.shortages.cuts("ETH"), "this list may be older than the refusal"
    bench.account.set_balances({"ETH": (D(1), D("0.4"))}, complete=True, ts_ns=(bench.now_s + 5) * SECOND_NS)
    bench.run(5)
    assert bench.shortages.cuts("ETH"), "somebody has locked most of it"
    bench.list(ETH="1")
    bench.run(5)
    assert not bench.shortages
