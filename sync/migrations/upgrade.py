"""Bring a database's schema up to date."""

from __future__ import annotations

import re

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError

from canonical.errors import DatabaseAwayError, FatalError

_LOCK = 0x63726F73736D6967
"""Key of the advisory lock that is held while the schema is upgraded."""
_FOR_GOOD = re.compile(
    r"FATAL:.*(password authentication failed|no pg_hba\.conf entry|does not exist|not permitted to log in)"
)
"""What a server says that will never take us. It may say so in any language: what nobody knows is waited for."""


def alembic_config() -> Config:
    """Alembic's configuration; the migrations ship inside the package."""
    config = Config()
    config.set_main_option("script_location", "sync:migrations")
    return config


def head() -> str:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def known() -> list[str]:
    """Every revision this program knows, oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return [script.revision for script in scripts][::-1]


def upgrade(engine: Engine) -> None:
    """Apply every missing revision in one transaction.

    FatalError when the database is newer than this program, DatabaseAwayError when its server cannot be reached.
    """
    try:
        with engine.begin() as connection:
            current = revision(connection)
            if current == head():
                return
            if connection.dialect.name == "postgresql":
                # Of several processes that start at once, one upgrades and the others wait until it has.
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                current = revision(connection)
            _refuse_newer(current)
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        kind = DatabaseAwayError if _away(error, engine.dialect.name) else FatalError
        raise kind(
            f"cannot open the database: {error.orig}",
            hint="check the `database` setting, that it names a database, and that it is writable",
        ) from error


def _away(error: DatabaseError, dialect: str) -> bool:
    """Whether a server may take us yet."""
    if not isinstance(error, OperationalError) or dialect != "postgresql":
        return False
    return _FOR_GOOD.search(str(error.orig)) is None


def revision(connection: Connection) -> str:
    """The revision a database is at; empty for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("select version_num from alembic_version")).scalar() or ""


def _refuse_newer(current: str) -> None:
    if current and current not in known():
        raise FatalError(
            f"the database is at revision {current}, which this version does not know",
            hint="it was used by a newer Crossdock; upgrade this program",
        )
