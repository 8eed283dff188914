"""Marks of records that could not be read are put off, each for itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add how often a marked record could not be read, and until when it is left alone."""
    with op.batch_alter_table("observe", schema=None) as batch_op:
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("not_before", sa.String(), nullable=False, server_default=""))
        batch_op.create_index("observe_due", ["connection", "attempts", "seq"])


def downgrade() -> None:
    """Drop them again."""
    with op.batch_alter_table("observe", schema=None) as batch_op:
        batch_op.drop_index("observe_due")
        batch_op.drop_column("not_before")
        batch_op.drop_column("attempts")
