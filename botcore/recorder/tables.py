"""Tables of the runtime's records. Money and amounts are Decimal text, times are ns UTC of market time unless the name says wall."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

PAPER = "paper"
"""The account of all paper exchanges."""

LIVE_ACCOUNT = "live"
"""The account of all venues with real money."""


def last_ns_key(account: str) -> str:
    """Key in the runtime table of the market time of an account's last record."""
    return f"last_ns:{account}"


metadata = MetaData()

intents = Table(
    "intents",
    metadata,
    Column("intent_id", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("bot_id", String(64), nullable=False),
    Column("controller_id", String(64), nullable=False),
    Column("executor_id", String(64), nullable=False),
    Column("connector_name", String(64), nullable=False),
    Column("trading_pair", String(64), nullable=False),
    Column("trade_type", String(8), nullable=False),
    Column("order_type", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("position_action", String(8), nullable=False),
    Column("amount", Text, nullable=False),
    Column("price", Text),
    Column("created_ns", BigInteger, nullable=False),
    Index("ix_intents_executor", "executor_id"),
    Index("ix_intents_account_created", "account", "connector_name", "created_ns"),
)

orders = Table(
    "orders",
    metadata,
    Column("client_order_id", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("intent_id", String(64), nullable=False),
    Column("exchange_order_id", String(128)),
    Column("connector_name", String(64), nullable=False),
    Column("executor_id", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("filled_amount", Text, nullable=False),
    Column("average_price", Text),
    Column("reason", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("updated_ns", BigInteger, nullable=False),
    Index("ix_orders_executor", "executor_id"),
    # orders that live are few among many
    Index("ix_orders_state", "state", "executor_id"),
)

fills = Table(
    "fills",
    metadata,
    # the key of a fill: applied once, for ever
    Column("account", String(64), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    Column("trading_pair", String(64), primary_key=True),
    Column("trade_id", String(128), primary_key=True),
    Column("client_order_id", String(64), nullable=False),
    Column("bot_id", String(64), nullable=False),
    Column("controller_id", String(64), nullable=False),
    Column("executor_id", String(64), nullable=False),
    Column("trade_type", String(8), nullable=False),
    Column("price", Text, nullable=False),
    Column("amount", Text, nullable=False),
    Column("fee_amount", Text, nullable=False),
    Column("fee_asset", String(32), nullable=False),
    Column("fee_quote", Text),
    Column("is_maker", Boolean, nullable=False),
    Column("ts_ns", BigInteger, nullable=False),
    Index("ix_fills_executor", "executor_id"),
    Index("ix_fills_bot_ts", "bot_id", "ts_ns"),
    Index("ix_fills_order", "client_order_id"),
    Index("ix_fills_market_ts", "account", "connector_name", "trading_pair", "ts_ns"),
)

executors = Table(
    "executors",
    metadata,
    Column("executor_id", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("bot_id", String(64), nullable=False),
    Column("controller_id", String(64), nullable=False),
    Column("type", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("close_type", String(24)),
    Column("reason", Text, nullable=False),
    Column("connector_name", String(64), nullable=False),
    Column("trading_pair", String(64), nullable=False),
    Column("side", String(8), nullable=False),
    Column("exposure_base", Text, nullable=False),
    Column("entry_price", Text),
    Column("exit_price", Text),
    Column("net_pnl_quote", Text),
    Column("net_pnl_pct", Text),
    Column("fees_quote", Text, nullable=False),
    Column("volume_quote", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("close_ns", BigInteger, nullable=False),
    Index("ix_executors_bot_status", "bot_id", "status"),
    Index("ix_executors_bot_close", "bot_id", "close_ns"),
    Index("ix_executors_end", "status", "close_ns"),
    # holds all that ended executors are counted by
    Index("ix_executors_counted", "status", "close_type", "volume_quote", "bot_id", "account"),
)

legs = Table(
    "legs",
    metadata,
    # executors of one market have none: their row says it all
    Column("executor_id", String(64), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    Column("trading_pair", String(64), primary_key=True),
    # in the executor's order, from 0
    Column("number", Integer, nullable=False),
    Column("account", String(64), nullable=False),
    Column("bot_id", String(64), nullable=False),
    Column("controller_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("close_type", String(24)),
    Column("side", String(8), nullable=False),
    Column("exposure_base", Text, nullable=False),
    Column("entry_price", Text),
    Index("ix_legs_market_status", "account", "connector_name", "trading_pair", "status"),
)

holds = Table(
    "holds",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("bot_id", String(64), primary_key=True),
    Column("controller_id", String(64), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    Column("trading_pair", String(64), primary_key=True),
    Column("bucket", String(8), primary_key=True),
    Column("net_amount_base", Text, nullable=False),
    Column("cost_quote", Text, nullable=False),
    Column("breakeven_price", Text, nullable=False),
    Column("realized_gross", Text, nullable=False),
    Column("fees_in_pnl", Text, nullable=False),
    Column("cum_fees_quote", Text, nullable=False),
    Column("volume_quote", Text, nullable=False),
    Column("unpriced", Boolean, nullable=False),
    Column("updated_ns", BigInteger, nullable=False),
)

tallies = Table(
    "tallies",
    metadata,
    Column("bot_id", String(64), primary_key=True),
    Column("controller_id", String(64), primary_key=True),
    # what its sums are in: the quote asset of the markets
    Column("asset", String(32), primary_key=True),
    Column("realized_quote", Text, nullable=False),
    Column("volume_quote", Text, nullable=False),
    Column("fees_quote", Text, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("winning", Integer, nullable=False),
    Column("close_types", Text, nullable=False),
)

drawdowns = Table(
    "drawdowns",
    metadata,
    Column("bot_id", String(64), primary_key=True),
    # empty: the whole bot's
    Column("controller_id", String(64), primary_key=True),
    Column("peak_quote", Text, nullable=False),
    Column("worst_quote", Text, nullable=False),
    # what both are in: the asset that the bot reports in; empty where an older version wrote them
    Column("asset", String(32), nullable=False, server_default=""),
    # the day that was looked at last, and the PnL with which it began; -1 where an older version wrote it
    Column("day", Integer, nullable=False, server_default="-1"),
    Column("day_begun_quote", Text, nullable=False, server_default="0"),
)

funding = Table(
    "funding",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    Column("trading_pair", String(64), primary_key=True),
    Column("funding_id", String(128), primary_key=True),
    # empty: nobody held it
    Column("bot_id", String(64), primary_key=True),
    Column("controller_id", String(64), primary_key=True),
    Column("asset", String(32), nullable=False),
    Column("amount", Text, nullable=False),
    Column("amount_quote", Text),
    Column("ts_ns", BigInteger, nullable=False),
    Index("ix_funding_bot", "bot_id"),
)

facts = Table(
    "facts",
    metadata,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    Column("account", String(64), nullable=False, default=PAPER),
    Column("kind", String(32), nullable=False),
    Column("bot_id", String(64), nullable=False),
    Column("controller_id", String(64), nullable=False),
    Column("executor_id", String(64), nullable=False),
    Column("ts_ns", BigInteger, nullable=False),
    Column("wall_ms", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    sqlite_autoincrement=True,
)

runtime = Table(
    "runtime",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Single values: `serial` (largest id that was given out, of all accounts), `last_ns:<account>` (market time of its last record), `epoch`, `boot`, `home` (ids of
this home, the present one first), `commits`."""

venue_memory = Table(
    "venue_memory",
    metadata,
    # what a connection to a venue must remember over a restart
    Column("account", String(64), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", Text, nullable=False),
)
