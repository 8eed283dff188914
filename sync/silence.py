"""Connections that should tell and do not: raised as an incident, closed by itself when they are heard again.

A connection is silent when it was not heard for too long, or when reads found several of its documents changed since it
was last heard, though a topic names them. Reads go on all the same, so nothing is lost but time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from canonical.clock import instant_text, parse_instant
from sync import inbox, trouble
from sync.hub import Hub
from sync.orders import store
from sync.store.database import get_meta, put_meta
from sync.store.orders import Document
from sync.store.tables import table
from sync.subscriptions import read_resources, wanted_topics

KIND = "webhooks_silent"
_DOCUMENT = table(Document)
_GRACE = timedelta(hours=1)
"""So late a platform may tell what a read found before."""
_MISSED = 5
"""So many changes that nobody told of are no coincidence."""


@dataclass(frozen=True, slots=True)
class Heard:
    """When a connection was last heard, or since when it could have been; and whether it ever was."""

    at: datetime
    ever: bool


def check(hub: Hub, names: Collection[str], after: timedelta) -> dict[str, str]:
    """Raise and close what stands of these connections, by how long they were not heard; gives the silent ones.

    Of others, which are not to be heard any more, nothing stands.
    """
    now = hub.now()
    silent: dict[str, str] = {}
    with hub.database.begin() as connection:
        close_others(connection, KIND, names, instant_text(now))
        for name in names:
            why = _why(hub, connection, name, now, after) if wanted_topics(hub.config, name) else ""
            if why:
                silent[name] = why
                trouble.stands(connection, KIND, name, why, instant_text(now))
            else:
                store.close_incidents(connection, KIND, name, instant_text(now))
    return silent


def close_others(connection: Connection, kind: str, names: Collection[str], now: str) -> None:
    """Close what stands of connections that nobody looks at any more: it would stand for ever."""
    for row in store.incidents(connection):
        if row.kind == kind and row.subject not in names:
            store.close_incidents(connection, kind, row.subject, now)


def _why(hub: Hub, connection: Connection, name: str, now: datetime, after: timedelta) -> str:
    heard = _heard(connection, name, now)
    since = f"since {instant_text(heard.at)[:16]}Z" if heard.ever else "so far"
    if now - heard.at > after:
        return f"nothing was heard of it {since}; see `crossdock webhooks register`"
    missed = _missed(hub, connection, name, heard.at + _GRACE)
    if missed >= _MISSED:
        return f"{missed} changes were found that nobody told of {since}; see `crossdock webhooks register`"
    return ""


def _heard(connection: Connection, name: str, now: datetime) -> Heard:
    """What was told last; where nothing was, the first time that this was asked."""
    if last := inbox.last_heard(connection, name):
        return Heard(parse_instant(last), ever=True)
    key = f"webhooks_since:{name}"
    since = get_meta(connection, key)
    if since is None:
        put_meta(connection, key, instant_text(now))
    return Heard(parse_instant(since) if since else now, ever=False)


def _missed(hub: Hub, connection: Connection, name: str, after: datetime) -> int:
    """Documents that reads found changed after an instant, of kinds that a topic names."""
    spec = hub.config.connections[name].manifest.webhooks
    told = {resource for topic in wanted_topics(hub.config, name) for resource in (spec.topics[topic] if spec else ())}
    documents = hub.config.connections[name].documents
    kinds = [kind for kind, one in documents.items() if one.resource in told & read_resources(hub.config, name)]
    query = select(func.count()).where(
        _DOCUMENT.c.connection == name, _DOCUMENT.c.kind.in_(kinds), _DOCUMENT.c.as_of > instant_text(after)
    )
    return int(connection.execute(query).scalar_one())
