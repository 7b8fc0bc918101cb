"""`LPExecutor`: a liquidity position at an AMM pool. Its venue is the Gateway; where none is configured it ends at its start and says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from botcore.executors.base import ExecutorBase
from botcore.executors.exposure import MarketExposure
from botcore.executors.lp.config import NO_GATEWAY, LPExecutorConfig
from botcore.model.enums import CloseType
from botcore.model.events import OrderEvent
from botcore.model.order import Fill

ZERO: Final = Decimal(0)


class LPExecutor(ExecutorBase[LPExecutorConfig]):
    """Refused at its start: it never runs, sends no order and holds nothing."""

    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        return CloseType.FAILED, NO_GATEWAY

    def on_tick(self, now_ns: int) -> None:
        """It never runs."""

    def on_order(self, event: OrderEvent) -> None:
        """It never sends an order."""

    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        if not self.is_closed:
            self._end(now_ns, CloseType.EARLY_STOP)

    def abandon(self, now_ns: int, reason: str, close_type: CloseType | None = None) -> None:
        if not self.is_closed:
            self._end(now_ns, close_type or CloseType.FAILED, reason)

    def exposures(self) -> list[MarketExposure]:
        return []

    def held_fills(self) -> list[Fill]:
        return []

    def net_pnl_quote(self) -> Decimal:
        return ZERO

    def net_pnl_pct(self) -> Decimal:
        return ZERO

    def cum_fees_quote(self) -> Decimal:
        return ZERO

    def filled_amount_quote(self) -> Decimal:
        return ZERO

    def custom_info(self) -> dict[str, Any]:
        config = self.config
        return {
            "level_id": config.level_id,
            "side": config.side,
            "pool_address": config.pool_address,
            "lower_price": config.lower_price,
            "upper_price": config.upper_price,
            "order_ids": [],
            "reason": self.info.reason,
        }
