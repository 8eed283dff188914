"""Deleting what is over, some time after: in small batches, and never what is open or proves that something was done.

Kept whatever their age, and why:

- Orders, requests, effects, shipments, refunds, returns and payment references: a platform may show any of them again
  after years, and these rows are how the hub knows that it has seen it, asked for it, told it. Of an order only who
  bought it is forgotten (``sync.orders.forget``), and of a document only the bytes it came as.
- What channels deducted for orders (``own_sale``): without it an order that is edited late is deducted twice.
- Items, facts, shadow, cursors, flows, overrides, quarantine, marks: they are the present, and as many as the catalog.
- Incidents about an order: it is found again at each look at the order, and a person was told of it once.

Reservations that are over end by themselves (``sync.orders.reservations.forget``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, select, tuple_, update

from canonical.clock import instant_text, parse_instant
from sync.config import HubConfig
from sync.hub import Hub
from sync.journal import OPEN
from sync.orders import forget
from sync.run import end_run, lease
from sync.store import tables
from sync.store.database import get_meta, put_meta
from sync.store.inbox import Inbox
from sync.store.orders import Document, Incident, SalesOrder
from sync.store.tables import table

_BATCH = 200
_EVERY = timedelta(days=1)
_PRUNED_AT = "pruned_at"
_CALL, _LINE = table(tables.CallRow), table(tables.CallLine)
_PLAN, _CHANGE, _RUN = table(tables.Plan), table(tables.PlanChange), table(tables.Run)
_DROP, _FALL, _CONFLICT = table(tables.Drop), table(tables.Fall), table(tables.Conflict)
_OVERRIDE, _INBOX, _DOCUMENT = table(tables.Override), table(Inbox), table(Document)
_INCIDENT, _ORDER = table(Incident), table(SalesOrder)
Act = Callable[[Connection, Sequence[Any], str], None]
Over = Callable[[str], Sequence[ColumnElement[bool]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is over in a table: which rows before a time, and what is done with them."""

    what: str
    table: Table
    after: Callable[[HubConfig], timedelta | None]
    over: Over
    act: Act

    def keys(self) -> list[ColumnElement[Any]]:
        """The columns that name a row."""
        return list(self.table.primary_key)

    def select(self, before: str, behind: Sequence[Any] = ()) -> Select[Any]:
        """The rows that are over, in the order of their key, behind one of these keys."""
        query = select(*self.keys()).where(*self.over(before)).order_by(*self.keys())
        return query.where(tuple_(*self.keys()) > tuple_(*behind)) if behind else query


def _deleting(where: Table, *beside: tuple[Table, str]) -> Act:
    """Delete rows by their key, and before them the rows of other tables that belong to them by a column."""

    def act(connection: Connection, keys: Sequence[Any], _now: str) -> None:
        for other, column in beside:
            connection.execute(delete(other).where(other.c[column].in_([key[0] for key in keys])))
        connection.execute(delete(where).where(tuple_(*where.primary_key).in_(keys)))

    return act


def _empty_raw(connection: Connection, keys: Sequence[Any], _now: str) -> None:
    connection.execute(update(_DOCUMENT).where(tuple_(*_DOCUMENT.primary_key).in_(keys)).values(raw=b""))


def _forget(connection: Connection, keys: Sequence[Any], now: str) -> None:
    forget.forget(connection, [key[0] for key in keys], now)


def _journal(config: HubConfig) -> timedelta | None:
    """Guards sum up what the journal says of their window, and a saved plan is as good as its rows."""
    kept = config.retention.journal
    return None if kept is None else max(kept, config.guards.window, config.plan_max_age)


def _first_plan_since(before: str) -> ColumnElement[int]:
    """The first plan that is too young, or the newest; a call's own times stand behind its bytes, dear to read here."""
    young = select(func.min(_PLAN.c.id)).where(_PLAN.c.created_at >= before).scalar_subquery()
    return func.coalesce(young, select(func.max(_PLAN.c.id)).scalar_subquery())


def _first_message_since(before: str) -> ColumnElement[int]:
    """The first message that is too young: what stands behind it need not be looked at, nor read for its times."""
    young = select(func.min(_INBOX.c.id)).where(_INBOX.c.received_at >= before).scalar_subquery()
    return func.coalesce(young, select(func.max(_INBOX.c.id) + 1).scalar_subquery())


