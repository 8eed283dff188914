"""Being the one daemon of a database: the lock held for life, and the row that tells who holds it."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from canonical.errors import BusyError
from crossdock.settings.model import Settings
from sync import daemon
from sync.commands import leave_others
from sync.hub import Hub
from sync.locks import hold

_BEAT_SECONDS = 5.0
# Longer than anybody who only asks holds what he asks with.
_PATIENCE = 2.0


class Presence:
    """Holds the daemon's lock while it is entered; BusyError, naming who lives, when there is a daemon already.

    Who may have to wait for the lock calls ``take`` instead of entering, as often as needed.
    """

    def __init__(self, hub: Hub, settings: Settings) -> None:
        self._hub = hub
        self.token = uuid.uuid4().hex
        self._row: dict[str, str | int] = {
            "token": self.token,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_at": hub.stamp(),
        }
        self._configure(settings, "")
        self._lock = ExitStack()
        self._still: Callable[[], bool] = lambda: False
        self._next_beat = 0.0
        self.leads = False

    def __enter__(self) -> Self:
        """Become the daemon, and settle what an earlier one left."""
        self.take(_PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Be it no more."""
        self.leave()

    def leave(self) -> None:
        """Give the lock back, if it is held."""
        self.leads = False
        self._lock.close()

    def beat(self) -> None:
        """Tell now and then that the daemon gets on; BusyError when another one took over while we were cut off."""
        now = time.monotonic()
        if now < self._next_beat:
            return
        if not self._still():
            self.leave()
            self.take(0)
        with self._hub.database.begin() as connection:
            daemon.beat(connection, self.token, self._hub.stamp())
        self._next_beat = now + _BEAT_SECONDS

    def configured(self, settings: Settings) -> None:
        """Tell that the daemon works with this configuration from now on."""
        self._configure(settings, "")
        self._announce()

    def broken(self, problem: str) -> None:
        """Tell why the configuration on disk is not taken over."""
        self._row["config_problem"] = problem
        self._announce()

    def _configure(self, settings: Settings, problem: str) -> None:
        if self._row.get("config_version") != settings.version:
            self._row["config_since"] = self._hub.stamp()
        self._row["config_version"] = settings.version
        self._row["config_file"] = str(settings.file.resolve())
        self._row["config_problem"] = problem

    def take(self, wait: float) -> None:
        """Become the daemon within so many seconds; BusyError, naming who lives, when another one is."""
        try:
            self._still = self._lock.enter_context(hold(self._hub.database, daemon.DAEMON, self._hub.clock, wait=wait))
        except BusyError as error:
            raise self._refused() from error
        self.leads = True
        try:
            self._announce()
            with self._hub.database.begin() as connection:
                leave_others(connection, self.token, self._hub.stamp())
        except BaseException:
            # Who leads untold works beside the row of another one, and what that one left is never settled.
            self.leave()
            raise

    def _announce(self) -> None:
        if not self.leads:
            return
        with self._hub.database.begin() as connection:
            daemon.announce(connection, {**self._row, "beat_at": self._hub.stamp()})

    def _refused(self) -> BusyError:
        with self._hub.database.begin() as connection:
            row = daemon.last(connection)
        if row is None:
            return BusyError("another daemon is starting on this database", hint="one is enough")
        return BusyError(
            f"a daemon lives on this database already: {daemon.describe(row)}, configured by {row.config_file}",
            hint="stop it first; to hear webhooks in more processes: crossdock serve --receive-only",
        )
