"""Binance USD-M futures over REST: public data, orders, listen keys. Account, settings and conditional orders stand in `futures_account` and `futures_algo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.simvenue import views_futures as views
from tests.fakes.simvenue.dialect import Dialect, Route
from tests.fakes.simvenue.futures_account import AccountRest
from tests.fakes.simvenue.futures_algo import AlgoRest
from tests.fakes.simvenue.futures_batch import BatchRest
from tests.fakes.simvenue.limits import Limits
from tests.fakes.simvenue.market_rest import MarketRest, depth_weight
from tests.fakes.simvenue.values import OPEN, Market, Order, OrderAsk, Refused
from tests.fakes.simvenue.wire import Ask, Problem

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue

CONDITIONAL = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
STP = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
CLIENT_ID = r"^[\.A-Z\:/a-z0-9_-]{1,36}$"


class FuturesDialect(Dialect):
    """See the module."""

    refusals = {
        "symbol": (-1121, "Invalid symbol."),
        "halted": (-4140, "Invalid symbol status for opening position."),
        "may_not_trade": (-2015, "Invalid API-key, IP, or permissions for action."),
        "price_filter": (-4014, "Price not increased by tick size."),
        "lot_step": (-1111, "Precision is over the maximum defined for this asset."),
        "lot_size": (-4003, "Quantity less than or equal to zero."),
        "lot_too_big": (-4005, "Quantity greater than max quantity."),
        "min_notional": (-4164, "Order's notional must be no smaller than {detail} (unless you choose reduce only)."),
        "price_high": (-4016, "Limit price can't be higher than {detail}."),
        "price_low": (-4024, "Limit price can't be lower than {detail}."),
        "duplicate": (-4116, "ClientOrderId is duplicated."),
        "too_many_open": (-2025, "Reach max open order limit."),
        "too_many_stops": (-4045, "Reach max stop order limit."),
        "would_trigger": (-2021, "Order would immediately trigger."),
        "would_take": (
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be recorded in the order history",
        ),
        "fok": (
            -5021,
            "Due to the order could not be filled immediately, the FOK order has been rejected. The order will not be recorded in the order history",
        ),
        "no_liquidity": (-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit."),
        "margin": (-2019, "Margin is insufficient."),
        "reduce_only": (-2022, "ReduceOnly Order is rejected."),
        "reduce_only_full": (-4118, "ReduceOnly Order Failed. Please check your existing position and open orders."),
        "reduce_only_in_hedge": (-1106, "Parameter 'reduceonly' sent when not required."),
        "position_side": (-4061, "Order's position side does not match user's setting."),
        "unknown_order": (-2011, "Unknown order sent."),
    }

    def __init__(self, venue: SimVenue) -> None:
        super().__init__(venue)
        self.limits = Limits(2400, (("10S", 10, 300), ("1M", 60, 1200)))
        rest = MarketRest(venue, is_spot=False)
        api = "/fapi/v1/"
        self.routes = {
            ("GET", api + "ping"): Route(lambda ask: {}),
            ("GET", api + "time"): Route(lambda ask: {"serverTime": venue.ms(ask.now_ns)}),
            ("GET", api + "exchangeInfo"): Route(self._rules),
            ("GET", api + "depth"): Route(rest.depth, depth_weight(((50, 2), (100, 5), (500, 10), (1000, 20)), 500)),
            ("GET", api + "trades"): Route(rest.trades, 5),
            ("GET", api + "historicalTrades"): Route(rest.trades, 20),
            ("GET", api + "aggTrades"): Route(rest.agg_trades, 20),
            ("GET", api + "klines"): Route(rest.candles, depth_weight(((99, 1), (499, 2), (1000, 5), (1500, 10)), 500)),
            ("GET", api + "ticker/24hr"): Route(rest.day, lambda p: 1 if "symbol" in p else 40),
            ("GET", api + "ticker/price"): Route(rest.price, lambda p: 1 if "symbol" in p else 2),
            ("GET", "/fapi/v2/ticker/price"): Route(rest.price, lambda p: 1 if "symbol" in p else 2),
            ("GET", api + "ticker/bookTicker"): Route(rest.best, lambda p: 2 if "symbol" in p else 5),
            ("GET", api + "premiumIndex"): Route(self._premium, lambda p: 1 if "symbol" in p else 10),
            ("GET", api + "fundingRate"): Route(self._past_funding),
            ("GET", api + "fundingInfo"): Route(lambda ask: []),
            ("POST", api + "order"): Route(self._create, 0, "signed", is_order=True),
            ("POST", api + "order/test"): Route(self._try, 1, "signed"),
            ("GET", api + "order"): Route(self._query, 1, "signed"),
            ("DELETE", api + "order"): Route(self._cancel, 1, "signed"),
            ("GET", api + "openOrder"): Route(self._query_open, 1, "signed"),
            ("GET", api + "openOrders"): Route(self._open, lambda p: 1 if "symbol" in p else 40, "signed"),
            ("DELETE", api + "allOpenOrders"): Route(self._cancel_all, 1, "signed"),
            ("POST", api + "countdownCancelAll"): Route(self._countdown, 10, "signed"),
            ("GET", api + "allOrders"): Route(self._all, 5, "signed"),
            ("GET", api + "userTrades"): Route(self._executions, 5, "signed"),
            ("POST", api + "listenKey"): Route(self._listen_key, 1, "keyed"),
            ("PUT", api + "listenKey"): Route(self._renew, 1, "keyed"),
            ("DELETE", api + "listenKey"): Route(self._end_stream, 1, "keyed"),
        }
        self.routes |= AccountRest(venue, self).routes() | AlgoRest(venue, self).routes() | BatchRest(self, self._create, self._cancel).routes()
        self._countdowns: dict[tuple[str, str], int] = {}

    def worded(self, no: Refused) -> tuple[int, str]:
        return super().worded(Refused(no.reason, no.detail or "5"))

    # ---- rules and prices ---------------------------------------------------------------------------------------------------
    def _rules(self, ask: Ask) -> dict[str, Any]:
        markets = self.engine.markets.values()
        assets = sorted({market.quote for market in markets})
        return {
            "timezone": "UTC",
            "serverTime": self.venue.ms(ask.now_ns),
            "futuresType": "U_MARGINED",
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": self.limits.weight.limit},
                {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
                {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
            ],
            "exchangeFilters": [],
            "assets": [{"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"} for asset in assets],
            "symbols": [views.market_view(market) for market in markets],
        }

    def _premium(self, ask: Ask) -> Any:
        chosen = [self.market(ask)] if ask.params.get("symbol") else list(self.engine.markets.values())
        now = self.venue.ms(ask.now_ns)
        rows = []
        for market in chosen:
            mark = views.text(self.engine.mark(market.symbol))
            rows.append({
                "symbol": market.symbol, "markPrice": mark, "indexPrice": mark, "estimatedSettlePrice": mark,
                "lastFundingRate": views.text(self.venue.rate_of(market.symbol)), "interestRate": "0.00010000",
                "nextFundingTime": (now // 28_800_000 + 1) * 28_800_000, "time": now,
            })  # fmt: skip
        return rows[0] if ask.params.get("symbol") else rows

    def _past_funding(self, ask: Ask) -> list[dict[str, Any]]:
        chosen = [self.market(ask)] if ask.params.get("symbol") else list(self.engine.markets.values())
        last = self.venue.ms(ask.now_ns) // 28_800_000 * 28_800_000
        view = lambda market: {  # noqa: E731
            "symbol": market.symbol, "fundingRate": views.text(self.venue.rate_of(market.symbol)), "fundingTime": last,
            "markPrice": views.text(self.engine.mark(market.symbol)),
        }  # fmt: skip
        return [view(market) for market in chosen]

    # ---- orders --------------------------------------------------------------------------------------------------------------
    def _wanted(self, ask: Ask) -> OrderAsk:
        market = self.market(ask)
        side, kind = self.side(ask), ask.text("type")
        if kind in CONDITIONAL:
            raise Problem(-4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.")
        if kind not in ("LIMIT", "MARKET"):
            raise Problem(-1116, "Invalid orderType.")
        lots, ticks, tif, good_till = self.lots(ask, "quantity", market), 0, "GTC", 0
        if kind == "LIMIT":
            tif = ask.text("timeInForce")
            if tif not in ("GTC", "IOC", "FOK", "GTX", "GTD"):
                raise Problem(-1115, "Invalid timeInForce.")
            ticks = self.ticks(ask, "price", market)
            if ticks <= 0:
                raise Problem(-4001, "Price less than 0.")
            good_till = ask.whole("goodTillDate", 0) or 0 if tif == "GTD" else 0
            if tif == "GTD" and good_till <= self.venue.ms(ask.now_ns) + 600_000:
                raise Problem(-5040, "The goodTillDate timestamp must be greater than the current time plus 600 seconds.")
        elif "timeInForce" in ask.params:
            raise Problem(-1106, "Parameter 'timeInForce' sent when not required.")
        elif "price" in ask.params:
            raise Problem(-1106, "Parameter 'price' sent when not required.")
        stp = ask.params.get("selfTradePreventionMode", "EXPIRE_MAKER")
        if stp not in STP:
            raise Problem(-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid.")
        return OrderAsk(
            market.symbol, side, kind, lots, ticks, self.client_id(ask, pattern=CLIENT_ID), tif, post_only=tif == "GTX", reduce_only=ask.flag("reduceOnly"),
            position_side=ask.params.get("positionSide") or "BOTH", stp=stp, good_till_ms=good_till,
        )  # fmt: skip

    def _create(self, ask: Ask) -> dict[str, Any]:
        wanted = self._wanted(ask)
        market = self.engine.markets[wanted.symbol]
        try:
            order = self.engine.submit(ask.who, wanted)
        except Refused as no:
            raise Refused(no.reason, no.detail or str(market.min_notional)) from None
        if wanted.good_till_ms:
            due = wanted.good_till_ms * 1_000_000 - self.venue.skew_ns
            self.venue.at(due, lambda: self.engine.end(order, "EXPIRED") if order.is_open else None)
        step = order.history[-1 if ask.params.get("newOrderRespType") == "RESULT" else 0]
        return views.order_view(order, market, step, self.venue.ms, with_time=False)

    def _try(self, ask: Ask) -> dict[str, Any]:
        self._wanted(ask)
        return {}

    def which(self, ask: Ask) -> tuple[int | None, str | None]:
        order_id, client = ask.whole("orderId"), ask.params.get("origClientOrderId") or None
        if order_id is None and client is None:
            raise Problem(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
        return order_id, client

    def _found(self, ask: Ask) -> dict[str, Any] | None:
        market = self.market(ask)
        order = ask.who.find(market.symbol, *self.which(ask))
        step = order.at(ask.view_ns) if order is not None else None
        return None if order is None or step is None else views.order_view(order, market, step, self.venue.ms)

    def _query(self, ask: Ask) -> dict[str, Any]:
        found = self._found(ask)
        if found is None:
            raise Problem(-2013, "Order does not exist.")
        return found

    def _query_open(self, ask: Ask) -> dict[str, Any]:
        found = self._found(ask)
        if found is None or found["status"] not in OPEN:
            raise Problem(-2013, "Order does not exist.")
        return found

    def _cancel(self, ask: Ask) -> dict[str, Any]:
        market = self.market(ask)
        order = self.engine.cancel(ask.who, market.symbol, *self.which(ask))
        return views.order_view(order, market, order.history[-1], self.venue.ms, with_time=False)

    def _cancel_all(self, ask: Ask) -> dict[str, Any]:
        self._cancel_symbol(ask.who.key, self.market(ask).symbol)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def _cancel_symbol(self, key: str, symbol: str) -> None:
        account = self.engine.accounts[key]
        for order in list(account.open_of(symbol)):
            try:
                self.engine.cancel(account, symbol, order.id, None)
            except Refused:
                continue

    def _countdown(self, ask: Ask) -> dict[str, Any]:
        """A dead man's switch: when it is not renewed in time, all open orders of the symbol are canceled."""
        market, wait_ms = self.market(ask), ask.whole("countdownTime")
        if wait_ms is None:
            raise Problem(-1102, "Mandatory parameter 'countdownTime' was not sent, was empty/null, or malformed.")
        slot = (ask.who.key, market.symbol)
        number = self._countdowns[slot] = self._countdowns.get(slot, 0) + 1

        def due() -> None:
            if self._countdowns[slot] == number:
                self._cancel_symbol(*slot)

        if wait_ms:
            self.venue.at(ask.now_ns + wait_ms * 1_000_000, due)
        return {"symbol": market.symbol, "countdownTime": str(wait_ms)}

    def _pictures(self, orders: list[Order], view_ns: int, *, only_open: bool) -> list[dict[str, Any]]:
        found = []
        for order in orders:
            step = order.at(view_ns)
            if step is not None and (not only_open or step[1] in OPEN):
                found.append(views.order_view(order, self.engine.markets[order.symbol], step, self.venue.ms))
        return found

    def _open(self, ask: Ask) -> list[dict[str, Any]]:
        symbol = self.market(ask).symbol if ask.params.get("symbol") else None
        held = ask.who.open if ask.view_ns >= ask.now_ns else ask.who.orders
        return self._pictures([o for o in held.values() if symbol is None or o.symbol == symbol], ask.view_ns, only_open=True)

    def _all(self, ask: Ask) -> list[dict[str, Any]]:
        market = self.market(ask)
        orders = self.venue.page(
            ask.who.symbol_orders.get(market.symbol, []), ask, key=lambda o: o.id, time_ns=lambda o: o.created_ns, from_name="orderId",
            limit=min(ask.whole("limit", 500) or 500, 1000), longest_ms=7 * 86_400_000,
        )  # fmt: skip
        return self._pictures(orders, ask.view_ns, only_open=False)

    def _executions(self, ask: Ask) -> list[dict[str, Any]]:
        market: Market = self.market(ask)
        found = [e for e in self.executions_from(ask, market.symbol) if e.visible_ns <= ask.view_ns and not e.is_busted]
        order_id = ask.whole("orderId")
        if order_id is not None:
            found = [e for e in found if e.order.id == order_id]
        page = self.venue.page(
            found, ask, key=lambda e: e.id, time_ns=lambda e: e.ns, from_name="fromId", limit=min(ask.whole("limit", 500) or 500, 1000),
            longest_ms=7 * 86_400_000,
        )  # fmt: skip
        return [views.execution_view(e, market, self.venue.ms) for e in page]

    # ---- listen keys -----------------------------------------------------------------------------------------------------------
    def _listen_key(self, ask: Ask) -> dict[str, Any]:
        return {"listenKey": self.venue.users.key_of(ask.who)}

    def _renew(self, ask: Ask) -> dict[str, Any]:
        key = self.venue.users.living_key(ask.who)
        if key is None:
            raise Problem(-1125, "This listenKey does not exist.")
        self.venue.users.renew(key)
        return {"listenKey": key}

    def _end_stream(self, ask: Ask) -> dict[str, Any]:
        key = self.venue.users.living_key(ask.who)
        if key is not None:
            self.venue.users.drop(key, silently=True)
        return {}
