"""The spot venue's JSON: orders, executions, rules, account, in its field names and number formats (eight decimals)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.candles import INTERVALS_MS, Candle
from tests.fakes.simvenue.values import Execution, Market, Order

Ms = Callable[[int], int]


def text(number: Decimal) -> str:
    return format(number, ".8f")


def order_head(order: Order, market: Market, step: tuple[int, str, int, Decimal]) -> dict[str, Any]:
    """The fields that every picture of an order has."""
    _, status, filled, quote = step
    ask = order.ask
    return {
        "price": text(market.price(order.ticks)),
        "origQty": text(market.amount(order.lots)),
        "executedQty": text(market.amount(filled)),
        "origQuoteOrderQty": text(ask.quote),
        "cummulativeQuoteQty": text(quote),
        "status": status,
        "timeInForce": ask.tif,
        "type": ask.kind,
        "side": order.side,
    }


def order_view(order: Order, market: Market, step: tuple[int, str, int, Decimal], ms: Ms) -> dict[str, Any]:
    """GET order, openOrders, allOrders."""
    view = {"symbol": order.symbol, "orderId": order.id, "orderListId": -1, "clientOrderId": order.client_id} | order_head(order, market, step)
    created = ms(order.created_ns)
    view |= {
        "stopPrice": text(market.price(order.ask.stop_ticks)), "icebergQty": "0.00000000", "time": created, "updateTime": ms(step[0]),
        "isWorking": order.is_working, "workingTime": created if order.is_working else -1, "selfTradePreventionMode": order.ask.stp,
    }  # fmt: skip
    return view


def created_view(order: Order, market: Market, executions: list[Execution], style: str, ms: Ms) -> dict[str, Any]:
    """Reply to a new order: ACK, RESULT or FULL."""
    view: dict[str, Any] = {
        "symbol": order.symbol, "orderId": order.id, "orderListId": -1, "clientOrderId": order.client_id, "transactTime": ms(order.updated_ns),
    }  # fmt: skip
    if style == "ACK":
        return view
    view |= order_head(order, market, order.history[-1])
    view["workingTime"] = ms(order.created_ns)
    view["selfTradePreventionMode"] = order.ask.stp
    if order.ask.stop_ticks:
        view["stopPrice"] = text(market.price(order.ask.stop_ticks))
    if style == "FULL":
        view["fills"] = [
            {
                "price": text(market.price(e.ticks)), "qty": text(market.amount(e.lots)), "commission": text(e.commission),
                "commissionAsset": e.commission_asset, "tradeId": e.id,
            }
            for e in executions
        ]  # fmt: skip
    return view


def canceled_view(order: Order, market: Market, ms: Ms) -> dict[str, Any]:
    view = {
        "symbol": order.symbol, "origClientOrderId": order.client_id, "orderId": order.id, "orderListId": -1, "clientOrderId": order.cancel_id,
        "transactTime": ms(order.updated_ns),
    }  # fmt: skip
    view |= order_head(order, market, order.history[-1])
    view["selfTradePreventionMode"] = order.ask.stp
    return view


def execution_view(execution: Execution, market: Market, ms: Ms) -> dict[str, Any]:
    order = execution.order
    return {
        "symbol": order.symbol, "id": execution.id, "orderId": order.id, "orderListId": -1, "price": text(market.price(execution.ticks)),
        "qty": text(market.amount(execution.lots)), "quoteQty": text(execution.quote), "commission": text(execution.commission),
        "commissionAsset": execution.commission_asset, "time": ms(execution.ns), "isBuyer": order.side == "BUY", "isMaker": execution.is_maker,
        "isBestMatch": True,
    }  # fmt: skip


def market_view(market: Market) -> dict[str, Any]:
    """A symbol of exchangeInfo."""
    tick, lot = market.tick * market.tick_multiple, market.lot * market.lot_multiple
    return {
        "symbol": market.symbol, "status": market.status, "baseAsset": market.base, "baseAssetPrecision": 8, "quoteAsset": market.quote,
        "quotePrecision": 8, "quoteAssetPrecision": 8, "baseCommissionPrecision": 8, "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": False, "ocoAllowed": False, "otoAllowed": False, "opoAllowed": False, "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False, "cancelReplaceAllowed": False, "amendAllowed": False, "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True, "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": text(tick), "maxPrice": "1000000.00000000", "tickSize": text(tick)},
            {"filterType": "LOT_SIZE", "minQty": text(market.amount(market.min_lots)), "maxQty": text(market.amount(market.max_lots)), "stepSize": text(lot)},
            {"filterType": "ICEBERG_PARTS", "limit": 10},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": text(market.amount(market.max_lots)), "stepSize": "0.00000000"},
            {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": str(market.band), "bidMultiplierDown": str(1 / market.band),
             "askMultiplierUp": str(market.band), "askMultiplierDown": str(1 / market.band), "avgPriceMins": 5},
            {"filterType": "NOTIONAL", "minNotional": text(market.min_notional), "applyMinToMarket": True, "maxNotional": "9000000.00000000",
             "applyMaxToMarket": False, "avgPriceMins": 5},
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": market.max_open},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": market.max_stops},
        ],
        "permissions": [], "permissionSets": [["SPOT"]], "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }  # fmt: skip


def candle_row(candle: Candle, market: Market, interval: str) -> list[Any]:
    unit = market.tick * market.lot
    return [
        candle.start_ms, text(market.price(candle.open)), text(market.price(candle.high)), text(market.price(candle.low)),
        text(market.price(candle.close)), text(market.amount(candle.volume)), candle.start_ms + INTERVALS_MS[interval] - 1, text(unit * candle.quote),
        candle.count, text(market.amount(candle.buy_volume)), text(unit * candle.buy_quote), "0",
    ]  # fmt: skip


def account_view(account: Account, maker: Decimal, taker: Decimal, balances: list[tuple[str, Decimal, Decimal]], updated_ms: int) -> dict[str, Any]:
    return {
        "makerCommission": int(maker * 10000), "takerCommission": int(taker * 10000), "buyerCommission": 0, "sellerCommission": 0,
        "commissionRates": {"maker": text(maker), "taker": text(taker), "buyer": "0.00000000", "seller": "0.00000000"},
        "canTrade": account.can_trade, "canWithdraw": account.can_withdraw, "canDeposit": True, "brokered": False, "requireSelfTradePrevention": False,
        "preventSor": False, "updateTime": updated_ms, "accountType": "SPOT",
        "balances": [{"asset": asset, "free": text(free), "locked": text(locked)} for asset, free, locked in balances],
        "permissions": ["SPOT"], "uid": 354937868,
    }  # fmt: skip


def order_event(order: Order, market: Market, what: str, execution: Execution | None, reason: str, now_ms: int, ms: Ms) -> dict[str, Any]:
    """executionReport."""
    is_cancel = what == "CANCELED"
    e = execution
    step = order.history[-1]
    view = {
        "e": "executionReport", "E": now_ms, "s": order.symbol, "c": order.cancel_id if is_cancel and order.cancel_id else order.client_id,
        "S": order.side, "o": order.ask.kind, "f": order.ask.tif, "q": text(market.amount(order.lots)), "p": text(market.price(order.ticks)),
        "P": text(market.price(order.ask.stop_ticks)), "F": "0.00000000", "g": -1, "C": order.client_id if is_cancel and order.cancel_id else "",
        "x": what, "X": step[1], "r": "NONE", "i": order.id, "l": text(market.amount(e.lots if e else 0)), "z": text(market.amount(order.filled)),
        "L": text(market.price(e.ticks if e else 0)), "n": text(e.commission) if e else "0", "N": e.commission_asset if e else None,
        "T": ms(e.ns if e else order.updated_ns), "t": e.id if e else -1, "I": order.id * 2 + order.fill_count,
        "w": order.is_working and order.is_open and (e is None or e.is_maker), "m": bool(e and e.is_maker), "M": e is not None,
        "O": ms(order.created_ns), "Z": text(order.quote), "Y": text(e.quote if e else Decimal(0)), "Q": text(order.ask.quote), "V": order.ask.stp,
    }  # fmt: skip
    if order.is_working:
        view["W"] = ms(order.created_ns)
    if what == "EXPIRED" and reason:
        view["eR"] = 12 if reason == "INSUFFICIENT_LIQUIDITY" else 1
    return view
