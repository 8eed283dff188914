"""The tables of the hub, in SQLModel; the hot paths use their Core tables.

Instants are texts that sort as times do. Bodies are canonical JSON bytes. ``shadow`` is what a connection was last
seen to hold (`observed`), what we last wrote (`sent`) and what the platform made of it (`got`, R10); its ``item_id``
is the link (R18), one row per connection and facet.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, text
from sqlmodel import Field, SQLModel

from sync.store.columns import big_id, blob


class Meta(SQLModel, table=True):
    """Facts about the database itself: its id, the active configuration, the lease."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str


class ConnectionState(SQLModel, table=True):
    """Small durable state of one connection, kept for its connector."""

    __tablename__ = "connection_state"
    connection: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str


class Item(SQLModel, table=True):
    """One canonical sellable thing."""

    __tablename__ = "item"
    __table_args__ = (Index("item_sku", "sku"), Index("item_gtin", "gtin"), Index("item_sku_folded", "sku_folded"))
    id: int | None = big_id()
    sku: str = ""
    sku_folded: str = ""
    gtin: str = ""
    origin: str = ""


class Fact(SQLModel, table=True):
    """The canonical slots of one entity of an item: slot -> [value, owner, as_of]."""

    __tablename__ = "fact"
    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    entity: str = Field(primary_key=True)
    body: bytes = blob(nullable=False)


class Shadow(SQLModel, table=True):
    """One external record: what it was seen to hold, what we sent, what became of it, and its link."""

    __tablename__ = "shadow"
    __table_args__ = (
        Index("shadow_ref", "connection", "entity", "external_id", unique=True),
        Index(
            "shadow_link",
            "connection",
            "entity",
            "item_id",
            unique=True,
            sqlite_where=text("item_id IS NOT NULL"),
            postgresql_where=text("item_id IS NOT NULL"),
        ),
        Index("shadow_item", "item_id"),
        Index("shadow_sku", "connection", "entity", "sku"),
    )
    id: int | None = big_id()
    connection: str
    entity: str
    external_id: str
    kind: str = ""
    parent_id: str = ""
    item_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    sku: str = ""
    gtin: str = ""
    version: str = ""
    as_of: str
    gone_since: str = ""
    digest: bytes = blob(nullable=False)
    observed: bytes = blob(nullable=False)
    scopes: bytes = blob(nullable=False)
    sent: bytes | None = blob()
    got: bytes | None = blob()
    writes: bytes | None = blob()


class Cursor(SQLModel, table=True):
    """How far a resource of a connection has been read, and what its last complete read saw (R22)."""

    __tablename__ = "cursor"
    connection: str = Field(primary_key=True)
    resource: str = Field(primary_key=True)
    cursor: str = ""
    scope: str = ""
    read_at: str = ""
    read_until: str = ""
    read_before: str = ""
    swept_at: str = ""
    swept_count: int = 0


class Project(SQLModel, table=True):
    """Items that must be looked at again for a target: the project set (R18)."""

    __tablename__ = "project"
    __table_args__ = (Index("project_due", "flow", "item_id"), Index("project_seq", "seq"))
    connection: str = Field(primary_key=True)
    flow: str = Field(primary_key=True)
    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    since: str


class Observe(SQLModel, table=True):
    """External records that must be read again: the observe set (R18), with their first and last mark.

    ``attempts`` is how often a record could not be read, ``not_before`` until when it is left alone for it.
    """

    __tablename__ = "observe"
    __table_args__ = (Index("observe_seq", "seq"), Index("observe_due", "connection", "attempts", "seq"))
    connection: str = Field(primary_key=True)
    resource: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    since: str
    last_at: str
    attempts: int = 0
    not_before: str = ""


class Drop(SQLModel, table=True):
    """Units that left a channel and are not yet known to be in the owner's figure."""

    __tablename__ = "stock_drop"
    __table_args__ = (Index("stock_drop_item", "item_id"),)
    id: int | None = big_id()
    connection: str
    item_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    pool: str = ""
    slot: str
    cause: str
    awaits_order: bool = False
    units: int
    open_units: int
    claimed: int = 0
    booked_units: int = 0
    booked_from: int | None = None
    seen_at: str
    closed_at: str = ""


