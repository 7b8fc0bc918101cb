"""Orders by hand: asked for, looked at before they are sent, sent once, followed, cancelled. Each is an executor of the bot of its market."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal

from botcore.executors.single.config import KIND, SingleOrderConfig
from botcore.executors.single.executor import SingleOrderExecutor
from botcore.model.enums import OrderType, PositionAction, RunnableStatus, TradeType
from botcore.model.instrument import Market
from botcore.model.order import OrderState
from botcore.orders.tracker import Order
from botcore.recorder.journal import Journal
from botcore.recorder.queries import executor_by_id
from condor.errors import UserError, nearest
from condor.host import WallClock
from condor.hosts import LIVE, PAPER, Hosts
from condor.manager import BotManager
from condor.manual_views import ManualOrder, Preview, stage_before
from condor.running_bots import RunningBot
from condor.services.bots import BotService, Claim
from condor.services.manual_bots import CONTROLLER, ManualBots
from condor.services.manual_past import past_order
from condor.services.manual_previews import ManualPreviews
from condor.services.overview import OverviewService
from condor.services.purse import Purse
from condor.services.role_limits import RoleLimits
from condor.store import Connection
from condor.store.common import write_audit
from condor.store.ends import ask_cancel
from condor.store.panels import AlreadyDone
from condor.tickets import Pairs, Ticket
from condor.units import plain
from condor.users import Actor, Role, require

PRICE_S = 3.0
"""So long a card waits for the first price of a market that was not open."""


class ManualService:
    """See the module."""

    def __init__(
        self,
        hosts: Hosts,
        manager: BotManager,
        bots: BotService,
        overview: OverviewService,
        purse: Purse,
        previews: ManualPreviews,
        limits: RoleLimits,
        journal: Journal,
        wall: WallClock,
    ) -> None:
        self._limits = limits
        self._hosts = hosts
        self._manager = manager
        self._bots = bots
        self._overview = overview
        self._purse = purse
        self._previews = previews
        self._journal = journal
        self._wall = wall
        self._owners = ManualBots(hosts, manager, bots, journal)
        self._placing = asyncio.Lock()

    # ---- before ----------------------------------------------------------------------------------------------------
    def pairs(self, actor: Actor) -> dict[str, Pairs]:
        """Venue -> pairs, on paper and, where accounts are connected, with real money."""
        require(actor, Role.TRADER, "an order")
        found: dict[str, Pairs] = {PAPER: self._overview.available_markets()}
        if self._hosts.live is not None:
            accounts = self._hosts.live.accounts
            known = found[PAPER]
            found[LIVE] = {name: _listed(account.session.instruments, known.get(name, ())) for name, account in accounts.items()}
        return found

    def title(self, venue: str) -> str:
        """A venue's name for people."""
        return self._purse.title(venue)

    async def settled(self, actor: Actor, ticket: Ticket) -> Ticket:
        """A complete ticket with what it comes to; its market is opened if it is not, and its first price waited for a moment.

        Raises
        ------
        UserError
            If the market is not to be had.
        """
        require(actor, Role.TRADER, "an order")
        if ticket.venue and ticket.pair and ticket.asked:
            # a question before the last: its price may be there by then
            self._open(ticket)
        if ticket.missing:
            return ticket
        found, keeper = ticket, await self._owners.keeper(ticket)
        for _ in range(round(PRICE_S / 0.05)):
            found = self._previews.settled(ticket, keeper)
            if found.amount and self._previews.has_price(found):
                break
            await asyncio.sleep(0.05)
        return found

    def _open(self, ticket: Ticket) -> None:
        """Have the market of a ticket: what is shown of an order comes from its book."""
        host, market = self._hosts.of(ticket.mode), Market(ticket.venue, ticket.pair)
        if market not in host.runtime.markets:
            host.instrument(market)
            host.runtime.open_market(market)

    async def preview(self, actor: Actor, ticket: Ticket) -> Preview:
        """A complete ticket against the market of this moment; changes nothing."""
        require(actor, Role.TRADER, "an order")
        return self._previews.of(ticket, await self._owners.keeper(ticket), await self._limits.of(actor.role))

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def place(self, actor: Actor, ticket: Ticket, claim: Claim) -> ManualOrder:
        """Send an order, once: a ticket that was sent before is not sent again, whoever confirms it.

        Raises
        ------
        UserError
            If it may not be sent now; nothing was.
        AlreadyDone
            If it was sent before.
        """
        require(actor, Role.TRADER, "an order")
        async with self._placing:
            if await self.order(actor, ticket.ticket_id) is not None:
                raise AlreadyDone("this order was given already")
            keeper = await self._owners.keeper(ticket)
            preview = self._previews.of(ticket, keeper, await self._limits.of(actor.role))
            if preview.problems:
                raise UserError(f"nothing was placed: {preview.problems[0]}")
            if ticket.is_live:
                await self._bots.before_live(actor, {ticket.venue})
            config = _config(ticket, preview)
            leverage = preview.leverage or 1
            await self._owners.set_leverage(actor, ticket, keeper, leverage, self._wall.wall_ms())
            bot, is_claimed = await self._owners.ready(actor, ticket, keeper, leverage, claim)
            self._owners.refuse(bot, config)
            await self._written(actor, ticket, bot, None if is_claimed else claim)
            # somebody may have stopped or paused its bot meanwhile
            self._owners.refuse(bot, config)
            bot.strategy.orchestrator.create(config, CONTROLLER)
            # one that was refused on the spot has ended already: it is looked up in the records
            self._hosts.of(ticket.mode).recorder.flush(None)
            await asyncio.wrap_future(self._journal.run(lambda connection: None))
        placed = await self.order(actor, ticket.ticket_id)
        assert placed is not None, "it was created a moment ago"
        return placed

    async def _written(self, actor: Actor, ticket: Ticket, bot: RunningBot, claim: Claim | None) -> None:
        now_ms = self._wall.wall_ms()
        at = f" at {ticket.price}" if ticket.price else ""
        what = f"{ticket.side.lower()} {ticket.amount} {ticket.pair} {ticket.kind.lower()}{at} ({ticket.mode})"

        def write(connection: Connection) -> None:
            if claim is not None:
                claim(connection)
            write_audit(connection, now_ms, actor, "trade", f"{bot.row.bot_id}/{ticket.ticket_id}", after=what)

        await asyncio.wrap_future(self._journal.run(write))

    async def cancel(self, actor: Actor, order_ids: Sequence[str], claim: Claim) -> int:
        """Cancel orders by hand; what they have filled stays held. Returns how many were still at work. A restart goes on with it.

        Raises
        ------
        UserError
            If none of them is.
        """
        require(actor, Role.OPERATOR, "cancelling orders")
        found = [(bot, executor) for bot, executor in self._at_work() if executor.id in order_ids]
        if not found:
            raise UserError("nothing was cancelled: none of these orders is at work any more")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            for bot, executor in found:
                ask_cancel(connection, now_ms, actor, bot.row.bot_id, executor.id)

        await asyncio.wrap_future(self._journal.run(write))
        for bot, executor in found:
            bot.strategy.orchestrator.stop(executor.id, keep_position=True)
        return len(found)

    # ---- after -----------------------------------------------------------------------------------------------------
    async def order(self, actor: Actor, order_id: str) -> ManualOrder | None:
        """One order, as it stands or as it came out; None when there was never one of this id."""
        require(actor, Role.VIEWER, "looking at orders")
        for bot in self._manager.running.values():
            executor = bot.strategy.orchestrator.executor(order_id)
            if isinstance(executor, SingleOrderExecutor):
                return self._present(bot, executor)

        def read(connection: Connection) -> ManualOrder | None:
            found = executor_by_id(connection, order_id)
            return past_order(connection, *found, self._purse.title, self._now_ns) if found is not None and found[1].type == KIND else None

        return await asyncio.wrap_future(self._journal.read(read))

    def _now_ns(self, mode: str) -> int:
        return self._hosts.of(mode).clock.now_ns

    def at_work(self, actor: Actor) -> list[ManualOrder]:
        """Orders by hand that have not ended, oldest first."""
        require(actor, Role.VIEWER, "looking at orders")
        return [self._present(bot, executor) for bot, executor in self._at_work()]

    def find(self, actor: Actor, text: str) -> list[str]:
        """Ids of the orders at work that are meant: by id, by its end, or by pair.

        Raises
        ------
        UserError
            If none is, or several end so.
        """
        orders = self.at_work(actor)
        wanted = text.strip().lower()
        of_pair = wanted.replace("/", "-")
        by_pair = [order.order_id for order in orders if of_pair in (order.pair.lower(), order.pair.lower().replace("-", ""))]
        if by_pair:
            return by_pair
        found = [order.order_id for order in orders if order.order_id == wanted] or [
            order.order_id for order in orders if order.order_id.endswith(wanted)
        ]
        if len(found) == 1:
            return found
        if found:
            raise UserError(f"{len(found)} orders end with {text.strip()!r}: type more of it")
        known = [*(order.order_id for order in orders), *(order.pair for order in orders)]
        raise UserError(
            f"no order by hand {text.strip()[:40]!r} is at work{nearest(text, known)}; /orders lists them. Orders of bots end with their bot: /stop"
        )

    def _at_work(self) -> list[tuple[RunningBot, SingleOrderExecutor]]:
        return [
            (bot, executor)
            for bot in self._owners.running()
            for executor in bot.strategy.orchestrator.running
            if isinstance(executor, SingleOrderExecutor) and not executor.is_closed
        ]

    def _present(self, bot: RunningBot, executor: SingleOrderExecutor) -> ManualOrder:
        """One that has not ended."""
        config, info, mode = executor.config, executor.custom_info(), bot.row.mode
        host = self._hosts.of(mode)
        connector = host.runtime.connectors[config.connector_name]
        order: Order | None = next((item for item in connector.tracker.open_orders() if item.owner is executor), None)
        state = "" if order is None else order.state.name
        is_unknown = order is not None and order.state is OrderState.UNKNOWN
        doing = getattr(connector, "doing_about", None)
        return ManualOrder(
            executor.id,
            bot.row.bot_id,
            mode,
            config.connector_name,
            self._purse.title(config.connector_name),
            config.trading_pair,
            config.side.name,
            config.order_type.name,
            config.amount,
            config.price,
            info["executed_amount_base"],
            info["average_executed_price"] if info["executed_amount_base"] else None,
            config.expected_price,
            None if executor.has_unpriced_fees() else executor.cum_fees_quote(),
            stage_before(state, is_cancelling=executor.status is RunnableStatus.SHUTTING_DOWN),
            executor.info.reason,
            bool(info["was_unknown"]) or is_unknown,
            doing(order.client_order_id, host.clock.now_ns) if is_unknown and order is not None and doing is not None else "",
            max(0, host.clock.now_ns - executor.created_ns) / 1e9,
        )


def _listed(instruments: Mapping[str, object], preferred: Sequence[str]) -> list[str]:
    """Pairs of an account, those first that are known on paper too."""
    first = [pair for pair in preferred if pair in instruments]
    return [*first, *sorted(set(instruments) - set(first))]


def _config(ticket: Ticket, preview: Preview) -> SingleOrderConfig:
    return SingleOrderConfig(
        id=ticket.ticket_id,
        connector_name=ticket.venue,
        trading_pair=ticket.pair,
        side=TradeType[ticket.side],
        amount=Decimal(ticket.amount),
        order_type=OrderType[ticket.kind],
        price=preview.limit,
        position_action=PositionAction.CLOSE if preview.reduces else PositionAction.OPEN,
        leverage=preview.leverage or 1,
        expected_price=None if preview.average is None else Decimal(plain(preview.average)),
    )
