"""Binance spot over REST: `/api/v3` and the few `/sapi` paths that clients ask while loading."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from tests.fakes.simvenue import views_spot as views
from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.dialect import Dialect, Route
from tests.fakes.simvenue.limits import Limits
from tests.fakes.simvenue.market_rest import MarketRest, depth_weight
from tests.fakes.simvenue.spot_wallet import Wallet
from tests.fakes.simvenue.values import OPEN, ZERO, Market, Order, OrderAsk, Refused
from tests.fakes.simvenue.wire import Ask, Problem

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue

KINDS = {"LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"}
STP = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")


class SpotDialect(Dialect):
    """See the module."""

    refusals = {
        "symbol": (-1121, "Invalid symbol."),
        "halted": (-1013, "Market is closed."),
        "may_not_trade": (-2010, "This account may not place or cancel orders."),
        "price_filter": (-1013, "Filter failure: PRICE_FILTER"),
        "lot_step": (-1013, "Filter failure: LOT_SIZE"),
        "lot_size": (-1013, "Filter failure: LOT_SIZE"),
        "lot_too_big": (-1013, "Filter failure: LOT_SIZE"),
        "min_notional": (-1013, "Filter failure: NOTIONAL"),
        "price_high": (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        "price_low": (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        "duplicate": (-2010, "Duplicate order sent."),
        "too_many_open": (-1013, "Filter failure: MAX_NUM_ORDERS"),
        "too_many_stops": (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS"),
        "would_trigger": (-2010, "Stop price would trigger immediately."),
        "would_take": (-2010, "Order would immediately match and take."),
        "no_liquidity": (-2010, "Order book liquidity is less than symbol minimum quantity."),
        "insufficient_balance": (-2010, "Account has insufficient balance for requested action."),
        "unknown_order": (-2011, "Unknown order sent."),
    }

    def __init__(self, venue: SimVenue) -> None:
        super().__init__(venue)
        self.limits = Limits(6000, (("10S", 10, 100), ("1D", 86400, 200_000)))
        rest = MarketRest(venue, is_spot=True)
        api = "/api/v3/"
        self.routes = {
            ("GET", api + "ping"): Route(lambda ask: {}),
            ("GET", api + "time"): Route(lambda ask: {"serverTime": venue.ms(ask.now_ns)}),
            ("GET", api + "exchangeInfo"): Route(self._rules, 20),
            ("GET", api + "depth"): Route(rest.depth, depth_weight(((100, 5), (500, 25), (1000, 50), (5000, 250)), 100)),
            ("GET", api + "trades"): Route(rest.trades, 25),
            ("GET", api + "historicalTrades"): Route(rest.trades, 25),
            ("GET", api + "aggTrades"): Route(rest.agg_trades, 4),
            ("GET", api + "klines"): Route(rest.candles, 2),
            ("GET", api + "uiKlines"): Route(rest.candles, 2),
            ("GET", api + "avgPrice"): Route(rest.average, 2),
            ("GET", api + "ticker/price"): Route(rest.price, lambda p: 2 if "symbol" in p else 4),
            ("GET", api + "ticker/bookTicker"): Route(rest.best, lambda p: 2 if "symbol" in p else 4),
            ("GET", api + "ticker/24hr"): Route(rest.day, lambda p: 2 if "symbol" in p else 80),
            ("POST", api + "order/cancelReplace"): Route(self._replace, 1, "signed", is_order=True),
            ("POST", api + "order"): Route(self._create, 1, "signed", is_order=True),
            ("POST", api + "order/test"): Route(self._try, 1, "signed"),
            ("GET", api + "order"): Route(self._query, 4, "signed"),
            ("DELETE", api + "order"): Route(self._cancel, 1, "signed"),
            ("GET", api + "openOrders"): Route(self._open, lambda p: 6 if "symbol" in p else 80, "signed"),
            ("DELETE", api + "openOrders"): Route(self._cancel_all, 1, "signed"),
            ("GET", api + "allOrders"): Route(self._all, 20, "signed"),
            ("GET", api + "myTrades"): Route(self._executions, lambda p: 5 if "orderId" in p else 20, "signed"),
            ("GET", api + "account"): Route(self._account, 20, "signed"),
            ("GET", api + "account/commission"): Route(self._commission, 20, "signed"),
            ("GET", api + "rateLimit/order"): Route(self._order_counts, 40, "signed"),
            ("POST", api + "userDataStream"): Route(self._gone, 2, "keyed"),
        }
        self.routes |= Wallet(venue, self).routes()

    # ---- rules --------------------------------------------------------------------------------------------------------------
    def _rules(self, ask: Ask) -> dict[str, Any]:
        chosen = list(self.engine.markets.values())
        if ask.params.get("symbol"):
            chosen = [self.market(ask)]
        elif ask.params.get("symbols"):
            try:
                names = orjson.loads(ask.params["symbols"])
            except orjson.JSONDecodeError:
                raise Problem(-1100, "Illegal characters found in parameter 'symbols'.") from None
            if not isinstance(names, list) or any(not isinstance(name, str) or name not in self.engine.markets for name in names):
                raise Problem(-1121, "Invalid symbol.")
            chosen = [self.engine.markets[name] for name in names]
        return {
            "timezone": "UTC",
            "serverTime": self.venue.ms(ask.now_ns),
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": self.limits.weight.limit},
                {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
                {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000},
                {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000},
            ],
            "exchangeFilters": [],
            "symbols": [views.market_view(market) for market in chosen],
        }

    # ---- orders -------------------------------------------------------------------------------------------------------------
    def _wanted(self, ask: Ask) -> OrderAsk:
        market = self.market(ask)
        side, kind = self.side(ask), ask.text("type")
        if kind not in KINDS:
            raise Problem(-1116, "Invalid orderType.")
        tif, ticks, stop, lots, quote = "GTC", 0, 0, 0, ZERO
        if kind in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
            tif = ask.text("timeInForce")
            if tif not in ("GTC", "IOC", "FOK"):
                raise Problem(-1115, "Invalid timeInForce.")
        elif "timeInForce" in ask.params:
            raise Problem(-1106, "Parameter 'timeInForce' sent when not required.")
        if kind == "MARKET" and "quoteOrderQty" in ask.params:
            if "quantity" in ask.params:
                raise Problem(-1106, "Parameter 'quantity' sent when not required.")
            quote = ask.decimal("quoteOrderQty")
        else:
            lots = self.lots(ask, "quantity", market)
        if "LIMIT" in kind:
            ticks = self.ticks(ask, "price", market)
        elif "price" in ask.params:
            raise Problem(-1106, "Parameter 'price' sent when not required.")
        if kind.startswith(("STOP", "TAKE")):
            stop = self.ticks(ask, "stopPrice", market)
        if ("LIMIT" in kind and not ticks) or (kind.startswith(("STOP", "TAKE")) and not stop):
            raise Refused("price_filter")
        stp = ask.params.get("selfTradePreventionMode", "EXPIRE_MAKER")
        if stp not in STP:
            raise Problem(-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid.")
        client = self.client_id(ask, pattern=r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
        return OrderAsk(market.symbol, side, kind, lots, ticks, client, tif, stop, quote, post_only=kind == "LIMIT_MAKER", stp=stp)

    def _create(self, ask: Ask) -> dict[str, Any]:
        wanted = self._wanted(ask)
        style = ask.params.get("newOrderRespType", "FULL" if wanted.kind in ("MARKET", "LIMIT") else "ACK")
        order = self.engine.submit(ask.who, wanted)
        executions = [e for e in ask.who.executions.get(order.symbol, ())[-order.fill_count :] if e.order is order] if order.fill_count else []
        shown = [e for e in executions if e.visible_ns <= ask.now_ns]
        return views.created_view(order, self.engine.markets[order.symbol], shown, style, self.venue.ms)

    def _replace(self, ask: Ask) -> dict[str, Any]:
        """Cancel one order and create another. Each half may fail for itself; 409 is the answer to half a success."""
        mode = ask.text("cancelReplaceMode")
        if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
            raise Problem(-1130, "Data sent for parameter 'cancelReplaceMode' is not valid.")
        names = {
            "cancelOrigClientOrderId": "origClientOrderId",
            "cancelOrderId": "orderId",
            "cancelNewClientOrderId": "newClientOrderId",
            "symbol": "symbol",
        }
        old = ask.with_params({name: ask.params[given] for given, name in names.items() if given in ask.params})
        canceled, first = self.tried(lambda: self._cancel(old))
        created, second = (False, None) if not canceled and mode == "STOP_ON_FAILURE" else self.tried(lambda: self._create(ask))
        said = {
            "cancelResult": "SUCCESS" if canceled else "FAILURE",
            "newOrderResult": "NOT_ATTEMPTED" if second is None else "SUCCESS" if created else "FAILURE",
            "cancelResponse": first, "newOrderResponse": second,
        }  # fmt: skip
        if canceled and created:
            return said
        if canceled or created:
            raise Problem(-2021, "Order cancel-replace partially failed.", 409, said)
        raise Problem(-2022, "Order cancel-replace failed.", 400, said)

    def _try(self, ask: Ask) -> dict[str, Any]:
        self._wanted(ask)
        return {}

    def _which(self, ask: Ask) -> tuple[int | None, str | None]:
        order_id, client = ask.whole("orderId"), ask.params.get("origClientOrderId") or None
        if order_id is None and client is None:
            raise Problem(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
        return order_id, client

    def _query(self, ask: Ask) -> dict[str, Any]:
        market = self.market(ask)
        order = ask.who.find(market.symbol, *self._which(ask))
        step = order.at(ask.view_ns) if order is not None else None
        if order is None or step is None:
            raise Problem(-2013, "Order does not exist.")
        return views.order_view(order, market, step, self.venue.ms)

    def _cancel(self, ask: Ask) -> dict[str, Any]:
        market = self.market(ask)
        order = self.engine.cancel(ask.who, market.symbol, *self._which(ask), cancel_id=self.client_id(ask))
        return views.canceled_view(order, market, self.venue.ms)

    def _cancel_all(self, ask: Ask) -> list[dict[str, Any]]:
        market = self.market(ask)
        orders = list(ask.who.open_of(market.symbol))
        if not orders:
            raise Refused("unknown_order")
        done = []
        for order in orders:
            try:
                done.append(self.engine.cancel(ask.who, market.symbol, order.id, None, self.venue.new_client_id()))
            except Refused:
                continue
        return [views.canceled_view(order, market, self.venue.ms) for order in done]

    def _pictures(self, orders: list[Order], view_ns: int, *, only_open: bool) -> list[dict[str, Any]]:
        found = []
        for order in orders:
            step = order.at(view_ns)
            if step is not None and (not only_open or step[1] in OPEN):
                found.append(views.order_view(order, self.engine.markets[order.symbol], step, self.venue.ms))
        return found

    def _open(self, ask: Ask) -> list[dict[str, Any]]:
        symbol = self.market(ask).symbol if ask.params.get("symbol") else None
        if ask.view_ns >= ask.now_ns:
            orders = [order for order in ask.who.open.values() if symbol is None or order.symbol == symbol]
        else:
            orders = [order for order in ask.who.orders.values() if symbol is None or order.symbol == symbol]
        return self._pictures(orders, ask.view_ns, only_open=True)

    def _all(self, ask: Ask) -> list[dict[str, Any]]:
        market = self.market(ask)
        orders = ask.who.symbol_orders.get(market.symbol, [])
        orders = self.venue.page(
            orders,
            ask,
            key=lambda order: order.id,
            time_ns=lambda order: order.created_ns,
            from_name="orderId",
            limit=min(ask.whole("limit", 500) or 500, 1000),
        )
        return self._pictures(orders, ask.view_ns, only_open=False)

    def _executions(self, ask: Ask) -> list[dict[str, Any]]:
        market = self.market(ask)
        found = [e for e in self.executions_from(ask, market.symbol) if e.visible_ns <= ask.view_ns and not e.is_busted]
        order_id = ask.whole("orderId")
        if order_id is not None:
            found = [e for e in found if e.order.id == order_id]
        page = self.venue.page(
            found,
            ask,
            key=lambda e: e.id,
            time_ns=lambda e: e.ns,
            from_name="fromId",
            limit=min(ask.whole("limit", 500) or 500, 1000),
            longest_ms=86_400_000,
        )
        return [views.execution_view(e, market, self.venue.ms) for e in page]

    # ---- account --------------------------------------------------------------------------------------------------------------
    def balances(self, account: Account, view_ns: int) -> list[tuple[str, Decimal, Decimal]]:
        """(asset, free, locked), as they stood at a time."""
        if view_ns >= self.engine.now_ns:
            return [(asset, account.free(asset), account.locked.get(asset, ZERO)) for asset in sorted(account.totals)]
        locked: dict[str, Decimal] = {}
        for order in account.orders.values():
            step = order.at(view_ns)
            if step is not None and step[1] in OPEN and order.ask.kind != "MARKET":
                market: Market = self.engine.markets[order.symbol]
                left = order.lots - step[2]
                asset, amount = (
                    (market.quote, market.notional(order.ticks or order.ask.stop_ticks, left))
                    if order.side == "BUY"
                    else (market.base, market.amount(left))
                )
                locked[asset] = locked.get(asset, ZERO) + amount
        totals = {asset: account.total_at(asset, view_ns) for asset in sorted(account.totals)}
        return [(asset, total - locked.get(asset, ZERO), locked.get(asset, ZERO)) for asset, total in totals.items()]

    def _account(self, ask: Ask) -> dict[str, Any]:
        balances = self.balances(ask.who, ask.view_ns)
        if ask.flag("omitZeroBalances"):
            balances = [row for row in balances if row[1] or row[2]]
        market = next(iter(self.engine.markets.values()))
        updated = ask.who.journal[-1].ns if ask.who.journal else ask.now_ns
        return views.account_view(ask.who, market.maker, market.taker, balances, self.venue.ms(updated))

    def _commission(self, ask: Ask) -> dict[str, Any]:
        market = self.market(ask)
        none = {"maker": "0.00000000", "taker": "0.00000000", "buyer": "0.00000000", "seller": "0.00000000"}
        return {
            "symbol": market.symbol,
            "standardCommission": none | {"maker": views.text(market.maker), "taker": views.text(market.taker)},
            "specialCommission": none,
            "taxCommission": none,
            "discount": {"enabledForAccount": bool(ask.who.pays_fees_in), "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.75000000"},
        }

    def _order_counts(self, ask: Ask) -> list[dict[str, Any]]:
        told = self.limits.headers(ask.who.key, ask.now_ns)
        return [
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100, "count": int(told["X-MBX-ORDER-COUNT-10S"])},
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000, "count": int(told["X-MBX-ORDER-COUNT-1D"])},
        ]

    def _gone(self, ask: Ask) -> Mapping[str, Any]:
        raise Problem(-1020, "This operation is not supported. Please use the WebSocket API to subscribe to User Data Streams.", 410)
