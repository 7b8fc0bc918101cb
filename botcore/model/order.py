"""What an order is asked to be (`OrderRequest`), what it can become (`OrderState`) and what was traded (`Fill`, `Fee`)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Final

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument


class OrderState(IntEnum):
    """Where an order stands. The numbers that Strategy V2 also has are the same there; the moves are in `botcore.orders.moves`.

    UNKNOWN: the request left and no answer can be trusted; funds stay reserved until evidence resolves it.
    """

    PENDING_CREATE = 0
    OPEN = 1
    CANCELED = 3
    PARTIALLY_FILLED = 4
    FILLED = 5
    FAILED = 6
    UNKNOWN = 11
    EXPIRED = 12


TERMINAL: Final = frozenset({OrderState.CANCELED, OrderState.FILLED, OrderState.FAILED, OrderState.EXPIRED})


class Purpose(Enum):
    """Why an executor sent an order: whether it adds exposure decides what the risk gate and recovery may do with it."""

    OPEN = "open"
    TAKE_PROFIT = "take_profit"
    CLOSE = "close"
    STOP = "stop"
    """Rests at the venue at the stop loss, for the time when we are not there."""
    EXTERNAL = "external"
    """Never sent: it stands for what somebody else did to the position at the venue."""

    @property
    def adds_risk(self) -> bool:
        return self is Purpose.OPEN


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order as an executor asks for it, already in ticks and lots.

    Parameters
    ----------
    price_ticks : int, optional
        Limit price, or the trigger of a STOP_MARKET order; None for a market order.
    position_action : PositionAction
        OPEN or CLOSE on a perpetual, NIL on spot.
    bot_id, controller_id, executor_id : str
        Who asks; they travel with the intent so that a fill finds its owner after a restart.
    """

    instrument: Instrument
    trade_type: TradeType
    order_type: OrderType
    lots: int
    price_ticks: int | None = None
    position_action: PositionAction = PositionAction.NIL
    purpose: Purpose = Purpose.OPEN
    bot_id: str = ""
    controller_id: str = ""
    executor_id: str = ""


@dataclass(frozen=True, slots=True)
class Fee:
    """What a fill cost.

    Parameters
    ----------
    amount : Decimal
        In `asset`; negative for a maker's rebate.
    asset : str
        Asset that the venue took it from.
    in_quote : Decimal, optional
        The same in the instrument's quote asset, at the rate of the moment of the fill; None is "unpriced", never 0.
    """

    amount: Decimal
    asset: str
    in_quote: Decimal | None


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. The key of a fill is (connector, pair, trade_id): it is applied once, for ever, in any order state.

    Attributes
    ----------
    position_side : str
        Which position of a HEDGE account it moved, `long` or `short`, by the venue's word; '' where the venue does not say or the account nets them.
    """

    instrument: Instrument
    trade_id: str
    client_order_id: str
    trade_type: TradeType
    price_ticks: int
    lots: int
    fee: Fee
    ts_ns: int
    is_maker: bool
    position_side: str = ""

    @property
    def price(self) -> Decimal:
        return self.instrument.price(self.price_ticks)

    @property
    def amount(self) -> Decimal:
        return self.instrument.amount(self.lots)

    @property
    def notional(self) -> Decimal:
        return self.instrument.notional(self.price_ticks, self.lots)
