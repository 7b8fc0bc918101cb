"""Records of the runtime: intents, orders, fills, executors, holds, tallies, facts.

A migration never imports the tables of today: it states the schema as it was when it was written.
"""

import sqlalchemy as sa
from alembic import op

revision = "records_0001"
down_revision = None
branch_labels = ("records",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intents",
        sa.Column("intent_id", sa.String(64), primary_key=True),
        sa.Column("bot_id", sa.String(64), nullable=False),
        sa.Column("controller_id", sa.String(64), nullable=False),
        sa.Column("executor_id", sa.String(64), nullable=False),
        sa.Column("connector_name", sa.String(64), nullable=False),
        sa.Column("trading_pair", sa.String(64), nullable=False),
        sa.Column("trade_type", sa.String(8), nullable=False),
        sa.Column("order_type", sa.String(16), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("position_action", sa.String(8), nullable=False),
        sa.Column("amount", sa.Text, nullable=False),
        sa.Column("price", sa.Text),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_intents_executor", "intents", ["executor_id"])
    op.create_table(
        "orders",
        sa.Column("client_order_id", sa.String(64), primary_key=True),
        sa.Column("intent_id", sa.String(64), nullable=False),
        sa.Column("exchange_order_id", sa.String(128)),
        sa.Column("connector_name", sa.String(64), nullable=False),
        sa.Column("executor_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("filled_amount", sa.Text, nullable=False),
        sa.Column("average_price", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
        sa.Column("updated_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_orders_executor", "orders", ["executor_id"])
    op.create_index("ix_orders_connector_state", "orders", ["connector_name", "state"])
    op.create_table(
        "fills",
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("trading_pair", sa.String(64), primary_key=True),
        sa.Column("trade_id", sa.String(128), primary_key=True),
        sa.Column("client_order_id", sa.String(64), nullable=False),
        sa.Column("bot_id", sa.String(64), nullable=False),
        sa.Column("controller_id", sa.String(64), nullable=False),
        sa.Column("executor_id", sa.String(64), nullable=False),
        sa.Column("trade_type", sa.String(8), nullable=False),
        sa.Column("price", sa.Text, nullable=False),
        sa.Column("amount", sa.Text, nullable=False),
        sa.Column("fee_amount", sa.Text, nullable=False),
        sa.Column("fee_asset", sa.String(32), nullable=False),
        sa.Column("fee_quote", sa.Text),
        sa.Column("is_maker", sa.Boolean, nullable=False),
        sa.Column("ts_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_fills_executor", "fills", ["executor_id"])
    op.create_index("ix_fills_bot_ts", "fills", ["bot_id", "ts_ns"])
    op.create_table(
        "executors",
        sa.Column("executor_id", sa.String(64), primary_key=True),
        sa.Column("bot_id", sa.String(64), nullable=False),
        sa.Column("controller_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("close_type", sa.String(24)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("connector_name", sa.String(64), nullable=False),
        sa.Column("trading_pair", sa.String(64), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("exposure_base", sa.Text, nullable=False),
        sa.Column("entry_price", sa.Text),
        sa.Column("exit_price", sa.Text),
        sa.Column("net_pnl_quote", sa.Text),
        sa.Column("net_pnl_pct", sa.Text),
        sa.Column("fees_quote", sa.Text, nullable=False),
        sa.Column("volume_quote", sa.Text, nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
        sa.Column("close_ns", sa.BigInteger, nullable=False),
        # a finished executor with something in hand and nobody to watch it can't be written down
        sa.CheckConstraint(
            "NOT (status = 'TERMINATED' AND close_type = 'FAILED' AND exposure_base <> '0')", name="ck_no_failed_executor_with_exposure"
        ),
    )
    op.create_index("ix_executors_bot_status", "executors", ["bot_id", "status"])
    op.create_index("ix_executors_bot_close", "executors", ["bot_id", "close_ns"])
    op.create_table(
        "holds",
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("controller_id", sa.String(64), primary_key=True),
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("trading_pair", sa.String(64), primary_key=True),
        sa.Column("bucket", sa.String(8), primary_key=True),
        sa.Column("net_amount_base", sa.Text, nullable=False),
        sa.Column("cost_quote", sa.Text, nullable=False),
        sa.Column("breakeven_price", sa.Text, nullable=False),
        sa.Column("realized_gross", sa.Text, nullable=False),
        sa.Column("fees_in_pnl", sa.Text, nullable=False),
        sa.Column("cum_fees_quote", sa.Text, nullable=False),
        sa.Column("volume_quote", sa.Text, nullable=False),
        sa.Column("unpriced", sa.Boolean, nullable=False),
        sa.Column("updated_ns", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tallies",
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("controller_id", sa.String(64), primary_key=True),
        sa.Column("realized_quote", sa.Text, nullable=False),
        sa.Column("volume_quote", sa.Text, nullable=False),
        sa.Column("fees_quote", sa.Text, nullable=False),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.Column("winning", sa.Integer, nullable=False),
        sa.Column("close_types", sa.Text, nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("bot_id", sa.String(64), nullable=False),
        sa.Column("controller_id", sa.String(64), nullable=False),
        sa.Column("executor_id", sa.String(64), nullable=False),
        sa.Column("ts_ns", sa.BigInteger, nullable=False),
        sa.Column("wall_ms", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table("runtime", sa.Column("key", sa.String(32), primary_key=True), sa.Column("value", sa.Text, nullable=False))
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


VIEWS = {
    "v_intents": "SELECT * FROM intents",
    "v_orders": """SELECT o.client_order_id, o.intent_id, o.exchange_order_id, i.bot_id, i.controller_id, o.executor_id, o.connector_name,
        i.trading_pair, i.trade_type, i.order_type, i.purpose, i.amount, i.price, o.state, o.filled_amount, o.average_price, o.reason,
        o.created_ns, o.updated_ns FROM orders o JOIN intents i ON i.intent_id = o.intent_id""",
    "v_fills": "SELECT * FROM fills",
    "v_executors": """SELECT executor_id, bot_id, controller_id, type, status, close_type, reason, connector_name, trading_pair, side,
        exposure_base, entry_price, exit_price, net_pnl_quote, net_pnl_pct, fees_quote, volume_quote, config, created_ns, close_ns FROM executors""",
    "v_holds": "SELECT * FROM holds",
    # what is exposed now, and who watches it
    "v_positions": """SELECT bot_id, controller_id, 'executor' AS watched_by, executor_id AS watcher, connector_name, trading_pair,
        exposure_base AS amount_base, entry_price FROM executors WHERE status <> 'TERMINATED' AND exposure_base <> '0'
        UNION ALL SELECT bot_id, controller_id, 'hold', bucket, connector_name, trading_pair, net_amount_base, breakeven_price
        FROM holds WHERE net_amount_base <> '0'""",
}
"""Read-only views for people and programs; column names only ever get more."""
