"""Accounts: records of several accounts of one connector stand side by side, and connections remember things by account.

What was there belongs to the paper account. Tables are copied rather than altered: SQLite can neither add a column without a default nor change a key.
"""

import sqlalchemy as sa
from alembic import op

revision = "records_0002"
down_revision = "records_0001"
branch_labels = None
depends_on = None

ID, NAME, AMOUNT, TIME = sa.String(64), sa.String(64), sa.Text, sa.BigInteger


def column(
    name: str, kind: type[sa.types.TypeEngine[object]] | sa.types.TypeEngine[object], *, key: bool = False, empty: bool = False
) -> sa.Column[object]:
    return sa.Column(name, kind, primary_key=key) if key else sa.Column(name, kind, nullable=empty)


TABLES: dict[str, list[sa.schema.SchemaItem]] = {
    "intents": [
        column("intent_id", ID, key=True),
        column("account", NAME),
        column("bot_id", ID),
        column("controller_id", ID),
        column("executor_id", ID),
        column("connector_name", NAME),
        column("trading_pair", NAME),
        column("trade_type", sa.String(8)),
        column("order_type", sa.String(16)),
        column("purpose", sa.String(16)),
        column("position_action", sa.String(8)),
        column("amount", AMOUNT),
        column("price", AMOUNT, empty=True),
        column("created_ns", TIME),
    ],
    "orders": [
        column("client_order_id", ID, key=True),
        column("account", NAME),
        column("intent_id", ID),
        column("exchange_order_id", sa.String(128), empty=True),
        column("connector_name", NAME),
        column("executor_id", ID),
        column("state", sa.String(20)),
        column("filled_amount", AMOUNT),
        column("average_price", AMOUNT, empty=True),
        column("reason", sa.Text),
        column("created_ns", TIME),
        column("updated_ns", TIME),
    ],
    "fills": [
        column("account", NAME, key=True),
        column("connector_name", NAME, key=True),
        column("trading_pair", NAME, key=True),
        column("trade_id", sa.String(128), key=True),
        column("client_order_id", ID),
        column("bot_id", ID),
        column("controller_id", ID),
        column("executor_id", ID),
        column("trade_type", sa.String(8)),
        column("price", AMOUNT),
        column("amount", AMOUNT),
        column("fee_amount", AMOUNT),
        column("fee_asset", sa.String(32)),
        column("fee_quote", AMOUNT, empty=True),
        column("is_maker", sa.Boolean),
        column("ts_ns", TIME),
    ],
    "executors": [
        column("executor_id", ID, key=True),
        column("account", NAME),
        column("bot_id", ID),
        column("controller_id", ID),
        column("type", sa.String(32)),
        column("status", sa.String(16)),
        column("close_type", sa.String(24), empty=True),
        column("reason", sa.Text),
        column("connector_name", NAME),
        column("trading_pair", NAME),
        column("side", sa.String(8)),
        column("exposure_base", AMOUNT),
        column("entry_price", AMOUNT, empty=True),
        column("exit_price", AMOUNT, empty=True),
        column("net_pnl_quote", AMOUNT, empty=True),
        column("net_pnl_pct", AMOUNT, empty=True),
        column("fees_quote", AMOUNT),
        column("volume_quote", AMOUNT),
        column("config", sa.Text),
        column("state", sa.Text),
        column("created_ns", TIME),
        column("close_ns", TIME),
        # a finished executor with something in hand and nobody to watch it can't be written down
        sa.CheckConstraint(
            "NOT (status = 'TERMINATED' AND close_type = 'FAILED' AND exposure_base <> '0')", name="ck_no_failed_executor_with_exposure"
        ),
    ],
    "holds": [
        column("account", NAME, key=True),
        column("bot_id", ID, key=True),
        column("controller_id", ID, key=True),
        column("connector_name", NAME, key=True),
        column("trading_pair", NAME, key=True),
        column("bucket", sa.String(8), key=True),
        column("net_amount_base", AMOUNT),
        column("cost_quote", AMOUNT),
        column("breakeven_price", AMOUNT),
        column("realized_gross", AMOUNT),
        column("fees_in_pnl", AMOUNT),
        column("cum_fees_quote", AMOUNT),
        column("volume_quote", AMOUNT),
        column("unpriced", sa.Boolean),
        column("updated_ns", TIME),
    ],
    "facts": [
        sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
        column("account", NAME),
        column("kind", sa.String(32)),
        column("bot_id", ID),
        column("controller_id", ID),
        column("executor_id", ID),
        column("ts_ns", TIME),
        column("wall_ms", TIME),
        column("payload", sa.Text),
    ],
}

