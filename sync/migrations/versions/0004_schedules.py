"""Claimed ticks, due schedules, pauses, and what started a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; what started the runs from before is not known."""
    op.create_table(
        "schedule_claim",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tick", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "tick"),
    )
    op.create_table(
        "schedule_due",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tick", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "pause",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_by", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them again."""
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_column("started_by")
    for name in ("pause", "schedule_due", "schedule_claim"):
        op.drop_table(name)
