"""Binance spot. The stream of an account is a signed subscription on the WebSocket API; listen keys are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from botcore.markets.funding import FundingInfo
from botcore.orders.tracker import Order
from botcore.venues.account_news import BalancesTold, FundingPaid, PositionTold
from botcore.venues.binance import account
from botcore.venues.binance.base import BinanceDialect
from botcore.venues.binance.orders import Params, spot_params
from botcore.venues.binance.signing import socket_request
from botcore.venues.dialect import AccountRights, Credentials, StopDialect, Unreadable, UserStream
from botcore.venues.wire import Access, Call, Reply


class BinanceSpot(BinanceDialect):
    """Implements `Dialect`."""

    PREFIX = "/api/v3"
    WINDOW_MS = 24 * 3_600_000

    def _order_params(self, order: Order, hedge: bool) -> Params:
        return spot_params(order)

    def trades_call(self, trading_pair: str, from_id: int | None, since_ms: int | None) -> Call:
        return self._trades_call("/myTrades", trading_pair, from_id, since_ms)

    @property
    def stops(self) -> StopDialect | None:
        return None

    # ---- account ---------------------------------------------------------------------------------------------------------
    def balances_call(self) -> Call:
        return self._call("balances", "/account", (("omitZeroBalances", "true"),))

    def balances(self, reply: Reply, ts_ns: int) -> BalancesTold:
        return account.spot_balances(self._row(reply, "account"), ts_ns)

    def positions_call(self) -> Call | None:
        return None

    def positions(self, reply: Reply, ts_ns: int) -> list[PositionTold]:
        raise Unreadable("spot has no positions")

    def funding_call(self, since_ms: int) -> Call | None:
        return None

    def funding(self, reply: Reply) -> list[FundingPaid]:
        raise Unreadable("spot pays no funding")

    def funding_rate_call(self, trading_pair: str) -> Call | None:
        return None

    def funding_rates(self, reply: Reply) -> Mapping[str, FundingInfo | Unreadable]:
        raise Unreadable("spot pays no funding")

    def traded_call(self, since_ms: int) -> Call | None:
        return None

    def traded(self, reply: Reply) -> list[tuple[str, int]]:
        raise Unreadable("spot tells of executions pair by pair only")

    def settings_calls(self, trading_pair: str, leverage: int, hedge: bool | None) -> Sequence[Call]:
        return ()

    def mode_call(self) -> Call | None:
        return None

    def is_hedge(self, reply: Reply) -> bool:
        raise Unreadable("spot has no position mode")

    def rights_call(self) -> Call | None:
        weights = tuple(self._live.weights.get("rights", {}).items())
        return Call("rights", "GET", "/sapi/v1/account/apiRestrictions", access=Access.SIGNED, weights=weights)

    def rights(self, reply: Reply) -> AccountRights:
        return account.spot_rights(self._row(reply, "apiRestrictions"))

    # ---- the account's stream ---------------------------------------------------------------------------------------------
    def user_key_call(self) -> Call | None:
        return None

    def user_stream(self, key_reply: Reply | None, credentials: Credentials, timestamp_ms: int) -> UserStream:
        opening = socket_request(1, "userDataStream.subscribe.signature", credentials, timestamp_ms, self._window_ms)
        return UserStream(self._live.addresses.user_ws, (opening,))
