"""Short stories of one executor each, for the crash suite: where the market goes, what the venue does, and who stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.data_types import (
    ConnectorPair,
    ExecutionStrategy,
    LimitChaserConfig,
    OrderExecutorConfig,
    PositionExecutorConfig,
    TripleBarrierConfig,
)
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.pair.config import PairExecutorConfig, PairLeg
from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.model.enums import OrderType, TradeType
from botcore.model.order import OrderRequest, Purpose
from botcore.venues.wire import Outcome, Verdict
from tests.simulation.line_venue import LoopVenue

D = Decimal
PERP, SPOT, PAIR = "venue_perpetual", "venue", "ETH-USDT"
OTHER, OTHER_SPOT = "other_perpetual", "other"


def nothing(venue: LoopVenue) -> None:
    """The venue is as it is."""


@dataclass(frozen=True)
class Scenario:
    """One short story.

    Parameters
    ----------
    values : dict
        Of the executor's config, beyond market and side.
    path : tuple of (seconds, ticks)
        Where the market goes.
    other : str
        The venue of a second market, for executors of two; what it sells short it must have, if it is a spot one.
    other_path : tuple of (seconds, ticks)
        Where that market goes.
    prepare : callable
        What each venue does out of the ordinary.
    stop_executor_s, stop_bot_s : float, optional
        When somebody stops it.
    faults : dict
        Knobs of the line.
    """

    name: str
    values: dict[str, Any]
    path: tuple[tuple[float, int], ...]
    connector_name: str = PERP
    side: TradeType = TradeType.BUY
    prepare: Callable[[LoopVenue], None] = nothing
    stop_executor_s: float | None = None
    stop_bot_s: float | None = None
    faults: dict[str, float] = field(default_factory=dict)
    seconds: float = 20.0
    other: str = ""
    other_path: tuple[tuple[float, int], ...] = ()

    @property
    def places(self) -> list[tuple[str, tuple[tuple[float, int], ...]]]:
        """Its venues, and where their markets go."""
        return [(self.connector_name, self.path), *([(self.other, self.other_path)] if self.other else [])]

    def config(self) -> Any:
        """Of its executor."""
        here = {"connector_name": self.connector_name, "trading_pair": PAIR}
        if self.other:
            return self.values["make"](ConnectorPair(**here), ConnectorPair(connector_name=self.other, trading_pair=PAIR))
        if "make" in self.values:
            return self.values["make"](**here, side=self.side)
        price = D("99.90") if self.side is TradeType.BUY else D("100.10")
        common = {**here, "side": self.side, "amount": D(1)}
        if "execution_strategy" in self.values:
            return OrderExecutorConfig(**common, price=price, **self.values)
        return PositionExecutorConfig(**common, entry_price=price, **self.values)


def barriers(**values: Any) -> TripleBarrierConfig:
    return TripleBarrierConfig(
        **{"stop_loss": D("0.01"), "take_profit": D("0.01"), "time_limit": 60, "take_profit_order_type": OrderType.LIMIT, **values}
    )


def part_only(venue: LoopVenue) -> None:
    """Resting orders trade in parts."""
    venue.partial = 1.0


def ends_parts(venue: LoopVenue) -> None:
    """What has traded in part is ended by the venue."""
    venue.partial = 1.0
    venue.line.expire = 1.0


def trades_when_canceled(venue: LoopVenue) -> None:
    """A cancel comes too late: the order trades in that moment."""
    cancel = venue._on_cancel

    def late(client_order_id: str) -> Any:
        for order in venue.of(client_order_id):
            if order.filled < order.lots and order.request.price_ticks is not None:
                venue.trade(order, order.request.price_ticks, order.lots - order.filled)
        return cancel(client_order_id)

    venue._on_cancel = late  # type: ignore[method-assign]


def refuses_exits(venue: LoopVenue) -> None:
    """The first exits are refused, but for stops."""
    _refuse(venue, lambda request: request.purpose in (Purpose.TAKE_PROFIT, Purpose.CLOSE))


def refuses_there(venue: LoopVenue) -> None:
    """The second venue refuses the first orders."""
    if venue.name == OTHER:
        _refuse(venue, lambda request: True)


def _refuse(venue: LoopVenue, concerns: Callable[[OrderRequest], bool], times: int = 2) -> None:
    create, left = venue._on_create, times

    def refusing(request: OrderRequest, client_order_id: str) -> Any:
        nonlocal left
        if left and concerns(request):
            left -= 1
            return Outcome(Verdict.REFUSED, -1000, "of the scenario"), None
        return create(request, client_order_id)

    venue._on_create = refusing  # type: ignore[method-assign]


LADDER = partial(
    DCAExecutorConfig,
    amounts_quote=[D("99.9"), D("99.8"), D("99.7")],
    prices=[D("99.9"), D("99.8"), D("99.7")],
    take_profit=D("0.005"),
    stop_loss=D("0.01"),
)
PLAN = partial(TWAPExecutorConfig, total_amount_quote=D(300), total_duration=8, order_interval=4)
RESTING_PLAN = partial(PLAN, mode=TWAPMode.MAKER, limit_order_buffer=D("0.001"), order_resubmission_time=3)
CHASER = partial(
    OrderExecutorConfig,
    amount=D(1),
    execution_strategy=ExecutionStrategy.LIMIT_CHASER,
    chaser_config=LimitChaserConfig(distance=D("0.001"), refresh_threshold=D("0.001")),
)

GRID = partial(
    GridExecutorConfig,
    start_price=D("99.4"),
    end_price=D("100.2"),
    limit_price=D("98.5"),
    total_amount_quote=D(300),
    min_order_amount_quote=D(95),
    max_open_orders=2,
    triple_barrier_config=barriers(stop_loss=D("0.02"), take_profit=D("0.002")),
    leverage=1,
)


def arbitrage(here: ConnectorPair, there: ConnectorPair) -> ArbitrageExecutorConfig:
    return ArbitrageExecutorConfig(buying_market=here, selling_market=there, order_amount=D(1), min_profitability=D("0.004"))


def xemm(here: ConnectorPair, there: ConnectorPair) -> XEMMExecutorConfig:
    """Bids here for what is sold there."""
    return XEMMExecutorConfig(
        buying_market=here,
        selling_market=there,
        maker_side=TradeType.BUY,
        order_amount=D(1),
        min_profitability=D("0.001"),
        target_profitability=D("0.002"),
        max_profitability=D("0.003"),
    )


def pair(here: ConnectorPair, there: ConnectorPair, **values: Any) -> PairExecutorConfig:
    long, short = (
        PairLeg(connector_name=at.connector_name, trading_pair=at.trading_pair, side=side, amount_quote=D(100))
        for at, side in ((here, TradeType.BUY), (there, TradeType.SELL))
    )
    return PairExecutorConfig(**{"long": long, "short": short, "take_profit": D("0.004"), "stop_loss": D("0.005")} | values)


RESTING_PAIR = partial(pair, open_order_type=OrderType.LIMIT)

SCENARIOS = (
    Scenario("take profit", {"triple_barrier_config": barriers()}, ((4, 9_985), (9, 10_120))),
    Scenario("stop loss", {"triple_barrier_config": barriers()}, ((4, 9_985), (9, 9_800))),
    Scenario("stop loss of a short", {"triple_barrier_config": barriers()}, ((4, 10_015), (9, 10_200)), side=TradeType.SELL),
    Scenario("time limit", {"triple_barrier_config": barriers(time_limit=6)}, ((4, 9_985),)),
    Scenario("partial entry", {"triple_barrier_config": barriers(time_limit=9)}, ((4, 9_985), (5, 10_020)), prepare=part_only),
    Scenario(
        "entry ended by the venue", {"triple_barrier_config": barriers(time_limit=12)}, ((4, 9_985), (7, 9_980), (9, 9_800)), prepare=ends_parts
    ),
    Scenario("cancel race", {"triple_barrier_config": barriers()}, ((9, 10_010),), prepare=trades_when_canceled, stop_executor_s=5),
    Scenario("order executor", {"execution_strategy": ExecutionStrategy.LIMIT}, ((4, 9_985),), connector_name=SPOT),
    Scenario("stop of a bot", {"triple_barrier_config": barriers()}, ((4, 9_985),), stop_bot_s=8),
    Scenario("unanswered create", {"triple_barrier_config": barriers()}, ((4, 9_985), (9, 9_800)), faults={"drop_after": 1.0}),
    Scenario("unanswered, never arrived", {"triple_barrier_config": barriers()}, ((4, 9_985),), faults={"drop_before": 1.0}),
    Scenario("market entry", {"triple_barrier_config": barriers(open_order_type=OrderType.MARKET)}, ((9, 10_120),)),
    Scenario("ladder", {"make": LADDER}, ((6, 9_975), (10, 10_120))),
    Scenario("ladder in parts", {"make": LADDER}, ((6, 9_975), (9, 9_965), (12, 9_800)), prepare=part_only),
    Scenario("twap", {"make": PLAN}, ((6, 9_975), (10, 10_020))),
    Scenario("twap that rests", {"make": RESTING_PLAN}, ((5, 10_040), (9, 10_010), (13, 10_000))),
    Scenario("twap that is stopped", {"make": PLAN}, ((4, 9_985),), stop_executor_s=8),
    Scenario("chaser", {"make": CHASER}, ((5, 10_020), (7, 10_040), (12, 10_000))),
    Scenario("grid", {"make": GRID}, ((4, 9_955), (7, 10_000), (9, 9_935), (12, 9_985), (15, 10_040))),
    Scenario("chaser that is stopped", {"make": CHASER}, (), prepare=trades_when_canceled, stop_executor_s=7),
    Scenario(
        "grid that takes its time",
        {"make": partial(GRID, order_frequency=30)},
        ((4, 9_955), (6, 9_985), (9, 10_010), (14, 9_960)),
        prepare=refuses_exits,
    ),
    Scenario("grid that falls", {"make": GRID}, ((4, 9_975), (6, 9_930), (12, 9_700)), prepare=part_only),
    Scenario(
        "grid of a short", {"make": partial(GRID, limit_price=D("101.5"))}, ((4, 10_030), (7, 9_990), (10, 10_030), (14, 9_930)), side=TradeType.SELL
    ),
    Scenario("grid that is stopped", {"make": GRID}, ((4, 9_955), (6, 9_975)), prepare=trades_when_canceled, stop_executor_s=8),
    Scenario("arbitrage", {"make": arbitrage}, ((12, 9_990),), other=OTHER, other_path=((4, 10_060),)),
    Scenario("arbitrage, unanswered", {"make": arbitrage}, (), other=OTHER, other_path=((4, 10_060), (7, 10_000)), faults={"drop_after": 1.0}),
    Scenario(
        "arbitrage that is stopped", {"make": arbitrage}, (), other=OTHER, other_path=((4, 10_060),), faults={"drop_before": 1.0}, stop_executor_s=6
    ),
    Scenario("arbitrage, refused", {"make": arbitrage}, ((7, 9_990),), other=OTHER, other_path=((4, 10_060),), prepare=refuses_there),
    Scenario("arbitrage that is traded back", {"make": arbitrage}, ((9, 9_950),), other=OTHER_SPOT, other_path=((4, 10_060), (6, 10_080))),
    Scenario("cross", {"make": xemm}, ((6, 9_960), (12, 9_990)), other=OTHER, other_path=((4, 10_020), (9, 10_040))),
    Scenario("cross in parts", {"make": xemm}, ((6, 9_960), (8, 9_965), (10, 9_970)), other=OTHER, other_path=((12, 10_040),), prepare=part_only),
    Scenario("cross that is stopped", {"make": xemm}, ((6, 9_960),), other=OTHER, prepare=part_only, stop_executor_s=9),
    Scenario("pair", {"make": pair}, ((8, 10_090),), other=OTHER, other_path=((10, 10_010),)),
    Scenario("pair that rests", {"make": RESTING_PAIR}, ((5, 9_990), (9, 9_880)), other=OTHER, other_path=((7, 10_005),), prepare=part_only),
    Scenario("pair, refused", {"make": pair}, ((9, 10_090),), other=OTHER, prepare=refuses_there),
    Scenario("pair without its other leg", {"make": pair}, ((5, 9_990),), other=OTHER_SPOT),
)


def scenario_named(name: str) -> Scenario:
    return next(scenario for scenario in SCENARIOS if scenario.name == name)
