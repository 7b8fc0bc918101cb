"""`/control`: a test in another process reads the ledger, sets faults, moves prices and scripts events. Loopback only; it is no part of any exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

import orjson
from aiohttp import web

from tests.fakes.simvenue import script
from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.faults import Fault
from tests.fakes.simvenue.front import Front
from tests.fakes.simvenue.values import Execution, Order

Verb = Callable[[dict[str, Any]], Any]


class Control:
    """GET and POST `/control/VERB` with a JSON object (POST) or query (GET); answers are JSON. A mistake is answered by 400 and a sentence."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._venue = front.venue
        self._verbs: dict[str, Verb] = {
            "ledger": self._ledger, "orders": self._orders, "executions": self._executions, "algos": self._algos, "journal": self._journal, "requests": self._requests,
            "sockets": self._sockets, "faults": self._faults, "fault": self._fault, "heal": self._heal, "rule": self._rule, "move": self._move,
            "still": self._still, "path": self._path, "thin": self._thin, "mark": self._mark, "market": self._market, "skew": self._skew, "account": self._account_flags,
            "liquidate": self._liquidate, "close": self._close, "trade": self._trade, "cancel": self._cancel, "funding": self._funding,
            "transfer": self._transfer, "bust": self._bust, "expire": self._expire, "drop_sockets": self._drop, "shutdown": self._shutdown, "ban": self._ban,
            "weight_limit": self._weight_limit, "order_limit": self._order_limit,
        }  # fmt: skip

    async def serve(self, request: web.Request) -> web.Response:
        verb = self._verbs.get(request.match_info["verb"])
        if verb is None:
            return web.json_response({"error": f"no such verb; there are {', '.join(sorted(self._verbs))}"}, status=404)
        try:
            text = await request.read()
            given = orjson.loads(text) if text else dict(request.query)
            self._venue.advance()
            said = verb(given)
            self._venue.engine.stops.run()
            self._venue.hub.flush_tops()
        except (ValueError, KeyError, TypeError, LookupError, ArithmeticError) as bad:
            return web.json_response({"error": f"{type(bad).__name__}: {bad}"}, status=400)
        return web.Response(body=orjson.dumps({"ok": True} if said is None else said), content_type="application/json")

    # ---- reading -----------------------------------------------------------------------------------------------------------
    def _account(self, given: dict[str, Any]) -> Account:
        return self._venue.engine.accounts[given["key"]] if given.get("key") else self._venue.account

    def _ledger(self, given: dict[str, Any]) -> Any:
        account = self._account(given)
        return {
            "now_ns": self._venue.engine.now_ns,
            "opening": {asset: str(amount) for asset, amount in account.opening.items()},
            "balances": {asset: str(amount) for asset, amount in account.totals.items()},
            "locked": {asset: str(amount) for asset, amount in account.locked.items() if amount},
            "unexplained": {asset: str(amount) for asset, amount in account.unexplained().items()},
            "positions": [
                {"symbol": p.symbol, "side": p.side, "amount": str(self._venue.engine.markets[p.symbol].amount(p.lots)), "cost": str(p.cost)}
                for p in account.positions.values()
                if p.lots
            ],
            "open_orders": [self._order(order) for order in account.open.values()],
            "orders": len(account.orders),
            "executions": sum(len(rows) for rows in account.executions.values()),
        }

    def _order(self, order: Order) -> dict[str, Any]:
        market = self._venue.engine.markets[order.symbol]
        return {
            "id": order.id, "client_id": order.client_id, "symbol": order.symbol, "side": order.side, "kind": order.ask.kind, "status": order.status,
            "price": str(market.price(order.ticks)), "amount": str(market.amount(order.lots)), "filled": str(market.amount(order.filled)),
            "created_ns": order.created_ns, "updated_ns": order.updated_ns, "origin": order.origin,
        }  # fmt: skip

    def _execution(self, e: Execution) -> dict[str, Any]:
        market = self._venue.engine.markets[e.order.symbol]
        return {
            "id": e.id, "symbol": e.order.symbol, "order_id": e.order.id, "client_id": e.order.client_id, "side": e.order.side,
            "price": str(market.price(e.ticks)), "amount": str(market.amount(e.lots)), "fee": str(e.commission), "fee_asset": e.commission_asset,
            "realized": str(e.realized), "maker": e.is_maker, "ns": e.ns, "busted": e.is_busted,
        }  # fmt: skip

    def _orders(self, given: dict[str, Any]) -> Any:
        return [self._order(order) for order in self._account(given).orders.values()]

    def _executions(self, given: dict[str, Any]) -> Any:
        return [self._execution(e) for rows in self._account(given).executions.values() for e in rows]

    def _algos(self, given: dict[str, Any]) -> Any:
        """Conditional futures orders, with the id of the order that each became (0: none yet)."""
        return [
            {
                "client_id": algo.client_id, "symbol": algo.ask.symbol, "side": algo.ask.side, "status": algo.status,
                "amount": str(self._venue.engine.markets[algo.ask.symbol].amount(algo.ask.lots)), "created_ns": algo.created_ns,
                "order_id": algo.order.id if algo.order is not None else 0,
            }
            for algo in self._venue.engine.stops.algos.values()
        ]  # fmt: skip

    def _journal(self, given: dict[str, Any]) -> Any:
        return [asdict(entry) | {"delta": str(entry.delta)} for entry in self._account(given).journal]

    def _requests(self, given: dict[str, Any]) -> Any:
        after = int(given.get("after_ns", 0))
        return [asdict(logged) for logged in self._venue.requests() if logged.ns > after]

    def _sockets(self, given: dict[str, Any]) -> Any:
        return {"open": len(self._front.sessions), "attempts": len(self._front.attempts), "refused_requests": self._venue.dialect.limits.refused}

    # ---- faults ----------------------------------------------------------------------------------------------------------------
    def _faults(self, given: dict[str, Any]) -> Any:
        return {"active": {str(number): asdict(fault) for number, fault in self._front.faults.active()}, "done": self._front.faults.done}

    def _fault(self, given: dict[str, Any]) -> Any:
        known = {field.name for field in fields(Fault)}
        if not given.keys() <= known:
            raise ValueError(f"a fault has {', '.join(sorted(known))}")
        return {"number": self._front.faults.add(Fault(**given))}

    def _heal(self, given: dict[str, Any]) -> None:
        if "number" in given:
            self._front.faults.remove(int(given["number"]))
        else:
            self._front.faults.clear()
            self._venue.engine.script.clear()

    def _rule(self, given: dict[str, Any]) -> None:
        self._venue.engine.script.add(script.MatchRule(**given))

    def _skew(self, given: dict[str, Any]) -> None:
        self._venue.skew_ns = int(float(given["seconds"]) * 1e9)

    def _ban(self, given: dict[str, Any]) -> None:
        self._venue.dialect.limits.ban(self._venue.engine.now_ns + int(float(given["seconds"]) * 1e9))

    def _weight_limit(self, given: dict[str, Any]) -> None:
        self._venue.dialect.limits.set_weight(int(given["limit"]))

    def _order_limit(self, given: dict[str, Any]) -> None:
        self._venue.dialect.limits.set_orders(int(given["limit"]))

    # ---- the market ----------------------------------------------------------------------------------------------------------------
    def _move(self, given: dict[str, Any]) -> None:
        self._venue.move(given["symbol"], Decimal(str(given["price"])))

    def _still(self, given: dict[str, Any]) -> None:
        for symbol in [given["symbol"]] if given.get("symbol") else list(self._venue.houses):
            self._venue.houses[symbol].is_still = bool(given.get("still", True))

    def _path(self, given: dict[str, Any]) -> None:
        """`points` are [seconds from now, price]."""
        now = self._venue.engine.now_ns
        self._venue.follow(given["symbol"], [(now + int(float(after) * 1e9), Decimal(str(price))) for after, price in given["points"]])

    def _thin(self, given: dict[str, Any]) -> None:
        self._venue.houses[given["symbol"]].thin(int(given["levels"]), int(given.get("lots", 1)))

    def _mark(self, given: dict[str, Any]) -> None:
        price = given.get("price")
        self._venue.set_mark(given["symbol"], None if price is None else Decimal(str(price)))

    def _market(self, given: dict[str, Any]) -> None:
        symbol = given.pop("symbol")
        numbers = {"min_notional", "maker", "taker", "band"}
        self._venue.change_market(symbol, **{name: Decimal(str(value)) if name in numbers else value for name, value in given.items()})

    # ---- the account ------------------------------------------------------------------------------------------------------------------
    def _account_flags(self, given: dict[str, Any]) -> None:
        account = self._account(given)
        for name in ("can_trade", "can_withdraw", "is_restricted_to_addresses", "denied", "pays_fees_in"):
            if name in given:
                setattr(account, name, given[name])

    def _liquidate(self, given: dict[str, Any]) -> Any:
        fraction, adl = float(given.get("fraction", 1)), bool(given.get("adl", False))
        price, settles = given.get("price"), bool(given.get("settles", False))
        at = None if price is None else Decimal(str(price))
        done = script.liquidate(self._venue.engine, self._account(given), given["symbol"], fraction=fraction, adl=adl, price=at, settles=settles)
        return [self._order(order) for order in done]

    def _close(self, given: dict[str, Any]) -> Any:
        fraction = float(given.get("fraction", 1))
        return [self._order(o) for o in script.close_elsewhere(self._venue.engine, self._account(given), given["symbol"], fraction=fraction)]

    def _trade(self, given: dict[str, Any]) -> Any:
        market = self._venue.engine.market(given["symbol"])
        lots = int(Decimal(str(given["amount"])) / market.lot)
        order = script.trade_elsewhere(
            self._venue.engine, self._account(given), market.symbol, given["side"], lots, given.get("position_side", "BOTH")
        )  # fmt: skip
        return self._order(order)

    def _cancel(self, given: dict[str, Any]) -> None:
        account = self._account(given)
        order = account.orders[int(given["id"])] if "id" in given else account.by_client[given["symbol"], given["client_id"]]
        script.cancel_elsewhere(self._venue.engine, order)

    def _funding(self, given: dict[str, Any]) -> None:
        script.pay_funding(self._venue.engine, given["symbol"], Decimal(str(given["rate"])))

    def _transfer(self, given: dict[str, Any]) -> None:
        script.transfer(self._venue.engine, self._account(given), given["asset"], Decimal(str(given["amount"])))

    def _bust(self, given: dict[str, Any]) -> None:
        account = self._account(given)
        execution = next(e for e in account.executions[given["symbol"]] if e.id == int(given["id"]))
        script.bust(self._venue.engine, account, execution)

    # ---- sockets ----------------------------------------------------------------------------------------------------------------------
    def _expire(self, given: dict[str, Any]) -> None:
        self._venue.users.expire(self._account(given).key)

    def _drop(self, given: dict[str, Any]) -> None:
        self._front.close_all(int(given.get("code", 1006)), str(given.get("reason", "")))

    def _shutdown(self, given: dict[str, Any]) -> None:
        self._front.shutdown_notice()
