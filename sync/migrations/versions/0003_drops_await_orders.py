"""Units that left a channel whose orders flow wait for their order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a drop waits for; those from before wait for the owner's booking."""
    with op.batch_alter_table("stock_drop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("awaits_order", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("stock_drop", schema=None) as batch_op:
        batch_op.drop_column("awaits_order")
