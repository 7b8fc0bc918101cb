"""A perpetual's connector as files of Strategy V2 read it: its positions and its mode.

What stands there is the controller's own: its holds and what its executors have filled. Another bot's position on the same account is not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.compat.connectors import TradingConnectorView
from botcore.compat.markets import PositionSide
from botcore.compat.positions import NAN
from botcore.markets.connector_view import Provider
from botcore.model.enums import PositionMode, TradeType

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position; `amount` is negative for a short one, `unrealized_pnl` in quote."""

    trading_pair: str
    position_side: PositionSide
    unrealized_pnl: Decimal
    entry_price: Decimal
    amount: Decimal
    leverage: Decimal


@dataclass(frozen=True, slots=True)
class PerpetualTrading:
    """Positions by key: the pair, and in HEDGE mode the side behind it."""

    account_positions: dict[str, Position]
    position_mode: PositionMode

    def position_key(self, trading_pair: str, side: PositionSide | None = None, mode: PositionMode | None = None) -> str:
        is_hedge = (mode or self.position_mode) is PositionMode.HEDGE
        return f"{trading_pair}{side.name}" if is_hedge and side is not None else trading_pair

    def get_position(self, trading_pair: str, side: PositionSide | None = None) -> Position | None:
        return self.account_positions.get(self.position_key(trading_pair, side))


@dataclass(frozen=True, slots=True)
class Own:
    """What a controller knows of itself: executors, holds, and its config's mode and leverage."""

    executors: Callable[[], Iterable[Any]]
    positions: Callable[[], Iterable[Any]]
    mode: PositionMode
    leverage: int

    def trading(self, connector_name: str) -> PerpetualTrading:
        """Its positions on one connector."""
        parts: dict[tuple[str, TradeType], list[tuple[Decimal, Decimal, Decimal]]] = {}
        for held in self.positions():
            if held.connector_name == connector_name and held.amount:
                part = (held.amount * held.side.sign, held.breakeven_price, held.unrealized_pnl_quote)
                parts.setdefault((held.trading_pair, held.side), []).append(part)
        for info in self.executors():
            # also while it is ending: what it still holds is there until it is closed, or in a hold
            base = info.custom_info.get("exposure_base") if not info.is_done and info.connector_name == connector_name else None
            if base and info.trading_pair and info.side is not None:
                entry = info.custom_info.get("current_position_average_price") or NAN
                parts.setdefault((info.trading_pair, info.side), []).append((abs(base) * info.side.sign, entry, info.net_pnl_quote))
        found = PerpetualTrading({}, self.mode)
        for (pair, _), items in self._netted(parts).items():
            amount = sum((item[0] for item in items), ZERO)
            if amount:
                side = PositionSide.LONG if amount > 0 else PositionSide.SHORT
                entry = sum((item[0] * item[1] for item in items), ZERO) / amount
                pnl = sum((item[2] for item in items), ZERO)
                position = Position(
                    trading_pair=pair, position_side=side, unrealized_pnl=pnl, entry_price=entry, amount=amount, leverage=Decimal(self.leverage)
                )
                found.account_positions[found.position_key(pair, side)] = position
        return found

    def _netted(self, parts: dict[tuple[str, TradeType], list[Any]]) -> dict[tuple[str, TradeType], list[Any]]:
        """In ONEWAY mode both sides of a pair are one position."""
        if self.mode is PositionMode.HEDGE:
            return parts
        joined: dict[tuple[str, TradeType], list[Any]] = {}
        for (pair, _), items in parts.items():
            joined.setdefault((pair, TradeType.BUY), []).extend(items)
        return joined


class PerpetualConnectorView(TradingConnectorView):
    """A connector of perpetuals."""

    def __init__(self, provider: Provider, name: str, own: Own) -> None:
        super().__init__(provider, name)
        self._own = own

    @property
    def _perpetual_trading(self) -> PerpetualTrading:
        return self._own.trading(self.name)

    @property
    def account_positions(self) -> dict[str, Position]:
        return self._perpetual_trading.account_positions

    @property
    def position_mode(self) -> PositionMode:
        return self._own.mode

    def get_position(self, trading_pair: str, side: PositionSide | None = None) -> Position | None:
        return self._perpetual_trading.get_position(trading_pair, side)

    def get_leverage(self, trading_pair: str) -> int:
        return self._own.leverage