class Fall(SQLModel, table=True):
    """Units by which the owner's figures of a pool fell, and how many of them no sale on a channel explains yet."""

    __tablename__ = "stock_fall"
    __table_args__ = (Index("stock_fall_item", "item_id"),)
    id: int | None = big_id()
    item_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    pool: str
    units: int
    open_units: int
    as_of: str


class Override(SQLModel, table=True):
    """A held, adopted or pinned slot, with its end (R11)."""

    __tablename__ = "override"
    connection: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    slot: str = Field(primary_key=True)
    kind: str
    value: bytes | None = blob()
    owner_value: bytes | None = blob()
    since: str
    expires: str = ""
    conflict_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class Conflict(SQLModel, table=True):
    """An owned field was changed by someone who does not own it, or a match is ambiguous."""

    __tablename__ = "conflict"
    __table_args__ = (Index("conflict_state", "state", "connection"), Index("conflict_item", "item_id"))
    id: int | None = big_id()
    connection: str
    entity: str
    item_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    external_id: str = ""
    slot: str = ""
    kind: str
    state: str
    theirs: bytes | None = blob()
    ours: bytes | None = blob()
    base: bytes | None = blob()
    opened_at: str
    closed_at: str = ""
    resolution: str = ""


class Quarantine(SQLModel, table=True):
    """A record or slot that is left out, with the reason."""

    __tablename__ = "quarantine"
    connection: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    reason: str
    detail: str = ""
    sku: str = ""
    since: str


class FlowState(SQLModel, table=True):
    """Where a flow stands on one target: new, adopting or live; and whether a guard froze it."""

    __tablename__ = "flow_state"
    flow: str = Field(primary_key=True)
    connection: str = Field(primary_key=True)
    state: str
    adopted_at: str = ""
    frozen: str = ""
    frozen_at: str = ""
    scope: str = ""


class Plan(SQLModel, table=True):
    """A list of changes that would make observed equal desired."""

    __tablename__ = "plan"
    id: int | None = big_id()
    created_at: str
    config_version: str
    state: str
    counts: bytes | None = blob()


class PlanChange(SQLModel, table=True):
    """One line of a plan."""

    __tablename__ = "plan_change"
    plan_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    number: int = Field(primary_key=True)
    flow: str
    connection: str
    entity: str
    item_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    external_id: str
    slot: str
    sku: str = ""
    owner: str = ""
    action: str
    before: bytes | None = blob()
    after: bytes | None = blob()
    exempt: bool = False
    reason: str = ""
    fingerprint: str = ""
    status: str = "planned"
    detail: str = ""


class CallRow(SQLModel, table=True):
    """A call we are about to send, are sending, or sent: the journal.

    ``done_at`` is when it ended; of one still open, since when it is in doubt though it can take effect no more.
    """

    __tablename__ = "call"
    __table_args__ = (Index("call_state", "connection", "state"),)
    id: int | None = big_id()
    plan_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    connection: str
    operation: str
    resource: str
    target: str = ""
    key: str = ""
    body: bytes = blob(nullable=False)
    state: str
    created_at: str
    sent_at: str = ""
    done_at: str = ""
    detail: str = ""


class CallLine(SQLModel, table=True):
    """One slot that a journalled call writes, with the value before it and its outcome."""

    __tablename__ = "call_line"
    __table_args__ = (Index("call_line_item", "item_id"),)
    call_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    number: int = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    plan_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    change_number: int
    flow: str
    entity: str
    item_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    external_id: str
    before: bytes | None = blob()
    after: bytes | None = blob()
    exempt: bool = False
    outcome: str = ""
    detail: str = ""
    done_at: str = ""


class Run(SQLModel, table=True):
    """One execution, with its counts and outcome; ``started_by`` is what began it, as in ``schedule nightly``."""

    __tablename__ = "run"
    id: int | None = big_id()
    command: str
    started_at: str
    ended_at: str = ""
    outcome: str = ""
    config_version: str = ""
    counts: bytes | None = blob()
    detail: str = ""
    started_by: str = ""


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model, for the bulk paths."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found
