"""Whatever accounts do, in whatever order: every balance is explained by the ledger, nothing is made or lost, and locks are what open orders hold."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.fakes.simvenue import MatchRule, script
from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.script import KINDS
from tests.fakes.simvenue.values import OrderAsk, Refused
from tests.fakes_tests.client import Hand

SIDES = st.sampled_from(["BUY", "SELL"])
LOTS = st.integers(1, 40)
OFFSETS = st.integers(-40, 40)
ACCOUNTS = st.sampled_from(["key", "other"])
STP = st.sampled_from(["NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH"])


class Ledger(RuleBasedStateMachine):
    """Two accounts, the house between them, scripts and outside events. `kind` and sizes come from the subclass."""

    kind = "spot"
    step = 1000
    unit = 500

    @initialize(seed=st.integers(0, 5))
    def start(self, seed: int) -> None:
        self.hand = Hand(self.kind, seed=seed)
        self.venue = self.hand.venue
        self.venue.open_account("other", "secret", {"USDT": Decimal(50_000), "BTC": Decimal(1)})
        self.engine = self.venue.engine
        self.number = 0

    def account(self, key: str) -> Account:
        return self.engine.accounts[key]

    def send(self, key: str, ask: OrderAsk) -> None:
        try:
            self.engine.submit(self.account(key), ask)
        except Refused:
            return

    @rule(key=ACCOUNTS, side=SIDES, lots=LOTS, offset=OFFSETS, tif=st.sampled_from(["GTC", "GTC", "IOC", "FOK"]), stp=STP, reduce_only=st.booleans())
    def limit(self, key: str, side: str, lots: int, offset: int, tif: str, stp: str, reduce_only: bool) -> None:
        self.number += 1
        ticks = self.venue.houses["BTCUSDT"].mid_ticks // self.step * self.step + offset * self.step // 10
        reduce_only = reduce_only and self.kind == "futures"
        self.send(key, OrderAsk("BTCUSDT", side, "LIMIT", lots * self.unit, ticks, f"c{self.number}", tif, stp=stp, reduce_only=reduce_only))

    @rule(key=ACCOUNTS, side=SIDES, lots=LOTS, by_money=st.booleans())
    def market(self, key: str, side: str, lots: int, by_money: bool) -> None:
        self.number += 1
        quote = Decimal(lots * 100) if by_money and self.kind == "spot" else Decimal(0)
        self.send(
            key, OrderAsk("BTCUSDT", side, "MARKET", 0 if quote else lots * self.unit, client_id=f"c{self.number}", quote=quote, stp="EXPIRE_MAKER")
        )

    @rule(key=ACCOUNTS, number=st.integers(0, 20))
    def cancel(self, key: str, number: int) -> None:
        account = self.account(key)
        if account.open:
            order = list(account.open.values())[number % len(account.open)]
            try:
                self.engine.cancel(account, order.symbol, order.id, None)
            except Refused:
                assert not order.is_open

    @rule(offset=OFFSETS)
    def move(self, offset: int) -> None:
        price = self.venue.houses["BTCUSDT"].mid_ticks + offset * self.step // 10
        self.venue.move("BTCUSDT", self.engine.markets["BTCUSDT"].price(price))

    @rule(kind=st.sampled_from(sorted(KINDS)), fraction=st.floats(0.1, 0.9))
    def misfortune(self, kind: str, fraction: float) -> None:
        self.engine.script.add(MatchRule(kind, fraction=fraction / 10 if kind == "slip" else fraction, delay_s=3))

    @rule(key=ACCOUNTS, what=st.sampled_from(["bust", "funding", "liquidate", "elsewhere", "transfer", "third asset"]), number=st.integers(0, 20))
    def outside(self, key: str, what: str, number: int) -> None:
        account = self.account(key)
        executions = [e for e in account.executions.get("BTCUSDT", []) if not e.is_busted]
        if what == "bust" and executions:
            script.bust(self.engine, account, executions[number % len(executions)])
        elif what == "transfer":
            script.transfer(self.engine, account, "USDT", Decimal(number))
        elif what == "third asset" and self.kind == "spot":
            account.pays_fees_in = "" if account.pays_fees_in else "BNB"
            account.post(self.engine.now_ns, "BNB", Decimal("0.01"), "transfer")
        elif self.kind == "futures" and what == "funding":
            script.pay_funding(self.engine, "BTCUSDT", Decimal("0.0003"))
        elif self.kind == "futures" and what == "liquidate":
            script.liquidate(self.engine, account, "BTCUSDT", fraction=0.5)
        elif what == "elsewhere":
            script.trade_elsewhere(self.engine, account, "BTCUSDT", "BUY" if number % 2 else "SELL", self.unit)

    @rule(seconds=st.integers(1, 5))
    def wait(self, seconds: int) -> None:
        self.hand.wait(seconds)

    # ---- what must hold ------------------------------------------------------------------------------------------------
    @invariant()
    def i1_every_balance_is_explained(self) -> None:
        for account in self.engine.accounts.values():
            assert account.unexplained() == {}

    @invariant()
    def the_ledger_is_the_fold_of_the_executions(self) -> None:
        for account in self.engine.accounts.values():
            fees: dict[str, Decimal] = {}
            for e in account.executions.get("BTCUSDT", []):
                if not e.is_busted:
                    fees[e.commission_asset] = fees.get(e.commission_asset, Decimal(0)) + e.commission
            booked: dict[str, Decimal] = {}
            busted = {str(e.id) for e in account.executions.get("BTCUSDT", []) if e.is_busted}
            for entry in account.journal:
                if entry.kind == "fee" and entry.ref not in busted:
                    booked[entry.asset] = booked.get(entry.asset, Decimal(0)) - entry.delta
            assert {a: v for a, v in fees.items() if v} == {a: v for a, v in booked.items() if v}

    @invariant()
    def i6_orders_are_what_their_executions_say(self) -> None:
        for account in self.engine.accounts.values():
            filled: dict[int, int] = {}
            for e in account.executions.get("BTCUSDT", []):
                filled[e.order.id] = filled.get(e.order.id, 0) + e.lots
            for order in account.orders.values():
                assert order.filled == filled.get(order.id, 0)
                assert [step[2] for step in order.history] == sorted(step[2] for step in order.history)
                assert (order.id in account.open) == order.is_open
                ended = [step[1] for step in order.history if step[1] not in ("NEW", "PARTIALLY_FILLED")]
                assert len(set(ended)) <= 1, "an end is for ever"

    @invariant()
    def the_book_is_sound(self) -> None:
        book = self.engine.books["BTCUSDT"]
        bid, ask = book.bids.best(), book.asks.best()
        assert bid is None or ask is None or bid < ask
        for side in (book.bids, book.asks):
            assert side.prices == sorted(side.levels)
            for ticks, level in side.levels.items():
                assert side.lots[ticks] == sum(order.left for order in level.values()) > 0

    @invariant()
    def locks_are_what_open_orders_hold(self) -> None:
        for account in self.engine.accounts.values():
            held: dict[str, Decimal] = {}
            if self.kind == "spot":
                for order in account.open.values():
                    market = self.engine.markets[order.symbol]
                    asset, amount = (
                        (market.quote, market.notional(order.ticks, order.left)) if order.side == "BUY" else (market.base, market.amount(order.left))
                    )
                    held[asset] = held.get(asset, Decimal(0)) + amount
            assert {a: v for a, v in account.locked.items() if v} == {a: v for a, v in held.items() if v}

    @invariant()
    def i2_positions_are_the_fold_of_the_executions(self) -> None:
        if self.kind != "futures":
            return
        for account in self.engine.accounts.values():
            lots = sum((e.lots if e.order.side == "BUY" else -e.lots) for e in account.executions.get("BTCUSDT", []) if not e.is_busted)
            position = account.position("BTCUSDT", "BOTH")
            assert position.lots == lots
            assert position.cost >= 0 and (position.cost == 0) == (lots == 0)
            assert position.realized == sum(e.realized for e in account.executions.get("BTCUSDT", [])) + self.bust_realized(account)

    def bust_realized(self, account: Account) -> Decimal:
        fees = {str(e.id): e.commission for e in account.executions.get("BTCUSDT", [])}
        return sum((entry.delta - fees[entry.ref] for entry in account.journal if entry.kind == "bust"), Decimal(0))


class FuturesLedger(Ledger):
    kind = "futures"
    step = 100
    unit = 5


# cases: enough for the rare ones, short enough for every change
Ledger.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
FuturesLedger.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestSpotLedger = Ledger.TestCase
TestFuturesLedger = FuturesLedger.TestCase
