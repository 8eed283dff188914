"""Which effects are due: those to be sent now, and those of which it can be found out by now what became of them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from sync.orders import store


def to_send(now: str) -> ColumnElement[bool]:
    """What waits and may be sent now.

    What may not have arrived yet cannot be called off: its cancellation waits until that is known.
    """
    effect = store.EFFECT
    not_known = effect.c.state.in_(("in_flight", "unknown"))
    lost = select(effect.c.request_id).where(effect.c.kind == "request", not_known)
    may = or_(effect.c.kind != "cancel", effect.c.request_id.not_in(lost))
    return and_(effect.c.state == "waiting", effect.c.not_before <= now, may)


def due(connection: Connection, now: str) -> set[str]:
    """The connections with an effect to send, or to look for, though nothing was read that calls for it."""
    effect = store.EFFECT
    to_look_for = and_(effect.c.state == "in_flight", effect.c.not_before <= now)
    rows = connection.execute(select(effect.c.connection).where(or_(to_send(now), to_look_for)).distinct())
    return set(rows.scalars())
