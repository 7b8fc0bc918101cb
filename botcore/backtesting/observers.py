"""What watches a backtest: the recorder that keeps what a result lists, and the probe that marks the accounts to market."""

from __future__ import annotations

from collections.abc import Callable

from mypy_extensions import mypyc_attr

from botcore.connectors.paper.exchange import PaperExchange
from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.core.bus import EventBus
from botcore.executors.info import ExecutorInfo
from botcore.model.events import ExecutorEnded, OrderFilled, PartFault
from botcore.model.market_events import BarClosed
from botcore.model.order import Fill
from botcore.model.times import MILLISECOND_NS
from botcore.strategies.runtime import TradingRuntime


@mypyc_attr(allow_interpreted_subclasses=True)
class MemoryRecorder:
    """Keeps what a result lists; durable at once, for nothing here outlives the run."""

    def __init__(self, bus: EventBus) -> None:
        self.executors: list[ExecutorInfo] = []
        self.fills: list[tuple[Fill, str]] = []
        self.faults: list[str] = []
        bus.subscribe(OrderFilled, self._on_fill)
        bus.subscribe(ExecutorEnded, self._on_executor)
        bus.subscribe(PartFault, self._on_fault)

    def flush(self, then: Callable[[], None] | None) -> None:
        if then is not None:
            then()

    def fault(self, who: str, error: Exception) -> None:
        self.faults.append(f"{who}: {type(error).__name__}: {error}")

    def _on_fault(self, fault: PartFault) -> None:
        self.faults.append(f"{fault.executor_id or fault.controller_id}: {fault.error}")

    def _on_fill(self, event: OrderFilled) -> None:
        self.fills.append((event.fill, event.order.request.executor_id))

    def _on_executor(self, event: ExecutorEnded) -> None:
        self.executors.append(event.info)


class EquityProbe:
    """Marks the accounts to market at every closed bar, in floats."""

    def __init__(self, runtime: TradingRuntime, quote: str) -> None:
        self.times_ms: list[int] = []
        self.values: list[float] = []
        self._runtime = runtime
        self._quote = quote
        self._first = next(iter(runtime.markets))
        runtime.tape.on_bar = self._on_bar

    def _on_bar(self, bar: BarClosed) -> None:
        if bar.market == self._first:
            self.mark(bar.ts_ns)

    def mark(self, now_ns: int) -> None:
        self.times_ms.append(-(-now_ns // MILLISECOND_NS))
        self.values.append(sum(self._worth(exchange) for exchange in self._runtime.exchanges.values()))

    def _worth(self, exchange: PaperExchange) -> float:
        """Quote balance, plus positions and base balances at the mid."""
        ledger = exchange.ledger
        worth = float(ledger.total(self._quote))
        if isinstance(ledger, PerpetualLedger):
            for position in ledger.positions.values():
                if position.lots:
                    instrument = position.instrument
                    half = exchange.markets[instrument.market.trading_pair].state.mid_half_ticks() or 0
                    cost = position.cost if position.lots > 0 else -position.cost
                    worth += (position.lots * half * 0.5 - cost) * instrument.tick * instrument.lot
            return worth
        for market in exchange.markets.values():
            instrument = market.state.instrument
            base = ledger.totals.get(instrument.base)
            if base and instrument.quote == self._quote:
                worth += float(base) * market.state.mid()
        return worth
