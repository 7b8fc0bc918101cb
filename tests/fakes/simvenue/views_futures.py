"""The futures venue's JSON: orders, executions, rules, positions, events, in its field names and number formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.stops import Algo
from tests.fakes.simvenue.values import CENT, ZERO, Execution, Market, Order, Position

if TYPE_CHECKING:
    from tests.fakes.simvenue.engine import Engine

Ms = Callable[[int], int]


def text(number: Decimal) -> str:
    return format(number, ".8f")


def average(quote: Decimal, lots: int, market: Market) -> str:
    return format((quote / market.amount(lots)).quantize(CENT), ".5f") if lots else "0.00"


def order_view(order: Order, market: Market, step: tuple[int, str, int, Decimal], ms: Ms, *, with_time: bool = True) -> dict[str, Any]:
    """A reply about an order; lists and questions have `time` too."""
    ns, status, filled, quote = step
    ask = order.ask
    executed = format(market.amount(filled), market.amount_text)
    view = {
        "orderId": order.id, "symbol": order.symbol, "status": status, "clientOrderId": order.client_id,
        "price": format(market.price(order.ticks), market.price_text), "avgPrice": average(quote, filled, market),
        "origQty": format(market.amount(order.lots), market.amount_text), "executedQty": executed,
        "cumQuote": format(quote, ".5f"), "timeInForce": ask.tif, "type": ask.kind, "reduceOnly": ask.reduce_only, "closePosition": ask.close_position,
        "side": order.side, "positionSide": ask.position_side, "stopPrice": "0", "workingType": "CONTRACT_PRICE", "priceProtect": False,
        "origType": ask.kind, "priceMatch": "NONE", "selfTradePreventionMode": ask.stp, "goodTillDate": ask.good_till_ms, "updateTime": ms(ns),
    }  # fmt: skip
    if with_time:
        view["time"] = ms(order.created_ns)
    else:
        view["cumQty"] = executed
    return view


def execution_view(execution: Execution, market: Market, ms: Ms) -> dict[str, Any]:
    order = execution.order
    return {
        "buyer": order.side == "BUY", "commission": text(execution.commission), "commissionAsset": execution.commission_asset, "id": execution.id,
        "maker": execution.is_maker, "orderId": order.id, "price": format(market.price(execution.ticks), market.price_text),
        "qty": format(market.amount(execution.lots), market.amount_text), "quoteQty": text(execution.quote), "realizedPnl": text(execution.realized),
        "side": order.side, "positionSide": order.ask.position_side, "symbol": order.symbol, "time": ms(execution.ns),
    }  # fmt: skip


def market_view(market: Market) -> dict[str, Any]:
    tick, lot = market.tick * market.tick_multiple, market.lot * market.lot_multiple
    return {
        "symbol": market.symbol, "pair": market.symbol, "contractType": "PERPETUAL", "deliveryDate": 4_133_404_800_000, "onboardDate": 1_569_398_400_000,
        "status": market.status if market.status == "TRADING" else "SETTLING", "maintMarginPercent": "2.5000", "requiredMarginPercent": "5.0000",
        "baseAsset": market.base, "quoteAsset": market.quote, "marginAsset": market.quote, "pricePrecision": market.price_places,
        "quantityPrecision": market.amount_places, "baseAssetPrecision": 8, "quotePrecision": 8, "underlyingType": "COIN", "underlyingSubType": ["PoW"],
        "settlePlan": 0, "triggerProtect": "0.0500", "liquidationFee": "0.012500", "marketTakeBound": "0.05", "maxMoveOrderLimit": 10000,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": str(tick), "maxPrice": "4529764", "tickSize": format(tick, market.price_text)},
            {"filterType": "LOT_SIZE", "minQty": str(market.amount(market.min_lots)), "maxQty": str(market.amount(market.max_lots)),
             "stepSize": format(lot, market.amount_text)},
            {"filterType": "MARKET_LOT_SIZE", "minQty": str(market.amount(market.min_lots)), "maxQty": str(market.amount(market.max_lots)),
             "stepSize": format(lot, market.amount_text)},
            {"filterType": "MAX_NUM_ORDERS", "limit": market.max_open},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": market.max_stops},
            {"filterType": "MIN_NOTIONAL", "notional": str(market.min_notional)},
            {"filterType": "PERCENT_PRICE", "multiplierUp": format(market.band, ".4f"), "multiplierDown": format(1 / market.band, ".4f"),
             "multiplierDecimal": "4"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"], "permissionSets": ["GRID", "COPY"],
    }  # fmt: skip


def algo_view(algo: Algo, market: Market, status: str, ms: Ms) -> dict[str, Any]:
    """A conditional order, as the algo endpoints show it."""
    ask, order = algo.ask, algo.order
    return {
        "algoId": algo.id, "clientAlgoId": algo.client_id, "algoType": "CONDITIONAL", "orderType": ask.kind, "symbol": ask.symbol, "side": ask.side,
        "positionSide": ask.position_side, "timeInForce": ask.tif, "quantity": format(market.amount(ask.lots), market.amount_text), "algoStatus": status,
        "actualOrderId": str(order.id) if order else "", "actualPrice": average(order.quote, order.filled, market) if order and order.filled else "0.00000",
        "triggerPrice": format(market.price(ask.stop_ticks), market.price_text), "price": format(market.price(ask.ticks), market.price_text),
        "icebergQuantity": None, "tpTriggerPrice": "0.000", "tpPrice": "0.000", "slTriggerPrice": "0.000", "slPrice": "0.000", "tpOrderType": "",
        "selfTradePreventionMode": ask.stp, "workingType": ask.working_type, "priceMatch": "NONE", "closePosition": ask.close_position,
        "priceProtect": False, "reduceOnly": ask.reduce_only, "createTime": ms(algo.created_ns), "updateTime": ms(algo.updated_ns),
        "triggerTime": ms(algo.triggered_ns) if algo.triggered_ns else 0, "goodTillDate": ask.good_till_ms,
    }  # fmt: skip


def position_view(engine: Engine, account: Account, position: Position, step: tuple[int, Decimal], ms: Ms, *, old: bool) -> dict[str, Any]:
    """A row of positionRisk; the second version (`old`) has leverage and margin type."""
    money = engine.money
    market = engine.markets[position.symbol]
    lots, cost = step
    mark = engine.mark(position.symbol)
    amount, worth = market.amount(lots), mark * market.amount(lots)
    entry = cost / market.amount(abs(lots)) if lots else ZERO
    unrealized = (worth - cost if lots > 0 else cost + worth) if lots else ZERO
    leverage = account.leverage_of(position.symbol)
    initial = abs(worth) / leverage
    at = money.liquidation_price(account, position.symbol, {position.side: step}) if lots else None  # type: ignore[attr-defined]
    own = cost / leverage if lots and position.symbol in account.isolated else ZERO
    view: dict[str, Any] = {
        "symbol": position.symbol, "positionSide": position.side, "positionAmt": format(amount, market.amount_text), "entryPrice": format(entry, ".8f"),
        "breakEvenPrice": format(entry, ".8f"), "markPrice": text(mark), "unRealizedProfit": text(unrealized), "liquidationPrice": text(at or ZERO),
        "isolatedMargin": text(own + unrealized if own else ZERO), "notional": text(worth), "isolatedWallet": text(own),
        "updateTime": ms(position.updated_ns) if position.updated_ns else 0,
    }  # fmt: skip
    if old:
        view |= {
            "leverage": str(leverage), "maxNotionalValue": "480000000", "marginType": "isolated" if position.symbol in account.isolated else "cross",
            "isAutoAddMargin": "false",
        }  # fmt: skip
    else:
        ordered = money.order_margin(account, position.symbol)  # type: ignore[attr-defined]
        view |= {
            "marginAsset": market.quote, "initialMargin": text(initial + ordered), "maintMargin": text(abs(worth) * money.maintenance),  # type: ignore[attr-defined]
            "positionInitialMargin": text(initial), "openOrderInitialMargin": text(ordered), "adl": 2 if lots else 0, "bidNotional": "0", "askNotional": "0",
        }  # fmt: skip
    return view


# ---- events ----------------------------------------------------------------------------------------------------------------
def order_event(order: Order, market: Market, what: str, execution: Execution | None, ms: Ms, now_ns: int) -> dict[str, Any]:
    """ORDER_TRADE_UPDATE."""
    ask, e = order.ask, execution
    status = order.history[-1][1]
    body: dict[str, Any] = {
        "s": order.symbol, "c": order.client_id, "S": order.side, "o": "LIQUIDATION" if order.origin in ("liquidation", "adl") else ask.kind, "f": ask.tif,
        "q": format(market.amount(order.lots), market.amount_text), "p": format(market.price(order.ticks), market.price_text),
        "ap": average(order.quote, order.filled, market), "sp": "0", "x": what, "X": "NEW_ADL" if order.origin == "adl" and e is not None else status,
        "i": order.id, "l": format(market.amount(e.lots if e else 0), market.amount_text), "z": format(market.amount(order.filled), market.amount_text),
        "L": format(market.price(e.ticks if e else 0), market.price_text), "n": text(e.commission) if e else "0",
        "N": e.commission_asset if e else market.quote, "T": ms(e.ns if e else order.updated_ns), "t": e.id if e else 0, "b": "0", "a": "0",
        "m": bool(e and e.is_maker), "R": ask.reduce_only, "wt": "CONTRACT_PRICE", "ot": ask.kind, "ps": ask.position_side, "cp": ask.close_position,
        "rp": text(e.realized) if e else "0", "pP": False, "si": 0, "ss": 0, "V": ask.stp, "pm": "NONE", "gtd": ask.good_till_ms,
        "er": "0",
    }  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "T": ms(now_ns), "E": ms(now_ns), "o": body}


def lite_event(order: Order, market: Market, execution: Execution, ms: Ms, now_ns: int) -> dict[str, Any]:
    """TRADE_LITE."""
    return {
        "e": "TRADE_LITE", "E": ms(now_ns), "T": ms(execution.ns), "s": order.symbol, "q": format(market.amount(order.lots), market.amount_text),
        "p": format(market.price(order.ticks), market.price_text), "m": execution.is_maker, "c": order.client_id, "S": order.side,
        "L": format(market.price(execution.ticks), market.price_text), "l": format(market.amount(execution.lots), market.amount_text), "t": execution.id,
        "i": order.id,
    }  # fmt: skip


def account_event(
    engine: Engine, account: Account, assets: Iterable[str], positions: Iterable[tuple[str, str]], why: str, ms: Ms
) -> dict[str, Any]:  # fmt: skip
    """ACCOUNT_UPDATE."""
    now = ms(engine.now_ns)
    rows = []
    for symbol, side in positions:
        market, position = engine.markets[symbol], account.position(symbol, side)
        entry = position.entry(market)
        unrealized = engine.money.unrealized(account, symbol, side)  # type: ignore[attr-defined]
        rows.append({
            "s": symbol, "pa": format(market.amount(position.lots), market.amount_text), "ep": format(entry, ".8f"), "bep": format(entry, ".8f"),
            "cr": text(position.realized), "up": text(unrealized), "mt": "isolated" if symbol in account.isolated else "cross", "iw": "0", "ps": side,
        })  # fmt: skip
    change = account.journal[-1].delta if why in ("DEPOSIT", "WITHDRAW", "FUNDING_FEE", "ADJUSTMENT") and account.journal else ZERO
    balances = [{"a": a, "wb": text(account.totals.get(a, ZERO)), "cw": text(account.totals.get(a, ZERO)), "bc": text(change)} for a in assets]
    body: dict[str, Any] = {"m": why, "B": balances, "P": rows}
    return {"e": "ACCOUNT_UPDATE", "E": now, "T": now, "a": body}


def algo_event(algo: Algo, market: Market, ms: Ms, now_ns: int) -> dict[str, Any]:
    """ALGO_UPDATE."""
    ask, order = algo.ask, algo.order
    body: dict[str, Any] = {
        "caid": algo.client_id, "aid": algo.id, "at": "CONDITIONAL", "o": ask.kind, "s": ask.symbol, "S": ask.side, "ps": ask.position_side, "f": ask.tif,
        "q": format(market.amount(ask.lots), market.amount_text), "X": algo.status, "ai": str(order.id) if order else "",
        "tp": format(market.price(ask.stop_ticks), market.price_text), "p": format(market.price(ask.ticks), market.price_text), "V": ask.stp,
        "wt": ask.working_type, "pm": "NONE", "cp": ask.close_position, "pP": False, "R": ask.reduce_only,
        "tt": ms(algo.triggered_ns) if algo.triggered_ns else 0, "gtd": ask.good_till_ms,
    }  # fmt: skip
    if order is not None:
        filled, quote = (0, ZERO) if algo.status == "TRIGGERED" else (order.filled, order.quote)
        body |= {"ap": average(quote, filled, market), "aq": format(market.amount(filled), market.amount_text), "act": order.ask.kind}
    if algo.reason:
        body["rm"] = algo.reason
    return {"e": "ALGO_UPDATE", "T": ms(algo.updated_ns), "E": ms(now_ns), "o": body}
