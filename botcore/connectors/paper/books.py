"""The paper exchanges' own books: what they write down, as a venue does, and how they come back.

This is the other side of the wire: bots never read it, they ask the exchange. It commits in every tick in which an account changed, before any
bot hears of it, together with the position of every market's feed, so that after a crash accounts and markets stand at one and the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from botcore.connectors.paper.exchange import PaperExchange
from botcore.connectors.paper.ledger import PerpetualLedger, Position
from botcore.connectors.paper.order import PaperOrder
from botcore.markets.market_state import MarketState
from botcore.model.books import AccountPage, StoredAccount
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.errors import StoreRefused
from botcore.model.instrument import Instrument, Market
from botcore.model.order import Fee, Fill, OrderRequest, OrderState, Purpose


class PaperStore(Protocol):
    """Durable home of the paper exchanges."""

    def save(self, now_ns: int, pages: list[AccountPage], feeds: Mapping[str, dict[str, Any]], candles: Mapping[str, list[list[float]]]) -> None:
        """Write in one transaction and return when it is durable."""


class FeedPositions(Protocol):
    def states(self) -> Mapping[str, dict[str, Any]]: ...


class PaperBooks:
    """Part of the clock between the tape and the connectors.

    Parameters
    ----------
    exchanges : mapping of str to PaperExchange
        Live mapping.
    feeds : FeedPositions
        The tape.
    markets : mapping of Market to MarketState
        Live mapping; candles that were made from trades are written down, for no recording has them.
    checkpoint_ns : int
        Market time after which the feeds' positions are written although no account changed.
    """

    def __init__(
        self,
        store: PaperStore,
        exchanges: Mapping[str, PaperExchange],
        feeds: FeedPositions,
        markets: Mapping[Market, MarketState],
        checkpoint_ns: int,
    ) -> None:
        self._store = store
        self._exchanges = exchanges
        self._feeds = feeds
        self._markets = markets
        self._written_bars: dict[Market, int] = {}
        self._checkpoint_ns = checkpoint_ns
        self._written_ns = 0
        self._pages: list[AccountPage] = []
        self._bars: dict[str, list[list[float]]] = {}
        self.trouble = ""

    def on_tick(self, now_ns: int) -> None:
        for exchange in self._exchanges.values():
            exchange.advance(now_ns)
        changed = [exchange for exchange in self._exchanges.values() if exchange.changed]
        if changed or self._pages or now_ns - self._written_ns >= self._checkpoint_ns:
            try:
                self.write(now_ns, changed)
            except StoreRefused as error:
                # the pages are kept and written with the next ones
                self.trouble = str(error)

    def write(self, now_ns: int, changed: list[PaperExchange]) -> None:
        """Write what has changed, and what could not be written before.

        Raises
        ------
        StoreRefused
            If the file takes nothing now.
        """
        self._pages += [page_of(exchange) for exchange in changed]
        for market, rows in self._new_candles().items():
            self._bars.setdefault(market, []).extend(rows)
        self._store.save(now_ns, self._pages, self._feeds.states(), self._bars)
        self._pages, self._bars = [], {}
        self._written_ns = now_ns
        self.trouble = ""

    def _new_candles(self) -> dict[str, list[list[float]]]:
        """Closed candles since the last page, by market."""
        found: dict[str, list[list[float]]] = {}
        for market, state in self._markets.items():
            candles = state.candles
            if not candles.is_from_trades:
                continue
            since = self._written_bars.get(market, candles.loaded_version)
            if candles.version > since:
                found[str(market)] = candles.base.tail(candles.version - since).tolist()
                self._written_bars[market] = candles.version
        return found


# ---- out -----------------------------------------------------------------------------------------------------------
def page_of(exchange: PaperExchange) -> AccountPage:
    """What changed since the last page; the exchange starts a new one."""
    orders = {}
    for client_order_id in exchange.touched:
        order = exchange.orders.get(client_order_id)
        if order is not None:
            orders[client_order_id] = _order_values(order, True, "", "")
        elif client_order_id in exchange.ended:
            ended, state, reason = exchange.ended[client_order_id]
            orders[client_order_id] = _order_values(ended, False, state.name, reason)
    page = AccountPage(exchange.name, _account_values(exchange), orders, [_fill_values(fill) for fill in exchange.new_fills])
    exchange.touched.clear()
    exchange.new_fills.clear()
    exchange.changed = False
    return page


def _account_values(exchange: PaperExchange) -> dict[str, Any]:
    ledger = exchange.ledger
    values: dict[str, Any] = {
        "totals": {asset: str(amount) for asset, amount in ledger.totals.items()},
        "deposits": {asset: str(amount) for asset, amount in exchange.deposits.items()},
        "serial": exchange.serial,
        "trade_serial": exchange.trade_serial,
        "arriving": [
            {"at_ns": at_ns, "client_order_id": client_order_id, "request": None if request is None else _request_values(request)}
            for at_ns, client_order_id, request in exchange.arriving()
        ],
    }
    if isinstance(ledger, PerpetualLedger):
        values["mode"] = ledger.mode.name
        values["leverage"] = dict(ledger.leverage)
        values["positions"] = [
            {
                "pair": pair,
                "side": side,
                "amount": str(position.instrument.amount(position.lots)),
                "cost": str(position.cost * position.instrument.unit),
            }
            for (pair, side), position in ledger.positions.items()
            if position.lots
        ]
    return values


def _request_values(request: OrderRequest) -> dict[str, Any]:
    instrument = request.instrument
    return {
        "pair": instrument.market.trading_pair,
        "trade_type": request.trade_type.name,
        "order_type": request.order_type.name,
        "amount": str(instrument.amount(request.lots)),
        "price": None if request.price_ticks is None else str(instrument.price(request.price_ticks)),
        "position_action": request.position_action.name,
        "purpose": request.purpose.value,
        "bot_id": request.bot_id,
        "controller_id": request.controller_id,
        "executor_id": request.executor_id,
    }


def _order_values(order: PaperOrder, is_open: bool, state: str, reason: str) -> dict[str, Any]:
    instrument = order.request.instrument
    return {
        "request": _request_values(order.request),
        "exchange_order_id": order.exchange_order_id,
        "amount": str(instrument.amount(order.lots)),
        "filled": str(instrument.amount(order.filled)),
        "ahead": order.ahead,
        "position_side": order.position_side,
        "ts_ns": order.ts_ns,
        "is_open": is_open,
        "state": state,
        "reason": reason,
    }


def _fill_values(fill: Fill) -> dict[str, Any]:
    return {
        "trade_id": fill.trade_id,
        "client_order_id": fill.client_order_id,
        "pair": fill.instrument.market.trading_pair,
        "trade_type": fill.trade_type.name,
        "price": str(fill.price),
        "amount": str(fill.amount),
        "fee": str(fill.fee.amount),
        "fee_asset": fill.fee.asset,
        "fee_quote": None if fill.fee.in_quote is None else str(fill.fee.in_quote),
        "is_maker": fill.is_maker,
        "ts_ns": fill.ts_ns,
    }


# ---- back ----------------------------------------------------------------------------------------------------------
def restore_account(exchange: PaperExchange, stored: StoredAccount, instruments: Mapping[str, Instrument]) -> None:
    """Put an exchange back where it was written; its markets must be open.

    Parameters
    ----------
    instruments : mapping of str to Instrument
        By pair, of every market that the account has orders, positions or fills in.
    """
    account, ledger = stored.account, exchange.ledger
    ledger.totals = {asset: Decimal(amount) for asset, amount in account["totals"].items()}
    exchange.deposits = {asset: Decimal(amount) for asset, amount in account["deposits"].items()}
    exchange.serial, exchange.trade_serial = account["serial"], account["trade_serial"]
    if isinstance(ledger, PerpetualLedger):
        ledger.mode = PositionMode[account["mode"]]
        ledger.leverage = {pair: int(leverage) for pair, leverage in account["leverage"].items()}
        for values in account["positions"]:
            instrument = instruments[values["pair"]]
            amount = Decimal(values["amount"])
            lots = instrument.lots(abs(amount)) * (1 if amount > 0 else -1)
            ledger.positions[(values["pair"], values["side"])] = Position(
                instrument, values["side"], lots, int(Decimal(values["cost"]) / instrument.unit)
            )
    for client_order_id, values in sorted(stored.orders.items(), key=_came):
        order = _read_order(client_order_id, values, instruments)
        if values["is_open"]:
            exchange.take_up(order)
        else:
            exchange.ended[client_order_id] = (order, OrderState[values["state"]], values["reason"])
    for values in stored.fills:
        exchange.fills.append(_read_fill(values, instruments))
    for values in account["arriving"]:
        request = values["request"]
        exchange.expect(values["at_ns"], values["client_order_id"], None if request is None else _read_request(request, instruments))
    exchange.changed = False
    exchange.touched.clear()


def _read_request(values: dict[str, Any], instruments: Mapping[str, Instrument]) -> OrderRequest:
    instrument = instruments[values["pair"]]
    side = TradeType[values["trade_type"]]
    return OrderRequest(
        instrument,
        side,
        OrderType[values["order_type"]],
        instrument.lots(Decimal(values["amount"])),
        None if values["price"] is None else instrument.price_ticks(Decimal(values["price"]), side),
        PositionAction[values["position_action"]],
        Purpose(values["purpose"]),
        values["bot_id"],
        values["controller_id"],
        values["executor_id"],
    )


def _came(item: tuple[str, dict[str, Any]]) -> int:
    """Which order of its venue it was. Of two at one price, taken at the same moment, the first goes first after a restart too, however they were stored."""
    return int(item[1]["exchange_order_id"].rpartition("-")[2])


def _read_order(client_order_id: str, values: dict[str, Any], instruments: Mapping[str, Instrument]) -> PaperOrder:
    request = _read_request(values["request"], instruments)
    order = PaperOrder(request, client_order_id, values["exchange_order_id"], values["ts_ns"])
    order.lots = request.instrument.lots(Decimal(values["amount"]))
    order.filled = request.instrument.lots(Decimal(values["filled"]))
    order.ahead = values["ahead"]
    order.position_side = values["position_side"]
    return order


def _read_fill(values: dict[str, Any], instruments: Mapping[str, Instrument]) -> Fill:
    instrument = instruments[values["pair"]]
    fee_quote = values["fee_quote"]
    return Fill(
        instrument,
        values["trade_id"],
        values["client_order_id"],
        TradeType[values["trade_type"]],
        instrument.floor_ticks(Decimal(values["price"])),
        instrument.lots(Decimal(values["amount"])),
        Fee(Decimal(values["fee"]), values["fee_asset"], None if fee_quote is None else Decimal(fee_quote)),
        values["ts_ns"],
        values["is_maker"],
    )


def pairs_of(stored: StoredAccount) -> set[str]:
    """Every pair that a stored account mentions: their markets must be open before it is restored."""
    account = stored.account
    pairs = {values["request"]["pair"] for values in stored.orders.values()}
    pairs |= {values["pair"] for values in stored.fills}
    pairs |= {values["pair"] for values in account.get("positions", [])}
    pairs |= {values["request"]["pair"] for values in account["arriving"] if values["request"] is not None}
    return pairs
