"""`ControllerBase` as files of Strategy V2 know it, on the runtime's own: one step a tick, no tasks, no queues behind it.

A step is `control_task`: `update_processed_data` when what it reads may have changed, `determine_executor_actions` always; what is decided, and what the
helpers `buy`, `sell`, `cancel` asked for on the way, is carried out in the same tick.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from botcore.compat.executors import LimitChaserConfig, OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.compat.market_data import MarketDataView
from botcore.compat.positions import PositionSummary, seen_as
from botcore.compat.tools import HummingbotLogger, logger_of, run_through, unique_id_of
from botcore.controllers.base import ControllerBase as OurControllerBase
from botcore.executors.data_types import ExecutionStrategy
from botcore.executors.info import ExecutorInfo
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import PositionAction, PriceType, RunnableStatus, TradeType

MAIN = "main"


@dataclass
class ExecutorFilter:
    """Which executors are meant: every field that is given must hold. PnL bounds are fractions and quote, times seconds; both ends are inside."""

    executor_ids: list[str] | None = None
    connector_names: list[str] | None = None
    trading_pairs: list[str] | None = None
    executor_types: list[str] | None = None
    statuses: list[RunnableStatus] | None = None
    sides: list[TradeType] | None = None
    is_active: bool | None = None
    is_trading: bool | None = None
    close_types: list[Any] | None = None
    controller_ids: list[str] | None = None
    min_pnl_pct: Decimal | None = None
    max_pnl_pct: Decimal | None = None
    min_pnl_quote: Decimal | None = None
    max_pnl_quote: Decimal | None = None
    min_timestamp: float | None = None
    max_timestamp: float | None = None
    min_close_timestamp: float | None = None
    max_close_timestamp: float | None = None

    def holds(self, info: Any) -> bool:
        """Whether an executor is meant; a value that is not known holds for no bound."""
        return all(self._one_holds(field.name, getattr(self, field.name), info) for field in fields(self) if getattr(self, field.name) is not None)

    def _one_holds(self, name: str, wanted: Any, info: Any) -> bool:
        if name.startswith("min_"):
            value = _known(getattr(info, SOURCES.get(name[4:], name[4:])))
            return value is not None and bool(value >= wanted)
        if name.startswith("max_"):
            value = _known(getattr(info, SOURCES.get(name[4:], name[4:])))
            return value is not None and bool(value <= wanted)
        value = getattr(info, SOURCES.get(name, name))
        return value == wanted if name.startswith("is_") else not wanted or value in wanted


SOURCES = {
    "executor_ids": "id",
    "connector_names": "connector_name",
    "trading_pairs": "trading_pair",
    "executor_types": "type",
    "statuses": "status",
    "sides": "side",
    "close_types": "close_type",
    "controller_ids": "controller_id",
    "pnl_pct": "net_pnl_pct",
    "pnl_quote": "net_pnl_quote",
}
"""Field of the filter -> attribute of the executor, where they differ."""


def _known(value: Any) -> Any:
    return None if value is None or value != value else value


class ActionsQueue:
    """What a controller wants to be done, in the order in which it said so."""

    def __init__(self) -> None:
        self._actions: list[Any] = []

    def put_nowait(self, actions: Any) -> None:
        self._actions.extend(actions if isinstance(actions, list | tuple) else [actions])

    async def put(self, actions: Any) -> None:
        self.put_nowait(actions)

    def take(self) -> list[Any]:
        taken, self._actions = self._actions, []
        return taken

    def empty(self) -> bool:
        return not self._actions

    def qsize(self) -> int:
        return len(self._actions)


class Flag:
    """An event that nobody waits for."""

    def __init__(self) -> None:
        self._is_set = True

    def set(self) -> None:
        self._is_set = True

    def clear(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set


class RunnableBase:
    """What has a life of its own in Strategy V2: started, asked again and again, stopped."""

    _logger: HummingbotLogger | None = None
    update_interval: float = 1.0
    _status: RunnableStatus = RunnableStatus.RUNNING

    @classmethod
    def logger(cls) -> HummingbotLogger:
        if "_logger" not in cls.__dict__ or cls._logger is None:
            cls._logger = logger_of(f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}")
        return cls._logger

    @property
    def status(self) -> RunnableStatus:
        return self._status

    def start(self) -> None:
        """Be asked again."""
        self._status = RunnableStatus.RUNNING

    def stop(self) -> Any:
        """Be asked no more; executors go on."""
        self._status = RunnableStatus.TERMINATED

    async def on_start(self) -> None:
        """Called once before the first step."""

    def on_stop(self) -> None:
        """Called when it is stopped."""

    async def control_task(self) -> None:
        """One step."""


class ControllerBase(RunnableBase, OurControllerBase):
    """See the module.

    Attributes
    ----------
    processed_data : dict
        What `update_processed_data` worked out.
    performance_report : None
        Reports are made by the runtime, not handed to controllers.
    """

    def __init__(
        self, config: Any, market_data_provider: Any = None, actions_queue: Any = None, update_interval: float = 1.0, **_ignored: Any
    ) -> None:
        if _is_provider(market_data_provider):
            OurControllerBase.__init__(self, config, market_data_provider)
        self.config = config
        self.update_interval = update_interval
        self.market_data_provider = market_data_provider
        self.actions_queue = actions_queue if actions_queue is not None else ActionsQueue()
        self.executors_info = []
        self.positions_held = []
        self.processed_data = {}
        self.performance_report = None
        self.executors_update_event = Flag()
        self.terminated = Flag()
        self.terminated.clear()
        self._new_id: Callable[[], str] | None = None
        self._is_begun = False
        self._has_candles = False
        self._asked_ids = 0
        self._stamps: Any = None
        self._is_updated = False

    # ---- attributes that may hold anything -------------------------------------------------------------------------
    @property
    def market_data_provider(self) -> Any:
        return self.__dict__.get("_provider")

    @market_data_provider.setter
    def market_data_provider(self, given: Any) -> None:
        is_ours = _is_provider(given) and not isinstance(given, MarketDataView)
        self.__dict__["_provider"] = MarketDataView(given) if is_ours else given

    @property
    def executors_info(self) -> list[ExecutorInfo]:
        return self.__dict__.get("_executors", [])  # type: ignore[no-any-return]

    @executors_info.setter
    def executors_info(self, given: Any) -> None:
        self.__dict__["_executors"] = given
        self._note_own(given)

    @property
    def positions_held(self) -> list[PositionSummary]:
        return self.__dict__.get("_positions", [])  # type: ignore[no-any-return]

    @positions_held.setter
    def positions_held(self, given: Any) -> None:
        self.__dict__["_positions"] = given
        self._note_own(given)

    @property
    def processed_data(self) -> Any:
        return self.__dict__.setdefault("_processed", {})

    @processed_data.setter
    def processed_data(self, given: Any) -> None:
        self.__dict__["_processed"] = given

    def _note_own(self, given: Any) -> None:
        """Executors and holds change without a candle: while there are any, nothing is left out."""
        self.__dict__["_has_own"] = bool(self.__dict__.get("_executors")) or bool(self.__dict__.get("_positions"))

    def give_ids(self, new_id: Callable[[], str]) -> None:
        """Where names of new executors come from (the runtime's ids are unique in the data folder)."""
        self._new_id = new_id

    # ---- one step --------------------------------------------------------------------------------------------------
    @property
    def is_ready(self) -> bool:
        """Whether its candles are complete and its markets can be traded on."""
        provider = self.market_data_provider
        if not self._has_candles:
            self._has_candles = all(provider.has_candles(config) for config in self.get_candles_config())
        return self._has_candles and all(provider.is_market_usable(market.connector_name, market.trading_pair) for market in self.config.markets())

    def quiet_until_ns(self) -> int:
        """It is asked on every tick: nobody knows when such a file wants to decide."""
        return 0

    def rest(self) -> None: ...

    def step(self, executors: list[ExecutorInfo], positions: list[Any]) -> Sequence[ExecutorAction]:
        self.executors_info = executors
        self.positions_held = [seen_as(position, self.market_data_provider) for position in positions] if positions else []
        if self.config.manual_kill_switch or self._status is RunnableStatus.TERMINATED or not self.is_ready:
            return ()
        if not self._is_begun:
            self._is_begun = True
            self._await(self.on_start(), "on_start")
        self.executors_update_event.set()
        self._await(self.control_task(), "update_processed_data")
        return [self._own(action) for action in self.actions_queue.take() if action is not None]

    async def control_task(self) -> None:
        if self._is_due():
            given = self.update_processed_data()
            if isinstance(given, Coroutine):
                await given
            self._updated()
        actions = self.determine_executor_actions()
        if actions:
            await self.send_actions(list(actions))

    async def send_actions(self, executor_actions: list[ExecutorAction]) -> None:
        await self.actions_queue.put(executor_actions)

    def _await(self, given: Any, what: str) -> None:
        if isinstance(given, Coroutine):
            try:
                run_through(given)
            except RuntimeError as error:
                raise type(error)(f"{what}: {error}") from error

    def _own(self, action: ExecutorAction) -> ExecutorAction:
        """An action in this controller's name, and an executor with a name that the file can remember."""
        if isinstance(action, CreateExecutorAction):
            config = action.executor_config
            if not config.id and self._new_id is not None and not config.model_config.get("frozen"):
                config.id = self._new_id()
        return replace(action, controller_id=self.id) if action.controller_id == MAIN != self.id else action

    # ---- when to look again ----------------------------------------------------------------------------------------
    def _is_due(self) -> bool:
        """Whether what `update_processed_data` read may have changed since."""
        provider = self.market_data_provider
        if not issubclass(type(provider), MarketDataView):
            return True
        reads = provider.reads
        is_due = not self._is_updated or reads.books or not reads.series or bool(self.__dict__["_has_own"] and self._reads_own)
        if not is_due:
            is_due = provider.stamps(reads.shortest()) != self._stamps
        if is_due:
            reads.is_noting = True
        return is_due

    def _updated(self) -> None:
        provider = self.market_data_provider
        self._is_updated = True
        if isinstance(provider, MarketDataView):
            provider.reads.is_noting = False
            self._stamps = provider.stamps(provider.reads.shortest())

    @property
    def _reads_own(self) -> bool:
        """Whether `update_processed_data` speaks of executors or holds."""
        code = getattr(type(self).update_processed_data, "__code__", None)
        known: dict[Any, bool] = self.__dict__.setdefault("_own_readers", {})
        if code not in known:
            known[code] = code is None or bool(OWN_NAMES & _names_of(type(self), code, set()))
        return known[code]

    # ---- what a file defines ---------------------------------------------------------------------------------------
    async def update_processed_data(self) -> None:
        """Work out what the decision needs."""

    def get_candles_config(self) -> list[CandlesConfig]:
        return list(getattr(self.config, "candles_config", ()))

    def initialize_candles(self) -> None:
        for config in self.get_candles_config():
            self.market_data_provider.initialize_candles_feed(config)

    def get_balance_requirements(self) -> list[Any]:
        return []

    def to_format_status(self) -> list[str]:
        """Lines for people."""
        return []

    def get_custom_info(self) -> dict[str, Any]:
        """Values for programs."""
        return {}

    def update_config(self, new_config: Any) -> None:
        """Take over the fields that may change while it runs."""
        for name, field in type(self.config).model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra.get("is_updatable"):
                setattr(self.config, name, getattr(new_config, name))

    # ---- looking for executors -------------------------------------------------------------------------------------
    def filter_executors(  # type: ignore[override]
        self,
        executors: Iterable[ExecutorInfo] | None = None,
        executor_filter: Any = None,
        filter_func: Callable[[ExecutorInfo], bool] | None = None,
    ) -> list[ExecutorInfo]:
        """Executors that fulfil a condition; all own ones are looked at when none are given (an empty list stays empty)."""
        if callable(executor_filter) and filter_func is None:
            executor_filter, filter_func = None, executor_filter
        source = self.executors_info if executors is None else executors
        return [info for info in source if (filter_func is None or filter_func(info)) and (executor_filter is None or executor_filter.holds(info))]

    def get_executors(self, executor_filter: ExecutorFilter | None = None) -> list[ExecutorInfo]:
        return self.filter_executors(executor_filter=executor_filter)

    def get_active_executors(
        self, connector_names: list[str] | None = None, trading_pairs: list[str] | None = None, executor_types: list[str] | None = None
    ) -> list[ExecutorInfo]:
        wanted = ExecutorFilter(connector_names=connector_names, trading_pairs=trading_pairs, executor_types=executor_types, is_active=True)
        return self.filter_executors(executor_filter=wanted)

    def get_completed_executors(
        self, connector_names: list[str] | None = None, trading_pairs: list[str] | None = None, executor_types: list[str] | None = None
    ) -> list[ExecutorInfo]:
        wanted = ExecutorFilter(
            connector_names=connector_names, trading_pairs=trading_pairs, executor_types=executor_types, statuses=[RunnableStatus.TERMINATED]
        )
        return self.filter_executors(executor_filter=wanted)

    def get_executors_by_type(self, executor_types: list[str]) -> list[ExecutorInfo]:
        return self.filter_executors(executor_filter=ExecutorFilter(executor_types=executor_types))

    def get_executors_by_side(self, sides: list[TradeType]) -> list[ExecutorInfo]:
        return self.filter_executors(executor_filter=ExecutorFilter(sides=sides))

    def get_current_price(self, connector_name: str, trading_pair: str, price_type: PriceType = PriceType.MidPrice) -> Decimal:
        return self.market_data_provider.get_price_by_type(connector_name, trading_pair, price_type)  # type: ignore[no-any-return]

    # ---- trading ---------------------------------------------------------------------------------------------------
    def buy(self, connector_name: str, trading_pair: str, amount: Decimal, price: Decimal | None = None, *args: Any, **kwargs: Any) -> str:
        """Buy `amount` base; see `_create_order`. Gives the executor's id."""
        return self._create_order(connector_name, trading_pair, TradeType.BUY, amount, price, *args, **kwargs)

    def sell(self, connector_name: str, trading_pair: str, amount: Decimal, price: Decimal | None = None, *args: Any, **kwargs: Any) -> str:
        """Sell `amount` base; see `_create_order`. Gives the executor's id."""
        return self._create_order(connector_name, trading_pair, TradeType.SELL, amount, price, *args, **kwargs)

    def _create_order(
        self,
        connector_name: str,
        trading_pair: str,
        side: TradeType,
        amount: Decimal,
        price: Decimal | None = None,
        execution_strategy: ExecutionStrategy = ExecutionStrategy.MARKET,
        chaser_config: LimitChaserConfig | None = None,
        triple_barrier_config: TripleBarrierConfig | None = None,
        leverage: int = 1,
        keep_position: bool = True,
    ) -> str:
        """An order executor, or, with barriers, a position executor; it is started with the other decisions of this step."""
        common = {
            "id": self._next_id(),
            "timestamp": self.market_data_provider.time(),
            "connector_name": connector_name,
            "trading_pair": trading_pair,
            "side": side,
            "amount": amount,
            "leverage": leverage,
        }
        config: Any
        if triple_barrier_config is not None:
            config = PositionExecutorConfig(**common, entry_price=price, triple_barrier_config=triple_barrier_config)
        else:
            config = OrderExecutorConfig(
                **common,
                price=price,
                execution_strategy=execution_strategy,
                chaser_config=chaser_config,
                position_action=PositionAction.OPEN,
            )
        self.actions_queue.put_nowait([CreateExecutorAction(controller_id=self.id, executor_config=config)])
        return str(config.id)

    def _next_id(self) -> str:
        if self._new_id is not None:
            return self._new_id()
        self._asked_ids += 1
        return unique_id_of(self.id, self.market_data_provider.time(), self._asked_ids)

    def cancel(self, executor_id: str) -> bool:
        """End an executor early; False when it is not active."""
        if not any(info.id == executor_id and info.is_active for info in self.executors_info):
            self.logger().warning("there is no active executor %s", executor_id)
            return False
        self.actions_queue.put_nowait([StopExecutorAction(controller_id=self.id, executor_id=executor_id)])
        return True

    def cancel_all(self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: Any = None) -> list[str]:
        """End all active executors that are meant; gives their ids."""
        return [info.id for info in self._active(connector_name, trading_pair, executor_filter) if self.cancel(info.id)]

    def open_orders(self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: Any = None) -> list[dict[str, Any]]:
        """Active executors as plain values; `amount` in base, `filled_amount` in quote."""
        return [_as_order(info) for info in self._active(connector_name, trading_pair, executor_filter)]

    def open_positions(self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: Any = None) -> list[dict[str, Any]]:
        """Holds as plain values; `pnl_percentage` in percent."""
        wanted = executor_filter or ExecutorFilter()
        return [
            position.as_values()
            for position in self.positions_held
            if connector_name in (None, position.connector_name)
            and trading_pair in (None, position.trading_pair)
            and (not wanted.connector_names or position.connector_name in wanted.connector_names)
            and (not wanted.trading_pairs or position.trading_pair in wanted.trading_pairs)
            and (not wanted.sides or position.side in wanted.sides)
        ]

    def _active(self, connector_name: str | None, trading_pair: str | None, executor_filter: Any) -> list[ExecutorInfo]:
        return [
            info
            for info in self.filter_executors(executor_filter=executor_filter)
            if info.is_active and connector_name in (None, info.connector_name) and trading_pair in (None, info.trading_pair)
        ]


def _is_provider(given: Any) -> bool:
    """Whether this is the runtime's provider, and not a stand-in of a test that says so."""
    return issubclass(type(given), MarketDataProvider)


OWN_NAMES = frozenset(
    {"executors_info", "positions_held", "filter_executors", "open_orders", "open_positions", "get_active_executors", "get_completed_executors"}
)


def _names_of(cls: type, code: Any, seen: set[Any]) -> set[str]:
    """Attribute names in a function's code and in the methods of its class that it names."""
    if code in seen:
        return set()
    seen.add(code)
    names = set(code.co_names)
    for inner in code.co_consts:
        if hasattr(inner, "co_names"):
            names |= _names_of(cls, inner, seen)
    for name in list(names):
        method: Any = getattr(cls, name, None)
        method = method.fget if isinstance(method, property) else method
        if hasattr(method, "__code__") and getattr(method, "__module__", "") == cls.__module__:
            names |= _names_of(cls, method.__code__, seen)
    return names


def _as_order(info: ExecutorInfo) -> dict[str, Any]:
    return {
        "executor_id": info.id,
        "connector_name": info.connector_name,
        "trading_pair": info.trading_pair,
        "side": info.side,
        "amount": getattr(info.config, "amount", None),
        "price": getattr(info.config, "price", getattr(info.config, "entry_price", None)),
        "filled_amount": info.filled_amount_quote,
        "status": int(info.status),
        "net_pnl_pct": info.net_pnl_pct,
        "net_pnl_quote": info.net_pnl_quote,
        "order_ids": info.custom_info.get("order_ids", []),
        "type": info.type,
        "timestamp": info.timestamp,
        "is_trading": info.is_trading,
    }