INDEXES = {
    "ix_intents_executor": ("intents", ["executor_id"]),
    "ix_intents_account_created": ("intents", ["account", "connector_name", "created_ns"]),
    "ix_orders_executor": ("orders", ["executor_id"]),
    "ix_orders_state": ("orders", ["state", "executor_id"]),
    "ix_fills_executor": ("fills", ["executor_id"]),
    "ix_fills_bot_ts": ("fills", ["bot_id", "ts_ns"]),
    "ix_fills_order": ("fills", ["client_order_id"]),
    "ix_fills_market_ts": ("fills", ["account", "connector_name", "trading_pair", "ts_ns"]),
    "ix_executors_bot_status": ("executors", ["bot_id", "status"]),
    "ix_executors_bot_close": ("executors", ["bot_id", "close_ns"]),
}

VIEWS = {
    "v_intents": "SELECT * FROM intents",
    "v_orders": """SELECT o.client_order_id, o.intent_id, o.exchange_order_id, o.account, i.bot_id, i.controller_id, o.executor_id, o.connector_name,
        i.trading_pair, i.trade_type, i.order_type, i.purpose, i.amount, i.price, o.state, o.filled_amount, o.average_price, o.reason,
        o.created_ns, o.updated_ns FROM orders o JOIN intents i ON i.intent_id = o.intent_id""",
    "v_fills": "SELECT * FROM fills",
    "v_executors": """SELECT executor_id, account, bot_id, controller_id, type, status, close_type, reason, connector_name, trading_pair, side,
        exposure_base, entry_price, exit_price, net_pnl_quote, net_pnl_pct, fees_quote, volume_quote, config, created_ns, close_ns FROM executors""",
    "v_holds": "SELECT * FROM holds",
    # what is exposed now, and who watches it
    "v_positions": """SELECT account, bot_id, controller_id, 'executor' AS watched_by, executor_id AS watcher, connector_name, trading_pair,
        exposure_base AS amount_base, entry_price FROM executors WHERE status <> 'TERMINATED' AND exposure_base <> '0'
        UNION ALL SELECT account, bot_id, controller_id, 'hold', bucket, connector_name, trading_pair, net_amount_base, breakeven_price
        FROM holds WHERE net_amount_base <> '0'""",
}
"""Read-only views for people and programs; column names only ever get more."""


def upgrade() -> None:
    for view in VIEWS:
        op.execute(f"DROP VIEW {view}")
    for name, columns in TABLES.items():
        _copy(name, columns)
    for index, (table, names) in INDEXES.items():
        op.create_index(index, table, names)
    op.create_table(
        "venue_memory",
        column("account", NAME, key=True),
        column("connector_name", NAME, key=True),
        column("key", sa.String(128), key=True),
        column("value", sa.Text),
    )
    op.create_table("runtime_new", column("key", sa.String(96), key=True), column("value", sa.Text))
    op.execute("INSERT INTO runtime_new SELECT CASE key WHEN 'last_ns' THEN 'last_ns:paper' ELSE key END, value FROM runtime")
    op.drop_table("runtime")
    op.rename_table("runtime_new", "runtime")
    for view, query in VIEWS.items():
        op.execute(f"CREATE VIEW {view} AS {query}")


def _copy(name: str, columns: list[sa.schema.SchemaItem]) -> None:
    """The table with its account, filled from the old one, which goes; ids that were given out are not given out again."""
    new = f"{name}_new"
    op.create_table(new, *columns, sqlite_autoincrement=name == "facts")
    kept = ", ".join(item.name for item in columns if isinstance(item, sa.Column) and item.name != "account")
    op.execute(f"INSERT INTO {new} (account, {kept}) SELECT 'paper', {kept} FROM {name}")
    if name == "facts":
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'facts_new'")
        op.execute("INSERT INTO sqlite_sequence SELECT 'facts_new', seq FROM sqlite_sequence WHERE name = 'facts'")
    op.drop_table(name)
    op.rename_table(new, name)
