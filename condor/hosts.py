"""The hosts of this process: one for paper, and one for real money when an account is connected. A bot's row says which one it belongs to."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import PriceType
from botcore.model.errors import UserError
from botcore.model.instrument import Instrument, Market
from botcore.recorder.recorder import MarketsRecorder
from botcore.risk.gate import RiskGate
from botcore.strategies.runtime import TradingRuntime
from condor.host import TradingHost
from condor.live_host import ACCOUNT, LiveHost

PAPER, LIVE = "paper", "live"
ACCOUNT_OF = {PAPER: "paper", LIVE: ACCOUNT}
"""Mode of a bot -> account under which its records stand."""


def account_name(mode: str, connector_name: str) -> str:
    """An account as commands and the audit call it: `paper:binance`, or `binance` with real money."""
    return f"{PAPER}:{connector_name}" if mode == PAPER else connector_name


class Host(Protocol):
    """What bots, services and the wiring need of a host."""

    bus: EventBus
    clock: Clock
    recorder: MarketsRecorder
    part_faults: list[str]

    @property
    def runtime(self) -> TradingRuntime: ...

    def instrument(self, market: Market) -> Instrument:
        """ConfigError when this market is not to be had."""

    def leverage(self, name: str, trading_pair: str) -> int | None:
        """Of an account in a pair; None while nobody knows."""


def mid_of(runtime: TradingRuntime, market: Market) -> Decimal | None:
    """The mid of an open market; None where it is not open, or has no price now."""
    state = runtime.markets.get(market)
    mid = None if state is None else state.price(PriceType.MidPrice)
    return None if mid is None or mid.is_nan() else mid


class Hosts:
    """See the module.

    Parameters
    ----------
    live : LiveHost, optional
        It may have no account yet, or no more: then there is none for anybody but the latches, which hold for what is connected later too.
    """

    def __init__(self, paper: TradingHost, live: LiveHost | None = None) -> None:
        self.paper = paper
        self._live = live

    @property
    def live(self) -> LiveHost | None:
        """The host of real money while an account is connected."""
        return self._live if self._live is not None and self._live.accounts else None

    def of(self, mode: str) -> Host:
        """The host of a bot; UserError when its account is not connected."""
        if mode != LIVE:
            return self.paper
        if self.live is None:
            raise UserError("no live account is connected: /keys connects one, or condor connect VENUE on a terminal")
        return self.live

    def all(self) -> list[Host]:
        return [host for _, host in self.by_mode()]

    def by_mode(self) -> list[tuple[str, Host]]:
        """(mode, host), paper first."""
        found: list[tuple[str, Host]] = [(PAPER, self.paper)]
        if self.live is not None:
            found.append((LIVE, self.live))
        return found

    def gates(self) -> list[RiskGate]:
        """Of all hosts, also of one without an account."""
        return [self.paper.runtime.gate, *((self._live.runtime.gate,) if self._live is not None else ())]

    @property
    def halt_reason(self) -> str | None:
        """Why no new exposure is taken, on paper or live; None when it is."""
        return next((gate.halt_reason for gate in self.gates() if gate.halt_reason is not None), None)

    def halt(self, reason: str) -> None:
        for gate in self.gates():
            gate.halt(reason)

    def release(self) -> None:
        for gate in self.gates():
            gate.release()
