"""Strays: orders and executions that carry our home's id and that this process does not know (any more).

A fill may come long after its order was forgotten, or of an order of an earlier process; an order may stand at the venue that no bot was told of. The records
say whose it was. It is adopted into the tracker like an order of a restart, so that all that holds for orders holds for it: each execution once and for
ever, cancels that are repeated until it has ended, an end that waits for its executions. Nobody's order is adopted too, for nobody.

An executor that had not ended and whose bot does not run here (it could not be put together) will come back with a later start: its exits and stops stay where they
are, and its fills are only written down, for it takes them up itself then.

What is not ours (another prefix, another home) never comes here. Ids of before homes had a name may be ours or another home's: they are when the records know them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from botcore.connectors.base import ConnectorBase, OrderOwner
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.events import Fact, FactKind, HoldChanged, OrderEvent, OrderFilled, PartFault, StrayFill, StrayOrder
from botcore.model.instrument import Instrument, Market
from botcore.model.order import TERMINAL, Fill, OrderRequest, OrderState, Purpose
from botcore.model.records import FillRecord, HoldRecord, IntentRecord
from botcore.model.venue_updates import OrderTraded
from botcore.orchestrator.holds import HoldBook, HoldKey, PositionHold
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orders.tracker import Order
from botcore.strategies.recovery import booked_fill, order_request

UNOWNED = "unowned"
"""Controller of a hold that is nobody's; its bot id is empty."""


class StrayRecords(Protocol):
    """What the records know. Called from the tick, and only for strays, so it may read a database."""

    def intent(self, client_order_id: str) -> IntentRecord | None:
        """The order with its intent; None when no such intent was ever written."""

    def fills(self, client_order_id: str) -> list[FillRecord]:
        """Executions of it that are booked."""

    def hold(self, bot_id: str, controller_id: str, market: Market, bucket: str) -> HoldRecord | None:
        """A hold as it was written last."""

    def holds(self, connector_name: str) -> list[HoldRecord]:
        """Holds of all bots on this account, as they were written last."""

    def owned_holds(self, connector_name: str) -> list[tuple[str, HoldRecord]]:
        """The same with the bot of each."""


@dataclass(frozen=True, slots=True)
class StrayOwner:
    """Stands where the executor of an adopted order stood.

    Parameters
    ----------
    side : TradeType, optional
        Side of that executor: in HEDGE mode the bucket of its holds. None where there was none: that of the fill.
    comes_back : bool
        Whether that executor will take up what was written down of its orders.
    reduces : bool
        Whether it stands for a hold that is settled or closed, not for an executor.
    """

    keeper: StrayKeeper
    bot_id: str
    controller_id: str
    executor_id: str
    side: TradeType | None
    comes_back: bool = False
    reduces: bool = False

    def on_order(self, event: OrderEvent) -> None:
        if type(event) is OrderFilled:
            self.keeper.book(self, event.order, event.fill)

    def on_fault(self, error: Exception) -> None:
        self.keeper.faulted(self, error)


