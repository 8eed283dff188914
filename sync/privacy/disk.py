"""Making sure that what was erased is not left over in the database's files."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from sync.store.database import Database, get_meta, put_meta

_META = "privacy_left_over"
_POSTGRES = ("VACUUM document", "VACUUM inbox", "VACUUM effect", "VACUUM request")


def left_over(connection: Connection) -> None:
    """Note, with the erasure itself, that free pages and old row versions may hold what was erased."""
    put_meta(connection, _META, "yes")


def clean(database: Database) -> bool:
    """Rewrite the files where something may be left over; False when the database is in use and it must be tried again.

    SQLite's file is written anew without free pages and its log emptied. PostgreSQL frees old row versions; its pages
    and its log are overwritten in time.
    """
    with database.begin() as connection:
        if get_meta(connection, _META) != "yes":
            return True
    try:
        if not _rewrite(database):
            return False
    except (DatabaseError, sqlite3.DatabaseError):  # what is asked past SQLAlchemy fails in the driver's own words
        return False
    with database.begin() as connection:
        put_meta(connection, _META, "no")
    return True


def _rewrite(database: Database) -> bool:
    """Whether it was done to its end: where somebody reads, SQLite leaves its log as it is, and says so in a row."""
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in _POSTGRES:
                connection.exec_driver_sql(statement)
        return True
    raw = database.engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM")
        busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        raw.close()
