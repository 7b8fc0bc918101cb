"""`ControllerBase` as files of Strategy V2 know it, on the runtime's own: one step a tick, no tasks, no queues behind it.

A step is `control_task`, once per `update_interval` of market time: `update_processed_data` when what it reads may have changed, `determine_executor_actions`
always; what is decided, and what the helpers `buy`, `sell`, `cancel` asked for on the way, is carried out in the same tick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from botcore.compat.helpers import Helpers
from botcore.compat.market_data import MarketDataView
from botcore.compat.pace import Pace
from botcore.compat.perpetuals import Own, PerpetualConnectorView
from botcore.compat.positions import PositionSummary, seen_as
from botcore.compat.runnable import ActionsQueue, Flag, RunnableBase
from botcore.compat.stepping import NotKnownYet, Step, within
from botcore.compat.tools import OnTheSpot
from botcore.controllers.base import ControllerBase as OurControllerBase
from botcore.controllers.base import ExecutorFilter
from botcore.controllers.waiting import Waiter, begin
from botcore.executors.info import ExecutorInfo
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.enums import PositionMode, RunnableStatus

__all__ = ["ControllerBase", "ExecutorFilter", "RunnableBase"]

MAIN = "main"


class ControllerBase(RunnableBase, Helpers):
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
        self.executors_info: list[ExecutorInfo] = []
        self.positions_held: list[PositionSummary] = []
        self.processed_data: dict[str, Any] = {}
        self.performance_report = None
        self.executors_update_event = Flag()
        self.terminated = Flag()
        self.terminated.clear()
        self._is_begun = False
        self._has_candles = False
        self._stamps: Any = None
        self._is_updated = False
        self._own_readers: dict[Any, bool] = {}
        self._pace = Pace()
        self._is_early = False

    @property
    def market_data_provider(self) -> Any:
        """What it reads the markets through; a stand-in of a test serves too."""
        return self.__dict__.get("_provider")

    @market_data_provider.setter
    def market_data_provider(self, given: Any) -> None:
        if _is_provider(given):
            given = given if isinstance(given, MarketDataView) else MarketDataView(given)
            given.perpetual = self._perpetual
            # compiled, the base reads an attribute of its own; as plain Python it reads this property
            own = getattr(OurControllerBase, "market_data_provider", None)
            if own is not None:
                own.__set__(self, given)
        self.__dict__["_provider"] = given

    def _perpetual(self, provider: Any, name: str) -> PerpetualConnectorView:
        """A connector of perpetuals with what this controller holds there."""
        settings = self.config.perpetual_settings() if hasattr(self.config, "perpetual_settings") else {}
        leverage, mode = next((value for market, value in settings.items() if market.connector_name == name), (1, PositionMode.HEDGE))
        return PerpetualConnectorView(provider, name, Own(lambda: self.executors_info, lambda: self.positions_held, mode, leverage))

    # ---- one step --------------------------------------------------------------------------------------------------
    @property
    def is_ready(self) -> bool:
        """Whether its candles are complete, its markets can be traded on, and what it asked for in vain is known."""
        provider = self.market_data_provider
        if not self._has_candles:
            self._has_candles = all(provider.has_candles(config) for config in self.get_candles_config())
        usable = self._has_candles and all(provider.is_market_usable(market.connector_name, market.trading_pair) for market in self.config.markets())
        return usable and provider.has_awaited()

    def quiet_until_ns(self) -> int:
        """Its next turn when it was asked before it; otherwise it is asked with every event: nobody knows when such a file wants to decide."""
        return self._pace.next_ns if self._is_early else 0

    def rest(self) -> None:
        """Its bot asks it no more (the bot is stopped, or its kill switch is on): what the file does then is done; asked again, it begins anew."""
        if not self._is_begun:
            return
        self._is_begun, status = False, self._status
        for method in (self.stop, self.on_stop):
            try:
                with self._within():
                    self._through(method)
            except Exception as error:  # noqa: BLE001 - what is ending ends, whatever the file says to it
                type(self).logger().warning("%s: %s raised %s: %s", self.id, method.__name__, type(error).__name__, error)
        self._status = status
        self.actions_queue.take()
        self.drop_queued()

    def take_seat(self, new_id: Callable[[], str], waiter: Waiter | None = None, report: Callable[[], Any] | None = None) -> None:
        super().take_seat(new_id, waiter or OnTheSpot(), report)

    def _within(self) -> AbstractContextManager[None]:
        """Answers the file's questions to the world within the block."""
        waiter = None if isinstance(self._waiter, OnTheSpot) else self._waiter
        return within(Step(self._new_id, self.market_data_provider, waiter))

    def _through(self, method: Callable[..., Any], *values: Any) -> None:
        """Call a method of the file, which may be a coroutine."""
        given = method(*values)
        if hasattr(given, "__await__"):
            begin(given, self._waiter)

    def step(self, executors: list[ExecutorInfo], positions: list[Any]) -> Sequence[ExecutorAction]:
        self.look_at(executors, positions)
        if self.config.manual_kill_switch or self._status is RunnableStatus.TERMINATED or not self.is_ready:
            self.give_up_waiting()
            return ()
        clock = self.market_data_provider.clock
        self._is_early = not self.is_waiting and not self._pace.take(clock.now_ns, self.update_interval, clock.tick_ns)
        if self._is_early:
            return self._asked()
        with self._within():
            try:
                return self._decide()
            except NotKnownYet as reason:
                return self._put_off(reason)

    def _put_off(self, reason: NotKnownYet) -> list[ExecutorAction]:
        """It can't decide now; what it asked for before it came to that is carried out."""
        self.logger().info("%s waits: %s", self.id, reason)
        return self._asked()

    def _begin(self, start: Callable[..., Any], *values: Any) -> None:
        """Its first step; begun again where it asked for what is not known yet."""
        self._is_begun = True
        try:
            self._through(start, *values)
        except NotKnownYet:
            self._is_begun = False
            raise

    def _decide(self) -> list[ExecutorAction]:
        """The file's own part of a step."""
        if not self._is_begun:
            self._begin(self.on_start)
        decided: Iterable[Any] = ()
        if type(self).control_task is not ControllerBase.control_task:
            self._run_control_task()
        elif self._have_data():
            decided = self.determine_executor_actions() or ()
        return self._asked(decided)

    def _asked(self, decided: Iterable[Any] = ()) -> list[ExecutorAction]:
        """What its helpers and its queue have taken in, and what it has decided."""
        asked = [*self._take_queued(), *self.actions_queue.take(), *decided]
        return [self._own(action) for action in asked if action is not None]

    def look_at(self, executors: list[ExecutorInfo], positions: list[Any]) -> None:
        """Take in what is its own now."""
        self.executors_info = executors
        self.positions_held = [seen_as(position, self.market_data_provider) for position in positions]

    def _run_control_task(self) -> None:
        """The step of a file that has replaced it as a whole."""
        if self._wait is None:
            self._wait = begin(self.control_task(), self._waiter)
        if self._wait.is_over():
            wait, self._wait = self._wait, None
            wait.outcome()

    async def control_task(self) -> None:
        """One step, for files that add to it."""
        given: Any = self.update_processed_data()
        if given is not None:
            await given
        await self.send_actions(list(self.determine_executor_actions() or ()))

    async def send_actions(self, executor_actions: list[ExecutorAction]) -> None:
        await self.actions_queue.put(executor_actions)

    def _have_data(self) -> bool:
        provider = self.market_data_provider
        if not self.is_waiting and not self._is_due():
            return True
        provider.reads.is_noting = True
        try:
            have = bool(super()._have_data())
        finally:
            provider.reads.is_noting = False
        if have:
            self._is_updated = True
            self._stamps = provider.stamps(provider.reads.shortest())
        return have

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
        reads = provider.reads
        if not self._is_updated or reads.is_live:
            return True
        if (self.executors_info or self.positions_held) and self._reads_own:
            return True
        return bool(provider.stamps(reads.shortest()) != self._stamps)

    @property
    def _reads_own(self) -> bool:
        """Whether `update_processed_data` speaks of executors or holds: they change without a candle."""
        code = getattr(type(self).update_processed_data, "__code__", None)
        known = self._own_readers
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
