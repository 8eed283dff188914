"""Parts that several reports share: what could not be read, which guard stopped what, what is left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from canonical.fields import ENTITIES
from canonical.reasons import advice
from crossdock.cli.app import App
from crossdock.cli.errors import redacted
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Section

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sync.config import FlowConfig
    from sync.hub import Hub
    from sync.orders.effects import EffectReport
    from sync.planner import PlanSummary
    from sync.run import LookReport
    from sync.status import Status

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
_EFFECTS = [
    Column("connection", "connection"),
    Column("outcome", "for orders"),
    Column("count", "count", figures=True),
    Column("error", "gave up because"),
]
_TO_DO = [
    Column("mark", ""),
    Column("order", "order"),
    Column("what", "done once"),
    Column("connection", "on"),
    Column("reference", "reference"),
]
_HOLDS = [Column("what", "what"), Column("count", "count", figures=True)]
PAUSED = [Column("what", "paused"), Column("name", "name"), Column("since", "since")]


def paused_rows(connection: Connection) -> Rows:
    """What is left alone until somebody lets it go on."""
    from sync import pauses

    return [{"what": one.kind, "name": one.name, "since": one.since} for one in pauses.listing(connection)]


def unread_rows(app: App, look: LookReport) -> Rows:
    """Connections and resources whose read did not finish."""
    rows: Rows = [
        {"connection": name, "resource": "", "problem": redacted(text, app.secrets).removeprefix(f"{name}: ")}
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
        figures = {"share": breach.share, "limit": breach.limit, "count": breach.count, "population": breach.population}
        rows.append({"flow": flow, "connection": target, "guard": breach.guard, "detail": text, **figures})
    doubted = {name: read.shrunk for name, read in look.reads.items() if read.shrunk}
    known = {(row["flow"], row["connection"]) for row in rows}
    for flow_name, target, guard, since in _frozen(hub, flows):
        if (flow_name, target) in known:
            continue
        source = hub.config.flows[flow_name].source
        text = f"{source} returned far fewer {' and '.join(doubted[source])}" if source in doubted else f"since {since}"
        rows.append({"flow": flow_name, "connection": target, "guard": guard, "detail": text})
    return rows + _price_rows(hub, summary)


def _price_rows(hub: Hub, summary: PlanSummary | None) -> Rows:
    if summary is None or not summary.withheld["guard_price"]:
        return []
    from sync import leftover

    with hub.database.begin() as connection:
        counted = leftover.withheld(connection, summary.plan_id, "guard_price")
    limit = hub.config.guards.price_move_percent
    return [
        {
            "flow": flow,
            "connection": target,
            "guard": "guard_price",
            "detail": f"{count} prices move by more than {limit:g} %",
            "limit": limit,
            "count": count,
        }
        for (flow, target), count in counted.items()
    ]


def guard_steps(rows: Rows, again: str, *, scoped: bool = True) -> list[str]:
    """What to do about guards that stopped something: look at the lines, and approve flow by flow."""
    if not rows:
        return []
    looks = "see the withheld lines: crossdock plan"
    flows = sorted({str(row["flow"]) for row in rows if row["flow"]}) if scoped else []
    forced = [f"{again} --flow {flow} --force" for flow in flows] or [f"{again} --force"]
    return [looks, *(f"if the source is right, approve: {one}" for one in forced)]


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


_HELD_FIELDS = "held fields"


def hold_rows(found: Status, summary: PlanSummary | None) -> Rows:
    """Everything that makes an exit code 5: what is open, left out or waits, counted, and where to look at it."""
    conflicts, status = "crossdock conflicts list", "crossdock status"
    held = max(found.overrides.get("hold", 0), summary.held.total() if summary else 0)
    counted = [
        ("open conflicts", found.conflicts, conflicts),
        ("units that left channels, not yet booked by the owner", found.drops, conflicts),
        ("quarantined", sum(found.quarantined.values()), status),
        (_HELD_FIELDS, held, conflicts),
        ("writes whose outcome is not known", sum(found.open_calls.values()), status),
        ("fields that wait", summary.waiting.total() if summary else 0, status),
        ("orders that wait for a person", found.orders_held, "crossdock orders list"),
    ]
    return [{"what": what, "count": count, "next": step} for what, count, step in counted if count]


def held_fields(rows: Rows) -> int:
    """How many fields are held by now, whether this plan looked at them or not."""
    return next((int(str(row["count"])) for row in rows if row["what"] == _HELD_FIELDS), 0)


def effect_rows(app: App, report: EffectReport | None) -> Rows:
    """What was done once for orders, by connection and outcome, and which connection gave up."""
    if report is None:
        return []
    rows: Rows = [
        {"connection": name, "outcome": _ENDED.get(outcome, outcome), "count": count, "error": ""}
        for (name, outcome), count in sorted(report.outcomes.items())
    ]
    failed = ((name, redacted(text, app.secrets)) for name, text in sorted(report.failed.items()))
    return rows + [{"connection": name, "outcome": "not sent", "count": None, "error": text} for name, text in failed]


_ENDED = {
    "done": "done",
    "blocked": "refused: see `crossdock orders list --state blocked`",
    "again": "not done yet; tried again",
    "unconfirmed": "no answer; looked up at the next sync",
    "unknown": "outcome unknown; a person must look",
}
_KINDS = {
    "request": "send the order",
    "cancel": "call the request off",
    "shipment": "tell of a shipment",
    "tracking": "tell of its tracking",
    "refund": "tell of a refund",
    "pay": "pay money back",
}


def effect_section(rows: Rows) -> Section:
    """What was done once for orders."""
    return Section("orders", _EFFECTS, rows, title="orders" if rows else "")


def effect_words(kind: str) -> str:
    """What is done once, in words."""
    return _KINDS.get(kind, kind)


def to_do_rows(hub: Hub, limit: int | None) -> Rows:
    """What an apply would do once for orders."""
    from sync.orders import views

    with hub.database.begin() as connection:
        waiting = views.waiting_effects(connection, limit)
    return [{**row, "mark": "+", "what": effect_words(str(row["kind"]))} for row in waiting]


def to_do_section(rows: Rows, total: int) -> Section:
    """What is to be done once for orders."""
    more = f" ({total - len(rows)} more)" if total > len(rows) else ""
    return Section("effects", _TO_DO, rows, title=f"orders{more}" if rows else "")


def hold_section(rows: Rows, outcome: Outcome, *, as_json: bool) -> Section:
    """Why the exit code is 5; a table says it only when it is."""
    told = rows if as_json or outcome is Outcome.HELD else []
    return Section("holds", _HOLDS, told, title="not all is in sync" if told else "")


def hold_steps(rows: Rows, outcome: Outcome) -> list[str]:
    """Where to look when the exit code is 5."""
    return list(dict.fromkeys(str(row["next"]) for row in rows)) if outcome is Outcome.HELD else []


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
