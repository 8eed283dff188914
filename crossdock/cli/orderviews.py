"""``crossdock orders list`` and ``show``: where every order stands, and who was asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from canonical.errors import ConfigError, DataError, Problem
from canonical.hints import did_you_mean
from canonical.reasons import advice
from crossdock.cli.app import App, make_command
from crossdock.cli.orderpayments import money_words, payment_sections
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import effect_words
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.status import age
from crossdock.cli.work import limit_option, looking, shown

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from canonical.payment import DisputeRecord
    from sync.hub import Hub

_COLUMNS = [
    Column("number", "order"),
    Column("channel", "channel"),
    Column("age", "placed", figures=True),
    Column("state", "state"),
    Column("payment", "payment"),
    Column("dispute", "dispute"),
    Column("fulfillment", "fulfillment"),
    Column("reason", "because"),
    Column("advice", "what to do"),
]
_LINES = [
    Column("sku", "SKU"),
    Column("quantity", "wanted", figures=True),
    Column("ordered", "ordered", figures=True),
    Column("booked", "booked", figures=True),
    Column("asked", "asked to ship", figures=True),
    Column("shipped", "shipped", figures=True),
    Column("reserved", "reserved"),
    Column("amount", "amount", figures=True),
]
_MONEY = [Column("part", "money"), Column("amount", "amount", figures=True), Column("currency", "")]
_REQUESTS = [
    Column("connection", "asked"),
    Column("task", "to"),
    Column("location", "from"),
    Column("reference", "reference"),
    Column("state", "state"),
    Column("external_id", "its id there"),
    Column("why", "why there"),
    Column("reason", "because"),
    Column("detail", "detail"),
]
_EFFECTS = [
    Column("id", "id"),
    Column("what", "what"),
    Column("connection", "connection"),
    Column("reference", "reference"),
    Column("state", "state"),
    Column("done_at", "at"),
    Column("reason", "because"),
    Column("detail", "detail"),
]
_SHIPMENTS = [
    Column("connection", "shipped by"),
    Column("id", "shipment"),
    Column("status", "state"),
    Column("units", "units"),
    Column("tracking", "tracking"),
]
_REFUNDS = [
    Column("id", "id"),
    Column("connection", "told by"),
    Column("external_id", "refund"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
    Column("status", "state"),
    Column("same_as", "the same refund as"),
]
_RETURNS = [
    Column("connection", "comes back, says"),
    Column("id", "return"),
    Column("status", "state"),
    Column("units", "units"),
    Column("reason", "because"),
]
_WHY = [Column("what", "about it"), Column("text", "")]
_TASKS = {"document": "book it", "ship": "ship it"}
_STATES = (
    "open",
    "waiting",
    "asked",
    "done",
    "canceled",
    "blocked",
    "unreadable",
    "undeclared",
    "known",
    "reference",
)


@make_command(
    "list",
    "List orders, newest first.",
    """
    crossdock orders list
    crossdock orders list --state blocked --state undeclared
    crossdock orders list --channel shop_eu --format json
    """,
)
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only in this state; repeatable.")
@click.option("--channel", default="", metavar="NAME", help="Only orders of this connection.")
@limit_option
def list_orders(app: App, states: tuple[str, ...], channel: str, limit: int | None) -> Outcome:
    """List orders with their state: waiting for stock or money, asked for, done, or waiting for a person.

    Refunds that no order is known for are listed below. Exit code 5 while an order is blocked, unreadable or
    undeclared, or a refund has no order.

    `dispute` is where a chargeback stands that was not won, as the processor's books were last read.

    JSON: {"counts": {<state>: orders}, "orders": [{"number", "channel", "external_id", "placed_at", "state",
    "payment", "dispute", "fulfillment", "reason", "detail", "advice"}], "refunds": [{"id", "connection",
    "external_id", "amount", "currency", "status"}], ...}
    """
    from sync.orders import views
    from sync.payments import disputes

    with looking(app) as hub:
        now = hub.now()
        with hub.database.begin() as connection:
            known = views.channels(connection) | hub.config.orders.keys()
            if channel and channel not in known:
                problem = Problem(f"no orders of {channel} are known", hint=did_you_mean(channel, known))
                raise ConfigError([problem])
            rows = views.listing(connection, states, channel, shown(app, limit))
            counts = views.counts(connection)
            lost = [] if states or channel else views.refunds_without_order(connection)
            claimed = disputes.by_order(hub, connection)
    orders = [{**_row(row, claimed.get(row.id)), "age": age(row.placed_at, now)} for row in rows]
    waiting = any(counts.get(state) for state in views.NEEDS_SOMEONE)
    outcome = Outcome.HELD if waiting or lost else Outcome.IN_SYNC
    steps = ["crossdock orders show ORDER"] if waiting else []
    steps += [f"crossdock orders match {lost[0]['id']} ORDER   (or --none)"] if lost else []
    sections = [
        Section("orders", _COLUMNS, orders, empty="no such orders" if counts else "no orders"),
        Section("refunds", _REFUNDS, lost, title="given back, but for no order that is known" if lost else ""),
    ]
    return app.output.emit(Report("orders list", outcome, sections, dict(sorted(counts.items())), next=steps))


@make_command(
    "show",
    "Show one order: its parts, who was asked for it, what was shipped and told.",
    """
    crossdock orders show 1001
    crossdock orders show gid://shopify/Order/41200001 --format json
    """,
)
@click.argument("order")
def show(app: App, order: str) -> Outcome:
    """Show an order by its number or its platform's id, from what was last read; reads no other system.

    Its money is told twice: by the channel, and by the books of the payment processor, with what does not match. The
    exit code tells whether the order waits for a person; that of `audit payments` whether money matches.

    JSON: {"orders": [...], "why": [{"what", "text"}], "lines": [{"line", "sku", "title", "quantity", "ordered",
    "booked" (in the books), "asked" (of who ships), "shipped", "reserved", "amount", "discount"}], "money": [{"part",
    "amount", "currency"}], "payments": [{"processor", "kind": charge | refund | dispute, "id", "status", "amount",
    "currency", "detail", "created_at", "fee", "net", "booked_currency", "payout", "payouts": [{"id", "status",
    "arrives_at"}]}] (fee and net are what its balance booked, in its own currency), "mismatches": [{"processor",
    "reason", "subject", "amount", "currency", "detail", "advice", "acknowledged"}], "requests": [{"id", "connection",
    "role", "task", "location", "reference", "state", "external_id", "units", "why", "reason", "detail"}],
    "shipments": [...], "refunds": [{"id", "connection", "external_id", "amount", "currency", "status", "same_as": id
    of the row by which its channel tells it, or null}], "returns": [{"connection", "id", "status", "units",
    "reason"}], "effects": [{"id", "kind", "what", "connection", "operation", "reference", "state", "external_id",
    "reason", "detail", "sent_at", "done_at"}], ...}
    """
    from sync.orders import views

    with looking(app) as hub, hub.database.begin() as connection:
        row = find_one(connection, order)
        sections = order_sections(connection, row, hub)
        unknown = views.unknown_effects(connection, row.id)
    outcome = Outcome.HELD if row.state in views.NEEDS_SOMEONE else Outcome.IN_SYNC
    return app.output.emit(Report("orders show", outcome, sections, next=_ways(row, unknown, lost=_lost(sections))))


def order_sections(connection: Connection, row: Row[Any], hub: Hub) -> list[Section]:
    """Everything there is to say of one order."""
    from sync.orders import views
    from sync.payments.orderbooks import statements
    from sync.payments.statement import gravest

    order = views.order_of(connection, row)
    said = statements(hub, connection, row, order) if order is not None else []
    dispute = gravest(one.dispute for one in said if one.dispute is not None)
    head = {**_row(row, dispute), "age": age(row.placed_at, hub.now())}
    why = _why(head) + [{"what": what, "text": text} for what, text in money_words(said)]
    sections = [Section("orders", _COLUMNS[:7], [head]), Section("why", _WHY, why)]
    if order is not None:
        sections += [
            Section("lines", _LINES, views.lines(connection, row, order)),
            Section("money", _MONEY, views.money(order)),
            *payment_sections(said),
        ]
    requests = [{**one, "task": _TASKS.get(str(one["role"]), "")} for one in views.requests(connection, row)]
    effects = [{**one, "what": effect_words(str(one["kind"]))} for one in views.effects(connection, row.id)]
    shipments = _shipments(connection, row)
    refunds, returns = views.refunds(connection, row), views.returns(connection, row, order)
    return [
        *sections,
        Section("requests", _REQUESTS, requests, title="who was asked" if requests else ""),
        Section("shipments", _SHIPMENTS, shipments, title=_shipped_title(shipments)),
        Section("refunds", _REFUNDS, refunds, title="what was given back" if refunds else ""),
        Section("returns", _RETURNS, returns, title="what comes back" if returns else ""),
        Section("effects", _EFFECTS, effects, title="what was done, once each" if effects else ""),
    ]


def _shipped_title(shipments: Sequence[Mapping[str, object]]) -> str:
    """What a list of shipments is: one that was called off did not leave."""
    if not shipments:
        return ""
    off = sum(one["status"] == "canceled" for one in shipments)
    if off == len(shipments):
        return "shipments that were called off: nothing left"
    return "what left; not what is canceled" if off else "what left"


def _why(head: Mapping[str, object]) -> list[dict[str, object]]:
    """Why an order stands where it does, a line each: sentences do not fit beside each other."""
    named = (("because", "reason"), ("detail", "detail"), ("what to do", "advice"))
    return [{"what": name, "text": head[key]} for name, key in named if head[key]]


def _shipments(connection: Connection, row: Row[Any]) -> list[dict[str, object]]:
    from sync.orders import store

    found: list[dict[str, object]] = []
    for one in store.shipments_of(connection, row.id):
        body = store.shipment_body(one)
        found.append(
            {
                "connection": one.connection,
                "id": one.external_id,
                "status": one.status,
                "units": ", ".join(f"{line.quantity} x {line.sku or line.line_id}" for line in body.lines),
                "tracking": ", ".join(f"{part.carrier} {part.number}".strip() for part in body.tracking),
            }
        )
    return found


def find_one(connection: Connection, text: str) -> Row[Any]:
    """The one order of a name; DataError when there is none, or when two channels have one."""
    from sync.orders import views

    found = views.find(connection, text)
    if not found:
        raise DataError(f"there is no order {text}", hint="`crossdock orders list` shows them")
    if len(found) > 1:
        same = len({row.external_id for row in found}) < len(found)
        said = " or ".join(
            f"{row.connection}:{text}" if same else f"{row.external_id} ({row.connection})" for row in found[:4]
        )
        raise DataError(
            f"several orders are called {text}", hint=f"name it {'with its channel' if same else 'by its id'}: {said}"
        )
    return found[0]


def _row(row: Row[Any], dispute: DisputeRecord | None = None) -> dict[str, object]:
    return {
        "number": row.number,
        "channel": row.connection,
        "external_id": row.external_id,
        "placed_at": row.placed_at,
        "state": row.state,
        "payment": row.payment_status,
        "dispute": dispute.status.value if dispute is not None else "",
        "fulfillment": row.fulfillment_status,
        "reason": row.reason,
        "detail": row.detail,
        "advice": advice(row.reason) or _ADVICE.get(row.state, ""),
    }


_ADVICE = {
    "known": "nothing: its owner had it before the go-live, as somebody declared",
    "reference": "nothing: it was finished before the go-live, and is kept to look up",
    "undeclared": "it was open before the go-live: declare it --known or --export",
    "unreadable": "its record does not fit the mapping; see the detail, correct either, then run `crossdock sync`",
}


def _ways(row: Row[Any], unknown: list[dict[str, object]], *, lost: bool) -> list[str]:
    if unknown:
        return [f"crossdock orders resolve {one['id']} --done   (or --not-done)" for one in unknown]
    if row.state == "undeclared":
        return [f"crossdock orders declare {row.number.lstrip('#')} --known   (or --export)"]
    release = f"crossdock orders release {row.number.lstrip('#')}"
    if lost:
        return [f"{release}   (once the loss is booked)"]
    return [release] if row.state == "blocked" else []


def _lost(sections: Sequence[Section]) -> bool:
    """Whether a lost dispute is open, which nobody ends but a person."""
    wrong = [one for section in sections if section.name == "mismatches" for one in section.rows]
    return any(one["reason"] == "dispute_lost" and not one["acknowledged"] for one in wrong)
