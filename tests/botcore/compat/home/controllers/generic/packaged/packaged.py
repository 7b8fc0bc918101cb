from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Optional

from controllers.generic.packaged.sums import double
from hummingbot.core.gateway.gateway_http_client import GatewayHttpClient
from hummingbot.core.utils.async_utils import safe_ensure_future
from hummingbot.logger import HummingbotLogger
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.gateway_utils import parse_provider

from . import sums

try:
    import a_module_that_nobody_has
except ImportError:
    a_module_that_nobody_has = None


@dataclass
class Seen:
    value: int
    note: Optional[str] = None


class PackagedConfig(ControllerConfigBase):
    controller_name: str = "packaged"
    connector_name: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"
    limit: Optional[int] = None


class Packaged(ControllerBase):
    _logger: Optional[HummingbotLogger] = None

    @classmethod
    def logger(cls) -> HummingbotLogger:
        if cls._logger is None:
            cls._logger = logging.getLogger(__name__)
        return cls._logger

    async def update_processed_data(self):
        from hummingbot.strategy_v2.models.base import RunnableStatus

        self.processed_data = {"seen": Seen(double(sums.double(1))), "status": RunnableStatus.RUNNING, "provider": parse_provider("orca/clmm")}
        asked = safe_ensure_future(GatewayHttpClient.get_instance().get_price("solana", "mainnet"))
        self.processed_data["gateway"] = str(asked.exception())

    def determine_executor_actions(self):
        return []
