"""The few `/sapi` paths that clients ask while loading: rights of the key, coins, fees, and what this venue has none of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.simvenue import views_spot as views
from tests.fakes.simvenue.dialect import Dialect, Route
from tests.fakes.simvenue.values import ZERO
from tests.fakes.simvenue.wire import Ask

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue


class Wallet:
    """Handlers of the wallet's endpoints."""

    def __init__(self, venue: SimVenue, dialect: Dialect) -> None:
        self.engine = venue.engine
        self._dialect = dialect

    def routes(self) -> dict[tuple[str, str], Route]:
        v1 = "/sapi/v1/"
        return {
            ("GET", v1 + "account/apiRestrictions"): Route(self._rights, 1, "signed"),
            ("GET", v1 + "capital/config/getall"): Route(self._coins, 10, "signed"),
            ("GET", v1 + "asset/tradeFee"): Route(self._fees, 1, "signed"),
            ("GET", v1 + "margin/allPairs"): Route(lambda ask: [], 1, "keyed"),
            ("GET", v1 + "margin/isolated/allPairs"): Route(lambda ask: [], 1, "signed"),
            ("GET", v1 + "system/status"): Route(lambda ask: {"status": 0, "msg": "normal"}),
            ("GET", v1 + "equity/market/exchangeInfo"): Route(lambda ask: {"symbols": []}, 1, "keyed"),
        }

    def _rights(self, ask: Ask) -> dict[str, Any]:
        account = ask.who
        return {
            "ipRestrict": account.is_restricted_to_addresses, "createTime": 1_700_000_000_000, "enableReading": True,
            "enableSpotAndMarginTrading": account.can_trade, "enableWithdrawals": account.can_withdraw, "enableInternalTransfer": False,
            "enableMargin": False, "enableFutures": account.can_trade, "permitsUniversalTransfer": False, "enableVanillaOptions": False,
            "enableFixApiTrade": False, "enableFixReadOnly": True, "enablePortfolioMarginTrading": False,
        }  # fmt: skip

    def _coins(self, ask: Ask) -> list[dict[str, Any]]:
        assets = {market.base for market in self.engine.markets.values()} | {market.quote for market in self.engine.markets.values()}
        return [
            {
                "coin": asset, "depositAllEnable": True, "free": views.text(ask.who.free(asset)), "freeze": "0", "ipoable": "0", "ipoing": "0",
                "isLegalMoney": False, "locked": views.text(ask.who.locked.get(asset, ZERO)), "name": asset, "networkList": [], "storage": "0",
                "trading": True, "withdrawAllEnable": True, "withdrawing": "0",
            }
            for asset in sorted(assets)
        ]  # fmt: skip

    def _fees(self, ask: Ask) -> list[dict[str, Any]]:
        chosen = [self._dialect.market(ask)] if ask.params.get("symbol") else list(self.engine.markets.values())
        return [{"symbol": m.symbol, "makerCommission": str(m.maker), "takerCommission": str(m.taker)} for m in chosen]
