"""The list of erasures a second time: a file that a restored backup does not replace.

What was forgotten after the backup is forgotten again by it. It stands where the configuration says, else beside an
SQLite database. Of the keys of its hashes it holds the fingerprints alone: with a key, guessed e-mails could be tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, func, select

from canonical.errors import FatalError
from sync.hub import Hub
from sync.privacy.ledger import ERASURE, insert
from sync.store.database import Database, erasure_keys

T = TypeVar("T")


class Line(msgspec.Struct, frozen=True):
    """One erasure as the file holds it."""

    connection: str
    kind: str
    digest: str
    erased_at: str


class Mark(msgspec.Struct, frozen=True):
    """The fingerprint of a key that lines of the file are hashed with."""

    key: str


def place(configured: Path | None, database: Database) -> Path | None:
    """The file that keeps the list a second time; None where there is none."""
    if configured is not None:
        return configured
    path = database.path
    return path.with_name(f"{path.name}.erasures") if path is not None and str(path) != ":memory:" else None


def write(hub: Hub, connection: Connection) -> None:
    """Bring the file up to the list."""
    path = place(hub.config.erasures_file, hub.database)
    if path is None:
        return
    rows = _listed(connection)
    marks = [one for one in _marks(connection) if one not in _read(path, Mark)] if rows else []
    fresh: list[Line | Mark] = [*marks]
    fresh += _later(rows, _read(path, Line))
    if fresh:
        _append(path, fresh)


def read(hub: Hub, connection: Connection) -> int:
    """Take over what only the file knows: the database is an older backup; tells how much that was."""
    path = place(hub.config.erasures_file, hub.database)
    lines = _read(path, Line) if path is not None else []
    if len(lines) <= connection.execute(select(func.count()).select_from(ERASURE)).scalar_one():
        return 0
    fresh = _later(lines, _listed(connection))
    rows = [{**msgspec.structs.asdict(one), "digest": bytes.fromhex(one.digest)} for one in fresh]
    insert(connection, rows, later=True)
    return len(rows)


def _listed(connection: Connection) -> list[Line]:
    return [
        Line(row.connection, row.kind, bytes(row.digest).hex(), row.erased_at)
        for row in connection.execute(select(ERASURE).order_by(ERASURE.c.id))
    ]


def _later(told: Iterable[Line], known: Iterable[Line]) -> list[Line]:
    """What is told and not known, or known with an earlier time."""
    times: dict[tuple[str, str, str], str] = {}
    for one in known:
        name = (one.connection, one.kind, one.digest)
        times[name] = max(times.get(name, ""), one.erased_at)
    return [one for one in told if times.get((one.connection, one.kind, one.digest), "") < one.erased_at]


def is_foreign(path: Path, connection: Connection) -> bool:
    """Whether the file holds erasures of a database whose key is not here, so that they match nobody."""
    ours = _marks(connection)
    return any(one not in ours for one in _read(path, Mark))


def _marks(connection: Connection) -> list[Mark]:
    return [Mark(blake2b(b"erasures", key=key.encode(), digest_size=8).hexdigest()) for key in erasure_keys(connection)]


def _append(path: Path, fresh: Iterable[Line | Mark]) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            # Behind a line that a crash cut off: what follows on it could not be read either.
            file.write(_ending(path) + b"".join(msgspec.json.encode(one) + b"\n" for one in fresh))
    except OSError as error:
        raise FatalError(
            f"cannot write {path}: {error.strerror}",
            hint="make its folder writable, or name another file under privacy.erasures_file",
        ) from error


def _read(path: Path, kind: type[T]) -> list[T]:
    try:
        lines = path.read_bytes().splitlines() if path.is_file() else []
    except OSError as error:
        raise FatalError(f"cannot read {path}: {error.strerror}", hint="let the hub's user read it") from error
    found: list[T] = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except msgspec.MsgspecError:
            continue  # of the other kind, or the end of a file that a crash cut off, which is written again
    return found


def _ending(path: Path) -> bytes:
    """What the last line of the file lacks at its end."""
    return b"" if path.read_bytes()[-1:] in (b"", b"\n") else b"\n"
