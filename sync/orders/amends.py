"""Parcels that become known after their shipment was told: told once more, where the target can take that (R15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select, update

from canonical.request import ShipmentNotice
from sync.hub import Hub
from sync.orders import store
from sync.store import body

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
    told = _numbers(_NOTICE.decode(rows[-1].document))
    if not numbers or numbers == told:
        return
    if len(rows) == 1 and rows[0].state == "waiting":
        fresh = {"document": wanted["document"], "key": ""}  # another call than the one that was refused, if any was
        connection.execute(update(effect).where(effect.c.id == rows[0].id).values(**fresh))
        return
    spec = hub.config.connections[wanted["connection"]].manifest.effects.get(wanted["operation"])
    if spec is None or not spec.amends or any(row.state != "done" for row in rows):
        return
    told_by_all = sorted({number for row in rows for number in _numbers(_NOTICE.decode(row.document))})
    again = msgspec.structs.replace(notice, amends=True, told=tuple(told_by_all))
    digest = body.digest(msgspec.json.encode(sorted(numbers))).hex()[:16]
    more = {"kind": "tracking", "cause": f"{cause}:{digest}", "document": msgspec.json.encode(again)}
    store.add_effect(connection, {**wanted, **more}, hub.stamp())


def _numbers(notice: ShipmentNotice) -> set[str]:
    return {one.number for one in notice.tracking if one.number}
