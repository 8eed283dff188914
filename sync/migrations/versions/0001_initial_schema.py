"""Initial schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "call",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("sent_at", sa.String(), nullable=False),
        sa.Column("done_at", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index("call_state", ["connection", "state"], unique=False)

    op.create_table(
        "call_line",
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("change_number", sa.Integer(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("after", sa.LargeBinary(), nullable=True),
        sa.Column("exempt", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("done_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "number", "slot"),
    )
    with op.batch_alter_table("call_line", schema=None) as batch_op:
        batch_op.create_index("call_line_item", ["item_id"], unique=False)

    op.create_table(
        "conflict",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("theirs", sa.LargeBinary(), nullable=True),
        sa.Column("ours", sa.LargeBinary(), nullable=True),
        sa.Column("base", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("conflict", schema=None) as batch_op:
        batch_op.create_index("conflict_item", ["item_id"], unique=False)
        batch_op.create_index("conflict_state", ["state", "connection"], unique=False)

    op.create_table(
        "connection_state",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key"),
    )
    op.create_table(
        "cursor",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("read_at", sa.String(), nullable=False),
        sa.Column("read_until", sa.String(), nullable=False),
        sa.Column("read_before", sa.String(), nullable=False),
        sa.Column("swept_at", sa.String(), nullable=False),
        sa.Column("swept_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "resource"),
    )
    op.create_table(
        "fact",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "entity"),
    )
    op.create_table(
        "flow_state",
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("adopted_at", sa.String(), nullable=False),
        sa.Column("frozen", sa.String(), nullable=False),
        sa.Column("frozen_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("flow", "connection"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("demand", sa.String(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.Column("last_at", sa.String(), nullable=False),
        sa.Column("handled_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index("inbox_demand", ["demand", "handled_at"], unique=False)
        batch_op.create_index("inbox_once", ["connection", "delivery_id", "digest"], unique=True)

    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("sku_folded", sa.String(), nullable=False),
        sa.Column("gtin", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index("item_gtin", ["gtin"], unique=False)
        batch_op.create_index("item_sku", ["sku"], unique=False)
        batch_op.create_index("item_sku_folded", ["sku_folded"], unique=False)

    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "observe",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("last_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "resource", "external_id"),
    )
    op.create_table(
        "override",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("owner_value", sa.LargeBinary(), nullable=True),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("expires", sa.String(), nullable=False),
        sa.Column("conflict_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection", "entity", "item_id", "slot"),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("config_version", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "plan_change",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("after", sa.LargeBinary(), nullable=True),
        sa.Column("exempt", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "number"),
    )
    op.create_table(
        "project",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "flow", "item_id"),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index("project_due", ["flow", "item_id"], unique=False)
        batch_op.create_index("project_seq", ["seq"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "entity", "external_id", "slot"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("config_version", sa.String(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "shadow",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("gtin", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.Column("gone_since", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("observed", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.LargeBinary(), nullable=False),
        sa.Column("sent", sa.LargeBinary(), nullable=True),
        sa.Column("got", sa.LargeBinary(), nullable=True),
        sa.Column("writes", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("shadow", schema=None) as batch_op:
        batch_op.create_index("shadow_item", ["item_id"], unique=False)
        batch_op.create_index(
            "shadow_link",
            ["connection", "entity", "item_id"],
            unique=True,
            sqlite_where=sa.text("item_id IS NOT NULL"),
            postgresql_where=sa.text("item_id IS NOT NULL"),
        )
        batch_op.create_index("shadow_ref", ["connection", "entity", "external_id"], unique=True)
        batch_op.create_index("shadow_sku", ["connection", "entity", "sku"], unique=False)

    op.create_table(
        "stock_drop",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("open_units", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stock_drop", schema=None) as batch_op:
        batch_op.create_index("stock_drop_item", ["item_id"], unique=False)

    op.create_table(
        "stock_fall",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("open_units", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stock_fall", schema=None) as batch_op:
        batch_op.create_index("stock_fall_item", ["item_id"], unique=False)


def downgrade() -> None:
    """Drop every table."""
    with op.batch_alter_table("stock_fall", schema=None) as batch_op:
        batch_op.drop_index("stock_fall_item")

    op.drop_table("stock_fall")
    with op.batch_alter_table("stock_drop", schema=None) as batch_op:
        batch_op.drop_index("stock_drop_item")

    op.drop_table("stock_drop")
    with op.batch_alter_table("shadow", schema=None) as batch_op:
        batch_op.drop_index("shadow_sku")
        batch_op.drop_index("shadow_ref")
        batch_op.drop_index(
            "shadow_link", sqlite_where=sa.text("item_id IS NOT NULL"), postgresql_where=sa.text("item_id IS NOT NULL")
        )
        batch_op.drop_index("shadow_item")

    op.drop_table("shadow")
    op.drop_table("run")
    op.drop_table("quarantine")
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_index("project_seq")
        batch_op.drop_index("project_due")

    op.drop_table("project")
    op.drop_table("plan_change")
    op.drop_table("plan")
    op.drop_table("override")
    op.drop_table("observe")
    op.drop_table("meta")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_index("item_sku_folded")
        batch_op.drop_index("item_sku")
        batch_op.drop_index("item_gtin")

    op.drop_table("item")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("inbox_once")
        batch_op.drop_index("inbox_demand")

    op.drop_table("inbox")
    op.drop_table("flow_state")
    op.drop_table("fact")
    op.drop_table("cursor")
    op.drop_table("connection_state")
    with op.batch_alter_table("conflict", schema=None) as batch_op:
        batch_op.drop_index("conflict_state")
        batch_op.drop_index("conflict_item")

    op.drop_table("conflict")
    with op.batch_alter_table("call_line", schema=None) as batch_op:
        batch_op.drop_index("call_line_item")

    op.drop_table("call_line")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index("call_state")

    op.drop_table("call")
