"""Incidents that come and go by themselves: raised while something is wrong, closed when it is not, raised anew."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select, update

from canonical.words import shortened
from sync.orders import store
from sync.store.orders import Incident
from sync.store.tables import table

_INCIDENT = table(Incident)
_LONGEST = 500


def stands(connection: Connection, kind: str, subject: str, detail: str, now: str) -> None:
    """Something is wrong: tell of it, or keep telling, with the newest words."""
    detail = shortened(detail, _LONGEST)
    same = (_INCIDENT.c.kind == kind, _INCIDENT.c.subject == subject)
    known = connection.execute(select(_INCIDENT.c.closed_at).where(*same)).first()
    if known is None:
        store.open_incident(connection, kind, subject, detail, now)
        return
    values = {"detail": detail, "closed_at": ""} | ({"opened_at": now} if known.closed_at else {})
    connection.execute(update(_INCIDENT).where(*same).values(**values))


def of_kinds(connection: Connection, kinds: Collection[str]) -> list[Row[Any]]:
    """What stands of some kinds, oldest first."""
    query = select(_INCIDENT).where(_INCIDENT.c.kind.in_(kinds), _INCIDENT.c.closed_at == "")
    return list(connection.execute(query.order_by(_INCIDENT.c.id)))
