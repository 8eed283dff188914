"""Adding many rows at once: a statement that is made once for each number of rows, and handed over as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam
from sqlalchemy.dialects import postgresql, registry, sqlite

from sync.store.database import chunks

_AT_ONCE = 32
# Both drivers take parameters by their place, in the order of the rows.
_PLACED: dict[str, Dialect] = {
    "sqlite": registry.load("sqlite.pysqlite")(paramstyle="qmark"),
    "postgresql": registry.load("postgresql.psycopg")(paramstyle="format"),
}


class Adding:
    """Adds rows to a table, or changes those whose ``keys`` are there already.

    ``changes`` is what becomes of such a row, from the table's columns and those of the row that was to be added.
    Making the statement costs as much as carrying it out for eight rows, and every row that is handed over by itself
    gives up the interpreter's lock and waits to have it back.
    """

    def __init__(
        self,
        table: Table,
        keys: Sequence[str],
        changes: Callable[[Any, Any], Mapping[str, Any]],
    ) -> None:
        self._table = table
        self._keys = list(keys)
        self._changes = changes
        self._texts: dict[tuple[str, int], str] = {}

    def add(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, each a value for every column as the table has them, without ``id``; no two with the same keys."""
        for part in chunks(rows, _AT_ONCE):
            text = self._text(connection.dialect.name, len(part))
            connection.exec_driver_sql(text, tuple(chain.from_iterable(part)))

    def _text(self, dialect: str, count: int) -> str:
        made = self._texts.get((dialect, count))
        if made is None:
            made = self._texts[dialect, count] = self._made(dialect, count)
        return made

    def _made(self, dialect: str, count: int) -> str:
        statement = (sqlite if dialect == "sqlite" else postgresql).insert(self._table)
        names = [column.name for column in self._table.columns if column.name != "id"]
        rows: list[dict[str, Any]] = [{name: bindparam(f"{name}_{at}") for name in names} for at in range(count)]
        changes = self._changes(self._table.c, statement.excluded)
        adding = statement.values(rows).on_conflict_do_update(index_elements=self._keys, set_=changes)
        return str(adding.compile(dialect=_PLACED[dialect]))
