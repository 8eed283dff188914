"""Demands of privacy laws that a platform passes on: carried out with the next sync, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from canonical.clock import parse_instant
from canonical.errors import SkippableError
from connectors.webhooks import PrivacyDemand
from sync import trouble
from sync.contain import of_one_record
from sync.hub import Hub
from sync.privacy import erase, secondlist
from sync.privacy.erase import Person, reader_of
from sync.privacy.messages import INBOX, strip
from sync.privacy.redaction import names_in

TELL = "privacy_request"
_WITHIN = timedelta(days=30)
_REPEATED = timedelta(days=4)
"""Platforms repeat a message for three days at most."""


def waiting(hub: Hub, connection: Connection) -> bool:
    """Whether something is demanded that would be carried out now: not of a connection that is configured no more."""
    return connection.execute(select(INBOX.c.id).where(*_open(hub)).limit(1)).first() is not None


def unread(hub: Hub, connection: Connection) -> list[Row[Any]]:
    """What is demanded and was not looked at yet, oldest first: id, connection, topic and when it came."""
    query = select(INBOX.c.id, INBOX.c.connection, INBOX.c.topic, INBOX.c.received_at)
    return list(connection.execute(query.where(*_open(hub)).order_by(INBOX.c.id)))


def carry_out(hub: Hub) -> int:
    """Carry out every open demand; tells how many. One that cannot be read is left to a person."""
    _after_restore(hub)
    count, after = 0, 0
    while True:
        with hub.database.read() as connection:
            query = select(INBOX).where(*_open(hub), INBOX.c.id > after)
            row = connection.execute(query.order_by(INBOX.c.id).limit(1)).first()
        if row is None:
            break
        after = row.id
        count += _alone(hub, row)
    if count:
        erase.finish(hub)
    return count


def _alone(hub: Hub, row: Row[Any]) -> bool:
    """Carry one out; a fault there that no one foresaw is left to a person, for nothing is synced before all are."""
    try:
        with of_one_record(row.connection), hub.database.begin() as connection:
            return _one(hub, connection, row)
    except SkippableError:
        with hub.database.begin() as connection:
            return _doubt(hub, connection, row, "a fault that no one foresaw; the log has it, please report it")


def _after_restore(hub: Hub) -> None:
    """Forget again whom a backup brought back, before anything is done with it."""
    with hub.database.begin() as connection:
        restored = secondlist.read(hub, connection)
    if restored:
        erase.again(hub)


def _open(hub: Hub) -> tuple[ColumnElement[bool], ...]:
    configured = INBOX.c.connection.in_(list(hub.config.connections))
    return INBOX.c.demand.in_(("erase", "tell")), INBOX.c.handled_at == "", configured


def _one(hub: Hub, connection: Connection, row: Row[Any]) -> bool:
    earlier = _dealt_with(connection, row)
    if earlier and parse_instant(row.received_at) - parse_instant(earlier) > _REPEATED:
        return _doubt(hub, connection, row, "it came before, word for word")
    reader = reader_of(hub)(row.connection)
    demands = reader.read(row.topic, bytes(row.body)).demands if reader is not None else ()
    if not demands:
        return _doubt(hub, connection, row, "it cannot be read")
    for demand in () if earlier else demands:
        if demand.action == "tell":
            _ask(hub, connection, row, demand)
        elif not _erase(hub, connection, row, demand):
            return _doubt(hub, connection, row, "it names nobody, or is another message under this topic")
    strip(connection, row)
    connection.execute(update(INBOX).where(INBOX.c.id == row.id).values(handled_at=hub.stamp()))
    return True


def _dealt_with(connection: Connection, row: Row[Any]) -> str:
    """When the same words were dealt with before: a signature without a time may be one that was caught once."""
    same = (INBOX.c.connection == row.connection, INBOX.c.digest == row.digest, INBOX.c.id != row.id)
    query = select(func.min(INBOX.c.handled_at)).where(*same, INBOX.c.demand != "", INBOX.c.handled_at != "")
    return connection.execute(query).scalar() or ""


def _doubt(hub: Hub, connection: Connection, row: Row[Any], why: str) -> bool:
    """A person must look: it stays among what is demanded, and is not tried again."""
    connection.execute(update(INBOX).where(INBOX.c.id == row.id).values(demand="doubt"))
    said = f"{row.topic} was not carried out: {why}; see the platform, and erase or export by hand"
    trouble.stands(connection, TELL, f"{row.connection} message {row.id}", said, hub.stamp())
    return False


def _erase(hub: Hub, connection: Connection, row: Row[Any], demand: PrivacyDemand) -> bool:
    email = next((text for kind, text in names_in(bytes(row.body)) if kind == "email"), "")
    if not (demand.everyone or demand.customer_id or demand.order_ids):
        return False  # its details cannot be read, or are those of another message: nobody is forgotten for it
    who = Person(row.connection, demand.customer_id, email, demand.order_ids, everyone=demand.everyone)
    erase.erase(hub, connection, who)
    return True


def _ask(hub: Hub, connection: Connection, row: Row[Any], demand: PrivacyDemand) -> None:
    due = (parse_instant(row.received_at) + _WITHIN).date().isoformat()
    who = erase.tail(demand.customer_id) or f"message {row.id}"
    said = f"wants to know what is kept, by {due}: crossdock privacy export {who} --connection {row.connection}"
    trouble.stands(connection, TELL, f"{row.connection} {who}", said, hub.stamp())
