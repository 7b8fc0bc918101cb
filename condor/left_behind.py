"""What stands at the venues when this process ends, or can't be reached: said in words, account by account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botcore.orders.tracker import Order
from botcore.strategies.accounts import LiveAccount
from botcore.strategies.live import LiveRuntime
from condor.accounting import held_by_bots

MAX_LISTED = 8


def exposures(runtime: LiveRuntime, name: str) -> list[dict[str, str]]:
    """What bots hold at an account."""
    held = held_by_bots(bot.orchestrator for bot in runtime.bots)
    return [
        {"trading_pair": market.trading_pair, "amount": format(amount, "f")}
        for market, amount in held.items()
        if market.connector_name == name and amount
    ]


def left_behind(accounts: Mapping[str, LiveAccount], runtime: LiveRuntime, title: Callable[[str], str]) -> list[dict[str, Any]]:
    """Orders and exposures account by account; accounts with nothing are left out."""
    found = []
    for name, account in accounts.items():
        orders = account.connector.tracker.open_orders()
        held = exposures(runtime, name)
        if orders or held:
            listed = [_in_words(order) for order in orders[:MAX_LISTED]]
            reason = account.connector.closed_reason()
            found.append({"title": title(name), "orders": len(orders), "listed": listed, "exposures": held, "reason": reason})
    return found


def _in_words(order: Order) -> str:
    """`SELL 0.156 ETH-USDT (take profit)`"""
    request, instrument = order.request, order.instrument
    amount = format(instrument.amount(order.remaining_lots), "f")
    return f"{request.trade_type.name} {amount} {instrument.market.trading_pair} ({request.purpose.value.replace('_', ' ')})"
