"""Looks at the database and at each account, and says what is not in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from canonical.errors import ConfigError, CrossdockError, Problem
from connectors.base import Connector, Environment, Finding, PlatformLocation
from connectors.registry import create
from crossdock.alerts.targets import targets
from crossdock.clock import SystemClock
from crossdock.settings.hub import database_url, erasures_file, resolved, token_key
from crossdock.settings.model import ConnectionSettings, Settings
from crossdock.settings.secrets import Resolver
from crossdock.webhooks.doors import doors
from sync.migrations.upgrade import head, revision
from sync.privacy import ledger, secondlist
from sync.store.database import Database

_LOCK = 0x63726F73
"""Key of the advisory lock that is only taken to see whether locks work."""


class MemoryState:
    """A connection's state for one look; nothing is kept."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The stored text, or None."""
        return self._kept.get(key)

    def put(self, key: str, value: str) -> None:
        """Keep a text."""
        self._kept[key] = value


def account_findings(connection: ConnectionSettings, secrets: Resolver) -> Iterator[Finding]:
    """What a connection's own check says, and whether the configured locations exist there."""
    try:
        connector = _built(connection, secrets)
    except CrossdockError as error:
        yield from _failed("settings", error)
        return
    try:
        findings = connector.check()
        yield from findings
        if all(finding.ok for finding in findings):
            yield from _locations(connection, connector)
    except CrossdockError as error:
        yield from _failed("account", error)
    finally:
        connector.close()


def _built(connection: ConnectionSettings, secrets: Resolver) -> Connector:
    environment = Environment(
        connection=connection.name,
        clock=SystemClock(),
        state=MemoryState(),
        read_only=True,
        allow_private_network=connection.allow_private_network,
    )
    return create(connection.connector, resolved(connection, secrets), environment)


def require_connectors(settings: Settings, secrets: Resolver) -> None:
    """ConfigError naming whatever keeps connections from being worked with; no account is asked for anything."""
    problems: list[Problem] = []
    if settings.token_key:
        try:
            token_key(settings.token_key, secrets)
        except ConfigError as error:
            problems += error.problems
    for connection in settings.connections.values():
        try:
            _built(connection, secrets).close()
        except ConfigError as error:
            problems += [replace(one, message=_named(connection.name, one.message)) for one in error.problems]
    if problems:
        raise ConfigError(problems)


def _named(name: str, message: str) -> str:
    return message if name in message else f"connection {name}: {message}"


def daemon_findings(settings: Settings, secrets: Resolver) -> Iterator[Finding]:
    """Whether the daemon could hear and tell: the secrets of webhooks and of the targets of alerts."""
    for check, read in (
        ("webhooks", lambda: doors(settings, secrets)),
        ("alerts", lambda: targets(settings, secrets, SystemClock())),
    ):
        try:
            read()
        except ConfigError as error:
            yield from _failed(check, error)


def _failed(check: str, error: CrossdockError) -> Iterator[Finding]:
    if isinstance(error, ConfigError):
        for problem in error.problems:
            yield Finding(check, ok=False, message=problem.message, advice=problem.hint)
    else:
        yield Finding(check, ok=False, message=str(error.args[0]), advice=error.hint)


def _locations(connection: ConnectionSettings, connector: Connector) -> Iterator[Finding]:
    places = {place.external_id: place for place in connector.locations()}
    for code, external_id in connection.locations.items():
        yield _location(code, external_id, places.pop(external_id, None), list(places.values()))
    for place in places.values():
        if place.active:
            yield Finding("location", ok=True, message=f"{place.external_id} ({place.name}) is not used")


def _location(code: str, external_id: str, place: PlatformLocation | None, others: list[PlatformLocation]) -> Finding:
    if place is None:
        known = ", ".join(f"{other.external_id} ({other.name})" for other in others)
        return Finding(
            "location",
            ok=False,
            message=f"{code}: there is no location {external_id}",
            advice=f"choose from {known}" if known else "remove it",
        )
    if not place.active:
        message = f"{code}: {external_id} ({place.name}) is switched off there"
        return Finding("location", ok=False, message=message, advice="switch it on, or remove it from locations")
    return Finding("location", ok=True, message=f"{code} is {external_id} ({place.name})")


