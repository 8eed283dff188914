"""Which conditions hold now, from the state of the hub alone; nothing is stored or sent here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from canonical.clock import instant_text, parse_instant
from sync import differing, flowstate, freshness, silence
from sync.alerts.kinds import ADVICE, Kind
from sync.config import HubConfig
from sync.orders import oversold
from sync.orders import store as orders
from sync.store import tables

_CONFLICT = tables.table(tables.Conflict)
_ITEM = tables.table(tables.Item)
_CALL = tables.table(tables.CallRow)
_QUARANTINE = tables.table(tables.Quarantine)
_INCIDENTS: dict[str, Kind] = {
    oversold.KIND: "oversold",
    silence.KIND: "silent_webhooks",
    differing.KIND: "webhooks_differ",
}
_PERSONS = "privacy_"
"""How the kinds of incidents begin that are about somebody's data."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something a person must be told; kind and subject are its cause, told once however often it is found."""

    kind: Kind
    subject: str
    detail: str
    todo: str


@dataclass(frozen=True, slots=True)
class Ending:
    """Something of a connection that ends on a day: a version of the platform's API, or credentials."""

    connection: str
    what: str
    on: date


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on something is told; ``growth`` is records left out anew within ``growth_window``."""

    stale: timedelta = timedelta(hours=1)
    growth: int = 10
    growth_window: timedelta = timedelta(hours=1)
    ahead: timedelta = timedelta(days=30)
    failures: int = 3


@dataclass(frozen=True, slots=True)
class Situation:
    """What the database does not hold: what ends when, how often in a row syncs failed, and since when we look."""

    now: datetime
    begun: datetime
    endings: Sequence[Ending] = ()
    failures: int = 0
    last_error: str = ""


def conditions(connection: Connection, config: HubConfig, situation: Situation, limits: Limits) -> list[Condition]:
    """Every condition that holds."""
    return [
        *_conflicts(connection),
        *_guards(connection, config),
        *_incidents(connection),
        *_stale(connection, config, situation, limits),
        *_ending(situation, limits),
        *_growth(connection, situation.now, limits),
        *_unknown(connection),
        *_failing(situation, limits),
    ]


def _told(kind: Kind, subject: str, detail: str, todo: str = "") -> Condition:
    return Condition(kind, subject, detail, todo or ADVICE[kind])


def _conflicts(connection: Connection) -> Iterator[Condition]:
    query = (
        select(_CONFLICT.c.id, _CONFLICT.c.connection, _CONFLICT.c.entity, _CONFLICT.c.slot, _ITEM.c.sku)
        .outerjoin(_ITEM, _ITEM.c.id == _CONFLICT.c.item_id)
        .where(_CONFLICT.c.state == "open")
    )
    for row in connection.execute(query.order_by(_CONFLICT.c.id)):
        where = f"{row.entity}.{row.slot}" if row.slot else row.entity
        detail = f"{row.connection}: {where} of {row.sku or 'a record'} was changed by someone who does not own it"
        yield _told("conflict", f"conflict {row.id}", detail, ADVICE["conflict"].format(number=row.id))


def _guards(connection: Connection, config: HubConfig) -> Iterator[Condition]:
    for one in flowstate.all_standings(connection):
        flow = config.flows.get(one.flow)
        if one.frozen and flow is not None and one.connection in flow.targets:
            detail = f"{one.frozen} froze the flow at {one.frozen_at}"
            yield _told("guard", f"{one.flow} to {one.connection}", detail)


def _incidents(connection: Connection) -> Iterator[Condition]:
    for row in orders.incidents(connection):
        kind = _INCIDENTS.get(row.kind, "incident")
        todo = "crossdock privacy list" if row.kind.startswith(_PERSONS) else ""
        subject = f"{row.kind} {row.subject}" if kind == "incident" else row.subject
        yield _told(kind, subject, row.detail or row.subject, todo)


def _stale(connection: Connection, config: HubConfig, situation: Situation, limits: Limits) -> Iterator[Condition]:
    """Not at once after a start: what was not looked at while nothing ran gets its time first."""
    if situation.now - situation.begun < min(limits.stale, timedelta(minutes=10)):
        return
    for one in freshness.fresh(connection, config):
        age = situation.now - parse_instant(one.equal_at) if one.equal_at else None
        if age is None or age > limits.stale:
            since = f"since {one.equal_at}" if one.equal_at else "yet"
            detail = f"the flow was not proven equal {since}"
            yield _told("stale_flow", f"{one.flow} to {one.connection}", detail)


def _ending(situation: Situation, limits: Limits) -> Iterator[Condition]:
    for one in situation.endings:
        if one.on - situation.now.date() <= limits.ahead:
            verb = "ends" if one.on >= situation.now.date() else "has ended"
            yield _told("expiring", f"{one.connection} {one.what}", f"{verb} on {one.on}")


def _growth(connection: Connection, now: datetime, limits: Limits) -> Iterator[Condition]:
    since = instant_text(now - limits.growth_window)
    query = (
        select(_QUARANTINE.c.connection, func.count())
        .where(_QUARANTINE.c.since >= since)
        .group_by(_QUARANTINE.c.connection)
    )
    for name, count in connection.execute(query):
        if count >= limits.growth:
            minutes = round(limits.growth_window.total_seconds() / 60)
            detail = f"{count} records or fields were left out in the last {minutes} minutes"
            yield _told("quarantine_growth", name, detail)


def _unknown(connection: Connection) -> Iterator[Condition]:
    query = select(_CALL.c.id, _CALL.c.connection, _CALL.c.operation).where(_CALL.c.state == "unknown")
    for row in connection.execute(query.order_by(_CALL.c.id)):
        detail = f"{row.connection}: nobody knows whether {row.operation} took effect"
        yield _told("unknown_outcome", f"call {row.id}", detail)
    effects = select(orders.EFFECT).where(orders.EFFECT.c.state == "unknown").order_by(orders.EFFECT.c.id)
    for row in connection.execute(effects):
        detail = f"{row.connection}: nobody knows whether {row.operation} of {row.reference} took effect"
        todo = f"look there, then crossdock orders resolve {row.id} --done, or --not-done"
        yield _told("unknown_outcome", f"effect {row.id}", detail, todo)


def _failing(situation: Situation, limits: Limits) -> Iterator[Condition]:
    if situation.failures >= limits.failures:
        detail = f"{situation.failures} syncs in a row failed: {situation.last_error}"
        yield _told("sync_failing", "serve", detail)
