"""Dumps of the database at each revision of its schema, from which upgrades are tried.

``python -m tests.support.schemas`` writes a dump for every revision that has none; one that is there is never made
anew, for it is what such a database looked like.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Engine, MetaData, Table, insert, inspect, select, text

from connectors.webhooks import Accepted
from sync import inbox, observeset
from sync.inbox import Delivery
from sync.migrations.upgrade import alembic_config, known
from sync.observe import ReadMode
from sync.orders.store import open_incident
from sync.run import end_run, lease
from sync.store.database import Database
from tests.support.desk import open_desk

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "schemas"
_VERSION = "alembic_version"


def dumped() -> list[str]:
    """The revisions that have a dump, oldest first."""
    return sorted(file.stem for file in FOLDER.glob("*.sql"))


def restore_dump(revision: str, database: Database) -> None:
    """Fill an empty database with what its dump holds, at its revision."""
    script = (FOLDER / f"{revision}.sql").read_text(encoding="utf-8")
    if database.path is not None:
        with closing(sqlite3.connect(database.path)) as raw:
            raw.executescript(script)
        return
    with _scratch() as file:
        with closing(sqlite3.connect(file)) as raw:
            raw.executescript(script)
        _copy_rows(file, database.engine, revision)


def rows_of(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, in the order of its key."""
    known_tables = _tables(engine)
    with engine.begin() as connection:
        return {
            name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for name, table in known_tables.items()
        }


def main() -> int:
    """Write the dumps that are missing."""
    missing = [revision for revision in known() if revision not in dumped()]
    with _scratch() as lived:
        if missing:
            _live(f"sqlite:///{lived}")
        for revision in missing:
            with _scratch() as file:
                _copy_rows(lived, Database(f"sqlite:///{file}").engine, revision)
                with closing(sqlite3.connect(file)) as raw:
                    script = "\n".join(raw.iterdump())
            (FOLDER / f"{revision}.sql").write_text(f"{script}\n", encoding="utf-8")
            print(f"made {revision}.sql")
    return 0


def _live(url: str) -> None:
    """A short life that leaves something in every table: orders, sales, conflicts, a crash, a refusal, a message."""
    desk = open_desk(url, items=3)
    erp, shop = desk.world("erp"), desk.world("shop")
    desk.place(2)
    desk.place(1, sku="SKU-2")
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").refund("o1", 1, 1, desk.trading.clock.now(), restock=False)
    shop.set_price("SKU-2", "9.00")
    shop.sell("SKU-3", 1, "WH1")
    erp.set_stock("SKU-1", "WH2", 4)
    desk.sync(ReadMode.FULL)
    shop.bad_ids.add(shop.find("SKU-3").id)
    erp.set_price("SKU-3", "11.00")
    hub = desk.trading.hub
    with lease(hub, "sync") as run_id:
        desk.sync()
        end_run(hub, run_id, "held", {"applied": 1})
    # One request waits and one price is on its way when the hub dies.
    desk.place(1)
    desk.kill("before the effect")
    erp.set_price("SKU-1", "12.00")
    desk.kill("after the call")
    with desk.database() as connection:
        told = Delivery("shop", Accepted("orders.updated", "d1"), b'{"id": "o1"}')
        inbox.keep(connection, [told], hub.stamp())
        observeset.mark(connection, "shop", "orders", ["o1"], hub.stamp())
        open_incident(connection, "oversold", "shop SKU-1", "1 unit was sold twice", hub.stamp())
    hub.database.close()


def _copy_rows(source: Path, target: Engine, revision: str) -> None:
    """Make the schema of a revision and fill it with the rows of another database, as far as it has the columns."""
    with target.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    origin = Database(f"sqlite:///{source}").engine
    found, there = rows_of(origin), _tables(target)
    with target.begin() as connection:
        for name, table in there.items():
            rows = [{key: row[key] for key in row if key in table.columns} for row in found.get(name, ())]
            if rows:
                connection.execute(insert(table), rows)
            if rows and connection.dialect.name == "postgresql":
                _go_on_counting(connection, table)
    origin.dispose()
    target.dispose()


def _go_on_counting(connection: Any, table: Table) -> None:
    if "id" in table.columns:
        counted = f"select setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) from {table.name}"
        connection.execute(text(counted))


def _tables(engine: Engine) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(engine)
    assert inspect(engine).has_table(_VERSION), "this database has no schema"
    return {name: table for name, table in metadata.tables.items() if name != _VERSION}


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "hub.sqlite"


if __name__ == "__main__":
    sys.exit(main())
