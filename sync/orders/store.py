"""Rows of orders, requests, shipments and effects: kept, marked and found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from canonical.fulfillment import Fulfillment, TargetReturn
from canonical.request import FulfillmentRequest
from canonical.status import RequestStatus
from sync.orders.holds import DOCUMENT, Asked
from sync.orders.parcels import echo, same
from sync.orders.requests import TAKEN, Existing, Make
from sync.store import body
from sync.store.columns import filled
from sync.store.database import among, insert_returning_id
from sync.store.orders import EffectRow, GoodsBack, Incident, Request, SalesOrder, Shipment
from sync.store.tables import table

ORDER, REQUEST, SHIPMENT, EFFECT = table(SalesOrder), table(Request), table(Shipment), table(EffectRow)
RETURN = table(GoodsBack)
_RETURN_BODY = msgspec.json.Decoder(TargetReturn)
_INCIDENT = table(Incident)
_OVER = "over: "
"""How the detail begins of an incident that ended by itself."""
_REQUEST_BODY = msgspec.json.Decoder(FulfillmentRequest)
_SHIPS = msgspec.json.Decoder(dict[str, dict[str, int]])
_SHIPMENT_BODY = msgspec.json.Decoder(Fulfillment)
# Asked several times an order: made once, since making a statement takes longer than running it.
_REQUESTS = select(REQUEST).where(REQUEST.c.order_id == bindparam("order")).order_by(REQUEST.c.id)
_SHIPMENTS = select(SHIPMENT).where(SHIPMENT.c.order_id == bindparam("order")).order_by(SHIPMENT.c.id)
_NEWEST_DUE = select(func.coalesce(func.max(ORDER.c.due), 0))
_MARK_DUE = (
    update(ORDER)
    .where(ORDER.c.id == bindparam("order"))
    .values(due=bindparam("due_next"), not_before=bindparam("again"))
)


def find_order(connection: Connection, channel: str, external_id: str) -> Row[Any] | None:
    """The hub's row of a channel's order."""
    return connection.execute(
        select(ORDER).where(ORDER.c.connection == channel, ORDER.c.external_id == external_id)
    ).first()


def order_row(connection: Connection, order_id: int) -> Row[Any]:
    """An order's row by its id."""
    return connection.execute(select(ORDER).where(ORDER.c.id == order_id)).one()


def mark_due(connection: Connection, order_id: int, not_before: str = "") -> None:
    """An order must be looked at again; the number grows, so that a look under way does not clear a newer mark."""
    newest = connection.execute(_NEWEST_DUE).scalar_one()
    connection.execute(_MARK_DUE, {"order": order_id, "due_next": newest + 1, "again": not_before})


def due_orders(connection: Connection, channels: Iterable[str], now: str, after: int, limit: int) -> list[Row[Any]]:
    """Orders of these channels to look at, by id; those of a channel that is switched off keep their mark."""
    rows = connection.execute(
        select(ORDER)
        .where(
            ORDER.c.due > 0,
            ORDER.c.not_before <= now,
            ORDER.c.id > after,
            among(connection, ORDER.c.connection, list(channels)),
        )
        .order_by(ORDER.c.id)
        .limit(limit)
    )
    return list(rows)


def settle_order(connection: Connection, row: Row[Any], values: Mapping[str, Any], now: str, not_before: str) -> None:
    """Note where an order stands; its mark goes unless it was marked again meanwhile, or must be looked at later."""
    changed = any(getattr(row, name) != value for name, value in values.items())
    if changed:
        connection.execute(update(ORDER).where(ORDER.c.id == row.id).values(**values, changed_at=now))
    due = row.due if not_before else 0
    connection.execute(
        update(ORDER).where(ORDER.c.id == row.id, ORDER.c.due == row.due).values(due=due, not_before=not_before)
    )


def request_rows(connection: Connection, order_id: int) -> list[Row[Any]]:
    """The rows of every request an order ever had, oldest first."""
    return list(connection.execute(_REQUESTS, {"order": order_id}))


def requests_of(connection: Connection, order_id: int) -> list[Existing]:
    """Every request an order ever had, oldest first."""
    rows = request_rows(connection, order_id)
    shipped = shipped_units(connection, order_id, echoes=False)
    return [
        Existing(
            id=row.id,
            connection=row.connection,
            role=row.role,
            location=row.location,
            generation=row.generation,
            status=RequestStatus(row.state),
            document=_REQUEST_BODY.decode(row.body),
            external_id=row.external_id,
            shipped=_by_line((line, units) for request, line, units, _ in shipped if request == row.id),
            reason=row.reason,
            ships=_SHIPS.decode(row.ships) if row.ships else {},
            why=row.why,
        )
        for row in rows
    ]


