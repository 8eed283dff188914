"""What commands that work on data start from: the checked configuration, its secrets, the open hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from canonical.errors import ConfigError
from crossdock.cli.app import App
from crossdock.settings.lint import askable, checked
from crossdock.settings.load import find_config
from crossdock.settings.model import Settings
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver

if TYPE_CHECKING:
    from canonical.clock import Clock
    from canonical.errors import Problem
    from crossdock.cli.output import Progress
    from sync.hub import Hub
    from sync.store.database import Database


def load(app: App) -> Settings:
    """The checked configuration, in a daemon the one it works with; ConfigError with every error in it."""
    if app.host is not None:
        return app.host.settings
    return checked(find_config(app.config), InstalledPlatforms())


def load_askable(app: App) -> tuple[Settings, list[Problem]]:
    """The configuration as far as its accounts can be asked, and every error in it; ConfigError when they cannot."""
    return askable(find_config(app.config), InstalledPlatforms())


def resolver(app: App, settings: Settings) -> Resolver:
    """Reads the configuration's references; what it reads is kept out of every message."""
    return Resolver(os.environ, settings.config_dir, app.secrets)


def last_resort(app: App) -> Database:
    """The database that a configuration names which is otherwise wrong; CrossdockError when even that is."""
    from crossdock.settings.database import absolute, database_problem, written_in
    from sync.store.database import Database

    file = find_config(app.config)
    written = written_in(file.read_text(encoding="utf-8", errors="replace"))
    url = Resolver(os.environ, file.parent, app.secrets).resolve(written).reveal()
    problem = database_problem(url)
    if problem is not None:
        raise ConfigError([problem])
    return Database(absolute(url, file.parent))


@contextmanager
def open_hub(
    app: App, progress: Progress, *, read_only: bool = False, clock: Clock | None = None, patience: float = 0.0
) -> Iterator[Hub]:
    """The engine on the configured database, on the system's clock unless given another; closed at the end.

    A database server that cannot be reached is waited for, so many seconds.

    In a daemon it is a sibling of the daemon's own: the same configuration, database and clock, hands of its own.
    """
    if app.host is not None:
        sibling = app.host.hub.sibling(read_only=read_only, progress=progress.at)
        try:
            yield sibling
        finally:
            sibling.close()
        return
    from crossdock.clock import SystemClock
    from crossdock.settings.hub import database_url, hub_config
    from crossdock.telemetry.switch import traced
    from sync.hub import Hub
    from sync.store.database import open_database
    from sync.store.waiting import opened

    settings = load(app)
    secrets = resolver(app, settings)
    config = hub_config(settings, secrets)
    database = opened(lambda: open_database(database_url(settings, secrets)), patience)
    hub = Hub(config, database, clock or SystemClock(), read_only=read_only, progress=progress.at)
    try:
        with traced(hub, settings, secrets):
            yield hub
    finally:
        hub.close()
        database.close()
