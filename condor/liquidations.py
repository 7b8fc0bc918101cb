"""Positions whose liquidation is near: told once when the price has come so close, and that it is over when it is well away again or the position is gone.

Where a position is liquidated is the venue's own word (its list of positions), or what the paper exchange's ledger would do; nothing is estimated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Market
from condor.host import TradingHost
from condor.hosts import Hosts, mid_of
from condor.live_host import LiveHost

AWAY = Decimal("1.5")
"""So many times the distance of the warning it must be away before it counts as over: a price that goes to and fro is one warning."""


@dataclass(frozen=True, slots=True)
class Margined:
    """A position, the price of its market, and the one at which it is liquidated; `side` is net, long or short."""

    market: Market
    side: str
    amount: Decimal
    price: Decimal
    liquidation_price: Decimal

    @property
    def distance(self) -> Decimal:
        """How far the price may still move against it, as a fraction of the price; 0 where it has moved so far already."""
        gap = self.price - self.liquidation_price if self.amount > 0 else self.liquidation_price - self.price
        return max(Decimal(0), gap / self.price)


class LiquidationWatch:
    """See the module.

    Parameters
    ----------
    near : Decimal
        Distance at which it is told; 0 never tells.
    """

    def __init__(self, hosts: Hosts, near: Decimal) -> None:
        self._hosts = hosts
        self._near = near
        self._told: dict[tuple[str, Market, str], Margined] = {}

    async def round(self) -> None:
        """Look at all positions once."""
        if not self._near:
            return
        self._look("paper", self._hosts.paper, paper_positions(self._hosts.paper))
        if self._hosts.live is not None:
            self._look("live", self._hosts.live, live_positions(self._hosts.live))

    def _look(self, mode: str, host: TradingHost | LiveHost, found: Iterable[Margined]) -> None:
        seen = set()
        for position in found:
            key = (mode, position.market, position.side)
            seen.add(key)
            if key not in self._told and position.distance <= self._near:
                self._told[key] = position
                _tell(host, position)
            elif key in self._told and position.distance > self._near * AWAY:
                del self._told[key]
                _tell(host, position, is_over=True)
        for key in [key for key in self._told if key[0] == mode and key not in seen and _is_gone(host, key[1], key[2])]:
            _tell(host, self._told.pop(key), is_over=True, is_gone=True)


def _is_gone(host: TradingHost | LiveHost, market: Market, side: str) -> bool:
    """Whether nothing stands there any more; one whose price or word is missing at the moment still does."""
    if isinstance(host, LiveHost):
        account = host.accounts.get(market.connector_name)
        return account is not None and not account.connector.account.positions().get((market.trading_pair, side))
    exchange = host.runtime.exchanges.get(market.connector_name)
    ledger = None if exchange is None else exchange.ledger
    return not isinstance(ledger, PerpetualLedger) or not any(
        position.lots for (pair, _), position in ledger.positions.items() if pair == market.trading_pair
    )


def paper_positions(host: TradingHost) -> Iterator[Margined]:
    """What stands at the paper exchanges; both sides of a hedge together, for one price liquidates both."""
    for name, exchange in host.runtime.exchanges.items():
        ledger = exchange.ledger
        if not isinstance(ledger, PerpetualLedger):
            continue
        for pair in sorted({pair for (pair, _), position in ledger.positions.items() if position.lots}):
            market = Market(name, pair)
            price, at = mid_of(host.runtime, market), ledger.liquidation_price(pair)
            if price is not None and at is not None:
                held = [position for (each, _), position in ledger.positions.items() if each == pair]
                yield Margined(market, "net", held[0].instrument.amount(sum(position.lots for position in held)), price, at)


def live_positions(host: LiveHost) -> Iterator[Margined]:
    """What stands at the venues, where they say at which price they liquidate it."""
    for name, account in host.accounts.items():
        lots = account.connector.account.positions()
        for (pair, side), at in sorted(account.connector.account.liquidations().items()):
            market = Market(name, pair)
            price, state = mid_of(host.runtime, market), host.runtime.markets.get(market)
            if price is not None and state is not None:
                yield Margined(market, side, state.instrument.amount(lots[pair, side]), price, at)


def _tell(host: TradingHost | LiveHost, position: Margined, *, is_over: bool = False, is_gone: bool = False) -> None:
    payload = {
        "connector_name": position.market.connector_name,
        "trading_pair": position.market.trading_pair,
        "side": position.side,
        "amount": format(position.amount, "f"),
        "price": format(position.price, "f"),
        "liquidation_price": format(position.liquidation_price.quantize(Decimal("1e-8")).normalize(), "f"),
        "distance": format(position.distance.quantize(Decimal("1e-6")), "f"),
        "is_over": is_over,
        "is_gone": is_gone,
    }
    host.bus.publish(Fact(FactKind.LIQUIDATION_NEAR, host.clock.now_ns, payload=payload))
