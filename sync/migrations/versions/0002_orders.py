"""Documents, orders, reservations, requests, effects and incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the order world."""
    op.create_table(
        "document",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "external_id"),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index("document_blocked", ["kind", "reason"], unique=False)

    op.create_table(
        "effect",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("call_resource", sa.String(), nullable=False),
        sa.Column("call_body", sa.LargeBinary(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("sent_at", sa.String(), nullable=False),
        sa.Column("done_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("effect", schema=None) as batch_op:
        batch_op.create_index("effect_once", ["kind", "cause", "connection"], unique=True)
        batch_op.create_index("effect_order", ["order_id"], unique=False)
        batch_op.create_index("effect_state", ["state", "connection"], unique=False)

    op.create_table(
        "goods_back",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("goods_back", schema=None) as batch_op:
        batch_op.create_index("goods_back_order", ["order_id"], unique=False)
        batch_op.create_index("goods_back_ref", ["connection", "external_id"], unique=True)

    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index("incident_once", ["kind", "subject"], unique=True)
        batch_op.create_index("incident_open", ["closed_at"], unique=False)

    op.create_table(
        "own_sale",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("absorbed", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_id", "item_id", "slot"),
    )
    with op.batch_alter_table("own_sale", schema=None) as batch_op:
        batch_op.create_index("own_sale_item", ["connection", "item_id"], unique=False)
        batch_op.create_index(
            "own_sale_open",
            ["connection", "as_of"],
            unique=False,
            sqlite_where=sa.text("units <> absorbed"),
            postgresql_where=sa.text("units <> absorbed"),
        )

    op.create_table(
        "payment_ref",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference", "connection", "order_id"),
    )
    with op.batch_alter_table("payment_ref", schema=None) as batch_op:
        batch_op.create_index("payment_ref_order", ["order_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("charge", sa.String(), nullable=False),
        sa.Column("payment", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("settled_at", sa.String(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index("refund_order", ["order_id"], unique=False)
        batch_op.create_index("refund_ref", ["connection", "external_id"], unique=True)

    op.create_table(
        "request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("ships", sa.LargeBinary(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.String(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("changed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index("request_order", ["order_id"], unique=False)
        batch_op.create_index("request_reference", ["connection", "reference"], unique=True)

    op.create_table(
        "reservation",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("booked_at", sa.String(), nullable=False),
        sa.Column("committed", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("deducted", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_id", "item_id", "location", "booked_at", "committed"),
    )
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.create_index("reservation_item", ["item_id", "state"], unique=False)
        batch_op.create_index("reservation_over", ["state", "booked_at"], unique=False)

    op.create_table(
        "sales_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("placed_at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("order_status", sa.String(), nullable=False),
        sa.Column("payment_status", sa.String(), nullable=False),
        sa.Column("fulfillment_status", sa.String(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.String(), nullable=False),
        sa.Column("declared", sa.String(), nullable=False),
        sa.Column("waived", sa.String(), nullable=False),
        sa.Column("settled_at", sa.String(), nullable=False),
        sa.Column("missing_since", sa.String(), nullable=False),
        sa.Column("fulfilled_at", sa.String(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.Column("changed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("sales_order", schema=None) as batch_op:
        batch_op.create_index("sales_order_due", ["due"], unique=False)
        batch_op.create_index("sales_order_number", ["number"], unique=False)
        batch_op.create_index("sales_order_ref", ["connection", "external_id"], unique=True)

    op.create_table(
        "shipment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("shipment", schema=None) as batch_op:
        batch_op.create_index("shipment_order", ["order_id"], unique=False)
        batch_op.create_index("shipment_ref", ["connection", "external_id"], unique=True)

    with op.batch_alter_table("flow_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scope", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("stock_drop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("booked_units", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("booked_from", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("stock_drop", schema=None) as batch_op:
        batch_op.drop_column("booked_from")
        batch_op.drop_column("booked_units")
        batch_op.drop_column("claimed")

    with op.batch_alter_table("flow_state", schema=None) as batch_op:
        batch_op.drop_column("scope")

    with op.batch_alter_table("shipment", schema=None) as batch_op:
        batch_op.drop_index("shipment_ref")
        batch_op.drop_index("shipment_order")

    op.drop_table("shipment")
    with op.batch_alter_table("sales_order", schema=None) as batch_op:
        batch_op.drop_index("sales_order_ref")
        batch_op.drop_index("sales_order_number")
        batch_op.drop_index("sales_order_due")

    op.drop_table("sales_order")
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.drop_index("reservation_over")
        batch_op.drop_index("reservation_item")

    op.drop_table("reservation")
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_index("request_reference")
        batch_op.drop_index("request_order")

    op.drop_table("request")
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index("refund_ref")
        batch_op.drop_index("refund_order")

    op.drop_table("refund")
    with op.batch_alter_table("payment_ref", schema=None) as batch_op:
        batch_op.drop_index("payment_ref_order")

    op.drop_table("payment_ref")
    with op.batch_alter_table("own_sale", schema=None) as batch_op:
        batch_op.drop_index(
            "own_sale_open", sqlite_where=sa.text("units <> absorbed"), postgresql_where=sa.text("units <> absorbed")
        )
        batch_op.drop_index("own_sale_item")

    op.drop_table("own_sale")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index("incident_open")
        batch_op.drop_index("incident_once")

    op.drop_table("incident")
    with op.batch_alter_table("goods_back", schema=None) as batch_op:
        batch_op.drop_index("goods_back_ref")
        batch_op.drop_index("goods_back_order")

    op.drop_table("goods_back")
    with op.batch_alter_table("effect", schema=None) as batch_op:
        batch_op.drop_index("effect_state")
        batch_op.drop_index("effect_order")
        batch_op.drop_index("effect_once")

    op.drop_table("effect")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index("document_blocked")

    op.drop_table("document")