def asked_of(connection: Connection, order_id: int) -> list[Asked]:
    """An order's requests as far as stock is concerned."""
    rows = request_rows(connection, order_id)
    shipped = shipped_units(connection, order_id)
    found: list[Asked] = []
    for row in rows:
        document = _REQUEST_BODY.decode(row.body)
        lines = document.lines
        found.append(
            Asked(
                connection=row.connection,
                role=row.role,
                location=row.location,
                status=RequestStatus(row.state),
                units={line.line_id: line.quantity for line in lines},
                accepted_at=row.accepted_at,
                shipped=[(line, units, seen) for request, line, units, seen in shipped if request == row.id],
                ships=_SHIPS.decode(row.ships) if row.ships else {},
                skus={line.line_id: line.sku for line in lines},
                booked=document.location if row.role == DOCUMENT else "",
            )
        )
    return found


def _by_line(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line, units in pairs:
        found[line] = found.get(line, 0) + units
    return found


def shipped_units(connection: Connection, order_id: int, *, echoes: bool = True) -> list[tuple[int, str, int, str]]:
    """Units that left for a request: its id, the order's line, how many, and since when it is known.

    ``echoes`` are shipments that someone else told of before: who keeps the books shows what others shipped as well.
    """
    found: list[tuple[int, str, int, str]] = []
    rows = [(row, shipment_body(row)) for row in shipments_of(connection, order_id) if row.status != "canceled"]
    kept = select(REQUEST.c.id).where(REQUEST.c.order_id == order_id, REQUEST.c.role == DOCUMENT)
    books = set(connection.execute(kept).scalars()) if rows and not echoes else set()
    for row, shipment in rows:
        first = [one for other, one in rows if other.id < row.id and other.connection != row.connection]
        alike = echo if row.request_id in books else same
        if row.request_id is None or (not echoes and any(alike(shipment, one) for one in first)):
            continue
        lines = shipment.lines
        found += [(row.request_id, line.line_id, line.quantity, row.first_seen) for line in lines if line.line_id]
    return found


def shipments_of(connection: Connection, order_id: int) -> list[Row[Any]]:
    """Every shipment that was reported for an order."""
    return list(connection.execute(_SHIPMENTS, {"order": order_id}))


def shipment_body(row: Row[Any]) -> Fulfillment:
    """A stored shipment."""
    return _SHIPMENT_BODY.decode(row.body)


def put_return(connection: Connection, name: str, document: TargetReturn, order_id: int, now: str) -> None:
    """Keep goods that come back, as the place that takes them in tells it now."""
    same = (RETURN.c.connection == name, RETURN.c.external_id == document.id)
    values = {"status": document.status.value, "body": msgspec.json.encode(document)}
    if connection.execute(select(RETURN.c.id).where(*same)).first() is not None:
        connection.execute(update(RETURN).where(*same).values(**values))
        return
    row = {**values, "connection": name, "external_id": document.id, "order_id": order_id, "first_seen": now}
    connection.execute(insert(RETURN).values(**filled(GoodsBack, row)))


def returns_of(connection: Connection, order_id: int) -> list[tuple[Row[Any], TargetReturn]]:
    """Goods that come back of an order, as the places report that take them in."""
    rows = connection.execute(select(RETURN).where(RETURN.c.order_id == order_id).order_by(RETURN.c.id))
    return [(row, _RETURN_BODY.decode(row.body)) for row in rows]


def is_taken(connection: Connection, target: str, reference: str) -> bool:
    """Whether a target was asked for something under a reference before."""
    same = (REQUEST.c.connection == target, REQUEST.c.reference == reference)
    return connection.execute(select(REQUEST.c.id).where(*same)).first() is not None


def add_request(connection: Connection, order_id: int, make: Make, generation: int, now: str) -> int:
    """Keep a request that is to be made; tells its id."""
    document = msgspec.json.encode(make.document)
    return insert_returning_id(
        connection,
        REQUEST,
        filled(
            Request,
            {
                "order_id": order_id,
                "connection": make.connection,
                "role": make.role,
                "location": make.location,
                "generation": generation,
                "reference": make.document.reference,
                "state": RequestStatus.WAITING.value,
                "body": document,
                "digest": body.digest(document),
                "why": make.why,
                "created_at": now,
                "changed_at": now,
            },
        ),
    )


def set_request(connection: Connection, request_id: int, now: str, **values: Any) -> None:
    """Change a request's row."""
    connection.execute(update(REQUEST).where(REQUEST.c.id == request_id).values(**values, changed_at=now))


def set_ships(connection: Connection, request_id: int, ships: Mapping[str, Mapping[str, int]], now: str) -> None:
    """Note what a document's target ships itself, by place and line."""
    set_request(connection, request_id, now, ships=msgspec.json.encode(ships) if ships else None)


def add_effect(connection: Connection, values: Mapping[str, Any], now: str) -> bool:
    """Want something done once; False when the same cause wanted it before."""
    same = (
        EFFECT.c.kind == values["kind"],
        EFFECT.c.cause == values["cause"],
        EFFECT.c.connection == values["connection"],
    )
    if connection.execute(select(EFFECT.c.id).where(*same)).first() is not None:
        return False
    row = filled(EffectRow, {**values, "state": "waiting", "created_at": now})
    connection.execute(insert(EFFECT).values(**row))
    return True


def open_incident(
    connection: Connection, kind: str, subject: str, detail: str, now: str, *, stands: bool = False, **more: Any
) -> None:
    """Tell of something; what happens again after it was closed is told again.

    ``stands`` is for what is found at every look. Once a person has closed it, it is told again only when it says
    something else, or when it was over in between.
    """
    said = detail[:500]
    same = (_INCIDENT.c.kind == kind, _INCIDENT.c.subject == subject)
    row = connection.execute(select(_INCIDENT).where(*same)).first()
    if row is None:
        values = {"kind": kind, "subject": subject, "detail": said, "opened_at": now, **more}
        connection.execute(insert(_INCIDENT).values(**filled(Incident, values)))
    elif row.closed_at and not (stands and row.detail == said):
        again = {"detail": said, "opened_at": now, "closed_at": ""}
        connection.execute(update(_INCIDENT).where(*same).values(**again))
    elif row.detail != said:
        connection.execute(update(_INCIDENT).where(*same).values(detail=said))


def incidents(connection: Connection) -> list[Row[Any]]:
    """What a person should know of, oldest first."""
    rows = connection.execute(select(_INCIDENT).where(_INCIDENT.c.closed_at == "").order_by(_INCIDENT.c.id))
    return list(rows)


def told_of(connection: Connection, kind: str) -> list[str]:
    """What was told of and is not over, whether a person closed it or not."""
    still = (_INCIDENT.c.kind == kind, _INCIDENT.c.detail.not_like(f"{_OVER}%"))
    return list(connection.execute(select(_INCIDENT.c.subject).where(*still)).scalars())


def close_incident(connection: Connection, incident_id: int, now: str) -> Row[Any] | None:
    """A person has dealt with it; tells what it was, if it is open."""
    mine = (_INCIDENT.c.id == incident_id, _INCIDENT.c.closed_at == "")
    row = connection.execute(select(_INCIDENT).where(*mine)).first()
    connection.execute(update(_INCIDENT).where(*mine).values(closed_at=now))
    return row


def close_incidents(connection: Connection, kind: str, subject: str, now: str) -> None:
    """What was told of is over, whether a person closed it before or not: it is news if it is there again."""
    same = (_INCIDENT.c.kind == kind, _INCIDENT.c.subject == subject)
    row = connection.execute(select(_INCIDENT).where(*same)).first()
    if row is not None and not row.detail.startswith(_OVER):
        over = {"detail": f"{_OVER}{row.detail}"[:500], "closed_at": row.closed_at or now}
        connection.execute(update(_INCIDENT).where(*same).values(**over))


def renew_request(connection: Connection, request_id: int, document: FulfillmentRequest, now: str) -> None:
    """Change what a request asks for, while it was not sent: its effect, if there is one, asks for the same.

    One that was refused is tried again, as a call of its own (R16).
    """
    raw = msgspec.json.encode(document)
    set_request(connection, request_id, now, body=raw, digest=body.digest(raw))
    tried = connection.execute(
        update(EFFECT)
        .where(
            EFFECT.c.request_id == request_id, EFFECT.c.kind == "request", EFFECT.c.state.in_(("waiting", "blocked"))
        )
        .values(document=raw, state="waiting", reason="", detail="", key="", attempts=0, not_before="")
    ).rowcount
    if tried:
        mine = (REQUEST.c.id == request_id, REQUEST.c.reason != TAKEN)
        connection.execute(update(REQUEST).where(*mine).values(state="waiting", reason="", detail=""))


def drop_effect(connection: Connection, request_id: int, now: str) -> None:
    """What was wanted of a request and never sent is not wanted any more."""
    connection.execute(
        update(EFFECT)
        .where(EFFECT.c.request_id == request_id, EFFECT.c.state.in_(("waiting", "blocked")))
        .values(state="dropped", done_at=now)
    )
