"""The calls that carry effects out, composed of their documents, and what a connector learns of them beforehand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, cast

import msgspec
from sqlalchemy import Row, select

from canonical.errors import FatalError, RetriableError, SkippableError
from canonical.request import CancelRequest, FulfillmentRequest, RefundNotice, RefundRequest, ShipmentNotice
from connectors.base import Call, Effect, EffectConnector, ForeseeingConnector
from connectors.http.retry import hurried
from sync.contain import of_one_record
from sync.hub import Hub
from sync.orders import duties, outcomes, store

AT_ONCE = 50
"""Of so many effects at once a connector is told what comes."""
_DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "request": FulfillmentRequest,
    "cancel": CancelRequest,
    "shipment": ShipmentNotice,
    "tracking": ShipmentNotice,
    "refund": RefundNotice,
    "pay": RefundRequest,
}


def compose(hub: Hub, name: str, row: Row[Any]) -> Call:
    """The call that carries an effect out; SkippableError when it cannot be composed."""
    struct = msgspec.json.decode(row.document, type=_DOCUMENTS[row.kind])
    connection = hub.config.connections[name]
    mapping = next((one for one in connection.documents.values() if one.operation == row.operation), None)
    if mapping is None or row.operation not in connection.manifest.effects:
        raise SkippableError("not_writable", f"no mapping writes {row.operation}")
    prepared = outcomes.prepare(hub, name, struct)
    effect = Effect(row.operation, row.reference, mapping.encode(prepared), outcomes.target_of(struct))
    return cast(EffectConnector, hub.connector(name)).compose(effect, lambda: row.key or uuid.uuid4().hex)


def foresee(hub: Hub, name: str, after: int) -> None:
    """Tell a connector what is to be sent next, if it wants to know and several wait: it may ask once for all."""
    connector = hub.connector(name)
    if not isinstance(connector, ForeseeingConnector):
        return
    effect = store.EFFECT
    mine = (effect.c.connection == name, effect.c.id > after)
    query = select(effect).where(*mine, duties.to_send(hub.stamp())).order_by(effect.c.id).limit(AT_ONCE)
    with hub.database.read() as connection:
        rows = connection.execute(query).all()
    if len(rows) > 1:
        # What goes wrong here is met again, and told, by the one it concerns; others, which need no look, go on.
        with suppress(RetriableError, SkippableError, FatalError), hurried(), of_one_record(name):
            connector.foresee(list(_composed(hub, name, rows)))


def _composed(hub: Hub, name: str, rows: Sequence[Row[Any]]) -> Iterator[Call]:
    """One that cannot be composed is told of when its turn comes."""
    for row in rows:
        try:
            with of_one_record(name):
                call = compose(hub, name, row)
        except SkippableError:
            continue
        yield call
