"""Orders that wait for a price. On spot they are orders; on USD-M futures they live in a service of their own (algo orders) and become orders when they fire."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.checks import fires_above
from tests.fakes.simvenue.values import Order, OrderAsk, Refused

if TYPE_CHECKING:
    from tests.fakes.simvenue.engine import Engine

AS_ORDER = {"STOP_LOSS": "MARKET", "TAKE_PROFIT": "MARKET", "STOP_LOSS_LIMIT": "LIMIT", "TAKE_PROFIT_LIMIT": "LIMIT"}
AS_FUTURES_ORDER = {"STOP_MARKET": "MARKET", "TAKE_PROFIT_MARKET": "MARKET", "STOP": "LIMIT", "TAKE_PROFIT": "LIMIT"}


class Algo:
    """A conditional order of the futures' algo service: NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, EXPIRED or REJECTED."""

    __slots__ = ("account", "ask", "client_id", "created_ns", "history", "id", "order", "reason", "status", "triggered_ns", "updated_ns")

    def __init__(self, algo_id: int, account: str, ask: OrderAsk, now_ns: int) -> None:
        self.id = algo_id
        self.account = account
        self.ask = ask
        self.client_id = ask.client_id
        self.status = "NEW"
        self.order: Order | None = None
        self.reason = ""
        self.created_ns = self.updated_ns = now_ns
        self.triggered_ns = 0
        self.history: list[tuple[int, str]] = [(now_ns, "NEW")]

    def step(self, status: str, now_ns: int) -> None:
        self.status = status
        self.updated_ns = now_ns
        self.history.append((now_ns, status))

    def status_at(self, view_ns: int) -> str | None:
        for ns, status in reversed(self.history):
            if ns <= view_ns:
                return status
        return None


