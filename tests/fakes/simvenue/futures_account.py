"""USD-M futures: balances, positions, leverage, modes, income."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.simvenue import views_futures as views
from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.dialect import Dialect, Route
from tests.fakes.simvenue.money import FuturesMoney
from tests.fakes.simvenue.values import ZERO, Position
from tests.fakes.simvenue.wire import Ask, Problem

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue

INCOME = {"realized": "REALIZED_PNL", "fee": "COMMISSION", "funding": "FUNDING_FEE", "transfer": "TRANSFER", "bust": "REALIZED_PNL"}


class AccountRest:
    """Handlers of an account's endpoints."""

    def __init__(self, venue: SimVenue, dialect: Dialect) -> None:
        self._venue = venue
        self._dialect = dialect
        self._engine = venue.engine

    def routes(self) -> dict[tuple[str, str], Route]:
        v1, v2, v3 = "/fapi/v1/", "/fapi/v2/", "/fapi/v3/"
        return {
            ("GET", v2 + "account"): Route(self._old_account, 5, "signed"),
            ("GET", v3 + "account"): Route(self._account, 5, "signed"),
            ("GET", v2 + "balance"): Route(self._balance, 5, "signed"),
            ("GET", v3 + "balance"): Route(self._balance, 5, "signed"),
            ("GET", v2 + "positionRisk"): Route(self._old_positions, 5, "signed"),
            ("GET", v3 + "positionRisk"): Route(self._positions, 5, "signed"),
            ("GET", v1 + "accountConfig"): Route(self._config, 5, "signed"),
            ("GET", v1 + "symbolConfig"): Route(self._symbol_config, 5, "signed"),
            ("POST", v1 + "leverage"): Route(self._leverage, 1, "signed"),
            ("GET", v1 + "leverageBracket"): Route(self._brackets, 1, "signed"),
            ("POST", v1 + "marginType"): Route(self._margin_type, 1, "signed"),
            ("GET", v1 + "positionSide/dual"): Route(lambda ask: {"dualSidePosition": ask.who.is_hedge}, 30, "signed"),
            ("POST", v1 + "positionSide/dual"): Route(self._set_mode, 1, "signed"),
            ("GET", v1 + "multiAssetsMargin"): Route(lambda ask: {"multiAssetsMargin": False}, 30, "signed"),
            ("POST", v1 + "multiAssetsMargin"): Route(self._multi_assets, 1, "signed"),
            ("GET", v1 + "income"): Route(self._income, 30, "signed"),
            ("GET", v1 + "commissionRate"): Route(self._commission, 20, "signed"),
            ("GET", v1 + "feeBurn"): Route(lambda ask: {"feeBurn": False}, 30, "signed"),
            ("GET", v1 + "rateLimit/order"): Route(self._order_counts, 1, "signed"),
            ("GET", "/sapi/v1/account/apiRestrictions"): Route(self._rights, 1, "signed"),
        }

    @property
    def _money(self) -> FuturesMoney:
        money = self._engine.money
        assert isinstance(money, FuturesMoney)
        return money

    # ---- money -------------------------------------------------------------------------------------------------------------
    def _assets(self, account: Account, view_ns: int) -> list[tuple[str, Any]]:
        past = view_ns < self._engine.now_ns
        return [(asset, account.total_at(asset, view_ns) if past else account.totals[asset]) for asset in sorted(account.totals)]

    def _balance(self, ask: Ask) -> list[dict[str, Any]]:
        unrealized, held, ordered = self._money.margin(ask.who)
        rows = []
        for asset, wallet in self._assets(ask.who, ask.view_ns):
            loose = max(ZERO, wallet + unrealized - held - ordered) if asset == "USDT" else wallet
            rows.append({
                "accountAlias": "SgsR", "asset": asset, "balance": views.text(wallet), "crossWalletBalance": views.text(wallet),
                "crossUnPnl": views.text(unrealized if asset == "USDT" else ZERO), "availableBalance": views.text(loose),
                "maxWithdrawAmount": views.text(loose), "marginAvailable": True, "updateTime": self._venue.ms(ask.now_ns),
            })  # fmt: skip
        return rows

    def _account(self, ask: Ask) -> dict[str, Any]:
        account = ask.who
        unrealized, held, ordered = self._money.margin(account)
        rows = self._assets(account, ask.view_ns)
        wallet = dict(rows).get("USDT", ZERO)
        loose = max(ZERO, wallet + unrealized - held - ordered)
        maintenance = self._money.maintenance * sum((self._worth(p) for p in account.positions.values()), ZERO)
        return {
            "totalInitialMargin": views.text(held + ordered), "totalMaintMargin": views.text(maintenance), "totalWalletBalance": views.text(wallet),
            "totalUnrealizedProfit": views.text(unrealized), "totalMarginBalance": views.text(wallet + unrealized),
            "totalPositionInitialMargin": views.text(held), "totalOpenOrderInitialMargin": views.text(ordered),
            "totalCrossWalletBalance": views.text(wallet), "totalCrossUnPnl": views.text(unrealized), "availableBalance": views.text(loose),
            "maxWithdrawAmount": views.text(loose),
            "assets": [
                self._asset_view(asset, total, (unrealized, held, ordered, maintenance) if asset == "USDT" else (ZERO,) * 4, ask.now_ns)
                for asset, total in rows
            ],
            "positions": [
                {
                    "symbol": p.symbol, "positionSide": p.side, "positionAmt": row["positionAmt"], "unrealizedProfit": row["unRealizedProfit"],
                    "isolatedMargin": "0", "notional": row["notional"], "isolatedWallet": "0", "initialMargin": row["initialMargin"],
                    "maintMargin": row["maintMargin"], "updateTime": row["updateTime"],
                }
                for p, row in self._rows(ask, old=False)
            ],
        }  # fmt: skip

    def _asset_view(self, asset: str, total: Any, margin: tuple[Any, ...], now_ns: int) -> dict[str, Any]:
        unrealized, held, ordered, maintenance = margin
        loose = views.text(max(ZERO, total + unrealized - held - ordered))
        return {
            "asset": asset, "walletBalance": views.text(total), "unrealizedProfit": views.text(unrealized), "marginBalance": views.text(total + unrealized),
            "maintMargin": views.text(maintenance), "initialMargin": views.text(held + ordered), "positionInitialMargin": views.text(held),
            "openOrderInitialMargin": views.text(ordered), "crossWalletBalance": views.text(total), "crossUnPnl": views.text(unrealized),
            "availableBalance": loose, "maxWithdrawAmount": loose, "marginAvailable": True, "updateTime": self._venue.ms(now_ns),
        }  # fmt: skip

    def _old_account(self, ask: Ask) -> dict[str, Any]:
        account = ask.who
        head = {
            "feeTier": 0, "feeBurn": False, "canTrade": account.can_trade, "canDeposit": True, "canWithdraw": account.can_withdraw, "updateTime": 0,
            "multiAssetsMargin": False, "tradeGroupId": -1,
        }  # fmt: skip
        positions = [
            {
                "symbol": p.symbol, "initialMargin": "0", "maintMargin": "0", "unrealizedProfit": row["unRealizedProfit"], "positionInitialMargin": "0",
                "openOrderInitialMargin": "0", "leverage": row["leverage"], "isolated": p.symbol in account.isolated, "entryPrice": row["entryPrice"],
                "breakEvenPrice": row["breakEvenPrice"], "maxNotional": "480000000", "bidNotional": "0", "askNotional": "0", "positionSide": p.side,
                "positionAmt": row["positionAmt"], "notional": row["notional"], "isolatedWallet": "0", "updateTime": row["updateTime"],
            }
            for p, row in self._rows(ask, old=True)
        ]  # fmt: skip
        return head | self._account(ask) | {"positions": positions}

    # ---- positions ------------------------------------------------------------------------------------------------------------
    def _worth(self, position: Position) -> Any:
        return self._engine.mark(position.symbol) * self._engine.markets[position.symbol].amount(abs(position.lots))

    def _rows(self, ask: Ask, *, old: bool) -> list[tuple[Position, dict[str, Any]]]:
        """Old versions list every symbol; the new one those with a position or open orders."""
        account = ask.who
        sides = ("BOTH", "LONG", "SHORT") if account.is_hedge else ("BOTH",)
        wanted = ask.params.get("symbol")
        past = ask.view_ns < ask.now_ns
        found = []
        for symbol in self._engine.markets:
            if wanted and symbol != wanted:
                continue
            busy = any(order.symbol == symbol for order in account.open.values())
            for side in sides:
                position = account.positions.get((symbol, side)) or Position(symbol, side)
                step = position.at(ask.view_ns) if past else (position.lots, position.cost)
                if old or step[0] or (busy and side == "BOTH"):
                    found.append((position, views.position_view(self._engine, account, position, step, self._venue.ms, old=old)))
        return found

    def _positions(self, ask: Ask) -> list[dict[str, Any]]:
        return [row for _, row in self._rows(ask, old=False)]

    def _old_positions(self, ask: Ask) -> list[dict[str, Any]]:
        return [row for _, row in self._rows(ask, old=True)]

    # ---- settings ---------------------------------------------------------------------------------------------------------------
    def _config(self, ask: Ask) -> dict[str, Any]:
        account = ask.who
        return {
            "feeTier": 0, "canTrade": account.can_trade, "canDeposit": True, "canWithdraw": account.can_withdraw, "dualSidePosition": account.is_hedge,
            "updateTime": 0, "multiAssetsMargin": False, "tradeGroupId": -1,
        }  # fmt: skip

    def _symbol_config(self, ask: Ask) -> list[dict[str, Any]]:
        names = [self._dialect.market(ask).symbol] if ask.params.get("symbol") else list(self._engine.markets)
        return [
            {
                "symbol": name, "marginType": "ISOLATED" if name in ask.who.isolated else "CROSSED", "isAutoAddMargin": False,
                "leverage": ask.who.leverage_of(name), "maxNotionalValue": "480000000",
            }
            for name in names
        ]  # fmt: skip

    def _leverage(self, ask: Ask) -> dict[str, Any]:
        market, leverage = self._dialect.market(ask), ask.whole("leverage")
        if leverage is None or not 1 <= leverage <= 125:
            raise Problem(-4028, f"Leverage {leverage} is not valid")
        changed = leverage != ask.who.leverage_of(market.symbol)
        ask.who.leverage[market.symbol] = leverage
        if changed:
            self._engine.tell_settings(ask.who, market.symbol)
        return {"leverage": leverage, "maxNotionalValue": "480000000", "symbol": market.symbol}

    def _brackets(self, ask: Ask) -> Any:
        names = [self._dialect.market(ask).symbol] if ask.params.get("symbol") else list(self._engine.markets)
        bracket = {"bracket": 1, "initialLeverage": 125, "notionalCap": 480_000_000, "notionalFloor": 0, "maintMarginRatio": 0.004, "cum": 0.0}
        return [{"symbol": name, "notionalCoef": 1.0, "brackets": [bracket]} for name in names]

    def _margin_type(self, ask: Ask) -> dict[str, Any]:
        market, kind = self._dialect.market(ask), ask.text("marginType")
        if kind not in ("ISOLATED", "CROSSED"):
            raise Problem(-1130, "Data sent for parameter 'marginType' is not valid.")
        if (kind == "ISOLATED") == (market.symbol in ask.who.isolated):
            raise Problem(-4046, "No need to change margin type.")
        self._may_change(ask.who, market.symbol, -4048, "Margin type cannot be changed if there exists position.", -4047)
        (ask.who.isolated.add if kind == "ISOLATED" else ask.who.isolated.discard)(market.symbol)
        return {"code": 200, "msg": "success"}

    def _may_change(self, account: Account, symbol: str, held_code: int, held: str, open_code: int) -> None:
        if any(p.lots for (name, _), p in account.positions.items() if not symbol or name == symbol):
            raise Problem(held_code, held)
        if any(not symbol or order.symbol == symbol for order in account.open.values()):
            raise Problem(open_code, held.replace("exists position", "exists open orders"))

    def _set_mode(self, ask: Ask) -> dict[str, Any]:
        wanted = ask.text("dualSidePosition").lower()
        if wanted not in ("true", "false"):
            raise Problem(-1130, "Data sent for parameter 'dualSidePosition' is not valid.")
        if (wanted == "true") == ask.who.is_hedge:
            raise Problem(-4059, "No need to change position side.")
        self._may_change(ask.who, "", -4068, "Position side cannot be changed if there exists position.", -4067)
        ask.who.is_hedge = wanted == "true"
        return {"code": 200, "msg": "success"}

    def _multi_assets(self, ask: Ask) -> dict[str, Any]:
        if ask.text("multiAssetsMargin").lower() == "false":
            raise Problem(-4171, "No need to change margin mode.")
        raise Problem(-4168, "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under isolated-margin mode.")

    # ---- lists ------------------------------------------------------------------------------------------------------------------
    def _income(self, ask: Ask) -> list[dict[str, Any]]:
        kind, symbol = ask.params.get("incomeType"), ask.params.get("symbol")
        start, end = ask.whole("startTime", 0) or 0, ask.whole("endTime", 2**62) or 2**62
        rows = []
        for number, entry in enumerate(ask.who.journal):
            word, ms = INCOME.get(entry.kind, entry.kind.upper()), self._venue.ms(entry.ns)
            if entry.ns > ask.view_ns or (kind and kind != word) or (symbol and symbol != entry.symbol) or not start <= ms <= end:
                continue
            rows.append({
                "symbol": entry.symbol, "incomeType": word, "income": views.text(entry.delta), "asset": entry.asset, "info": word, "time": ms,
                "tranId": 9_000_000 + number, "tradeId": entry.ref if entry.ref.isdigit() else "",
            })  # fmt: skip
        limit = min(ask.whole("limit", 100) or 100, 1000)
        return rows[:limit] if start else rows[-limit:]

    def _commission(self, ask: Ask) -> dict[str, Any]:
        market = self._dialect.market(ask)
        return {"symbol": market.symbol, "makerCommissionRate": str(market.maker), "takerCommissionRate": str(market.taker), "rpiCommissionRate": "0"}

    def _order_counts(self, ask: Ask) -> list[dict[str, Any]]:
        return [
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
        ]

    def _rights(self, ask: Ask) -> dict[str, Any]:
        account = ask.who
        return {
            "ipRestrict": account.is_restricted_to_addresses, "createTime": 1_700_000_000_000, "enableReading": True,
            "enableSpotAndMarginTrading": account.can_trade, "enableWithdrawals": account.can_withdraw, "enableInternalTransfer": False,
            "enableMargin": False, "enableFutures": account.can_trade, "permitsUniversalTransfer": False, "enableVanillaOptions": False,
        }  # fmt: skip
