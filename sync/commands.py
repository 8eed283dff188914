"""The queue of commands that a daemon carries out for others: none is lost, none is carried out twice (R20).

Every step is one conditional update, so that a daemon, a follower and one who cancels never both win. A command that
was taken but has not begun goes back; one that had begun ends as ``interrupted`` when its daemon is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, select, update

from canonical.clock import instant_text, parse_instant
from sync.store.columns import filled
from sync.store.daemon import Command
from sync.store.database import insert_returning_id
from sync.store.tables import table

ENDED = frozenset({"done", "failed", "canceled", "interrupted"})
_KEPT = timedelta(days=7)
_COMMAND = table(Command)
_FILES: msgspec.json.Decoder[dict[str, bytes]] = msgspec.json.Decoder(dict[str, bytes])


def ask(
    connection: Connection,
    arguments: Sequence[str],
    *,
    asked_by: str,
    version: str,
    now: str,
    given: Mapping[str, bytes] | None = None,
) -> int:
    """Put a command into the queue; forgets those that ended a week ago."""
    old = instant_text(parse_instant(now) - _KEPT)
    connection.execute(delete(_COMMAND).where(_COMMAND.c.ended_at != "", _COMMAND.c.ended_at < old))
    row = {
        "arguments": msgspec.json.encode(list(arguments)).decode(),
        "asked_by": asked_by,
        "asked_at": now,
        "config_version": version,
        "given": packed(given or {}),
    }
    return insert_returning_id(connection, _COMMAND, filled(Command, row))


def get(connection: Connection, ident: int) -> Row[Any] | None:
    """One command."""
    return connection.execute(select(_COMMAND).where(_COMMAND.c.id == ident)).first()


def listing(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """The latest commands, newest first, without their files and reports."""
    heavy = {"given", "ending", "written"}
    columns = [column for column in _COMMAND.c if column.name not in heavy]
    return connection.execute(select(*columns).order_by(_COMMAND.c.id.desc()).limit(limit)).all()


def count_waiting(connection: Connection) -> int:
    """How many commands have not ended."""
    return int(connection.execute(select(func.count()).where(_COMMAND.c.state.not_in(ENDED))).scalar_one())


def arguments_of(row: Row[Any]) -> list[str]:
    """The words of a command."""
    return msgspec.json.decode(row.arguments, type=list[str])


def files(raw: bytes | None) -> dict[str, bytes]:
    """The files that a row keeps, by the names the asker gave them."""
    return _FILES.decode(raw) if raw else {}


def packed(given: Mapping[str, bytes]) -> bytes | None:
    """Files as a row keeps them; None for no file."""
    return msgspec.json.encode(given) if given else None


def longest_waiting(connection: Connection) -> int | None:
    """The id of the command that waits longest; None when there is none."""
    return connection.execute(select(func.min(_COMMAND.c.id)).where(_COMMAND.c.state == "waiting")).scalar()


def claim(connection: Connection, carrier: str, now: str) -> Row[Any] | None:
    """Take the command that waits longest; None when there is none."""
    ident = longest_waiting(connection)
    if ident is None or not _move(
        connection, ident, _COMMAND.c.state == "waiting", state="running", carrier=carrier, started_at=now
    ):
        return None
    return get(connection, ident)


def begin(connection: Connection, ident: int, carrier: str, run_id: int) -> bool:
    """Note the run of a command before it does anything; False when it was taken back meanwhile."""
    return _move(connection, ident, _carried(carrier), run_id=run_id)


def note(connection: Connection, ident: int, carrier: str, progress: str) -> None:
    """Note how far a command is."""
    _move(connection, ident, _carried(carrier), progress=progress)


def end(connection: Connection, ident: int, carrier: str, now: str, **values: Any) -> None:
    """Note how a command ended; the word of who carried it out stands over what others took for its end."""
    ours = and_(_COMMAND.c.carrier == carrier, _COMMAND.c.state.in_(("running", "interrupted")))
    _move(connection, ident, ours, ended_at=now, progress="", **values)


def cancel(connection: Connection, ident: int, now: str) -> bool:
    """Take a command out of the queue; False when it does not wait any more."""
    return _move(connection, ident, _COMMAND.c.state == "waiting", state="canceled", ended_at=now, exit_code=1)


def withdraw(connection: Connection, ident: int) -> bool:
    """Forget a command that nothing was done for, to carry it out oneself; False when a daemon took it."""
    done = connection.execute(delete(_COMMAND).where(_COMMAND.c.id == ident, _COMMAND.c.state == "waiting"))
    return done.rowcount == 1


def _leave(connection: Connection, gone: ColumnElement[bool], now: str) -> None:
    """What was carried out by one who is gone: back into the queue if it had not begun, else interrupted."""
    running = and_(_COMMAND.c.state == "running", gone)
    connection.execute(
        update(_COMMAND).where(running, _COMMAND.c.run_id.is_(None)).values(state="waiting", carrier="", started_at="")
    )
    connection.execute(update(_COMMAND).where(running).values(state="interrupted", ended_at=now, exit_code=1))


def leave_others(connection: Connection, carrier: str, now: str) -> None:
    """Settle what earlier daemons left; the caller is the one daemon that lives."""
    _leave(connection, _COMMAND.c.carrier != carrier, now)


def leave_of(connection: Connection, carrier: str, now: str) -> None:
    """Settle what one daemon left that is gone."""
    _leave(connection, _COMMAND.c.carrier == carrier, now)


def _carried(carrier: str) -> ColumnElement[bool]:
    return and_(_COMMAND.c.carrier == carrier, _COMMAND.c.state == "running")


def _move(connection: Connection, ident: int, still: ColumnElement[bool], **values: Any) -> bool:
    done = connection.execute(update(_COMMAND).where(_COMMAND.c.id == ident, still).values(**values))
    return done.rowcount == 1
