"""The blocks of crossdock.yaml about orders: the channels whose orders flow, and who ships what."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class _Block(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of every block: frozen, and unknown keys are errors."""


class OrdersShape(_Block, frozen=True, kw_only=True):
    """The orders of one channel."""

    go_live: Annotated[
        str,
        Meta(
            description="From when on orders are reserved and asked for, as in 2026-11-27T08:00:00Z. Older ones are "
            "reference only; those still open are listed by `crossdock orders list --state undeclared`."
        ),
    ]
    books: Annotated[
        list[str], Meta(description="Connections that get a document of every order, as in an ERP; they may ship too.")
    ] = []
    export_when: Annotated[
        Literal["placed", "authorized", "paid"],
        Meta(description="When an order is asked for: once placed, once its money is promised, or once it is there."),
    ] = "paid"
    unpaid_hours: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="How long an unpaid order reserves stock; null is for ever."),
    ] = 72.0
    reserve_statuses: Annotated[
        list[str], Meta(description="The platform's own order statuses that reserve stock; empty: all but drafts.")
    ] = []
    notify_customer: Annotated[bool, Meta(description="Whether the channel writes to the buyer about a shipment.")] = (
        False
    )


class RouteShape(_Block, frozen=True, kw_only=True):
    """One routing rule: orders that match are shipped by a connection. Empty conditions match everything."""

    to: Annotated[str, Meta(description="The connection that ships.")]
    name: Annotated[str, Meta(description="What `explain` calls this rule; by default the connection.")] = ""
    locations: Annotated[list[str], Meta(description="Location codes it ships from, in order of priority.")] = []
    channels: Annotated[list[str], Meta(description="Only orders of these channels.")] = []
    countries: Annotated[
        list[Annotated[str, Meta(pattern="^[A-Z]{2}$", description="A country by its two capital letters, as in DE.")]],
        Meta(description="Only to these countries, as in DE."),
    ] = []
    skus: Annotated[list[str], Meta(description="Only these SKUs; * stands for any letters, as in SHOE-*.")] = []
    tags: Annotated[list[str], Meta(description="Only orders with one of these tags.")] = []
    cut_off: Annotated[
        str,
        Meta(pattern="^([0-2][0-9]:[0-5][0-9])?$", description="Not after this time of day (UTC), as in 14:00."),
    ] = ""
    method: Annotated[str, Meta(description="The shipping method asked for there.")] = ""
    methods: Annotated[dict[str, str], Meta(description="The channel's shipping code to the method asked for.")] = {}
    split: Annotated[bool, Meta(description="Whether a part may go from here and the rest from elsewhere.")] = True
    shortage: Annotated[
        Literal["wait", "send"],
        Meta(description="Units no place has: wait for stock, or send them here all the same."),
    ] = "wait"


class ProcessorShape(_Block, frozen=True, kw_only=True):
    """A payment processor: whose orders it is paid for."""

    channels: Annotated[list[str], Meta(min_length=1, description="Channels whose orders are paid through it.")]
    gateways: Annotated[
        list[str],
        Meta(description="What the channels call it, as in stripe; empty: every payment that has a reference."),
    ] = []
    refunds: Annotated[
        Literal["manual", "processor", "request"],
        Meta(
            description="Who commands refunds of what was paid through it. manual: the channel gives the money back, "
            "and the books are told. processor: they are made at the processor; channel and books are told. request: "
            "the channel notes them, and the processor is asked to pay each once. Nobody else is asked to pay."
        ),
    ] = "manual"
