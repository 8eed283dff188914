"""What a person was told, and to whom it was delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of alerts."""
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("todo", sa.String(), nullable=False),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    still_open = sa.text("closed_at = ''")
    op.create_index(
        "alert_once", "alert", ["kind", "subject"], unique=True, sqlite_where=still_open, postgresql_where=still_open
    )
    op.create_index("alert_closed", "alert", ["closed_at"])
    op.create_table(
        "alert_delivery",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("told_at", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "target", "event"),
    )
    op.create_index("alert_delivery_due", "alert_delivery", ["told_at", "not_before"])


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("alert_delivery")
    op.drop_table("alert")
