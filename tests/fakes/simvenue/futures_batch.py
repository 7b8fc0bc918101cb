"""USD-M futures: several orders in one request. Each has its own answer or its own error, in the order in which they were sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from tests.fakes.simvenue.dialect import Dialect, Route
from tests.fakes.simvenue.wire import Ask, Problem

Handler = Callable[[Ask], Any]


class BatchRest:
    """Handlers of `/fapi/v1/batchOrders`.

    Parameters
    ----------
    create, cancel : callable
        What one order of a batch is given to.
    """

    def __init__(self, dialect: Dialect, create: Handler, cancel: Handler) -> None:
        self._dialect = dialect
        self._create = create
        self._cancel = cancel

    def routes(self) -> dict[tuple[str, str], Route]:
        path = "/fapi/v1/batchOrders"
        return {("POST", path): Route(self._create_all, 5, "signed"), ("DELETE", path): Route(self._cancel_all, 1, "signed")}

    def _list(self, ask: Ask, name: str, longest: int) -> list[Any]:
        try:
            found = orjson.loads(ask.text(name))
        except orjson.JSONDecodeError:
            raise Problem(-1130, f"Data sent for parameter '{name}' is not valid.") from None
        if not isinstance(found, list) or not 1 <= len(found) <= longest:
            raise Problem(-1130, f"Data sent for parameter '{name}' is not valid.")
        return found

    def _create_all(self, ask: Ask) -> list[Any]:
        orders = self._list(ask, "batchOrders", 5)
        if not all(isinstance(order, dict) for order in orders):
            raise Problem(-1130, "Data sent for parameter 'batchOrders' is not valid.")
        return [self._dialect.tried(partial(self._one, ask, order))[1] for order in orders]

    def _one(self, ask: Ask, order: dict[str, Any]) -> Any:
        self._dialect.count_order(ask.who, ask.now_ns)
        return self._create(ask.with_params({name: str(value) for name, value in order.items()}))

    def _cancel_all(self, ask: Ask) -> list[Any]:
        by_id = "orderIdList" in ask.params
        names = self._list(ask, "orderIdList" if by_id else "origClientOrderIdList", 10)
        key = "orderId" if by_id else "origClientOrderId"
        symbol = ask.text("symbol")
        parts = [ask.with_params({"symbol": symbol, key: str(name)}) for name in names]
        return [self._dialect.tried(partial(self._cancel, part))[1] for part in parts]
