"""Questions for fields that carry none themselves: executors' configs and controllers of a home whose author wrote no prompt.

Names mean the same everywhere in Strategy V2, so one table serves them all; a name that is not in it is asked for by its own words.
"""

from __future__ import annotations

from typing import Any

from botcore.core.config import ask

HIDDEN = frozenset(
    {"id", "type", "timestamp", "controller_id", "level_id", "controller_name", "controller_type", "candles_config", "initial_positions"}
)
"""Fields that nobody is asked for: the program gives them, or a file does."""

WORDS: dict[str, dict[str, Any]] = {
    "connector_name": ask("On which venue?", unit="connector"),
    "trading_pair": ask("Which pair?", unit="pair"),
    "side": ask("Buy or sell first?"),
    "maker_side": ask("Quotes on which side?"),
    "leverage": ask("Leverage?", unit="times", suggest=("1", "2", "5", "10")),
    "position_mode": ask("Position mode?", new=False),
    "amount": ask("How much of the base asset?", unit="base"),
    "order_amount": ask("How much of the base asset?", unit="base"),
    "total_amount_quote": ask("How much may it use?", unit="quote"),
    "amount_quote": ask("How much may this leg use?", unit="quote"),
    "amounts_quote": ask("Amounts of the steps, in quote?", unit="numbers"),
    "prices": ask("Prices of the steps, best first?", unit="numbers", group="levels"),
    "entry_price": ask("Entry price (off: at the market)?", group="levels"),
    "price": ask("At which price (off: at the market)?", group="levels"),
    "start_price": ask("Lowest price of the grid?", group="levels"),
    "end_price": ask("Highest price of the grid?", group="levels"),
    "limit_price": ask("Give up beyond which price?", group="levels"),
    "min_spread_between_orders": ask("Smallest step between levels?", unit="ratio", suggest=("0.1%", "0.2%", "0.5%"), group="levels"),
    "min_order_amount_quote": ask("Smallest order?", new=False, unit="quote"),
    "max_open_orders": ask("Open orders at a time?", suggest=("2", "5", "10"), group="levels"),
    "max_orders_per_batch": ask("Orders sent at a time?", new=False),
    "order_frequency": ask("Wait between two batches?", new=False, unit="seconds"),
    "activation_bounds": ask("Orders within how much of the mid?", new=False, unit="ratios"),
    "safe_extra_spread": ask("Extra distance from the touch?", new=False, unit="ratio"),
    "total_duration": ask("Over how long?", unit="seconds", suggest=("10m", "1h", "4h"), group="levels"),
    "order_interval": ask("One order every?", unit="seconds", suggest=("30s", "1m", "5m"), group="levels"),
    "limit_order_buffer": ask("How far behind the mid rests a MAKER order?", unit="ratio", suggest=("0.05%", "0.1%"), group="levels"),
    "order_resubmission_time": ask("Send an unfilled order again after?", new=False, unit="seconds"),
    "mode": ask("Rest orders (MAKER) or take (TAKER)?", group="levels"),
    "execution_strategy": ask("What kind of order?", group="levels"),
    "position_action": ask("Open or close?", new=False),
    "take_profit": ask("Take profit?", unit="ratio", suggest=("0.2%", "1%", "2%"), group="exits"),
    "stop_loss": ask("Stop loss?", unit="ratio", suggest=("0.5%", "1%", "3%"), group="exits"),
    "time_limit": ask("Close it after?", unit="seconds", suggest=("10m", "45m", "4h"), group="exits"),
    "activation_price": ask("Trailing stop: armed at which profit?", new=False, unit="ratio", group="exits"),
    "trailing_delta": ask("Trailing stop: how far below its best?", new=False, unit="ratio", group="exits"),
    "distance": ask("Chaser: how far behind the touch?", new=False, unit="ratio"),
    "refresh_threshold": ask("Chaser: moved when the market is away by?", new=False, unit="ratio"),
    "buying_market": ask("Buy on which market?", unit="market"),
    "selling_market": ask("Sell on which market?", unit="market"),
    "min_profitability": ask("Smallest profit?", unit="ratio", suggest=("0.1%", "0.3%", "0.5%"), group="levels"),
    "target_profitability": ask("Profit that is quoted?", unit="ratio", suggest=("0.2%", "0.5%", "1%"), group="levels"),
    "max_profitability": ask("Largest profit?", unit="ratio", suggest=("0.5%", "1%", "2%"), group="levels"),
    "keep_position": ask("Keep what it holds beyond the limit?", new=False),
}


def words_of(name: str, *, is_required: bool) -> dict[str, Any] | None:
    """`json_schema_extra` for a field that has none; None for one that nobody is asked for. What is required is asked for in turn."""
    last = name.rpartition(".")[2]
    if last in HIDDEN or last.startswith("_"):
        return None
    found = WORDS.get(last)
    if found is None:
        return ask(f"{last.replace('_', ' ').capitalize()}?", new=is_required)
    return {**found, "prompt_on_new": True} if is_required else found