class StrayKeeper:
    """See the module.

    Parameters
    ----------
    connectors : mapping of str to ConnectorBase
        Live mapping by connector name.
    orchestrator_of : callable
        Bot id -> orchestrator of a bot that runs here, or None.
    """

    def __init__(
        self,
        bus: EventBus,
        clock: Clock,
        connectors: Mapping[str, ConnectorBase],
        orchestrator_of: Callable[[str], ExecutorOrchestrator | None],
        records: StrayRecords,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._connectors = connectors
        self._orchestrator_of = orchestrator_of
        self._records = records
        self._holds: dict[tuple[str, HoldKey], PositionHold] = {}
        bus.subscribe(StrayOrder, self._on_order)
        bus.subscribe(StrayFill, self._on_fill)
        bus.subscribe(HoldChanged, self._on_hold)

    # ---- what comes in ---------------------------------------------------------------------------------------------
    def _on_order(self, stray: StrayOrder) -> None:
        connector = self._connectors.get(stray.connector_name)
        if connector is None or connector.tracker.get(stray.client_order_id) is not None:
            return
        if self._is_elsewhere(connector, stray.client_order_id, stray.trading_pair):
            return
        booked = self._records.fills(stray.client_order_id)
        instrument = connector.instrument(stray.trading_pair)
        if not stray.is_open and stray.filled_lots <= sum(instrument.lots(fill.amount) for fill in booked):
            return
        self._adopt(connector, stray, TradeType.BUY, booked)

    def _on_fill(self, stray: StrayFill) -> None:
        fill = stray.fill
        market = fill.instrument.market
        connector = self._connectors.get(market.connector_name)
        if connector is None:
            return
        if connector.tracker.get(fill.client_order_id) is None:
            if self._is_elsewhere(connector, fill.client_order_id, market.trading_pair):
                return
            order = StrayOrder(market.connector_name, market.trading_pair, fill.client_order_id, False, "", fill.lots, fill.lots)
            self._adopt(connector, order, fill.trade_type, self._records.fills(fill.client_order_id))
        connector.apply(OrderTraded(fill))

    def _is_elsewhere(self, connector: ConnectorBase, client_order_id: str, trading_pair: str) -> bool:
        """Whether an id that carries no home is another home's."""
        if connector.is_ours(client_order_id) or self._records.intent(client_order_id) is not None:
            return False
        connector.see_other_home(client_order_id, trading_pair)
        return True

    def _on_hold(self, change: HoldChanged) -> None:
        """The latest object of every hold: the records may lag behind it."""
        if isinstance(change.hold, PositionHold):
            self._holds[change.bot_id, change.hold.key] = change.hold

    # ---- adoption --------------------------------------------------------------------------------------------------
    def _adopt(self, connector: ConnectorBase, stray: StrayOrder, side: TradeType, booked: list[FillRecord]) -> None:
        """Know the order again, for its executor, its bot or nobody; what stands at the venue is taken off."""
        instrument = connector.instrument(stray.trading_pair)
        known = self._records.intent(stray.client_order_id)
        fills = [booked_fill(fill, instrument) for fill in booked]
        if known is None:
            request = OrderRequest(instrument, side, OrderType.LIMIT, max(1, stray.lots), purpose=Purpose.CLOSE, controller_id=UNOWNED)
            state = OrderState.OPEN if stray.is_open else OrderState.CANCELED
            created_ns, exchange_id = self._clock.now_ns, stray.exchange_order_id
        else:
            request = order_request(known.order, instrument, known.bot_id, known.controller_id)
            state = OrderState[known.order.state]
            if stray.is_open or state not in TERMINAL:
                # what the venue tells of an order proves that it had it
                state = OrderState.OPEN
            created_ns, exchange_id = known.order.created_ns, stray.exchange_order_id or known.order.exchange_order_id or ""
        owner = self._owner(request, known is not None and known.is_running)
        order = connector.adopt(request, stray.client_order_id, owner, created_ns, state, exchange_id or None, fills)
        stays = isinstance(owner, StrayOwner) and owner.comes_back and not request.purpose.adds_risk
        if state not in TERMINAL and not stays:
            connector.cancel(order.client_order_id)
            if known is not None and OrderState[known.order.state] in TERMINAL:
                # known, and ended: in all likelihood a list that is older than its end; should it trade, that is told
                return
            self._tell(FactKind.ORDER_ADOPTED, order, amount=format(instrument.amount(order.lots - order.filled_lots), "f"))

    def _owner(self, request: OrderRequest, is_running: bool) -> OrderOwner:
        orchestrator = self._orchestrator_of(request.bot_id)
        executor = orchestrator.executor(request.executor_id) if orchestrator is not None else None
        if executor is not None:
            return executor
        side: TradeType | None = request.trade_type if request.purpose.adds_risk else request.trade_type.opposite
        # of an order without a bot only an exit that was sent for nobody (see `exits`) tells by itself which hold it belongs to
        reduces = not request.bot_id and request.position_action is PositionAction.CLOSE
        if not request.bot_id and not reduces:
            side = None
        comes_back = is_running and orchestrator is None
        return StrayOwner(self, request.bot_id, request.controller_id or UNOWNED, request.executor_id, side, comes_back, reduces)

    # ---- executions ------------------------------------------------------------------------------------------------
    def book(self, owner: StrayOwner, order: Order, fill: Fill) -> None:
        """A fill that no executor watches becomes a position hold."""
        orchestrator = self._orchestrator_of(owner.bot_id)
        if orchestrator is not None:
            orchestrator.hold_keeper.hold(fill, owner.controller_id, owner.side or fill.trade_type)
        elif not owner.comes_back:
            self._hold(owner, fill)
        if order.request.purpose is Purpose.EXTERNAL or (owner.reduces and order.request.purpose is Purpose.CLOSE):
            # it has made the position smaller: somebody else, and that is told, or `/panic`
            return
        self._tell(FactKind.POSITION_HELD, order, fill_side=fill.trade_type.name, amount=format(fill.amount, "f"), price=format(fill.price, "f"))

    def _hold(self, owner: StrayOwner, fill: Fill) -> None:
        """Into the hold of a bot that does not run here, or of nobody."""
        market = fill.instrument.market
        bucket = HoldBook.bucket_of(fill, self._connectors[market.connector_name].position_mode(), owner.side or fill.trade_type)
        hold = self._holds.get((owner.bot_id, (owner.controller_id, market, bucket)))
        if hold is None:
            record = self._records.hold(owner.bot_id, owner.controller_id, market, bucket)
            hold = PositionHold(fill.instrument, bucket, owner.controller_id) if record is None else PositionHold.from_record(record, fill.instrument)
        if hold.add(fill):
            self._bus.publish(HoldChanged(owner.bot_id, hold))

    def unwatched(self, instrument: Instrument, bucket: str) -> list[tuple[OrderOwner, int, tuple[str, str, str]]]:
        """(owner, signed lots, (bot, controller, no executor)) of every hold on a market that no bot here has."""
        market, found = instrument.market, {}
        for owner_id, record in self._records.owned_holds(market.connector_name):
            if (record.trading_pair, record.bucket) == (market.trading_pair, bucket):
                found[owner_id, record.controller_id] = record.net_amount_base
        for (bot_id, (controller_id, where, of)), hold in self._holds.items():
            if (where, of) == (market, bucket):
                found[bot_id, controller_id] = hold.net_amount_base
        shares: list[tuple[OrderOwner, int, tuple[str, str, str]]] = []
        for (bot_id, controller_id), amount in found.items():
            if amount and self._orchestrator_of(bot_id) is None:
                owner = StrayOwner(self, bot_id, controller_id, "", TradeType.BUY if amount > 0 else TradeType.SELL, reduces=True)
                shares.append((owner, instrument.lots(amount), (bot_id, controller_id, "")))
        return shares

    def nobodys(self, connector_name: str) -> list[tuple[Market, str]]:
        """Perpetual markets of an account, with the side, in which something is nobody's and no exit of it is under way.

        None on spot: nothing tells there what an order of nobody has bought from what a person has.
        """
        connector = self._connectors[connector_name]
        held = [
            (Market(connector_name, record.trading_pair), record.bucket, record.net_amount_base, bot_id)
            for bot_id, record in self._records.owned_holds(connector_name)
        ]
        held += [(market, bucket, hold.net_amount_base, bot_id) for (bot_id, (_, market, bucket)), hold in self._holds.items()]
        asked = {order.instrument.market for order in connector.tracker.open_orders() if not order.request.bot_id}
        return sorted(
            {
                (market, bucket)
                for market, bucket, amount, bot_id in held
                if amount and not bot_id and market.connector_name == connector_name and market not in asked
            }
        )

    def exits(self, market: Market, bucket: str) -> list[tuple[OrderOwner, OrderRequest]]:
        """Reduce-only orders at market that close what is nobody's there, with the owner of each.

        Raises
        ------
        ConfigError
            If the venue does not trade the pair (any more).
        """
        connector = self._connectors[market.connector_name]
        instrument = connector.instrument(market.trading_pair)
        if not instrument.is_perpetual:
            return []
        exits: list[tuple[OrderOwner, OrderRequest]] = []
        for owner, lots, (bot_id, controller_id, _) in self.unwatched(instrument, bucket):
            side = TradeType.SELL if lots > 0 else TradeType.BUY
            whole = OrderRequest(instrument, side, OrderType.MARKET, abs(lots), None, PositionAction.CLOSE, Purpose.CLOSE, bot_id, controller_id)
            # never more than the venue has: one that was sent by an earlier process may have filled
            request = replace(whole, lots=min(whole.lots, connector.reducible_lots(whole)))
            if not bot_id and request.lots >= instrument.min_lots:
                exits.append((owner, request))
        return exits

    # ---- telling ---------------------------------------------------------------------------------------------------
    def _tell(self, kind: str, order: Order, **values: object) -> None:
        request = order.request
        market = request.instrument.market
        payload = {
            "connector_name": market.connector_name,
            "trading_pair": market.trading_pair,
            "client_order_id": order.client_order_id,
            "side": request.trade_type.name,
            **values,
        }
        self._bus.publish(Fact(kind, self._clock.now_ns, request.bot_id, request.controller_id, request.executor_id, payload))

    def faulted(self, owner: StrayOwner, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self._bus.publish(PartFault(FactKind.PART_FAULT, self._clock.now_ns, text, owner.bot_id, owner.controller_id, owner.executor_id))
