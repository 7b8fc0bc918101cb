"""`ScriptController`: a script as one decision unit of a bot, and the config that it runs with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field, create_model

from botcore.compat.base import ControllerBase
from botcore.compat.config import ControllerConfigBase
from botcore.compat.events import FundingPaymentCompletedEvent
from botcore.compat.feeds import LooseFeed, ScriptDone
from botcore.compat.markets import PAPER, MarketDict, venue_of
from botcore.compat.script import StrategyV2Base
from botcore.compat.script_host import Connectors, ScriptHost
from botcore.compat.stepping import NotKnownYet
from botcore.controllers.catalog import ControllerSpec
from botcore.executors.info import ExecutorInfo
from botcore.markets.candles_config import CandlesConfig
from botcore.model.actions import ExecutorAction
from botcore.model.enums import PositionMode, RunnableStatus, parse_enum
from botcore.model.instrument import Market
from botcore.model.records import FundingRecord
from botcore.model.times import SECOND_NS

FOLDER = "scripts"


class ScriptRunConfig(ControllerConfigBase):  # type: ignore[metaclass]
    """What a script runs with.

    Parameters
    ----------
    settings : object
        The script's own config, of the class that its file defines.
    """

    script_class: ClassVar[Any] = None

    total_amount_quote: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    settings: Any = None

    def update_markets(self, markets: MarketDict) -> MarketDict:
        cls = type(self).script_class
        cls.init_markets(self.settings)
        for name, pairs in cls.markets.items():
            markets.add_or_update(venue_of(str(name)), *pairs)
        for config in getattr(self.settings, "candles_config", ()):
            markets.add_or_update(config.connector, config.trading_pair)
        return markets

    @property
    def is_paper_only(self) -> bool:
        """Whether its code names connectors that are for paper only."""
        self.update_markets(MarketDict())
        return any(str(name).endswith(PAPER) for name in type(self).script_class.markets)

    def perpetual_settings(self) -> dict[Market, tuple[int, PositionMode]]:
        """`leverage` and `position_mode` of the script's config, for every perpetual that it trades."""
        leverage, mode = getattr(self.settings, "leverage", None), getattr(self.settings, "position_mode", None)
        if not leverage and not mode:
            return {}
        chosen = parse_enum(PositionMode, mode) if mode else PositionMode.HEDGE
        return {market: (int(leverage or 1), chosen) for market in sorted(self.markets()) if "_perpetual" in market.connector_name}


class ScriptController(ControllerBase):
    """See the module.

    Attributes
    ----------
    script : StrategyV2Base
    """

    script_class: ClassVar[type[StrategyV2Base]] = StrategyV2Base

    def __init__(self, config: Any, market_data_provider: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, market_data_provider, *args, **kwargs)
        self._host = ScriptHost(self)
        self._funding: list[FundingPaymentCompletedEvent] = []
        cls = type(self).script_class
        names = sorted({market.connector_name for market in config.markets()})
        found = {name: self.market_data_provider.get_connector(name) for name in names}
        # a script that says binance_paper_trade finds it under that name, and only once
        called = {venue_of(str(name)): str(name) for name in cls.markets}
        for name, connector in found.items():
            if called.get(name, name).endswith(PAPER):
                connector.shown_as = f"{name}_PaperTrade"
        connectors = Connectors({called.get(name, name): connector for name, connector in found.items()}, self._host)
        self.script = cls(connectors) if config.settings is None else cls(connectors, config.settings)
        self._feeds = list(_feeds_in(self.script))
        for feed in self._feeds:
            feed.bind(self.market_data_provider)

    def get_candles_config(self) -> list[CandlesConfig]:
        return [*getattr(self.config.settings, "candles_config", ()), *(feed.config for feed in self._feeds)]

    def step(self, executors: list[ExecutorInfo], positions: list[Any]) -> Sequence[ExecutorAction]:
        self.look_at(executors, positions)
        if self.config.manual_kill_switch or self._status is RunnableStatus.TERMINATED or not self.is_ready:
            return ()
        try:
            with self._within():
                self._run_script(executors)
        except ScriptDone as done:
            self.script.logger().info("%s", done)
            self.stop()
        except NotKnownYet as reason:
            self.script.logger().info("%s waits: %s", self.id, reason)
        asked, self._host.actions = self._host.actions, []
        return [self._own(action) for action in (*self._take_queued(), *asked)]

    def _run_script(self, executors: list[ExecutorInfo]) -> None:
        """Its start, the events of its orders, and its tick."""
        script, host = self.script, self._host
        if not self._is_begun:
            host.orders.begin(executors)
            script.ready_to_trade = True
            script.update_executors_info()
            self._begin(script.start, None, host.now_s)
        payments, self._funding = self._funding, []
        for payment in payments:
            self._through(script.did_complete_funding_payment, payment)
        for name, event in host.orders.events(executors, host.now_s):
            self._through(getattr(script, name), event)
        self._through(script.on_tick)

    def on_stop(self) -> Any:
        """The script's own end; what it orders then is not sent: its bot ends what it has."""
        given = self.script.on_stop()
        self._host.actions = []
        return given

    def fund(self, record: FundingRecord) -> None:
        """A share of a funding payment, told to the script with its next tick; one that has no rate can't be told in quote."""
        if record.amount_quote is None:
            self.script.logger().warning("funding of %s %s for %s has no rate", record.amount, record.asset, record.trading_pair)
            return
        self._funding.append(
            FundingPaymentCompletedEvent(record.ts_ns / SECOND_NS, record.connector_name, record.trading_pair, record.amount_quote, Decimal("NaN"))
        )

    def to_format_status(self) -> list[str]:
        return str(self.script.format_status()).split("\n")


def _feeds_in(script: StrategyV2Base) -> Iterable[LooseFeed]:
    """Candle feeds that a script made by itself, in its fields or those of its class."""
    found: dict[int, LooseFeed] = {}
    fields = [value for cls in type(script).__mro__ if issubclass(cls, StrategyV2Base) for value in vars(cls).values()]
    for value in [*fields, *vars(script).values()]:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
        found |= {id(item): item for item in items if isinstance(item, LooseFeed)}
    return found.values()


def spec_of(name: str, script_class: type[StrategyV2Base], settings_class: type[BaseModel] | None, origin: str, summary: str) -> ControllerSpec:
    """A script as something that a bot can be built of."""
    full = f"{FOLDER}.{name}"
    fields: dict[str, Any] = {"controller_name": (str, full)}
    if settings_class is not None:
        fields["settings"] = (settings_class, Field(default_factory=settings_class))
    config_class = create_model(f"{script_class.__name__}Run", __base__=ScriptRunConfig, **fields)
    config_class.script_class = script_class
    controller_class = type(f"{script_class.__name__}Controller", (ScriptController,), {"script_class": script_class})
    return ControllerSpec(full, "generic", config_class, controller_class, summary, origin)
