"""What ``crossdock audit`` looks at besides fields: orders and reservations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from canonical.reasons import advice
from crossdock.cli.app import App
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import Rows, unread_section
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.status import age

if TYPE_CHECKING:
    from sync.hub import Hub

_HELD = [
    Column("order", "order"),
    Column("channel", "channel"),
    Column("state", "state"),
    Column("sku", "SKU"),
    Column("units", "units", figures=True),
    Column("location", "at"),
    Column("age", "since", figures=True),
    Column("booked", "booked by the owner"),
    Column("reason", "because"),
]
_STATES = [Column("state", "state"), Column("count", "orders", figures=True)]
_INCIDENTS = [
    Column("id", "id"),
    Column("kind", "what"),
    Column("subject", "about"),
    Column("detail", "detail"),
    Column("advice", "what to do"),
]
_WAITING = [
    Column("number", "order"),
    Column("channel", "channel"),
    Column("state", "state"),
    Column("reason", "because"),
    Column("detail", "detail"),
    Column("advice", "what to do"),
]


def reservations(app: App, hub: Hub, limit: int | None) -> Report:
    """Every unit that is promised to an order and not yet in a figure, oldest first."""
    from sync.orders import views

    now = hub.now()
    with hub.database.begin() as connection:
        held = views.held_longest(connection, limit)
    rows: Rows = [
        {**row, "age": age(str(row["since"]), now), "booked": "yes" if row["booked_at"] else ""} for row in held
    ]
    units = sum(int(str(row["units"])) for row in rows)
    section = Section("reservations", _HELD, rows, empty="nothing is reserved")
    return Report("audit", Outcome.IN_SYNC, [section], {"reservations": len(rows), "units": units})


def orders(app: App, hub: Hub, unread: Rows) -> Report:
    """Where all orders stand, which wait for a person, and what a person should know of."""
    from sync.orders import store, views

    with hub.database.begin() as connection:
        counts = views.counts(connection)
        waiting = views.listing(connection, views.NEEDS_SOMEONE)
        incidents = store.incidents(connection)
        effects = views.effect_counts(connection)
    states: Rows = [{"state": state, "count": count} for state, count in sorted(counts.items())]
    held: Rows = [
        {
            "number": row.number,
            "channel": row.connection,
            "state": row.state,
            "reason": row.reason,
            "detail": row.detail,
            "advice": advice(row.reason),
        }
        for row in waiting
    ]
    told: Rows = [
        {
            "id": row.id,
            "kind": row.kind,
            "subject": row.subject,
            "detail": row.detail,
            "opened_at": row.opened_at,
            "advice": advice(row.kind),
        }
        for row in incidents
    ]
    sections = [
        Section("states", _STATES, states, empty="no orders"),
        Section("orders", _WAITING, held, title="waiting for a person" if held else ""),
        Section("incidents", _INCIDENTS, told, title="to know of" if told else ""),
        unread_section(unread),
    ]
    outcome = Outcome.ERROR if unread else Outcome.HELD if held or told else Outcome.IN_SYNC
    figures = {"orders": sum(counts.values()), "waiting": len(held), "incidents": len(told)}
    totals = {**figures, "effects_open": effects.get("waiting", 0)}
    steps = (
        ["crossdock doctor"]
        if unread
        else [f"crossdock orders show {str(held[0]['number']).lstrip('#')}"]
        if held
        else []
    )
    return Report("audit", outcome, sections, totals, next=steps)
