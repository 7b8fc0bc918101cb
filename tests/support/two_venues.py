"""`TwoVenues`: ETH-USDT at two venues that say what the test says, and configs of the executors that trade between them."""

from __future__ import annotations

from typing import Any

from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.data_types import ConnectorPair
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.model.enums import TradeType
from botcore.model.order import OrderState
from botcore.risk.limits import RiskLimits
from tests.support.bench import D, instrument
from tests.support.venue_bench import VenueBench

BUY = TradeType.BUY
HERE, THERE = "here", "there"


class TwoVenues(VenueBench):
    """ETH-USDT at two venues; both take `fee` of the notional."""

    def __init__(self, here: Any, there: Any, fee: str = "0.01", limits: RiskLimits | None = None, **rule: Any) -> None:
        super().__init__(instrument(connector=HERE, **rule), instrument(connector=THERE, **rule), price=None, limits=limits)
        self.here, self.there = self.instruments
        for venue in self.venues.values():
            venue.fee_rate = lambda pair, is_maker: D(fee)  # type: ignore[method-assign]
        self.prices(here, there)

    def prices(self, here: Any, there: Any) -> None:
        for of, price in ((self.here, here), (self.there, there)):
            bid, ask = price if isinstance(price, tuple) else (price, price)
            self.quote(bid, ask, of=of)

    def move(self, here: Any, there: Any) -> None:
        self.prices(here, there)
        self.tick()

    def at(self, name: str) -> list[Any]:
        return self.venues[name].requests

    def live_at(self, name: str) -> list[Any]:
        return self.venues[name].tracker.open_orders()

    def fill(self, order: Any, price: Any = None, amount: Any = None, fee: Any = 0) -> None:
        venue = self.venues[order.instrument.market.connector_name]
        if order.state is OrderState.PENDING_CREATE:
            venue.accept(order)
        venue.trade(order, amount, price, fee=fee)


def arbitrage(**changes: Any) -> ArbitrageExecutorConfig:
    values: dict[str, Any] = {
        "buying_market": ConnectorPair(connector_name=HERE, trading_pair="ETH-USDT"),
        "selling_market": ConnectorPair(connector_name=THERE, trading_pair="ETH-USDT"),
        "order_amount": D(1),
        "min_profitability": D("0.01"),
    }
    return ArbitrageExecutorConfig(**(values | changes))


def xemm(maker_side: TradeType = BUY, **changes: Any) -> XEMMExecutorConfig:
    """XE-1's config: the maker's market is `here`."""
    here, there = (ConnectorPair(connector_name=name, trading_pair="ETH-USDT") for name in (HERE, THERE))
    values: dict[str, Any] = {
        "buying_market": here if maker_side is BUY else there,
        "selling_market": there if maker_side is BUY else here,
        "maker_side": maker_side,
        "order_amount": D(100),
        "min_profitability": D("0.01"),
        "target_profitability": D("0.015"),
        "max_profitability": D("0.02"),
    }
    return XEMMExecutorConfig(**(values | changes))
