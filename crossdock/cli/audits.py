"""What ``crossdock audit`` looks at besides fields: orders, reservations and payments."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from canonical.reasons import advice
from crossdock.cli.app import App
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import Rows, unread_section
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.status import age

if TYPE_CHECKING:
    from sync.hub import Hub
    from sync.payments.match import Matching
    from sync.payments.payouts import Explained

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
_MATCHES = [
    Column("processor", "processor"),
    Column("charges", "charges", figures=True),
    Column("matched", "orders matched", figures=True),
    Column("exceptions", "exceptions", figures=True),
]
_EXCEPTIONS = [
    Column("processor", "processor"),
    Column("reason", "reason"),
    Column("subject", "about"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
    Column("detail", "detail"),
]
_PAYOUTS = [
    Column("processor", "processor"),
    Column("payout", "payout"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
    Column("parts", "made of"),
    Column("fees", "fees", figures=True),
    Column("rest", "not explained", figures=True),
    Column("reason", "because"),
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
    return Report("audit", outcome, sections, {**figures, "effects_open": effects.get("waiting", 0)})


def payments(app: App, hub: Hub, unread: Rows) -> Report:
    """Every charge, refund and dispute against the orders, and every payout explained to the cent."""
    from sync.payments import books
    from sync.payments.match import match
    from sync.payments.payouts import explain

    matches: Rows = []
    exceptions: Rows = []
    payouts: Rows = []
    for name, processor in hub.config.processors.items():
        with hub.database.begin() as connection:
            booked = books.books(connection, name)
            found = match(books.sold(connection, processor.channels), booked, processor.gateways)
            explained = explain(books.payouts(connection, name), books.entries(connection, name))
        matches.append(_match_row(name, len(booked.charges), found))
        exceptions += [_exception_row(name, found, number) for number in range(len(found.exceptions))]
        payouts += [_payout_row(name, one) for one in explained]
    sections = [
        Section("processors", _MATCHES, matches, empty="no payment processor is configured"),
        Section("exceptions", _EXCEPTIONS, exceptions, title="does not match" if exceptions else ""),
        Section("payouts", _PAYOUTS, payouts, title="payouts" if payouts else ""),
        unread_section(unread),
    ]
    wrong = exceptions or any(row["reason"] == "payout_differs" for row in payouts)
    outcome = Outcome.ERROR if unread else Outcome.HELD if wrong else Outcome.IN_SYNC
    counts = {
        "matched": sum(int(str(row["matched"])) for row in matches),
        "exceptions": len(exceptions),
        "payouts": len(payouts),
        "payouts_explained": sum(not row["reason"] for row in payouts),
    }
    return Report("audit", outcome, sections, counts)


def _match_row(name: str, charges: int, found: Matching) -> dict[str, object]:
    return {"processor": name, "charges": charges, "matched": found.matched, "exceptions": len(found.exceptions)}


def _exception_row(name: str, found: Matching, number: int) -> dict[str, object]:
    one = found.exceptions[number]
    return {
        "processor": name,
        "reason": one.reason,
        "subject": one.subject,
        "amount": one.amount,
        "currency": one.currency,
        "detail": one.detail,
    }


def _payout_row(name: str, one: Explained) -> dict[str, object]:
    return {
        "processor": name,
        "payout": one.payout.id,
        "amount": one.payout.amount,
        "currency": one.payout.currency,
        "parts": ", ".join(f"{part} {amount}" for part, amount in sorted(one.parts.items())),
        "fees": one.fees or Decimal(0),
        "rest": one.rest or None,
        "reason": one.reason,
        "entries": one.entries,
    }
