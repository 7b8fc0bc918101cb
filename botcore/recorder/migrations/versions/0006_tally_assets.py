"""Tallies by quote asset: what was earned in EUR is not added to what was earned in USDT.

Sums of before do not say what they are in. They go under the quote asset of most of the controller's executors: that is exact for all that traded in one.
"""

from collections import Counter, defaultdict

import sqlalchemy as sa
from alembic import op

revision = "records_0006_tally_assets"
down_revision = "records_0005_drawdowns"
branch_labels = None
depends_on = None

OTHERS = ("realized_quote", "volume_quote", "fees_quote", "closed", "winning", "close_types")


def upgrade() -> None:
    op.create_table(
        "tallies_new",
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("controller_id", sa.String(64), primary_key=True),
        sa.Column("asset", sa.String(32), primary_key=True),
        sa.Column("realized_quote", sa.Text, nullable=False),
        sa.Column("volume_quote", sa.Text, nullable=False),
        sa.Column("fees_quote", sa.Text, nullable=False),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.Column("winning", sa.Integer, nullable=False),
        sa.Column("close_types", sa.Text, nullable=False),
    )
    connection = op.get_bind()
    assets = _assets(connection)
    names = ", ".join(("bot_id", "controller_id", *OTHERS))
    for row in connection.execute(sa.text(f"SELECT {names} FROM tallies")).all():
        values = dict(row._mapping) | {"asset": assets.get((row.bot_id, row.controller_id), "")}
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO tallies_new ({', '.join(values)}) VALUES ({marks})"), values)
    op.drop_table("tallies")
    op.rename_table("tallies_new", "tallies")


def _assets(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """Quote asset of most executors of each controller, of their first legs where they trade several markets."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for query in (
        "SELECT bot_id, controller_id, trading_pair, count(*) FROM executors WHERE trading_pair <> '' GROUP BY bot_id, controller_id, trading_pair",
        "SELECT bot_id, controller_id, trading_pair, count(*) FROM legs WHERE number = 0 GROUP BY bot_id, controller_id, trading_pair",
    ):
        for bot_id, controller_id, trading_pair, number in connection.execute(sa.text(query)):
            counts[bot_id, controller_id][trading_pair.rpartition("-")[2]] += number
    return {whose: min(found, key=lambda asset: (-found[asset], asset)) for whose, found in counts.items()}
