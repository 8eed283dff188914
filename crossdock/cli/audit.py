"""``crossdock audit``: every owned field of every linked record, over all systems; other reports by their name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from canonical.errors import ConfigError, Problem
from canonical.reasons import advice
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import (
    Rows,
    hold_rows,
    hold_section,
    hold_steps,
    quarantine_rows,
    reason_section,
    unread_rows,
    unread_section,
)
from crossdock.cli.planview import arrow
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import choose_flows, choose_targets, flow_option, looking, working

if TYPE_CHECKING:
    from sync.audit import AuditReport
    from sync.known import Line

_FLOWS = [
    Column("flow", "flow"),
    Column("connection", "connection"),
    Column("accuracy", "accuracy %", figures=True, keep=True),
    Column("compared", "compared", figures=True),
    Column("drift", "drift", figures=True),
    Column("unknown", "not comparable", figures=True),
    Column("orphans", "orphans", figures=True),
    Column("absent", "absent", figures=True),
    Column("duplicates", "duplicates", figures=True),
]
_DRIFT = [
    Column("flow", "flow"),
    Column("connection", "connection"),
    Column("sku", "SKU"),
    Column("slot", "field"),
    Column("change", "there -> owner's"),
    Column("reason", "why"),
]
_DECIDED = {"adopted", "reverted"}
_WAITS = {"held", "conflict", *_DECIDED, "rejected", "not_converging", "unaccounted_drop", "unconfirmed_write"}


@make_command(
    "audit",
    "Report on fields that differ (accuracy, drift, orphans, duplicates), orders, reservations or payments.",
    """
    crossdock audit                      = `audit fields`: does every system show what the owners say?
    crossdock audit --flow inventory     only one flow of it
    crossdock audit orders               where does every order stand, and which wait for a person?
    crossdock audit reservations         which units are promised to orders, and since when?
    crossdock audit payments             does every charge, refund, dispute and payout match, to the cent?
    crossdock audit --format json | jq '.flows[] | {connection, accuracy}'
    crossdock audit payments --format json | jq '.exceptions[] | {order, reason, amount}'
    """,
)
@click.argument("what", type=click.Choice(["fields", "orders", "reservations", "payments"]), default="fields")
@flow_option
def command(app: App, what: str, flows: tuple[str, ...]) -> Outcome:
    """Report on one of four things; writes to no system.

    \b
    fields        every owned field of every linked record, after reading all systems in full (the default)
    orders        orders by state, those that wait for a person, and incidents; reads what changed
    reservations  units promised to orders and not yet in a figure, oldest first; reads no system
    payments      charges, refunds, disputes and payouts against the orders; reads what changed

    In `fields`, accuracy is the share of the compared fields that are as each system should hold them, which for stock
    is less what is kept off; null where none was compared. Drift, fields that differ; orphans, records there that
    belong to no item; absent, items without a record there; duplicates, records that share a SKU. A system that
    could not be read whole is not judged. --flow is for `fields` only.

    JSON of fields: {"counts": {"compared", "equal", "accuracy", "drift", "orphans", "absent", "duplicates"}, "flows":
    [{"flow", "connection", "accuracy", "linked", "compared", "equal", "drift", "drift_by_reason", "unknown",
    "unknown_by_reason", "orphans", "absent", "duplicates"}], "drift": [{"flow", "connection", "sku", "slot", "there",
    "owners", "change", "reason", "advice"}] (samples), "reasons": [...], "holds": [{"what", "count", "next"}],
    "unread": [...], ...}

    JSON of orders: {"counts": {"orders", "waiting", "incidents", "effects_open"}, "states": [{"state", "count"}],
    "orders": [{"number", "channel", "state", "reason", "detail", "advice"}], "incidents": [{"id", "kind", "subject",
    "detail", "opened_at", "advice"}], "unread": [...], ...}

    JSON of reservations: {"counts": {"reservations", "units"}, "reservations": [{"order", "channel", "state",
    "reason", "sku", "location", "units", "booked_at", "since", "age"}], ...}

    JSON of payments: {"counts": {"matched", "exceptions", "payouts", "payouts_explained"}, "processors": [{"processor",
    "charges", "matched", "exceptions"}], "exceptions": [{"processor", "reason", "subject", "order", "amount",
    "currency", "detail", "advice"}], "acknowledged": [the same, of what a person settled], "payouts": [{"processor",
    "payout", "status", "arrives_on", "amount", "currency", "parts": {category: amount}, "fees", "rest", "reason",
    "advice", "entries"}], "balances": [{"processor", "currency", "amount"}] (booked, and in no payout yet), ...}
    """
    from sync.audit import audit
    from sync.observe import ReadMode
    from sync.run import look
    from sync.status import status

    if what != "fields":
        if flows:
            raise ConfigError([Problem(f"`audit {what}` knows no flows", hint="leave --flow out, or name `fields`")])
        return _other(app, what)
    with working(app, "audit", read_only=True) as work:
        chosen = choose_flows(work.hub, flows)
        looked = look(work.hub, ReadMode.FULL, chosen)
        unread = unread_rows(app, looked)
        doubted = {str(row["connection"]) for row in unread} | {n for n, read in looked.reads.items() if read.shrunk}
        targets = [(f, t) for f, t in choose_targets(work.hub, chosen, ()) if not doubted & {f.source, t}]
        reports = [audit(work.hub, flow, target) for flow, target in targets]
        left_out = quarantine_rows(work.hub)
        shrunk = any(read.shrunk for read in looked.reads.values())
        standing = status(work.hub)
        held = hold_rows(standing, None)
        outcome = _outcome(unread, reports, shrunk=shrunk, holds=standing.holds)
        counts = _counts(reports)
        work.end(outcome, {name: value for name, value in counts.items() if isinstance(value, int)})
    samples = [_sample(line) for one in reports for line in one.samples[: None if app.as_json else 5]]
    sections = [
        Section("flows", _FLOWS, [_row(one) for one in reports]),
        Section("drift", _DRIFT, samples, title="for example" if samples else ""),
        reason_section(left_out),
        hold_section(held, outcome, as_json=app.as_json),
        unread_section(unread),
    ]
    summary = "a source returned far fewer records than last time; it was not judged" if shrunk else ""
    if held and outcome is Outcome.HELD:
        summary = "accuracy is measured against what each system should hold by now, with what is open kept off or held"
    steps = ["crossdock doctor"] if unread else ["crossdock plan"] if outcome is Outcome.PENDING else []
    steps += hold_steps(held, outcome)
    if reports and not any(one.linked for one in reports):
        steps.append("nothing was compared, since nothing is linked; `crossdock adopt` shows why")
    return app.output.emit(Report("audit", outcome, sections, counts, summary, steps))


def _other(app: App, what: str) -> Outcome:
    """Report on reservations as they are stored; on orders or payments after reading what changed."""
    from crossdock.cli import audits, money
    from sync.observe import ReadMode
    from sync.run import look

    if what == "reservations":
        with looking(app) as hub:
            return app.output.emit(audits.reservations(app, hub, None))
    with working(app, f"audit {what}", read_only=True) as work:
        unread = unread_rows(app, look(work.hub, ReadMode.AUTO))
        report = (audits.orders if what == "orders" else money.payments)(app, work.hub, unread)
        work.end(report.outcome, {name: n for name, n in report.counts.items() if isinstance(n, int)})
    return app.output.emit(report)


def _outcome(unread: Rows, reports: Sequence[AuditReport], *, shrunk: bool, holds: bool) -> Outcome:
    if unread:
        return Outcome.ERROR
    if shrunk:
        return Outcome.GUARDED
    why = {reason.partition(":")[0] for one in reports for reason in one.drift}
    if why - _WAITS - {"stock_unread", "stock_in_doubt"}:
        return Outcome.PENDING
    return Outcome.HELD if why - _DECIDED or holds else Outcome.IN_SYNC


def _counts(reports: Sequence[AuditReport]) -> dict[str, int | None | float | str]:
    compared, equal = sum(one.compared for one in reports), sum(one.equal for one in reports)
    return {
        "compared": compared,
        "equal": equal,
        "accuracy": percent(100 * equal / compared) if compared else None,
        "drift": sum(one.drift.total() for one in reports),
        "orphans": sum(one.orphans for one in reports),
        "absent": sum(one.absent for one in reports),
        "duplicates": sum(one.duplicates for one in reports),
    }


def percent(share: float) -> float:
    """A share to two places that is only 100 when it is."""
    return 100.0 if share == 100.0 else min(round(share, 2), 99.99)


def _row(found: AuditReport) -> dict[str, object]:
    return {
        "flow": found.flow,
        "connection": found.target,
        "accuracy": percent(found.accuracy) if found.compared else None,
        "linked": found.linked,
        "compared": found.compared,
        "equal": found.equal,
        "drift": found.drift.total(),
        "drift_by_reason": dict(found.drift),
        "unknown": found.unknown.total(),
        "unknown_by_reason": dict(found.unknown),
        "orphans": found.orphans,
        "absent": found.absent,
        "duplicates": found.duplicates,
    }


def _sample(line: Line) -> dict[str, object]:
    there, owners, reason = line.view.observed.get(line.slot), line.decision.desired, line.decision.reason
    return {
        "flow": line.flow.name,
        "connection": line.target,
        "sku": line.sku,
        "slot": line.slot,
        "there": there,
        "owners": owners,
        "change": arrow(line.slot, there, owners),
        "reason": reason or "not written yet",
        "advice": advice(reason),
    }
