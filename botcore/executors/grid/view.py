"""What a grid shows of itself (`custom_info`), under the names of Strategy V2. Worked out when somebody looks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.inventory import Inventory
from botcore.executors.grid.levels import GridLevel, LevelState
from botcore.model.order import Fill

ZERO: Final = Decimal(0)
SHOWN_FILLS: Final = 100
"""A grid may trade for weeks; the rest is in the records."""


def grid_info(
    config: GridExecutorConfig, levels: list[GridLevel], inventory: Inventory, close_ticks: int | None, fills: list[Fill]
) -> dict[str, Any]:
    """Levels by state, what is held and at which break-even, what was earned, what stands at the venue.

    Values that need a price are None while it is not known.
    """
    realized_buy, realized_sell = inventory.realized_buy_quote, inventory.realized_sell_quote
    realized_pnl = inventory.realized_pnl
    position_quote, position_pnl = inventory.position_quote, inventory.position_pnl(close_ticks)
    latest = fills[-SHOWN_FILLS:]
    return {
        "levels_by_state": {state.name: [level.id for level in levels if level.state is state] for state in LevelState},
        "level_cycles": sum(level.cycles for level in levels),
        "grid_level_prices": [level.price for level in levels],
        "grid_tp_prices": [level.close_price(config.side) for level in levels],
        "grid_limit_price": config.limit_price,
        "filled_orders": list(dict.fromkeys(fill.client_order_id for fill in latest)),
        "fill_events": [
            {"timestamp": fill.ts_ns / 1e9, "side": fill.trade_type.name, "price": fill.price, "amount": fill.amount, "fee": fill.fee.in_quote}
            for fill in latest
        ],
        "realized_buy_size_quote": realized_buy,
        "realized_sell_size_quote": realized_sell,
        "realized_imbalance_quote": realized_buy - realized_sell,
        "realized_fees_quote": inventory.closed_fees,
        "realized_pnl_quote": realized_pnl,
        "realized_pnl_pct": realized_pnl / realized_buy if realized_buy else ZERO,
        "position_size_base": abs(inventory.open.base),
        "position_size_quote": position_quote,
        "position_fees_quote": inventory.open.other_fees,
        "break_even_price": inventory.break_even,
        "position_pnl_quote": position_pnl,
        "position_pnl_pct": None if position_pnl is None else position_pnl / position_quote if position_quote else ZERO,
        "held_position_value": position_quote,
        "open_liquidity_placed": _standing(levels, is_open=True),
        "close_liquidity_placed": _standing(levels, is_open=False),
    }


def _standing(levels: list[GridLevel], *, is_open: bool) -> Decimal:
    """Quote value of what the levels' live orders may still trade."""
    total = ZERO
    for level in levels:
        order = level.open_order if is_open else level.close_order
        if order is not None and order.request.price_ticks is not None:
            total += order.instrument.notional(order.request.price_ticks, order.remaining_lots)
    return total
