"""What a person decides about orders: whose an old one is, that a blocked one goes on, what became of a call."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update

from canonical.errors import DataError
from canonical.status import RequestStatus
from connectors.base import RowOutcome, RowStatus
from sync.hub import Hub
from sync.orders import cancels, gone, outcomes, stock, store, takenback
from sync.orders.ingest import load_order
from sync.orders.lines import resolve
from sync.orders.requests import TAKEN
from sync.payments import rows

WAIVABLE = frozenset({"refunded", "refund_above_total", "refund_without_order", "deleted_there", takenback.REASON})
"""Reasons that only a person's word ends, for nothing on any platform will."""
_OVER = frozenset({"done", "canceled"})
"""States in which nothing is wanted that could be called off: all of it left, or none of it is to leave."""


def declare(hub: Hub, row: Row[Any], *, export: bool) -> str:
    """Say of an order that was open at the go-live whether its owner knows it, or it is to be asked for (R12)."""
    if row.state != "undeclared":
        said = f"order {row.number} needs no declaration: it is {row.state}"
        raise DataError(said, hint="`crossdock orders list --state undeclared` shows those that do")
    gone.refuse_standing(hub.config, row)
    state = "open" if export else "known"
    with hub.database.begin() as connection:
        values = {"state": state, "declared": state, "reason": "", "detail": ""}
        connection.execute(update(store.ORDER).where(store.ORDER.c.id == row.id).values(**values))
        fresh = store.order_row(connection, row.id)
        order = load_order(connection, fresh)
        if export and order is not None:
            sellables = resolve(hub.config, connection, fresh.connection, order)
            stock.claim_seen(hub, connection, fresh, order, sellables)
            stock.update(hub, connection, fresh, order, sellables, hub.stamp())
            store.mark_due(connection, row.id)
    return f"order {row.number} is asked for at the next sync" if export else f"order {row.number} is left to its owner"


def releasable(hub: Hub, row: Row[Any]) -> bool:
    """Whether an order waits for a person to release it: it is blocked, or one of its calls was refused."""
    if row.state == "blocked" or row.reason in WAIVABLE | {"shipped_elsewhere", "canceled_there"}:
        return True
    refused = select(store.EFFECT.c.id).where(store.EFFECT.c.order_id == row.id, store.EFFECT.c.state == "blocked")
    with hub.database.begin() as connection:
        return connection.execute(refused.limit(1)).first() is not None


def release(hub: Hub, row: Row[Any]) -> int:
    """Try again what was refused for an order, or take a person's word for it; tells how many effects wait again."""
    gone.refuse_standing(hub.config, row)
    with hub.database.begin() as connection:
        # One that its target holds as canceled has a successor by now.
        over = {one.id for one in store.requests_of(connection, row.id) if one.status is RequestStatus.CANCELED}
        mine = store.EFFECT.c.request_id.is_(None) | store.EFFECT.c.request_id.not_in(over)
        others = store.EFFECT.c.kind != "cancel"
        blocked = (store.EFFECT.c.order_id == row.id, store.EFFECT.c.state == "blocked", mine, others)
        requests = list(
            connection.execute(store.EFFECT.select().where(*blocked, store.EFFECT.c.kind == "request")).mappings()
        )
        values = {"state": "waiting", "reason": "", "detail": "", "not_before": "", "attempts": 0}
        count = connection.execute(update(store.EFFECT).where(*blocked).values(**values)).rowcount
        # Whether it is still to be called off is decided anew: it may be wanted again by now.
        count += cancels.forget_refusals(connection, row.id)
        for one in requests:
            waiting = {"state": RequestStatus.WAITING.value, "reason": "", "detail": ""}
            store.set_request(connection, one["request_id"], hub.stamp(), **waiting)
        tried = {one["request_id"] for one in requests}
        for request in store.requests_of(connection, row.id):
            if request.status is RequestStatus.BLOCKED and request.reason == TAKEN and request.id not in tried:
                # Another order has the name there: it is asked for under the next one.
                store.set_request(connection, request.id, hub.stamp(), state=RequestStatus.CANCELED.value, reason="")
                count += 1
            if request.canceled_there:
                store.set_request(connection, request.id, hub.stamp(), reason="", detail="asked for again")
        if row.reason in WAIVABLE:
            connection.execute(
                update(store.ORDER)
                .where(store.ORDER.c.id == row.id)
                .values(waived=f"{row.waived} {row.reason}".strip())
            )
        if row.reason == "shipped_elsewhere":
            settled = {"settled_at": hub.stamp()}
            connection.execute(update(store.ORDER).where(store.ORDER.c.id == row.id).values(**settled))
        count += gone.give_up(hub, connection, row)
        store.mark_due(connection, row.id)
    return int(count)


def drop(hub: Hub, row: Row[Any]) -> str:
    """Want nothing more of an order, whatever its channel says: it is called off where it was asked for.

    DataError for one of which nothing is wanted: what has left would count as canceled, and a wrong number is not told.
    """
    if row.state in stock.UNEXPORTED | _OVER:
        said = f"nothing more is wanted of order {row.number}: it is {row.state}"
        raise DataError(said, hint=f"`crossdock orders show {row.number.lstrip('#')}` tells all of it")
    gone.refuse_standing(hub.config, row)
    waived = {"waived": f"{row.waived} {stock.DROPPED}".strip()}
    with hub.database.begin() as connection:
        connection.execute(update(store.ORDER).where(store.ORDER.c.id == row.id).values(**waived))
        store.mark_due(connection, row.id)
    return f"order {row.number} is called off at the next sync"


def match_refund(hub: Hub, refund_id: int, row: Row[Any] | None) -> str:
    """Say which order a refund is for that names none; no row is none of ours."""
    with hub.database.begin() as connection:
        found = next((one for one in rows.without_order(connection) if one.id == refund_id), None)
        if found is None:
            raise DataError(f"refund {refund_id} waits for no order", hint="`crossdock orders list` names them")
        subject = f"{found.connection} {found.external_id}"
        store.close_incidents(connection, "refund_without_order", subject, hub.stamp())
        if row is None:
            rows.settle(connection, refund_id, hub.stamp())
            return f"{subject} is for no order"
        rows.assign(connection, refund_id, row.id)
        store.mark_due(connection, row.id)
    return f"{subject} is for order {row.number}"


def settle_unknown(hub: Hub, effect_id: int, *, done: bool) -> str:
    """Say what became of a call whose outcome cannot be found out; not done means that it is sent once more."""
    with hub.database.begin() as connection:
        row = connection.execute(store.EFFECT.select().where(store.EFFECT.c.id == effect_id)).first()
        if row is None or row.state != "unknown":
            hint = "`crossdock orders show ORDER` lists the calls made for an order, with their ids"
            raise DataError(f"call {effect_id} has no unknown outcome", hint=hint)
        if done:
            said = RowOutcome(RowStatus.APPLIED, "a person looked and found it done")
            outcomes.done(hub, connection, row.connection, row, said)
            return f"{row.reference} on {row.connection} counts as done"
        outcomes.again(hub, connection, row, RowOutcome(RowStatus.UNTOUCHED, "a person looked: it was not done"), "")
        return f"{row.reference} is sent to {row.connection} again at the next sync"


def close_incident(hub: Hub, incident_id: int) -> str:
    """A person has dealt with what was told of; it is told again only if it happens again."""
    with hub.database.begin() as connection:
        row = store.close_incident(connection, incident_id, hub.stamp())
    if row is None:
        raise DataError(f"incident {incident_id} is not open", hint="`crossdock audit orders` lists those that are")
    return f"{row.kind} about {row.subject} is closed"
