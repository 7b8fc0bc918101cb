"""What stands behind a script: the decision unit that it is, as far as the script may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from botcore.compat.markets import venue_of
from botcore.compat.script_orders import OwnOrder, OwnOrders
from botcore.controllers.distributions import exact
from botcore.executors.data_types import ExecutionStrategy
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import ExecutorAction
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Market

ZERO, NAN = Decimal(0), Decimal("NaN")
STRATEGIES = {
    OrderType.MARKET: ExecutionStrategy.MARKET,
    OrderType.LIMIT: ExecutionStrategy.LIMIT,
    OrderType.LIMIT_MAKER: ExecutionStrategy.LIMIT_MAKER,
}


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """What a script's executors and holds come to; money in the bot's quote asset, NaN while a price or a rate is not known, `global_pnl_pct` in percent of the
    volume."""

    realized_pnl_quote: Decimal = ZERO
    unrealized_pnl_quote: Decimal = ZERO
    global_pnl_quote: Decimal = ZERO
    global_pnl_pct: Decimal = ZERO
    volume_traded: Decimal = ZERO
    close_type_counts: dict[Any, int] = field(default_factory=dict)
    positions_summary: list[Any] = field(default_factory=list)

    def dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    model_dump = dict


class ScriptHost:
    """See the module.

    Parameters
    ----------
    controller : ControllerBase, optional
        Without one, as when a script is only looked at, there are no markets, and it can't trade.

    Attributes
    ----------
    actions : list of ExecutorAction
        What the script wants to be done with this tick.
    """

    def __init__(self, controller: Any = None) -> None:
        self._controller = controller
        self.orders = OwnOrders()
        self.actions: list[ExecutorAction] = []

    @property
    def id(self) -> str:
        return "main" if self._controller is None else str(self._controller.id)

    @property
    def provider(self) -> Any:
        return None if self._controller is None else self._controller.market_data_provider

    @property
    def executors(self) -> list[ExecutorInfo]:
        return [] if self._controller is None else self._controller.executors_info

    @property
    def positions(self) -> list[Any]:
        return [] if self._controller is None else self._controller.positions_held

    @property
    def now_s(self) -> float:
        return 0.0 if self.provider is None else float(self.provider.time())

    # ---- trading ---------------------------------------------------------------------------------------------------
    def cancel(self, executor_id: str) -> None:
        """End an order early; one that was sent with this tick does not leave."""
        if self._controller is not None and self._controller.cancel(executor_id) and all(info.id != executor_id for info in self.executors):
            self.orders.drop(executor_id)

    def order(
        self,
        side: TradeType,
        connector_name: str,
        trading_pair: str,
        amount: Any,
        order_type: OrderType,
        price: Any,
        position_action: PositionAction,
    ) -> str:
        """Send an order by hand; gives its id."""
        if order_type not in STRATEGIES:
            raise ValueError(f"expected a MARKET, LIMIT or LIMIT_MAKER order, found {order_type.name}")
        connector_name = venue_of(connector_name)
        exact_amount = exact(amount)
        exact_price = NAN if price is None or price != price else exact(price)
        if self._controller is None:
            raise RuntimeError("this script belongs to no bot: it can't trade")
        leverage, _ = self._controller.config.perpetual_settings().get(Market(connector_name, trading_pair), (1, None))
        is_market = order_type is OrderType.MARKET
        send = self._controller.buy if side is TradeType.BUY else self._controller.sell
        executor_id: str = send(
            connector_name,
            trading_pair,
            exact_amount,
            None if is_market or exact_price.is_nan() else exact_price,
            execution_strategy=STRATEGIES[order_type],
            leverage=leverage,
            position_action=position_action,
        )
        order = OwnOrder(connector_name, trading_pair, side, order_type, exact_amount, exact_price, self.now_s, leverage, position_action.name)
        self.orders.add(executor_id, order)
        return executor_id

    # ---- reports ---------------------------------------------------------------------------------------------------
    def performance(self) -> PerformanceReport:
        """What its executors and holds come to now: the bot's own report, so that asking costs what has changed."""
        report = None if self._controller is None else self._controller.earned_report()
        if report is None:
            return PerformanceReport()
        return PerformanceReport(
            _known(report.realized_pnl_quote),
            _known(report.unrealized_pnl_quote),
            _known(report.global_pnl_quote),
            _known(report.global_pnl_pct),
            _known(report.volume_traded),
            dict(report.close_type_counts),
            list(self.positions),
        )


def _known(value: Decimal | None) -> Decimal:
    return NAN if value is None else value


class Connectors(dict[str, Any]):
    """Connector name -> what can be read of it, and whose they are."""

    def __init__(self, found: dict[str, Any], host: ScriptHost | None) -> None:
        super().__init__(found)
        self.host = host if host is not None else ScriptHost()


class Orchestrator:
    """`executor_orchestrator` of a script: its actions are carried out with this tick."""

    def __init__(self, host: ScriptHost) -> None:
        self._host = host

    def execute_action(self, action: ExecutorAction) -> None:
        self.execute_actions([action])

    def execute_actions(self, actions: Iterable[ExecutorAction]) -> None:
        self._host.actions += [action for action in actions if action is not None]

    def get_all_reports(self) -> dict[str, dict[str, Any]]:
        host = self._host
        return {host.id: {"executors": host.executors, "positions": host.positions, "performance": host.performance()}}

    def get_executors_report(self) -> dict[str, list[ExecutorInfo]]:
        return {self._host.id: list(self._host.executors)}

    def get_positions_report(self) -> dict[str, list[Any]]:
        return {self._host.id: list(self._host.positions)}

    def generate_performance_report(self, controller_id: str = "main") -> PerformanceReport:
        return self._host.performance()

    def generate_global_performance_report(self) -> PerformanceReport:
        return self._host.performance()

    @property
    def active_executors(self) -> ByController:
        return ByController({self._host.id: [info for info in self._host.executors if info.is_active]})

    @property
    def executors(self) -> ByController:
        """All of them, as older scripts show them."""
        return ByController({self._host.id: [ShownExecutor(info) for info in self._host.executors]})


class ByController(dict[str, list[Any]]):
    """Controller -> its executors; a script calls itself `main`."""

    def __missing__(self, name: str) -> list[Any]:
        if name != "main":
            raise KeyError(name)
        return next(iter(self.values()))


class ShownExecutor:
    """An executor that can say in a line how it is."""

    def __init__(self, info: ExecutorInfo) -> None:
        self._info = info

    def __getattr__(self, name: str) -> Any:
        return getattr(self._info, name)

    def to_format_status(self, *_unused: Any, **_ignored: Any) -> str:
        info = self._info
        ended = f", {info.close_type.name}" if info.close_type is not None else ""
        return f"{info.type} {info.id}: {info.status.name}{ended}, {info.net_pnl_quote} after {info.cum_fees_quote} of fees, {info.filled_amount_quote} traded"
