"""Legs: what an executor of several markets holds on each of them, one row a market."""

import sqlalchemy as sa
from alembic import op

revision = "records_0004_legs"
down_revision = "records_0003_funding"
branch_labels = None
depends_on = None

POSITIONS = """SELECT account, bot_id, controller_id, 'executor' AS watched_by, executor_id AS watcher, connector_name, trading_pair,
    exposure_base AS amount_base, entry_price FROM executors WHERE status <> 'TERMINATED' AND exposure_base <> '0'
    UNION ALL SELECT account, bot_id, controller_id, 'executor', executor_id, connector_name, trading_pair, exposure_base, entry_price
    FROM legs WHERE status <> 'TERMINATED' AND exposure_base <> '0'
    UNION ALL SELECT account, bot_id, controller_id, 'hold', bucket, connector_name, trading_pair, net_amount_base, breakeven_price
    FROM holds WHERE net_amount_base <> '0'"""


def upgrade() -> None:
    op.create_table(
        "legs",
        sa.Column("executor_id", sa.String(64), primary_key=True),
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("trading_pair", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("bot_id", sa.String(64), nullable=False),
        sa.Column("controller_id", sa.String(64), nullable=False),
        # of the executor, so that what a leg may say of itself can be checked in its row
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("close_type", sa.String(24)),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("exposure_base", sa.Text, nullable=False),
        sa.Column("entry_price", sa.Text),
        sa.CheckConstraint(
            "NOT (status = 'TERMINATED' AND close_type = 'FAILED' AND exposure_base <> '0')", name="ck_no_leg_of_a_failed_executor_with_exposure"
        ),
    )
    op.create_index("ix_legs_market_status", "legs", ["account", "connector_name", "trading_pair", "status"])
    op.execute("DROP VIEW v_positions")
    op.execute(f"CREATE VIEW v_positions AS {POSITIONS}")
    op.execute("CREATE VIEW v_legs AS SELECT * FROM legs")
