"""Positions whose liquidation is near: told once when the price has come so close, and that it is over when it is well away again or the position is gone.

What was told is in the records: a restart neither tells it again nor forgets to say that it is over.

Where a position is liquidated is the venue's own word (its list of positions), or what the paper exchange's ledger would do; nothing is estimated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Market
from condor.host import TradingHost
from condor.hosts import Hosts, mid_of
from condor.live_host import LiveHost
from condor.watch_memory import Memory, Subject

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
    memory : Memory
        Keeps what was told.
    """

    def __init__(self, hosts: Hosts, near: Decimal, memory: Memory) -> None:
        self._hosts = hosts
        self._near = near
        self._memory = memory
        self._told: dict[Subject, dict[str, Any]] | None = None

    async def round(self) -> None:
        """Look at all positions once."""
        if not self._near:
            return
        if self._told is None:
            self._told = await self._memory.read()
        self._look("paper", self._hosts.paper, paper_positions(self._hosts.paper), self._told)
        if self._hosts.live is not None:
            self._look("live", self._hosts.live, live_positions(self._hosts.live), self._told)

    def _look(self, mode: str, host: TradingHost | LiveHost, found: Iterable[Margined], told: dict[Subject, dict[str, Any]]) -> None:
        seen = set()
        for position in found:
            subject = (mode, f"{position.market} {position.side}")
            seen.add(subject)
            if subject not in told and position.distance <= self._near:
                told[subject] = payload = _payload(position)
                _tell(host, payload)
                self._memory.put(host, subject, payload)
            elif subject in told and position.distance > self._near * AWAY:
                self._over(host, subject, told, _payload(position))
        for subject in [subject for subject in told if subject[0] == mode and subject not in seen]:
            was = told[subject]
            market = Market(was["connector_name"], was["trading_pair"])
            if _is_gone(host, market, was["side"]):
                self._over(host, subject, told, was | {"is_gone": True})
            elif _is_safe(host, market, was["side"]):
                self._over(host, subject, told, was | {"is_safe": True})

    def _over(self, host: TradingHost | LiveHost, subject: Subject, told: dict[Subject, dict[str, Any]], payload: dict[str, Any]) -> None:
        del told[subject]
        _tell(host, payload | {"is_over": True})
        self._memory.drop(host, subject)


def _is_gone(host: TradingHost | LiveHost, market: Market, side: str) -> bool:
    """Whether it is known that nothing stands there any more; where a price, the venue's word or the account is missing at the moment, it still does."""
    if isinstance(host, LiveHost):
        account = host.accounts.get(market.connector_name)
        return account is not None and account.connector.account.told_lots(market.trading_pair, side) == 0
    exchange = host.runtime.exchanges.get(market.connector_name)
    if exchange is None:
        return False
    ledger = exchange.ledger
    return not isinstance(ledger, PerpetualLedger) or not any(
        position.lots for (pair, _), position in ledger.positions.items() if pair == market.trading_pair
    )


def _is_safe(host: TradingHost | LiveHost, market: Market, side: str) -> bool:
    """Whether it is known that no price liquidates what stands there: its margin pays for all that it could lose."""
    if isinstance(host, LiveHost):
        account = host.accounts.get(market.connector_name)
        return account is not None and account.connector.account.is_beyond_liquidation(market.trading_pair, side)
    exchange = host.runtime.exchanges.get(market.connector_name)
    ledger = None if exchange is None else exchange.ledger
    # without a price nobody knows
    return isinstance(ledger, PerpetualLedger) and mid_of(host.runtime, market) is not None and ledger.liquidation_price(market.trading_pair) is None


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


def _payload(position: Margined) -> dict[str, Any]:
    return {
        "connector_name": position.market.connector_name,
        "trading_pair": position.market.trading_pair,
        "side": position.side,
        "amount": format(position.amount, "f"),
        "price": format(position.price, "f"),
        "liquidation_price": format(position.liquidation_price.quantize(Decimal("1e-8")).normalize(), "f"),
        "distance": format(position.distance.quantize(Decimal("1e-6")), "f"),
        "is_over": False,
        "is_gone": False,
    }


def _tell(host: TradingHost | LiveHost, payload: dict[str, Any]) -> None:
    host.bus.publish(Fact(FactKind.LIQUIDATION_NEAR, host.clock.now_ns, payload=payload))
