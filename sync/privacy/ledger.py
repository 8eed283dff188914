"""The list of erasures: ids as keyed hashes, added or forgotten anew, and never taken away.

A database has several keys when copies of another one became it: what was forgotten under either is recognized.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from sync.store.database import erasure_keys
from sync.store.privacy import Erasure
from sync.store.tables import table

ERASURE = table(Erasure)
CUSTOMER, EMAIL, ORDER = "customer", "email", "order"
REQUEST, PAID, HINT = "request", "charge", "hint"
"""Our references of requests, processors' ids of payments, and what charges say of their orders."""
_ONCE = ["connection", "kind", "digest"]


@dataclass(frozen=True)
class Ledger:
    """All erasures in memory, with the keys of their hashes: (connection, kind) to hash to when."""

    keys: tuple[bytes, ...]
    known: Mapping[tuple[str, str], Mapping[bytes, str]] = field(default_factory=dict)

    def erased_at(self, connection: str, kind: str, name: str) -> str:
        """When an id was forgotten; empty where it was not."""
        found = self.known.get((connection, kind))
        if not found or not name:
            return ""
        return max(found.get(digest(key, connection, kind, name), "") for key in self.keys)

    def connections(self) -> set[str]:
        """The connections of which something was forgotten."""
        return {connection for connection, _ in self.known}


def digest(key: bytes, connection: str, kind: str, name: str) -> bytes:
    """The hash of an id: the last part of a global one, an e-mail without regard to case."""
    plain = name.strip().casefold() if kind == EMAIL else name.rsplit("/", 1)[-1]
    return blake2b(f"{connection}\x00{kind}\x00{plain}".encode(), key=key, digest_size=16).digest()


def load(connection: Connection) -> Ledger:
    """The erasures as they stand."""
    known: dict[tuple[str, str], dict[bytes, str]] = {}
    for row in connection.execute(select(ERASURE)):
        known.setdefault((row.connection, row.kind), {})[bytes(row.digest)] = row.erased_at
    return Ledger(_keys(connection), known)


def is_empty(connection: Connection) -> bool:
    """Whether nobody was ever forgotten: then nothing has to be looked at."""
    return connection.execute(select(ERASURE.c.id).limit(1)).first() is None


def add(connection: Connection, names: Iterable[tuple[str, str, str]], now: str, *, anew: bool = False) -> None:
    """Note ids as forgotten, each (connection, kind, id); ``anew`` also those that were forgotten before."""
    key = _keys(connection)[0]
    rows = [
        {"connection": place, "kind": kind, "digest": digest(key, place, kind, name), "erased_at": now}
        for place, kind, name in dict.fromkeys(names)
        if name
    ]
    insert(connection, rows, later=anew)


def insert(connection: Connection, rows: Sequence[Mapping[str, object]], *, later: bool) -> None:
    """Add rows to the list; of those it has it takes the time, if that is ``later`` and wanted."""
    if not rows:
        return
    statement = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(ERASURE)
    told = statement.excluded.erased_at
    if later:
        moved = ERASURE.c.erased_at < told
        statement = statement.on_conflict_do_update(index_elements=_ONCE, set_={"erased_at": told}, where=moved)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=_ONCE)
    connection.execute(statement, [dict(row) for row in rows])


def _keys(connection: Connection) -> tuple[bytes, ...]:
    return tuple(key.encode() for key in erasure_keys(connection))
