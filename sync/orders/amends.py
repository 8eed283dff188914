"""What becomes known after a shipment was told: parcels are told once more, where that is taken; units to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, or_, select, update

from canonical.fulfillment import Fulfillment
from canonical.request import ShipmentNotice
from sync.hub import Hub
from sync.orders import store
from sync.store import body

_UNTOLD = ("waiting", "blocked")
CHANGED = "shipment_changed"
"""The incident of a shipment whose units are others than were told."""
_NOTICE = msgspec.json.Decoder(ShipmentNotice)


def amend(hub: Hub, connection: Connection, wanted: Mapping[str, Any], notice: ShipmentNotice) -> None:
    """Want the parcels of a shipment told, if others were told of it before, or none.

    A notice that waits to be sent takes them up itself. One whose outcome is not known yet is waited for: a second one
    would tell the units twice.
    """
    numbers = _numbers(notice)
    effect, cause = store.EFFECT, wanted["cause"]
    of_it = or_(effect.c.cause == cause, effect.c.cause.startswith(f"{cause}:", autoescape=True))
    same = (effect.c.connection == wanted["connection"], effect.c.kind.in_(("shipment", "tracking")), of_it)
    rows = connection.execute(select(effect).where(*same).order_by(effect.c.id)).all()
    told = _NOTICE.decode(rows[-1].document)
    has_more = bool(numbers) and numbers != _numbers(told)
    if len(rows) == 1 and rows[0].state in _UNTOLD and (has_more or _units(notice) != _units(told)):
        # Another call than the one that was refused, if any was: what it was refused for may be mended.
        fresh = {"document": wanted["document"], "state": "waiting", "key": "", "reason": "", "detail": ""}
        fresh |= {"attempts": 0, "not_before": ""} if rows[0].state == "blocked" else {}
        connection.execute(update(effect).where(effect.c.id == rows[0].id).values(**fresh))
        return
    if not has_more:
        return
    spec = hub.config.connections[wanted["connection"]].manifest.effects.get(wanted["operation"])
    if spec is None or not spec.amends or any(row.state != "done" for row in rows):
        return
    told_by_all = sorted({number for row in rows for number in _numbers(_NOTICE.decode(row.document))})
    again = msgspec.structs.replace(notice, amends=True, told=tuple(told_by_all))
    digest = body.digest(msgspec.json.encode(sorted(numbers))).hex()[:16]
    more = {"kind": "tracking", "cause": f"{cause}:{digest}", "document": msgspec.json.encode(again)}
    store.add_effect(connection, {**wanted, **more}, hub.stamp())


def tell_changed(hub: Hub, connection: Connection, row: Row[Any], shipment: Row[Any], body: Fulfillment) -> None:
    """Tell a person of a shipment that has other units by now than its order's channel was told (R15)."""
    effect = store.EFFECT
    of_it = (effect.c.kind == "shipment", effect.c.cause == f"shipment:{shipment.id}")
    sent = effect.c.state.not_in((*_UNTOLD, "dropped"))
    query = select(effect.c.document).where(*of_it, effect.c.connection == row.connection, sent)
    told = connection.execute(query).scalar()
    subject, now = f"{shipment.connection} {shipment.external_id}", hub.stamp()
    if told is None or _units(_NOTICE.decode(told)) == _units(body):
        store.close_incidents(connection, CHANGED, subject, now)
        return
    said = ", ".join(f"{units} {sku}" for sku, units in sorted(_units(body).items()))
    said = f"{shipment.connection} says by now that {said} left with it; {row.connection} was told of other units"
    store.open_incident(connection, CHANGED, subject, said, now, stands=True, order_id=row.id)


def _units(shipment: ShipmentNotice | Fulfillment) -> Counter[str]:
    """Units by SKU, or by line where a line has none."""
    found: Counter[str] = Counter()
    for line in shipment.lines:
        found[line.sku or line.line_id] += line.quantity
    return found


def _numbers(notice: ShipmentNotice) -> set[str]:
    return {one.number for one in notice.tracking if one.number}