def database_findings(settings: Settings, secrets: Resolver) -> Iterator[Finding]:
    """Whether the database can be reached and written, is of this program's revision, and keeps its locks."""
    try:
        database = Database(database_url(settings, secrets))
    except CrossdockError as error:
        yield from _failed("reachable", error)
        return
    except SQLAlchemyError as error:
        yield Finding("reachable", ok=False, message=f"not a database URL: {error}", advice="correct `database`")
        return
    try:
        if database.path is not None and not database.path.exists():
            yield _new_file(database.path)
        else:
            yield from _existing(database, settings)
    finally:
        database.close()


def _new_file(path: Path) -> Finding:
    folder = path.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        advice = "create it, make it writable, or change `database`"
        return Finding("writable", ok=False, message=f"cannot make a file in {folder}", advice=advice)
    return Finding("writable", ok=True, message=f"{path} will be made at first use")


def _existing(database: Database, settings: Settings) -> Iterator[Finding]:
    try:
        with database.engine.connect() as connection:
            yield Finding("reachable", ok=True, message=database.engine.url.render_as_string(hide_password=True))
            yield _revision(connection)
            connection.rollback()
            _write_and_undo(connection)
            yield Finding("writable", ok=True, message="a table could be made")
        if not database.is_sqlite:
            yield _locks(database.engine)
        yield from _second_list(database, settings)
    except CrossdockError as error:
        yield from _failed("erasures", error)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Finding(
            "database", ok=False, message=said, advice="check the `database` setting, the server and its rights"
        )


def _revision(connection: Connection) -> Finding:
    found, newest = revision(connection), head()
    if found in {"", newest}:
        return Finding("revision", ok=True, message=found or "empty, will be set up at first use")
    return Finding("revision", ok=True, message=f"{found}, will be brought to {newest} at next use", warning=True)


def _write_and_undo(connection: Connection) -> None:
    connection.execute(text("create table crossdock_doctor (id integer)"))
    connection.rollback()


def _second_list(database: Database, settings: Settings) -> Iterator[Finding]:
    """A restored backup would bring back whom it still knows, and take away that they were forgotten."""
    path = secondlist.place(erasures_file(settings), database)
    with database.engine.connect() as connection:
        if revision(connection) != head():
            return
        forgot = not ledger.is_empty(connection)
        foreign = path is not None and secondlist.is_foreign(path, connection)
    if path is None and forgot:
        message = "who was forgotten stands in this database only, and not in older backups of it"
        advice = "set privacy.erasures_file to a file outside of the backups"
        yield Finding("erasures", ok=True, message=message, advice=advice, warning=True)
    if foreign:
        message = f"{path} has erasures of another database, whose key is not in this one: they match nobody here"
        advice = "restore a copy of that database; or carry those erasures out once more, and then delete the file"
        yield Finding("erasures", ok=True, message=message, advice=advice, warning=True)


def _locks(engine: Engine) -> Finding:
    """One writer per connection rests on locks that live as long as the session, which a transaction pooler breaks."""
    take, give = text("select pg_try_advisory_lock(:key)"), text("select pg_advisory_unlock(:key)")
    with engine.connect() as first, engine.connect() as second:
        held = first.execute(take, {"key": _LOCK}).scalar()
        first.commit()
        doubled = second.execute(take, {"key": _LOCK}).scalar()
        second.commit()
        freed = first.execute(give, {"key": _LOCK}).scalar()
        first.commit()
    if held and freed and not doubled:
        return Finding("locks", ok=True, message="advisory locks are kept")
    advice = "connect to PostgreSQL directly, not through a pooler in transaction mode"
    return Finding("locks", ok=False, message="advisory locks are not kept between transactions", advice=advice)
