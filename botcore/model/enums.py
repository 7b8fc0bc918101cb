"""The closed vocabularies of Strategy V2, with the values that its YAML files use.

Two kinds stand here: words of the market (side, order type, position mode) and words of an executor's life (status, close type). Numbers are
those of Strategy V2, so that `side: 1`, `side: BUY` and `side: TradeType.BUY` in a file all mean the same (see `parse_enum`).
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TypeVar

E = TypeVar("E", bound=Enum)


class TradeType(Enum):
    """Side of an order: BUY pays quote for base, SELL the reverse. RANGE is a two-sided liquidity position."""

    BUY = 1
    SELL = 2
    RANGE = 3

    sign: int
    """+1 for BUY, -1 for SELL: the direction in which a fill moves the position. It is looked at with every order: a value, not a question."""

    def __init__(self, value: int) -> None:
        self.sign = 1 if value == 1 else -1

    @property
    def opposite(self) -> TradeType:
        return TradeType.SELL if self is TradeType.BUY else TradeType.BUY


class OrderType(Enum):
    """MARKET takes what stands in the book; LIMIT takes up to its price, then rests; LIMIT_MAKER rests or is refused.

    STOP_MARKET waits at the venue until the market touches its trigger and is a market order then; executors send it, configs don't.
    """

    MARKET = 1
    LIMIT = 2
    LIMIT_MAKER = 3
    STOP_MARKET = 21

    is_limit: bool

    def __init__(self, value: int) -> None:
        self.is_limit = value in (2, 3)

    def is_limit_type(self) -> bool:
        """As `is_limit`, under the name of Strategy V2."""
        return self.is_limit


class PositionAction(Enum):
    """What a perpetual's order does to the position: OPEN adds, CLOSE only reduces, NIL says nothing (spot)."""

    OPEN = "OPEN"
    CLOSE = "CLOSE"
    NIL = "NIL"


class PositionMode(Enum):
    """ONEWAY: one net position a pair; HEDGE: a long and a short side by side."""

    HEDGE = "HEDGE"
    ONEWAY = "ONEWAY"


class PriceType(Enum):
    MidPrice = 1
    BestBid = 2
    BestAsk = 3
    LastTrade = 4
    LastOwnTrade = 5
    InventoryCost = 6
    Custom = 7


class InstrumentKind(Enum):
    SPOT = "spot"
    LINEAR_PERPETUAL = "perpetual"


class ClockMode(Enum):
    REALTIME = 1
    BACKTEST = 2


class RunnableStatus(IntEnum):
    NOT_STARTED = 1
    RUNNING = 2
    SHUTTING_DOWN = 3
    TERMINATED = 4


class CloseType(IntEnum):
    TIME_LIMIT = 1
    STOP_LOSS = 2
    TAKE_PROFIT = 3
    EXPIRED = 4
    EARLY_STOP = 5
    TRAILING_STOP = 6
    INSUFFICIENT_BALANCE = 7
    FAILED = 8
    COMPLETED = 9
    POSITION_HOLD = 10
    EXTERNAL = 11
    """Of ours: the position was closed at the venue by somebody else (by hand, liquidation, deleveraging)."""


def parse_enum(kind: type[E], raw: object) -> E:
    """Read an enum member from what a YAML file may hold: a member, its name in any case, its value, or `Kind.NAME`.

    Raises
    ------
    ValueError
        If nothing fits; the text lists the names that would.
    """
    if isinstance(raw, kind):
        return raw
    if isinstance(raw, str):
        text = raw.strip().rpartition(".")[2]
        for member in kind:
            if text.upper() == member.name.upper() or text.lower() == str(member.value).lower():
                return member
    else:
        for member in kind:
            if type(member.value) is type(raw) and member.value == raw:
                return member
    raise ValueError(f"expected one of {', '.join(m.name for m in kind)}, found {raw!r}")
