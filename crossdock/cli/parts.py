"""Parts that several reports share: what could not be read, which guard stopped what, what is left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from canonical.fields import ENTITIES
from canonical.reasons import advice
from crossdock.cli.app import App
from crossdock.cli.errors import redacted
from crossdock.cli.report import Column, Section

if TYPE_CHECKING:
    from sync.config import FlowConfig
    from sync.hub import Hub
    from sync.planner import PlanSummary
    from sync.run import LookReport

Rows = list[dict[str, object]]

_UNREAD = [Column("connection", "connection"), Column("resource", "resource"), Column("problem", "not read because")]
_REASONS = [
    Column("state", "state"),
    Column("connection", "connection"),
    Column("entity", "of"),
    Column("reason", "reason"),
    Column("count", "count", figures=True),
    Column("advice", "what to do"),
]
_GUARDS = [
    Column("flow", "flow"),
    Column("connection", "connection"),
    Column("guard", "guard"),
    Column("detail", "what happened"),
]


def unread_rows(app: App, look: LookReport) -> Rows:
    """Connections and resources whose read did not finish."""
    rows: Rows = [
        {"connection": name, "resource": "", "problem": redacted(text, app.secrets)}
        for name, text in look.failed.items()
    ]
    for name, read in look.reads.items():
        rows += [{"connection": name, "resource": one, "problem": "the read did not finish"} for one in read.incomplete]
    return rows


def unread_section(rows: Rows) -> Section:
    """What could not be read, so that nothing is concluded from it."""
    return Section("unread", _UNREAD, rows, title="not read: nothing is concluded from these" if rows else "")


def guard_rows(hub: Hub, summary: PlanSummary | None, look: LookReport, flows: Sequence[FlowConfig]) -> Rows:
    """Every guard that stops something: broken by this plan, by this read, or still frozen from before."""
    rows: Rows = []
    for flow, target, breach in summary.breaches if summary else ():
        text = str(breach).partition(": ")[2]
        rows.append({"flow": flow, "connection": target, "guard": breach.guard, "detail": text})
    doubted = {name: read.shrunk for name, read in look.reads.items() if read.shrunk}
    known = {(row["flow"], row["connection"]) for row in rows}
    for flow_name, target, guard, since in _frozen(hub, flows):
        if (flow_name, target) in known:
            continue
        source = hub.config.flows[flow_name].source
        text = f"{source} returned far fewer {' and '.join(doubted[source])}" if source in doubted else f"since {since}"
        rows.append({"flow": flow_name, "connection": target, "guard": guard, "detail": text})
    prices = summary.withheld["guard_price"] if summary else 0
    if prices:
        rows.append({"flow": "", "connection": "", "guard": "guard_price", "detail": f"{prices} prices move too far"})
    return rows


def _frozen(hub: Hub, flows: Sequence[FlowConfig]) -> list[tuple[str, str, str, str]]:
    from sync import flowstate

    with hub.database.begin() as connection:
        standings = [flowstate.load(connection, flow.name, target) for flow in flows for target in flow.targets]
    return [(one.flow, one.connection, one.frozen, one.frozen_at) for one in standings if one.frozen]


def guard_section(rows: Rows) -> Section:
    """The guards that stopped something."""
    return Section("guards", _GUARDS, rows, title="stopped by a guard" if rows else "")


def reason_rows(hub: Hub, summary: PlanSummary | None) -> Rows:
    """What is held, waiting, withheld or quarantined, counted by reason, with advice."""
    rows: Rows = []
    if summary is not None:
        for state, counted in (("withheld", summary.withheld), ("held", summary.held), ("waiting", summary.waiting)):
            rows += [_reason(state, "", "", reason, count) for reason, count in sorted(counted.items()) if count]
    return rows + quarantine_rows(hub)


def quarantine_rows(hub: Hub) -> Rows:
    """Quarantined records and slots by connection, entity and reason."""
    from sync import quarantine

    rows: Rows = []
    for entity in ENTITIES:
        with hub.database.begin() as connection:
            counted = quarantine.counts(connection, entity)
        rows += [_reason("quarantined", name, entity, reason, n) for (name, reason), n in sorted(counted.items())]
    return rows


def _reason(state: str, connection: str, entity: str, reason: str, count: int) -> dict[str, object]:
    return {
        "state": state,
        "connection": connection,
        "entity": entity,
        "reason": reason,
        "count": count,
        "advice": advice(reason),
    }


def reason_section(rows: Rows) -> Section:
    """What is left out, and what to do about it."""
    return Section("reasons", _REASONS, rows, title="not in sync for a reason" if rows else "")