# A message names what to read and nothing is taken from it: one that comes again is stored anew and harmless. What a
# law demands in one stays until it was done, and then as long as the persons it is about.
_MESSAGES = Rule(
    "webhook messages",
    _INBOX,
    lambda config: config.retention.payloads,
    lambda before: (_INBOX.c.id < _first_message_since(before), _INBOX.c.last_at < before, _INBOX.c.demand == ""),
    _deleting(_INBOX),
)
_DEMANDS = Rule(
    "answered privacy demands",
    _INBOX,
    lambda config: config.retention.personal_data,
    lambda before: (_INBOX.c.handled_at < before, _INBOX.c.demand != "", _INBOX.c.handled_at != ""),
    _deleting(_INBOX),
)
# The bytes of a document are evidence of what was read. They stay while it could not be read, and are compared by a
# hash that stays as well, so that the same bytes are no news.
_PAYLOADS = Rule(
    "raw documents",
    _DOCUMENT,
    lambda config: config.retention.payloads,
    lambda before: (_DOCUMENT.c.as_of < before, func.length(_DOCUMENT.c.raw) > 0, _DOCUMENT.c.reason == ""),
    _empty_raw,
)
_PERSONS = Rule("buyers of closed orders", _ORDER, lambda config: config.retention.personal_data, forget.over, _forget)
# A call whose outcome is not known is the only proof that something may have been done (R17).
_CALLS = Rule(
    "calls of the journal",
    _CALL,
    _journal,
    lambda before: (_CALL.c.plan_id < _first_plan_since(before), _CALL.c.state.not_in(OPEN)),
    _deleting(_CALL, (_LINE, "call_id")),
)
# The lines of a plan whose call is not resolved say what became of them.
_PLANS = Rule(
    "plans",
    _PLAN,
    _journal,
    lambda before: (
        _PLAN.c.id < _first_plan_since(before),
        _PLAN.c.id.not_in(select(_CALL.c.plan_id).where(_CALL.c.state.in_(OPEN))),
    ),
    _deleting(_PLAN, (_CHANGE, "plan_id")),
)
# There is one run at a time: an older one that never ended was killed.
_RUNS = Rule(
    "runs",
    _RUN,
    lambda config: config.retention.runs,
    lambda before: (_RUN.c.started_at < before, _RUN.c.id < select(func.max(_RUN.c.id)).scalar_subquery()),
    _deleting(_RUN),
)
# Units that left are matched with orders and with the owner's falls for days, not for weeks.
_DROPS = Rule(
    "drops that are booked",
    _DROP,
    lambda config: config.retention.closed,
    lambda before: (_DROP.c.open_units == 0, _DROP.c.closed_at != "", _DROP.c.closed_at < before),
    _deleting(_DROP),
)
_FALLS = Rule(
    "falls that are explained",
    _FALL,
    lambda config: config.retention.closed,
    lambda before: (_FALL.c.open_units == 0, _FALL.c.as_of < before),
    _deleting(_FALL),
)
_CONFLICTS = Rule(
    "closed conflicts",
    _CONFLICT,
    lambda config: config.retention.closed,
    lambda before: (
        _CONFLICT.c.state == "closed",
        _CONFLICT.c.closed_at < before,
        _CONFLICT.c.id.not_in(select(_OVERRIDE.c.conflict_id).where(_OVERRIDE.c.conflict_id.is_not(None))),
    ),
    _deleting(_CONFLICT),
)
# Those about stock are opened anew when it happens again.
_INCIDENTS = Rule(
    "closed incidents of stock",
    _INCIDENT,
    lambda config: config.retention.closed,
    lambda before: (
        _INCIDENT.c.closed_at != "",
        _INCIDENT.c.closed_at < before,
        _INCIDENT.c.order_id.is_(None),
        _INCIDENT.c.item_id.is_not(None),
    ),
    _deleting(_INCIDENT),
)
RULES = (
    _MESSAGES,
    _DEMANDS,
    _PAYLOADS,
    _PERSONS,
    _CALLS,
    _PLANS,
    _RUNS,
    _DROPS,
    _FALLS,
    _CONFLICTS,
    _INCIDENTS,
)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of a table are, or were, over; ``days`` is how long they are kept, None for ever."""

    what: str
    table: str
    days: float | None
    rows: int


def prune(hub: Hub, *, dry_run: bool = False) -> list[Pruned]:
    """Delete what is over, a small transaction at a time; the caller is the one executor. A dry run only counts."""
    now = hub.now()
    found = []
    for rule in RULES:
        kept = rule.after(hub.config)
        count = 0 if kept is None else _carry_out(hub, rule, now - kept, dry_run=dry_run)
        found.append(Pruned(rule.what, str(rule.table.name), kept.total_seconds() / 86_400 if kept else None, count))
    if not dry_run:
        with hub.database.begin() as connection:
            put_meta(connection, _PRUNED_AT, instant_text(now))
    return found


def _carry_out(hub: Hub, rule: Rule, before: datetime, *, dry_run: bool) -> int:
    until = instant_text(before)
    if dry_run:
        with hub.database.read() as connection:
            over = rule.select(until).subquery()
            return int(connection.execute(select(func.count()).select_from(over)).scalar_one())
    count = 0
    behind: tuple[Any, ...] = ()
    while True:
        # Looking for them may take long, and nobody is to wait for it who stores what is told.
        with hub.database.read() as connection:
            keys = [tuple(row) for row in connection.execute(rule.select(until, behind).limit(_BATCH))]
        if keys:
            behind = keys[-1]
            with hub.database.begin() as connection:
                still = rule.select(until).where(tuple_(*rule.keys()).in_(keys))
                rule.act(connection, [tuple(row) for row in connection.execute(still)], hub.stamp())
        count += len(keys)
        hub.progress(f"prune {rule.what}", count, None)
        hub.checkpoint("pruned")
        if len(keys) < _BATCH:
            return count


def due(hub: Hub) -> bool:
    """Whether a day has passed since what is over was last deleted."""
    with hub.database.read() as connection:
        last = get_meta(connection, _PRUNED_AT)
    return last is None or hub.now() - parse_instant(last) >= _EVERY


def daily(hub: Hub, *, wait: float = 5.0) -> bool:
    """Delete what is over once a day; tells whether it was the time."""
    if not due(hub):
        return False
    with lease(hub, "prune", wait=wait, started_by="daily") as run_id:
        counts = {one.what: one.rows for one in prune(hub) if one.rows}
        end_run(hub, run_id, "done", counts)
    return True
