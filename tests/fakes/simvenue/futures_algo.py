"""USD-M futures: conditional orders, which live behind endpoints of their own since December 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.simvenue import views_futures as views
from tests.fakes.simvenue.dialect import Dialect, Route
from tests.fakes.simvenue.stops import AS_FUTURES_ORDER, Algo
from tests.fakes.simvenue.values import OrderAsk
from tests.fakes.simvenue.wire import Ask, Problem

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue


class AlgoRest:
    """Handlers of `/fapi/v1/algoOrder` and its lists."""

    def __init__(self, venue: SimVenue, dialect: Dialect) -> None:
        self._venue = venue
        self._dialect = dialect

    def routes(self) -> dict[tuple[str, str], Route]:
        v1 = "/fapi/v1/"
        return {
            ("POST", v1 + "algoOrder"): Route(self._create, 0, "signed", is_order=True),
            ("GET", v1 + "algoOrder"): Route(self._query, 1, "signed"),
            ("DELETE", v1 + "algoOrder"): Route(self._cancel, 1, "signed"),
            ("GET", v1 + "openAlgoOrders"): Route(self._open, lambda p: 1 if "symbol" in p else 40, "signed"),
            ("GET", v1 + "allAlgoOrders"): Route(self._all, 5, "signed"),
            ("DELETE", v1 + "algoOpenOrders"): Route(self._cancel_all, 1, "signed"),
        }

    def _create(self, ask: Ask) -> dict[str, Any]:
        if ask.text("algoType") != "CONDITIONAL":
            raise Problem(-1130, "Data sent for parameter 'algoType' is not valid.")
        market, kind = self._dialect.market(ask), ask.text("type")
        if kind not in AS_FUTURES_ORDER:
            raise Problem(-1116, "Invalid orderType.")
        closes = ask.flag("closePosition")
        if closes and ("quantity" in ask.params or ask.flag("reduceOnly")):
            raise Problem(-4136, "Target strategy invalid for orderType with closePosition.")
        if closes and not kind.endswith("_MARKET"):
            raise Problem(-4136, "Target strategy invalid for orderType with closePosition.")
        working = ask.params.get("workingType") or "CONTRACT_PRICE"
        if working not in ("MARK_PRICE", "CONTRACT_PRICE"):
            raise Problem(-1130, "Data sent for parameter 'workingType' is not valid.")
        if ask.flag("reduceOnly") and ask.who.is_hedge:
            raise Problem(-1106, "Parameter 'reduceonly' sent when not required.")
        wanted = OrderAsk(
            market.symbol, self._dialect.side(ask), kind, 0 if closes else self._dialect.lots(ask, "quantity", market),
            0 if kind.endswith("_MARKET") else self._dialect.ticks(ask, "price", market),
            self._dialect.client_id(ask, "clientAlgoId", r"^[\.A-Z\:/a-z0-9_-]{1,36}$"), ask.params.get("timeInForce") or "GTC",
            self._dialect.ticks(ask, "triggerPrice", market), reduce_only=ask.flag("reduceOnly"), close_position=closes,
            position_side=ask.params.get("positionSide") or "BOTH", stp=ask.params.get("selfTradePreventionMode") or "EXPIRE_MAKER", working_type=working,
        )  # fmt: skip
        algo = self._venue.engine.stops.place(ask.who, wanted)
        return self._view(algo, algo.status)

    def _view(self, algo: Algo, status: str) -> dict[str, Any]:
        return views.algo_view(algo, self._venue.engine.markets[algo.ask.symbol], status, self._venue.ms)

    def _found(self, ask: Ask) -> Algo | None:
        number = ask.whole("algoId")
        if number is None:
            number = ask.whole("algoid")
        client = ask.params.get("clientAlgoId") or ask.params.get("clientalgoid")
        if number is None and not client:
            raise Problem(-1102, "Param 'algoId' or 'clientAlgoId' must be sent, but both were empty/null!")
        return self._venue.engine.stops.find(ask.who, number, client)

    def _query(self, ask: Ask) -> dict[str, Any]:
        algo = self._found(ask)
        status = algo.status_at(ask.view_ns) if algo is not None else None
        if algo is None or status is None:
            raise Problem(-2013, "Order does not exist.")
        return self._view(algo, status)

    def _cancel(self, ask: Ask) -> dict[str, Any]:
        algo = self._found(ask)
        if algo is None or algo.status != "NEW":
            raise Problem(-2011, "Unknown order sent.")
        self._venue.engine.stops.cancel(algo)
        return {"algoId": algo.id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}

    def _open(self, ask: Ask) -> list[dict[str, Any]]:
        symbol = self._dialect.market(ask).symbol if ask.params.get("symbol") else ""
        stops = self._venue.engine.stops
        if ask.view_ns >= ask.now_ns:
            return [self._view(algo, algo.status) for algo in stops.waiting(ask.who, symbol)]
        mine = [algo for algo in stops.algos.values() if algo.account == ask.who.key and (not symbol or algo.ask.symbol == symbol)]
        return [self._view(algo, "NEW") for algo in mine if algo.status_at(ask.view_ns) == "NEW"]

    def _all(self, ask: Ask) -> list[dict[str, Any]]:
        symbol = self._dialect.market(ask).symbol
        mine = [algo for algo in self._venue.engine.stops.algos.values() if algo.account == ask.who.key and algo.ask.symbol == symbol]
        page = self._venue.page(
            mine,
            ask,
            key=lambda algo: algo.id,
            time_ns=lambda algo: algo.created_ns,
            from_name="algoId",
            limit=min(ask.whole("limit", 500) or 500, 1000),
        )
        return [self._view(algo, status) for algo in page if (status := algo.status_at(ask.view_ns)) is not None]

    def _cancel_all(self, ask: Ask) -> dict[str, Any]:
        stops = self._venue.engine.stops
        for algo in stops.waiting(ask.who, self._dialect.market(ask).symbol):
            stops.cancel(algo)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}
