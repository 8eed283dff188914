"""What the hub itself says is still open: effects, marks, falls and conflicts; nothing of it may be left in the end."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, func, select

from sync import conflicts, drops, observeset
from sync.orders import store

_SHOWN = 5
_SHOWS_NO_COMMITMENTS = "shop_web"


def waiting(connection: Connection) -> str:
    """Everything that is open, some of it by name; empty when nothing is."""
    effect = store.EFFECT
    counted = select(effect.c.state, func.count()).group_by(effect.c.state)
    states = Counter({str(state): int(count) for state, count in connection.execute(counted)})
    del states["done"], states["dropped"]
    states["marks"] = observeset.count(connection)
    hard = select(effect).where(effect.c.state.in_(("blocked", "unknown"))).order_by(effect.c.id)
    named = [f"{one.state}: {one.operation} {one.reference}: {one.detail}" for one in connection.execute(hard)]
    falls = drops.listing(connection)
    states["falls of stock"] = len(falls)
    named += [f"{one.connection} item {one.item_id} {one.slot}: {one.open_units} {one.cause}" for one in falls]
    held = conflicts.listing(connection)
    states["conflicts"] = len(held)
    named += [f"{one.connection} item {one.item_id} {one.slot}: {one.kind}" for one in held]
    found = [f"{count} {what}" for what, count in states.items() if count]
    return "; ".join([", ".join(found), *named[:_SHOWN]]) if found else ""


def for_a_person(connection: Connection) -> list[int]:
    """Falls that only a person can close: where no commitments are shown, a canceled sale may be no sale (see docs)."""
    return [int(one.id) for one in drops.listing(connection) if one.connection == _SHOWS_NO_COMMITMENTS]