class Stops:
    """All waiting orders of a venue. Prices move in the middle of a match, so what fires is only noted then and `run` afterwards."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._orders: dict[str, dict[int, Order]] = {}
        self._algos: dict[str, dict[int, Algo]] = {}
        self.algos: dict[int, Algo] = {}
        """Every algo order there ever was, by id."""
        self.by_client: dict[tuple[str, str], Algo] = {}
        self._by_order: dict[int, Algo] = {}
        self._moved: set[str] = set()
        self._next_id = 2_000_000
        self._is_running = False

    # ---- futures ---------------------------------------------------------------------------------------------------------
    def place(self, account: Account, ask: OrderAsk) -> Algo:
        """Keep a conditional order.

        Raises
        ------
        Refused
            When it is not taken.
        """
        engine = self._engine
        market = engine.market(ask.symbol)
        if market.status != "TRADING":
            raise Refused("halted")
        if (ask.position_side == "BOTH") == account.is_hedge:
            raise Refused("position_side")
        if not ask.close_position and (ask.lots < market.min_lots or ask.lots > market.max_lots):
            raise Refused("lot_size")
        same = self.by_client.get((account.key, ask.client_id))
        if same is not None and same.status in ("NEW", "TRIGGERING"):
            raise Refused("duplicate")
        price = self._price(ask)
        if price is not None and (ask.stop_ticks <= price if fires_above(ask) else ask.stop_ticks >= price):
            raise Refused("would_trigger")
        waiting = self._algos.setdefault(ask.symbol, {})
        if sum(1 for algo in waiting.values() if algo.account == account.key) >= market.max_stops:
            raise Refused("too_many_stops")
        self._next_id += 1
        algo = Algo(self._next_id, account.key, ask, engine.now_ns)
        waiting[algo.id] = algo
        self.algos[algo.id] = algo
        self.by_client[account.key, ask.client_id] = algo
        engine.tell_algo(algo)
        return algo

    def find(self, account: Account, algo_id: int | None, client_id: str | None) -> Algo | None:
        if algo_id is not None:
            algo = self.algos.get(algo_id)
            return algo if algo is not None and algo.account == account.key else None
        return self.by_client.get((account.key, client_id or ""))

    def cancel(self, algo: Algo, status: str = "CANCELED") -> None:
        if algo.status != "NEW":
            raise Refused("unknown_order")
        self._algos[algo.ask.symbol].pop(algo.id, None)
        algo.step(status, self._engine.now_ns)
        self._engine.tell_algo(algo)

    def waiting(self, account: Account, symbol: str = "") -> list[Algo]:
        return [algo for name, algos in self._algos.items() if not symbol or name == symbol for algo in algos.values() if algo.account == account.key]

    def position_changed(self, account: Account, symbol: str, side: str) -> None:
        """Orders that close a position end with it."""
        if account.position(symbol, side).lots:
            return
        for algo in self.waiting(account, symbol):
            if algo.ask.close_position and algo.ask.position_side == side:
                self.cancel(algo, "EXPIRED")

    # ---- spot ------------------------------------------------------------------------------------------------------------
    def add_order(self, order: Order) -> None:
        self._orders.setdefault(order.symbol, {})[order.id] = order

    def drop_order(self, order: Order) -> None:
        if order.ask.stop_ticks:
            self._orders.get(order.symbol, {}).pop(order.id, None)

    # ---- firing ----------------------------------------------------------------------------------------------------------
    def moved(self, symbol: str) -> None:
        if self._orders.get(symbol) or self._algos.get(symbol):
            self._moved.add(symbol)

    def _price(self, ask: OrderAsk) -> int | None:
        if ask.working_type != "MARK_PRICE":
            return self._engine.last.get(ask.symbol)
        mark = self._engine.mark(ask.symbol)
        return int(mark / self._engine.markets[ask.symbol].tick) if mark else None

    def _fires(self, ask: OrderAsk) -> bool:
        price = self._price(ask)
        if price is None:
            return False
        return price >= ask.stop_ticks if fires_above(ask) else price <= ask.stop_ticks

    def run(self) -> None:
        """Fire what the price has reached; what fires moves the price and may fire more."""
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._moved:
                symbol = self._moved.pop()
                for order in [order for order in self._orders.get(symbol, {}).values() if self._fires(order.ask)]:
                    self._fire_order(order)
                for algo in [algo for algo in self._algos.get(symbol, {}).values() if self._fires(algo.ask)]:
                    self._fire_algo(algo)
        finally:
            self._is_running = False

    def _fire_order(self, order: Order) -> None:
        self._orders[order.symbol].pop(order.id, None)
        if not order.is_open:
            return
        order.is_working = True
        order.note(self._engine.now_ns)
        self._engine.work(order)

    def _fire_algo(self, algo: Algo) -> None:
        engine, ask = self._engine, algo.ask
        if self._algos[ask.symbol].pop(algo.id, None) is None:
            return
        account = engine.accounts[algo.account]
        algo.triggered_ns = engine.now_ns
        algo.step("TRIGGERING", engine.now_ns)
        engine.tell_algo(algo)
        lots = abs(account.position(ask.symbol, ask.position_side).lots) if ask.close_position else ask.lots
        kind = AS_FUTURES_ORDER[ask.kind]
        real = replace(
            ask, kind=kind, stop_ticks=0, lots=lots, ticks=ask.ticks if kind == "LIMIT" else 0,
            reduce_only=(ask.reduce_only or ask.close_position) and not account.is_hedge, close_position=False,
        )  # fmt: skip
        try:
            algo.order = engine.submit(account, real)
        except Refused as refused:
            algo.reason = refused.reason
            algo.step("REJECTED", engine.now_ns)
            engine.tell_algo(algo)
            return
        algo.step("TRIGGERED", engine.now_ns)
        engine.tell_algo(algo)
        if algo.order.is_open:
            self._by_order[algo.order.id] = algo
        else:
            self._finish(algo)

    def order_over(self, order: Order) -> None:
        algo = self._by_order.pop(order.id, None)
        if algo is not None:
            self._finish(algo)

    def _finish(self, algo: Algo) -> None:
        algo.step("FINISHED", self._engine.now_ns)
        self._engine.tell_algo(algo)
