"""Gracia, who orders and is forgotten, and where something is kept of her."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from sync.observe import ReadMode
from sync.orders import store
from sync.privacy.erase import Person, erase, finish
from sync.privacy.sweep import Swept
from sync.run import run_sync
from sync.store.database import ERASURE_KEYS, erasure_keys, get_meta
from sync.store.inbox import Inbox
from sync.store.orders import Document, Incident
from sync.store.tables import Meta, table
from tests.support.trading import Trading

HERS = (b"Gracia", b"gracia@hopp", b"Kirschweg", b"0151999")
_PLACES = (table(Document), table(Inbox), store.ORDER, store.REQUEST, store.EFFECT, table(Incident))


def order(found: Trading, **more: Any) -> str:
    """She orders now."""
    who = {"external_id": "7", "name": "Gracia Hopp", "email": "gracia@hopp.example", "phone": "0151999"}
    there = {"name": "Gracia Hopp", "street": "Kirschweg 7", "city": "Wermel", "country": "DE"}
    given = {"customer": who, "shipping_address": there, "note": "for Gracia", **more}
    return found.place("shop", {"SKU-1": 1}, **given)


def sync(found: Trading, mode: ReadMode = ReadMode.AUTO) -> None:
    """One sync, a minute later."""
    found.clock.advance(60)
    run_sync(found.hub, mode)


def forget(found: Trading, person: Person) -> Swept:
    """An erasure, up to its end."""
    with found.hub.database.begin() as connection:
        done = erase(found.hub, connection, person)
    assert finish(found.hub)
    return done


def kept(found: Trading) -> set[bytes]:
    """Her texts in any column of any row."""
    left: set[bytes] = set()
    with found.hub.database.begin() as connection:
        for one in _PLACES:
            for row in connection.execute(select(one)):
                held = b"|".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
                left |= {text for text in HERS if text in held}
    return left


def as_older_versions_left_it(found: Trading) -> None:
    """The list of erasures has no key of its own: it takes the name of the database."""
    meta = table(Meta)
    with found.hub.database.begin() as connection:
        connection.execute(delete(meta).where(meta.c.key == ERASURE_KEYS))
        assert erasure_keys(connection) == [get_meta(connection, "database_id")]
