"""Rows of the records from which results are made, as an executor that has ended leaves them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert


def executor(name: str, close_ns: int, net: str | None, how: str = "TAKE_PROFIT", pair: str = "BTC-USDT", account: str = "paper") -> dict[str, Any]:
    """An executor that has ended."""
    return {
        "executor_id": name, "account": account, "bot_id": "b", "controller_id": "main", "type": "position_executor", "status": "TERMINATED",
        "close_type": how, "reason": "", "connector_name": "kraken", "trading_pair": pair, "side": "BUY", "exposure_base": "0", "entry_price": "1",
        "exit_price": "1", "net_pnl_quote": net, "net_pnl_pct": "0", "fees_quote": "0.1", "volume_quote": "10", "config": "{}", "state": "{}",
        "created_ns": 0, "close_ns": close_ns,
    }  # fmt: skip


def ended(name: str, bot_id: str, close_ns: int, result: str, how: str, pair: str) -> dict[str, Any]:
    """One of a bot's controller `elder`, a minute long."""
    of = {"bot_id": bot_id, "controller_id": "elder", "connector_name": "binance_perpetual", "created_ns": close_ns - 60_000_000_000}
    sums = {"entry_price": "0.1", "exit_price": "0.11", "net_pnl_pct": "0.01", "fees_quote": "0.2", "volume_quote": "100"}
    return executor(name, close_ns, result, how, pair) | of | sums


def tally(realized: str, asset: str = "USDT", controller: str = "main") -> dict[str, Any]:
    return {
        "bot_id": "b", "controller_id": controller, "asset": asset, "realized_quote": realized, "volume_quote": "0", "fees_quote": "0", "closed": 0,
        "winning": 0, "close_types": "{}",
    }  # fmt: skip


def put(connection: Connection, table: Any, *rows: dict[str, Any]) -> None:
    for row in rows:
        connection.execute(insert(table), row)
