"""The tables of the order world: documents as they were read, orders, reservations, requests, effects.

Instants are texts that sort as times do; an empty text is none. Bodies are JSON bytes of canonical documents.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from sync.store.columns import big_id, blob


class Document(SQLModel, table=True):
    """A whole document as a connection last showed it: raw first, then mapped; ``reason`` says why it could not be."""

    __tablename__ = "document"
    __table_args__ = (Index("document_blocked", "kind", "reason"),)
    connection: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    as_of: str
    digest: bytes = blob(nullable=False)
    raw: bytes = blob(nullable=False)
    body: bytes | None = blob()
    reason: str = ""
    detail: str = ""
    seen_at: str


class SalesOrder(SQLModel, table=True):
    """What the hub makes of a channel's order: where it stands, and whether it must be looked at again (``due``).

    ``declared`` is whose a person said it is, ``waived`` the reason they let pass, ``settled_at`` when they said that
    the owner of the stock has booked what was shipped by hand. Since ``missing_since`` its channel has it no more,
    and since ``fulfilled_at`` it shows it as fulfilled, which it did not at first. Since ``forgotten_at`` nothing is
    kept of who bought.
    """

    __tablename__ = "sales_order"
    __table_args__ = (
        Index("sales_order_ref", "connection", "external_id", unique=True),
        Index("sales_order_due", "due"),
        Index("sales_order_number", "number"),
    )
    id: int | None = big_id()
    connection: str
    external_id: str
    number: str
    placed_at: str
    state: str
    reason: str = ""
    detail: str = ""
    order_status: str
    payment_status: str
    fulfillment_status: str
    due: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    not_before: str = ""
    declared: str = ""
    waived: str = ""
    settled_at: str = ""
    missing_since: str = ""
    fulfilled_at: str = ""
    forgotten_at: str = ""
    first_seen: str
    changed_at: str


class Reservation(SQLModel, table=True):
    """Units of an order line that a stock figure does not contain yet; ``booked_at`` is when its owner booked them.

    ``committed`` is the place the channel itself took them off, where that is another one than they are asked from.
    """

    __tablename__ = "reservation"
    __table_args__ = (Index("reservation_item", "item_id", "state"), Index("reservation_over", "state", "booked_at"))
    order_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    line_id: str = Field(primary_key=True)
    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    location: str = Field(primary_key=True)
    booked_at: str = Field(primary_key=True, default="")
    committed: str = Field(primary_key=True, default="")
    channel: str
    units: int
    deducted: int = 0
    state: str
    since: str


class OwnSale(SQLModel, table=True):
    """Units a channel took off its own stock for an order, and how many of them its counter's base already has."""

    __tablename__ = "own_sale"
    __table_args__ = (
        Index("own_sale_item", "connection", "item_id"),
        Index(
            "own_sale_open",
            "connection",
            "as_of",
            sqlite_where=text("units <> absorbed"),
            postgresql_where=text("units <> absorbed"),
        ),
    )
    order_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    line_id: str = Field(primary_key=True)
    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    slot: str = Field(primary_key=True)
    connection: str
    units: int
    absorbed: int
    as_of: str


class Request(SQLModel, table=True):
    """A fulfillment request: order x target x location x generation, and how its target holds it.

    ``ships`` are the units by place and line that whoever got a document for its books ships itself (JSON).
    """

    __tablename__ = "request"
    __table_args__ = (
        Index("request_reference", "connection", "reference", unique=True),
        Index("request_order", "order_id"),
    )
    id: int | None = big_id()
    order_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    connection: str
    role: str
    location: str = ""
    generation: int
    reference: str
    state: str
    body: bytes = blob(nullable=False)
    digest: bytes = blob(nullable=False)
    ships: bytes | None = blob()
    external_id: str = ""
    why: str = ""
    reason: str = ""
    detail: str = ""
    accepted_at: str = ""
    closed: bool = False
    created_at: str
    changed_at: str


class Shipment(SQLModel, table=True):
    """Units that left a place, as whoever shipped them reports it: a fact, told on to who must know (R15)."""

    __tablename__ = "shipment"
    __table_args__ = (
        Index("shipment_ref", "connection", "external_id", unique=True),
        Index("shipment_order", "order_id"),
    )
    id: int | None = big_id()
    connection: str
    external_id: str
    order_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    request_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    status: str
    body: bytes = blob(nullable=False)
    first_seen: str


class MoneyBack(SQLModel, table=True):
    """A refund as one side tells it: a channel, or a processor. Amounts are texts; no order is one not found yet.

    ``settled_at`` is when a person said that it is for no order of ours.
    """

    __tablename__ = "refund"
    __table_args__ = (
        Index("refund_ref", "connection", "external_id", unique=True),
        Index("refund_order", "order_id"),
    )
    id: int | None = big_id()
    connection: str
    external_id: str
    order_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    amount: str
    currency: str
    status: str
    reference: str = ""
    charge: str = ""
    payment: str = ""
    reason: str = ""
    settled_at: str = ""
    first_seen: str


class GoodsBack(SQLModel, table=True):
    """Goods on their way back, as a place that takes them in reports it: a fact; stock is the owner's affair."""

    __tablename__ = "goods_back"
    __table_args__ = (
        Index("goods_back_ref", "connection", "external_id", unique=True),
        Index("goods_back_order", "order_id"),
    )
    id: int | None = big_id()
    connection: str
    external_id: str
    order_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: str
    body: bytes = blob(nullable=False)
    first_seen: str


class PaymentRef(SQLModel, table=True):
    """Which order of a channel names a processor's payment."""

    __tablename__ = "payment_ref"
    __table_args__ = (Index("payment_ref_order", "order_id"),)
    reference: str = Field(primary_key=True)
    connection: str = Field(primary_key=True)
    order_id: int = Field(sa_column=Column(BigInteger, primary_key=True))


class EffectRow(SQLModel, table=True):
    """Something to be done once (R15): unique by kind, cause and target; journalled before it is sent."""

    __tablename__ = "effect"
    __table_args__ = (
        Index("effect_once", "kind", "cause", "connection", unique=True),
        Index("effect_state", "state", "connection"),
        Index("effect_order", "order_id"),
    )
    id: int | None = big_id()
    kind: str
    cause: str
    connection: str
    operation: str
    reference: str
    order_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    request_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    state: str
    document: bytes = blob(nullable=False)
    generation: int = 1
    key: str = ""
    call_resource: str = ""
    call_body: bytes | None = blob()
    external_id: str = ""
    reason: str = ""
    detail: str = ""
    attempts: int = 0
    not_before: str = ""
    created_at: str
    sent_at: str = ""
    done_at: str = ""


class Incident(SQLModel, table=True):
    """Something a person should know of: an oversell, a step no one expected, money that does not match."""

    __tablename__ = "incident"
    __table_args__ = (Index("incident_once", "kind", "subject", unique=True), Index("incident_open", "closed_at"))
    id: int | None = big_id()
    kind: str
    subject: str
    connection: str = ""
    order_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    item_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    detail: str = ""
    opened_at: str
    closed_at: str = ""
