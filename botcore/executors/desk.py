"""All that an executor may do to the world, and whom it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import PositionMode
from botcore.model.order import Fill, OrderRequest
from botcore.orders.tracker import Order

if TYPE_CHECKING:
    from botcore.executors.base import ExecutorBase


class OrderDesk(Protocol):
    """Submits and cancels on behalf of one bot; every order passes the risk gate on its way."""

    bot_id: str
    paused: str
    """Why no entry of this bot may leave now; empty while it may."""

    def submit(self, request: OrderRequest, owner: Any) -> Order:
        """Send an order.

        Returns
        -------
        Order
            Tracked from now on. When it may not leave it is FAILED already, with the reason, and no event follows.
        """

    def cancel(self, order: Order) -> bool:
        """Ask to cancel; False when the order is done or was asked already."""

    def resting_entries(self) -> list[Order]:
        """Entries of all bots that are open at the venues and were not asked to be cancelled."""

    def refusal(self, request: OrderRequest, ticks: int | None) -> str | None:
        """Why the venue's rules would refuse this order as it would go out; None when they would not."""

    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        """Whether the account can pay for this order at this price; orders that are on their way count."""

    def takeable(self, request: OrderRequest) -> int:
        """Lots of a market order that the book takes within the slippage limit now."""

    def position_mode(self, connector_name: str) -> PositionMode:
        """Mode of the account."""

    def fee_rate(self, connector_name: str, trading_pair: str, *, is_maker: bool) -> Decimal | None:
        """Fee as a fraction of the notional; None while it is not known."""

    def keeps_stops(self, connector_name: str) -> bool:
        """Whether reduce-only stop orders can rest at this venue."""


class ExecutorListener(Protocol):
    """Whoever keeps the executors: told of every change that must be written down."""

    def executor_changed(self, executor: ExecutorBase[Any]) -> None: ...

    def executor_closed(self, executor: ExecutorBase[Any]) -> None: ...

    def late_fill(self, executor: ExecutorBase[Any], fill: Fill) -> None:
        """A fill came after the executor had ended: somebody must hold it."""

    def executor_told(self, executor: ExecutorBase[Any], kind: str, **values: Any) -> None:
        """Something about an executor that a person must know at once; `kind` is one of `FactKind`."""

    def executor_faulted(self, executor: ExecutorBase[Any], error: Exception) -> None: ...

    def wake_at(self, when_ns: int) -> None:
        """Ask for a tick at this time, although the market may be silent then."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all executors of one bot share: the only way to trade, the only way to look, and whom to tell."""

    desk: OrderDesk
    market_data: MarketDataProvider
    listener: ExecutorListener
