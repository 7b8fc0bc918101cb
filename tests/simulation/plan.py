"""`Plan`: what a seed is about, drawn before anything runs, so that a run can be read, shortened and told."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.fakes.simvenue.faults import Fault
from tests.fakes.simvenue.script import MatchRule
from tests.simulation.disk import DiskFaults


@dataclass(frozen=True)
class MarketPlan:
    """One market. `faults` are the knobs of its venue's line with their rates."""

    connector_name: str
    trading_pair: str
    walk: int
    """Ticks that the price may move in a second."""
    faults: dict[str, float] = field(default_factory=dict)
    stock: int = 0
    """Base that a spot account owns at the beginning."""


@dataclass(frozen=True)
class WirePlan:
    """A venue that speaks bytes, what goes wrong on its wires and in its engine."""

    name: str
    pairs: tuple[str, ...]
    volatility: float
    faults: tuple[Fault, ...] = ()
    rules: tuple[MatchRule, ...] = ()


@dataclass(frozen=True)
class BotPlan:
    """One bot: a seeded chooser of single executors, or a shipped controller with its config."""

    bot_id: str
    controller_name: str
    config: dict[str, Any] = field(default_factory=dict)
    markets: tuple[tuple[str, str], ...] = ()
    rate: float = 0.0
    """Chance that a chooser starts an executor within a second."""
    kinds: tuple[str, ...] = ()
    """What kinds of executors a chooser starts (see `offers`); positions and plain orders when none is named."""


@dataclass(frozen=True)
class Crash:
    """A death of the process: at a time, or at the n-th pass of a label after that time; then it stays down for a while."""

    at_s: float
    down_s: float
    label: str = ""
    passes: int = 0


@dataclass(frozen=True)
class FullDisk:
    """P5: from `at_s` on the disk takes nothing, for `lasts_s`; the reserve, once it is freed, has room for `room` transactions."""

    at_s: float
    lasts_s: float
    room: int


@dataclass(frozen=True)
class Yesterday:
    """P8: the process dies at `at_s`, and starts again from a copy of its database of `copied_s`."""

    copied_s: float
    at_s: float
    down_s: float


@dataclass(frozen=True)
class Away:
    """The venues answer nobody from `at_s` on, for `lasts_s`, and the process is started in the middle of it, `down_s` after its death."""

    at_s: float
    lasts_s: float
    down_s: float


@dataclass(frozen=True)
class Funding:
    """A payment for a perpetual pair, of a rate of what is held."""

    at_s: float
    connector_name: str
    trading_pair: str
    rate: Decimal


@dataclass(frozen=True)
class Spells:
    """What befalls some seeds besides (see `spells`).

    Parameters
    ----------
    doubled : float
        R13: chance that something between us and the venue sends an order twice.
    overfill : float
        O10: chance that the venue trades more of an order than was asked for.
    max_open_quote, max_position_quote : Decimal, optional
        I14: caps of an account, and of a pair.
    """

    full_disk: FullDisk | None = None
    yesterday: Yesterday | None = None
    away: Away | None = None
    doubled: float = 0.0
    overfill: float = 0.0
    max_open_quote: Decimal | None = None
    max_position_quote: Decimal | None = None


@dataclass(frozen=True)
class Plan:
    """See the module."""

    seed: int
    seconds: float
    markets: tuple[MarketPlan, ...]
    bots: tuple[BotPlan, ...]
    disk: DiskFaults
    crashes: tuple[Crash, ...] = ()
    heal_s: float = 60.0
    tick_ms: int = 250
    stop_one_at_s: float | None = None
    """When a person stops the first bot in the middle of it all."""
    venues: tuple[WirePlan, ...] = ()
    """Venues that speak bytes, instead of `markets`."""
    unsent: float = 0.0
    """Chance that a request finds no way out."""
    spells: Spells = field(default_factory=Spells)
    fundings: tuple[Funding, ...] = ()
