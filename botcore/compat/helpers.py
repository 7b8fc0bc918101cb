"""Helpers of controllers, with the arguments and keys that files of Strategy V2 use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.controllers.base import ControllerBase, ExecutorFilter
from botcore.controllers.distributions import exact
from botcore.executors.info import ExecutorInfo


class Helpers(ControllerBase):
    """See the module."""

    positions_held: list[Any]

    def get_executors(self, executor_filter: ExecutorFilter | None = None) -> list[ExecutorInfo]:
        return self.filter_executors(executor_filter=executor_filter)

    def buy(self, connector_name: str, trading_pair: str, amount: Any, price: Any = None, *args: Any, **kwargs: Any) -> str:
        """Buy `amount` base; gives the executor's id."""
        return super().buy(connector_name, trading_pair, _amount(amount), _price(price), *args, **kwargs)

    def sell(self, connector_name: str, trading_pair: str, amount: Any, price: Any = None, *args: Any, **kwargs: Any) -> str:
        """Sell `amount` base; gives the executor's id."""
        return super().sell(connector_name, trading_pair, _amount(amount), _price(price), *args, **kwargs)

    def open_orders(
        self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: ExecutorFilter | None = None
    ) -> list[dict[str, Any]]:
        """Active executors as plain values; `amount` in base, `filled_amount` in quote."""
        return [_as_order(info) for info in self._meant(connector_name, trading_pair, executor_filter)]

    def open_positions(
        self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: ExecutorFilter | None = None
    ) -> list[dict[str, Any]]:
        """Holds as plain values; `pnl_percentage` in percent."""
        wanted = executor_filter or ExecutorFilter()
        return [
            position.as_values()
            for position in self.positions_held
            if connector_name in (None, position.connector_name)
            and trading_pair in (None, position.trading_pair)
            and (wanted.connector_names is None or position.connector_name in wanted.connector_names)
            and (wanted.trading_pairs is None or position.trading_pair in wanted.trading_pairs)
            and (wanted.sides is None or position.side in wanted.sides)
        ]


def _amount(value: Any) -> Decimal:
    """An amount as an exact number. Less than nothing is nothing, which is refused when it is sent: files whose budget is used up send such, and go on."""
    return max(exact(value), Decimal(0))


def _price(value: Any) -> Decimal | None:
    """A price as an exact number; NaN means none."""
    return None if value is None or value != value else exact(value)


def _as_order(info: ExecutorInfo) -> dict[str, Any]:
    return {
        "executor_id": info.id,
        "connector_name": info.connector_name,
        "trading_pair": info.trading_pair,
        "side": info.side,
        "amount": getattr(info.config, "amount", None),
        "price": getattr(info.config, "price", getattr(info.config, "entry_price", None)),
        "filled_amount": info.filled_amount_quote,
        "status": int(info.status),
        "net_pnl_pct": info.net_pnl_pct,
        "net_pnl_quote": info.net_pnl_quote,
        "order_ids": info.custom_info.get("order_ids", []),
        "type": info.type,
        "timestamp": info.timestamp,
        "is_trading": info.is_trading,
    }
