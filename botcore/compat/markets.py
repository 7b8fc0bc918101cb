"""Collections and words of the market that Strategy V2 files use and we have no other need for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class PositionSide(Enum):
    """Side of a perpetual's position at its venue."""

    LONG = "LONG"
    SHORT = "SHORT"
    BOTH = "BOTH"


class LPType(Enum):
    """What is done to a liquidity position."""

    ADD = 1
    REMOVE = 2
    COLLECT = 3


class GroupedSetDict(dict[K, set[V]], Generic[K, V]):
    """Key -> set of values."""

    def add_or_update(self, key: K, *values: V) -> GroupedSetDict[K, V]:
        """Add values to a key's set; gives itself, so calls can be chained."""
        self.setdefault(key, set()).update(values)
        return self

    def remove(self, key: K, value: V) -> GroupedSetDict[K, V]:
        """Take a value out; a key without values goes too."""
        if key in self:
            self[key].discard(value)
            if not self[key]:
                del self[key]
        return self

    def update(self, *others: Any, **named: Any) -> None:
        """Join the sets of equal keys."""
        for key, values in dict(*others, **named).items():
            self.setdefault(key, set()).update(values)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls._read)

    @classmethod
    def _read(cls, raw: Any) -> GroupedSetDict[K, V]:
        if not isinstance(raw, dict):
            raise ValueError(f"expected a mapping of names to lists, found {type(raw).__name__}")
        found: GroupedSetDict[K, V] = cls()
        for key, values in raw.items():
            found.add_or_update(key, *([values] if isinstance(values, str) else values))
        return found


class MarketDict(GroupedSetDict[str, str]):
    """Connector -> its pairs."""


class LazyDict(dict[K, V], Generic[K, V]):
    """A dict that makes a missing value from its key."""

    def __init__(self, default_value_factory: Callable[[K], V] | None = None) -> None:
        super().__init__()
        self.default_value_factory = default_value_factory

    def __missing__(self, key: K) -> V:
        if self.default_value_factory is None:
            raise KeyError(key)
        self[key] = made = self.default_value_factory(key)
        return made

    def get_or_add(self, key: K, value_factory: Callable[[], V]) -> V:
        if key not in self:
            self[key] = value_factory()
        return self[key]


PAPER = "_paper_trade"


def venue_of(name: str) -> str:
    """`binance_paper_trade` is `binance`: whether a bot trades on paper is said when it is started."""
    return name.removesuffix(PAPER)


def split_hb_trading_pair(trading_pair: str) -> tuple[str, str]:
    """Base and quote of `BASE-QUOTE`."""
    base, quote = trading_pair.split("-")
    return base, quote


def combine_to_hb_trading_pair(base: str, quote: str) -> str:
    return f"{base}-{quote}"


def joined(groups: Iterable[tuple[str, Iterable[str]]]) -> MarketDict:
    """Markets from pairs of connector and trading pairs."""
    markets = MarketDict()
    for connector, pairs in groups:
        markets.add_or_update(connector, *pairs)
    return markets
