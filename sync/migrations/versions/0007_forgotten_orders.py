"""Whose order it was is forgotten some time after it is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add since when the buyer of an order is forgotten; none is so far."""
    with op.batch_alter_table("sales_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("forgotten_at", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("sales_order", schema=None) as batch_op:
        batch_op.drop_column("forgotten_at")
