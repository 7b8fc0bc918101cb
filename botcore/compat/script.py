"""`StrategyV2Base` as scripts of Strategy V2 know it: asked on every tick, it decides by actions, or trades by hand.

A script runs as one decision unit of its bot (see `script_controller`): what it orders goes through executors, so its orders are written down before they leave, and
survive a restart. Its tick: events of its orders, then `on_tick`; what it asked for is carried out in the same tick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from botcore.compat.markets import MarketDict, split_hb_trading_pair, venue_of
from botcore.compat.runnable import RunnableBase
from botcore.compat.script_host import Connectors, Orchestrator, PerformanceReport, ScriptHost
from botcore.compat.script_orders import LimitOrder
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction, StoreExecutorAction
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType

NAN = Decimal("NaN")


class StrategyV2Base(RunnableBase):
    """Base of scripts; see the module.

    Parameters
    ----------
    connectors : mapping
        Connector name -> what can be read of it; handed over by the runtime.
    config : object, optional
        The script's config, where it has one.
    """

    markets: dict[str, set[str]] = {}
    closed_executors_buffer: int = 100
    max_executors_close_attempts: int = 10
    config_update_interval: int = 10
    mqtt_enabled = False

    def __init__(self, connectors: Any = None, config: Any = None) -> None:
        given = connectors if connectors is not None else Connectors({}, None)
        self._host: ScriptHost = given.host if isinstance(given, Connectors) else ScriptHost()
        self.connectors = given
        if config is not None or not hasattr(self, "config"):
            self.config = config
        self.markets = {name: set(pairs) for name, pairs in type(self).markets.items()}
        self.market_data_provider = self._host.provider
        self.controllers: dict[str, Any] = {}
        self.controller_reports: dict[str, dict[str, Any]] = {}
        self.executor_orchestrator = Orchestrator(self._host)
        self.ready_to_trade = False
        self._last_timestamp = 0.0
        self._is_stop_triggered = False

    # ---- what a script may define ----------------------------------------------------------------------------------
    @classmethod
    def update_markets(cls, config: Any, markets: MarketDict) -> MarketDict:
        return markets

    @classmethod
    def init_markets(cls, config: Any) -> None:
        """Say in `cls.markets` what is traded; without a config that says so, what the class says is taken."""
        named = config.update_markets(MarketDict()) if hasattr(config, "update_markets") else MarketDict()
        named = cls.update_markets(config, named)
        if named:
            cls.markets = {str(name): set(pairs) for name, pairs in named.items()}

    def start(self, clock: Any = None, timestamp: float = 0.0) -> None:
        """Called once before its first tick."""
        self._last_timestamp = timestamp
        self.apply_initial_setting()

    def apply_initial_setting(self) -> None:
        """Set leverage and position mode: the runtime has set those of the config."""

    def on_tick(self) -> None:
        """One tick; what the proposals say is carried out."""
        self.update_executors_info()
        if not self._is_stop_triggered:
            self.executor_orchestrator.execute_actions(self.determine_executor_actions())

    def determine_executor_actions(self) -> list[ExecutorAction]:
        return [*self.create_actions_proposal(), *self.stop_actions_proposal(), *self.store_actions_proposal()]

    def create_actions_proposal(self) -> Sequence[CreateExecutorAction]:
        return []

    def stop_actions_proposal(self) -> Sequence[StopExecutorAction]:
        return []

    def store_actions_proposal(self) -> Sequence[StoreExecutorAction]:
        """Nothing: executors that have ended are stored by the runtime."""
        return []

    def did_create_buy_order(self, order_created_event: Any) -> None: ...

    def did_create_sell_order(self, order_created_event: Any) -> None: ...

    def did_fill_order(self, order_filled_event: Any) -> None: ...

    def did_complete_buy_order(self, order_completed_event: Any) -> None: ...

    def did_complete_sell_order(self, order_completed_event: Any) -> None: ...

    def did_cancel_order(self, cancelled_event: Any) -> None: ...

    def did_fail_order(self, order_failed_event: Any) -> None: ...

    def did_expire_order(self, expired_event: Any) -> None: ...

    def did_complete_funding_payment(self, funding_payment_completed_event: Any) -> None: ...

    def did_change_position_mode_succeed(self, position_mode_changed_event: Any) -> None: ...

    def did_change_position_mode_fail(self, position_mode_changed_event: Any) -> None: ...

    # ---- time and names --------------------------------------------------------------------------------------------
    @property
    def current_timestamp(self) -> float:
        """Market time in seconds."""
        return self._host.now_s

    @staticmethod
    def is_perpetual(connector: str) -> bool:
        return "perpetual" in connector

    @property
    def active_markets(self) -> list[Any]:
        return list(self.connectors.values())

    def add_markets(self, markets: Any) -> None:
        """Nothing to do: a script's markets are open."""

    def set_leverage(self, connector: str, trading_pair: str, leverage: int) -> None:
        self.connectors[connector].set_leverage(trading_pair, leverage)

    def set_position_mode(self, connector: str, position_mode: PositionMode) -> None:
        self.connectors[connector].set_position_mode(position_mode)

    # ---- trading by hand -------------------------------------------------------------------------------------------
    def buy(
        self,
        connector_name: str,
        trading_pair: str,
        amount: Any,
        order_type: OrderType = OrderType.MARKET,
        price: Any = NAN,
        position_action: PositionAction = PositionAction.OPEN,
    ) -> str:
        """Send a buy order with this tick; gives its id."""
        return self._host.order(TradeType.BUY, connector_name, trading_pair, amount, order_type, price, position_action)

    def sell(
        self,
        connector_name: str,
        trading_pair: str,
        amount: Any,
        order_type: OrderType = OrderType.MARKET,
        price: Any = NAN,
        position_action: PositionAction = PositionAction.OPEN,
    ) -> str:
        """Send a sell order with this tick; gives its id."""
        return self._host.order(TradeType.SELL, connector_name, trading_pair, amount, order_type, price, position_action)

    def cancel(self, connector_name: str, trading_pair: str, order_id: str) -> None:
        """Take an order back with this tick."""
        self._host.cancel(order_id)

    def get_active_orders(self, connector_name: str) -> list[LimitOrder]:
        """Its limit orders there."""
        return self._host.orders.active(venue_of(connector_name), self._host.now_s)

    # ---- executors -------------------------------------------------------------------------------------------------
    def update_executors_info(self) -> None:
        host = self._host
        report = {"executors": host.executors, "positions": host.positions, "performance": host.performance()}
        self.controller_reports = {host.id: report}

    def update_controllers_configs(self) -> None:
        """Nothing to do: configs of controllers are changed in the chat."""

    def get_all_executors(self) -> list[ExecutorInfo]:
        return list(self._host.executors)

    def get_executors_by_controller(self, controller_id: str = "main") -> list[ExecutorInfo]:
        return list(self._host.executors) if controller_id in ("main", self._host.id) else []

    def get_positions_by_controller(self, controller_id: str = "main") -> list[Any]:
        return list(self._host.positions) if controller_id in ("main", self._host.id) else []

    def get_performance_report(self, controller_id: str = "main") -> PerformanceReport:
        return self._host.performance()

    def filter_executors(self, executors: Iterable[ExecutorInfo], filter_func: Callable[[ExecutorInfo], bool]) -> list[ExecutorInfo]:
        return [info for info in executors if filter_func(info)]

    @staticmethod
    def executors_info_to_df(executors_info: Sequence[ExecutorInfo]) -> Any:
        """A frame with a row for each, by status."""
        import pandas as pd

        rows = sorted((info.to_dict() for info in executors_info), key=lambda row: int(row["status"]))
        return pd.DataFrame(rows)

    # ---- for people ------------------------------------------------------------------------------------------------
    def get_candles_df(self, connector_name: str, trading_pair: str, interval: str, max_records: int = 500) -> Any:
        return self.market_data_provider.get_candles_df(connector_name, trading_pair, interval, max_records)

    def get_assets(self, connector_name: str) -> list[str]:
        return sorted({asset for pair in self.markets[connector_name] for asset in split_hb_trading_pair(pair)})

    def get_market_trading_pair_tuples(self) -> list[tuple[Any, str, str, str]]:
        """(connector, pair, base, quote) of everything that it trades."""
        return [
            (connector, pair, *split_hb_trading_pair(pair))
            for name, connector in self.connectors.items()
            for pair in sorted(self.markets.get(name, ()))
        ]

    def get_balance_df(self) -> Any:
        import pandas as pd

        rows = [
            [name, asset, float(connector.get_balance(asset)), float(connector.get_available_balance(asset))]
            for name, connector in sorted(self.connectors.items())
            if name in self.markets
            for asset in self.get_assets(name)
        ]
        return pd.DataFrame(rows, columns=["Exchange", "Asset", "Total Balance", "Available Balance"])

    def wallet_balance_data_frame(self, market_trading_pair_tuples: Iterable[Any]) -> Any:
        """A frame of the assets of some pairs."""
        import pandas as pd

        rows = [
            [connector.display_name, asset, float(connector.get_balance(asset)), float(connector.get_available_balance(asset))]
            for connector, _, base, quote in market_trading_pair_tuples
            for asset in (base, quote)
        ]
        return pd.DataFrame(rows, columns=["Exchange", "Asset", "Total Balance", "Available Balance"])

    def market_status_data_frame(self, market_trading_pair_tuples: Iterable[Any]) -> Any:
        """A frame of the best prices of some pairs."""
        import pandas as pd

        rows = []
        for connector, pair, *_ in market_trading_pair_tuples:
            bid, ask = float(connector.get_price(pair, False)), float(connector.get_price(pair, True))
            rows.append([connector.display_name, pair, bid, ask, (bid + ask) / 2])
        return pd.DataFrame(rows, columns=["Exchange", "Market", "Best Bid Price", "Best Ask Price", "Mid Price"])

    def active_orders_df(self) -> Any:
        """A frame of its orders; ValueError when there is none."""
        import pandas as pd

        rows = [
            [name, order.trading_pair, "buy" if order.is_buy else "sell", float(order.price), float(order.quantity), f"{order.age()} s"]
            for name in sorted(self.connectors)
            for order in self.get_active_orders(name)
        ]
        if not rows:
            raise ValueError("there are no active orders")
        return pd.DataFrame(rows, columns=["Exchange", "Market", "Side", "Price", "Amount", "Age"])

    def network_warning(self, market_trading_pair_tuples: Any) -> list[str]:
        return [f"  {name} is not ready." for name, connector in self.connectors.items() if not connector.ready]

    def balance_warning(self, market_trading_pair_tuples: Any) -> list[str]:
        return []

    def format_status(self) -> str:
        """Text for people: its balances and orders."""
        if not self.ready_to_trade:
            return "Market connectors are not ready."
        lines = ["Balances:", *self.get_balance_df().to_string(index=False).split("\n")]
        try:
            lines += ["Orders:", *self.active_orders_df().to_string(index=False).split("\n")]
        except ValueError:
            lines.append("No active orders.")
        return "\n".join(lines)

    def notify_hb_app(self, msg: str) -> None:
        self.logger().info("%s", msg)

    def notify_hb_app_with_timestamp(self, msg: str) -> None:
        self.logger().info("%s", msg)

    def log_with_clock(self, log_level: int, msg: str, **_ignored: Any) -> None:
        self.logger().log(log_level, "%s", msg)
