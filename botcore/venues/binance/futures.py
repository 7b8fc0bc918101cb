"""Binance USD-M futures: linear perpetuals. The stream of an account has a listen key that must be renewed; stops rest in a service of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from botcore.markets.funding import FundingInfo
from botcore.orders.tracker import Order
from botcore.venues.account_news import BalancesTold, FundingPaid, PositionTold
from botcore.venues.binance import account
from botcore.venues.binance.base import BinanceDialect
from botcore.venues.binance.funding import funding_rates
from botcore.venues.binance.names import symbol_of
from botcore.venues.binance.orders import Params, futures_params
from botcore.venues.binance.stops import FuturesStops
from botcore.venues.dialect import AccountRights, Credentials, StopDialect, Unreadable, UserStream
from botcore.venues.reading import as_row, as_rows, strict, text
from botcore.venues.spec import VenueSpec
from botcore.venues.wire import Access, Call, Priority, Reply

RENEW_S = 1500.0
"""A listen key lives for an hour; two renewals may fail before it ends."""


class BinanceFutures(BinanceDialect):
    """Implements `Dialect`."""

    PREFIX = "/fapi/v1"
    WINDOW_MS = 7 * 24 * 3_600_000

    def __init__(self, spec: VenueSpec) -> None:
        super().__init__(spec)
        self._stops = FuturesStops(self._names, self._live.weights)

    def _order_params(self, order: Order, hedge: bool) -> Params:
        return futures_params(order, hedge)

    def trades_call(self, trading_pair: str, from_id: int | None, since_ms: int | None) -> Call:
        return self._trades_call("/userTrades", trading_pair, from_id, since_ms)

    @property
    def stops(self) -> StopDialect | None:
        return self._stops

    # ---- account ---------------------------------------------------------------------------------------------------------
    def _signed(self, name: str, path: str) -> Call:
        """A question whose path has a version of its own."""
        return Call(name, "GET", path, access=Access.SIGNED, weights=tuple(self._live.weights.get(name, {}).items()))

    def balances_call(self) -> Call:
        return self._signed("balances", "/fapi/v3/balance")

    def balances(self, reply: Reply, ts_ns: int) -> BalancesTold:
        return account.futures_balances(self._rows(reply, "balance"), ts_ns)

    def positions_call(self) -> Call | None:
        return self._signed("positions", "/fapi/v3/positionRisk")

    def positions(self, reply: Reply, ts_ns: int) -> list[PositionTold]:
        return account.positions(self._rows(reply, "positionRisk"), self._names, ts_ns)

    def funding_call(self, since_ms: int) -> Call | None:
        params = (("incomeType", "FUNDING_FEE"), ("startTime", str(max(0, since_ms))), ("limit", "1000"))
        return self._call("funding", "/income", params)

    def funding(self, reply: Reply) -> list[FundingPaid]:
        return account.funding(self._rows(reply, "income"), self._names)

    def funding_rate_call(self, trading_pair: str) -> Call | None:
        params = (("symbol", symbol_of(trading_pair)),) if trading_pair else ()
        cost = "funding_rate" if trading_pair else "funding_rate_all"
        return self._call("funding_rate", "/premiumIndex", params, access=Access.PUBLIC, priority=Priority.MARKET, cost=cost)

    def funding_rates(self, reply: Reply) -> Mapping[str, FundingInfo | Unreadable]:
        found = strict(reply.body)
        rows = as_rows(found, "premiumIndex") if type(found) is list else [as_row(found, "premiumIndex")]
        return funding_rates(rows, self._names)

    def traded_call(self, since_ms: int) -> Call | None:
        return self._call("traded", "/income", (("startTime", str(max(0, since_ms))), ("limit", "1000")), cost="funding")

    def traded(self, reply: Reply) -> list[tuple[str, int]]:
        return account.traded(self._rows(reply, "income"), self._names)

    def settings_calls(self, trading_pair: str, leverage: int, hedge: bool | None) -> Sequence[Call]:
        lever = (("symbol", symbol_of(trading_pair)), ("leverage", str(leverage)))
        set_leverage = self._call("set_leverage", "/leverage", lever, method="POST", priority=Priority.CREATE, is_write=True)
        if hedge is None:
            return (set_leverage,)
        mode = (("dualSidePosition", "true" if hedge else "false"),)
        return (self._call("set_mode", "/positionSide/dual", mode, method="POST", priority=Priority.CREATE, is_write=True), set_leverage)

    def mode_call(self) -> Call | None:
        return self._call("mode", "/positionSide/dual")

    def is_hedge(self, reply: Reply) -> bool:
        return account.is_hedge(self._row(reply, "positionSide"))

    def rights_call(self) -> Call | None:
        return self._call("rights", "/accountConfig")

    def rights(self, reply: Reply) -> AccountRights:
        return account.futures_rights(self._row(reply, "accountConfig"))

    # ---- the account's stream ---------------------------------------------------------------------------------------------
    def user_key_call(self) -> Call | None:
        return self._call("user_key", "/listenKey", method="POST", access=Access.KEYED)

    def user_stream(self, key_reply: Reply | None, credentials: Credentials, timestamp_ms: int) -> UserStream:
        if key_reply is None:
            raise Unreadable("listenKey: no reply to read it from")
        key = text(self._row(key_reply, "listenKey"), "listenKey")
        renew = self._call("renew_user_key", "/listenKey", method="PUT", access=Access.KEYED)
        return UserStream(f"{self._live.addresses.user_ws}/{quote(key, safe='')}", renew=renew, renew_s=RENEW_S)
