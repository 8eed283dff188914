"""The list of erasures: ids as keyed hashes, added and never taken away.

It is kept a second time in a file that a restored backup does not replace, so that what was forgotten after the
backup is forgotten again: where the configuration says, else beside an SQLite database.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from canonical.errors import FatalError
from sync.hub import Hub
from sync.store.database import get_meta
from sync.store.privacy import Erasure
from sync.store.tables import table

ERASURE = table(Erasure)
CUSTOMER, EMAIL, ORDER = "customer", "email", "order"
REQUEST, PAID, HINT = "request", "charge", "hint"
"""Our references of requests, processors' ids of payments, and what charges say of their orders."""
_ONCE = ["connection", "kind", "digest"]


class Line(msgspec.Struct, frozen=True):
    """One erasure as the file holds it."""

    connection: str
    kind: str
    digest: str
    erased_at: str


@dataclass(frozen=True)
class Ledger:
    """All erasures in memory, with the key of their hashes: (connection, kind) to hash to when."""

    key: bytes
    known: Mapping[tuple[str, str], Mapping[bytes, str]] = field(default_factory=dict)

    def erased_at(self, connection: str, kind: str, name: str) -> str:
        """When an id was forgotten; empty where it was not."""
        found = self.known.get((connection, kind))
        return found.get(digest(self.key, connection, kind, name), "") if found and name else ""

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
    return Ledger(_key(connection), known)


def is_empty(connection: Connection) -> bool:
    """Whether nobody was ever forgotten: then nothing has to be looked at."""
    return connection.execute(select(ERASURE.c.id).limit(1)).first() is None


def add(connection: Connection, names: Iterable[tuple[str, str, str]], now: str) -> int:
    """Note ids as forgotten, each (connection, kind, id); tells how many are new."""
    key = _key(connection)
    rows = [
        {"connection": place, "kind": kind, "digest": digest(key, place, kind, name), "erased_at": now}
        for place, kind, name in dict.fromkeys(names)
        if name
    ]
    return _insert(connection, rows)


def beside(hub: Hub) -> Path | None:
    """The file that keeps the list a second time; None where there is none."""
    if hub.config.erasures_file is not None:
        return hub.config.erasures_file
    path = hub.database.path
    return path.with_name(f"{path.name}.erasures") if path is not None and str(path) != ":memory:" else None


def write_beside(hub: Hub, connection: Connection) -> None:
    """Bring the file up to the list."""
    path = beside(hub)
    if path is None:
        return
    known = {(one.connection, one.kind, one.digest) for one in _lines(path)}
    fresh = [
        Line(row.connection, row.kind, bytes(row.digest).hex(), row.erased_at)
        for row in connection.execute(select(ERASURE).order_by(ERASURE.c.id))
        if (row.connection, row.kind, bytes(row.digest).hex()) not in known
    ]
    if not fresh:
        return
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            # Behind a line that a crash cut off: what follows on it could not be read either.
            file.write(_ending(path) + b"".join(msgspec.json.encode(one) + b"\n" for one in fresh))
    except OSError as error:
        raise FatalError(
            f"cannot write {path}: {error.strerror}",
            hint="make its folder writable, or name another file under privacy.erasures_file",
        ) from error


def read_beside(hub: Hub, connection: Connection) -> int:
    """Take over what only the file knows: the database is an older backup; tells how much that was."""
    path = beside(hub)
    lines = _lines(path) if path is not None else []
    if len(lines) <= connection.execute(select(func.count()).select_from(ERASURE)).scalar_one():
        return 0
    rows = [
        {
            "connection": one.connection,
            "kind": one.kind,
            "digest": bytes.fromhex(one.digest),
            "erased_at": one.erased_at,
        }
        for one in lines
    ]
    return _insert(connection, rows)


def _insert(connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
    if not rows:
        return 0
    before = connection.execute(select(func.count()).select_from(ERASURE)).scalar_one()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(
        dialect.insert(ERASURE).on_conflict_do_nothing(index_elements=_ONCE), [dict(row) for row in rows]
    )
    return int(connection.execute(select(func.count()).select_from(ERASURE)).scalar_one()) - int(before)


def _lines(path: Path) -> list[Line]:
    if not path.is_file():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(line, type=Line))
        except msgspec.MsgspecError:
            continue  # the end of a file that a crash cut off; its line is written again
    return found


def _ending(path: Path) -> bytes:
    """What the last line of the file lacks at its end."""
    return b"" if path.read_bytes()[-1:] in (b"", b"\n") else b"\n"


def _key(connection: Connection) -> bytes:
    return (get_meta(connection, "database_id") or "").encode()
