"""Carry out what others ask for: the very command they typed, in this process, on this configuration."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from canonical.errors import BusyError, ConfigError, CrossdockError, Problem
from crossdock.cli.app import App
from crossdock.cli.ending import error_bytes, report_bytes
from crossdock.cli.host import Carried, Host, Recorded
from crossdock.cli.main import perform
from crossdock.cli.outcome import outcome_of
from crossdock.daemon.stopping import StoppedError
from sync import commands

if TYPE_CHECKING:
    from sqlalchemy import Row

    from crossdock.daemon.active import Active

_log = logging.getLogger(__name__)
_NOTE_SECONDS = 1.0


@dataclass
class Commands:
    """The queue, as the daemon works it off; ``carrier`` is the daemon's token."""

    active: Active
    carrier: str
    _unsaved: dict[int, dict[str, Any]] = field(default_factory=dict)

    def carry_out(self) -> None:
        """Carry out the command that waits longest, if there is one; how it ends is stored, an error too."""
        self._save()
        hub = self.active.hub
        with hub.database.read() as connection:
            if commands.longest_waiting(connection) is None:
                return  # as nearly always: nobody who stores a message waits for this
        with hub.database.begin() as connection:
            row = commands.claim(connection, self.carrier, hub.stamp())
        if row is None:
            return
        _log.info("command %s of %s: %s", row.id, row.asked_by, " ".join(commands.arguments_of(row)))
        try:
            self._unsaved[row.id] = self._ending(row)
        except StoppedError:
            with hub.database.begin() as connection:
                commands.leave_of(connection, self.carrier, hub.stamp())
            raise
        self._save()

    def _save(self) -> None:
        """Store how commands ended; what the database does not take now is kept for the next time."""
        hub = self.active.hub
        for ident, values in list(self._unsaved.items()):
            with hub.database.begin() as connection:
                commands.end(connection, ident, self.carrier, hub.stamp(), **values)
            del self._unsaved[ident]

    def _ending(self, row: Row[Any]) -> dict[str, Any]:
        try:
            return self._perform(row)
        except CrossdockError as error:
            found = error
        except click.ClickException as error:
            found = CrossdockError(error.format_message(), hint="the daemon may be of another version of crossdock")
        except Exception as error:  # noqa: BLE001  a fault of ours ends the command, not the daemon others rely on
            _log.exception("command %s failed", row.id)
            told = f"unexpected error: {type(error).__name__}: {error}"
            found = CrossdockError(told, hint="the daemon's log has the traceback; report it")
        return {
            "state": "failed",
            "exit_code": int(outcome_of(found)),
            "ending": error_bytes(found, self.active.secrets),
        }

    def _perform(self, row: Row[Any]) -> dict[str, Any]:
        active = self.active
        if row.config_version != active.settings.version:
            hint = "look at what changed, then ask again"
            raise ConfigError([Problem("the configuration changed since this was asked for", hint=hint)])
        files = Carried(commands.files(row.given))
        with self._notes(row.id) as notes:
            output = Recorded(notes)
            # As in a process of its own: what the last sync left alone is no matter of this command.
            active.hub.paused = frozenset()
            host = Host(active.settings, active.hub, output, files, lambda run_id: self._begun(row.id, run_id))
            try:
                code = perform(commands.arguments_of(row), App(secrets=active.secrets, host=host))
            except click.Abort as error:
                # The framework's word for the interrupt by which this process is asked to stop.
                raise StoppedError("asked to stop") from error
        if output.report is None:
            raise CrossdockError("the command ended without a word", hint="report it")
        return {
            "state": "done",
            "exit_code": code,
            "ending": report_bytes(output.report),
            "written": commands.packed(files.written),
        }

    def _begun(self, ident: int, run_id: int) -> None:
        with self.active.hub.database.begin() as connection:
            if not commands.begin(connection, ident, self.carrier, run_id):
                raise BusyError(f"command {ident} was taken back by who asked for it", hint="nothing was done for it")

    @contextmanager
    def _notes(self, ident: int) -> Iterator[Notes]:
        notes = Notes(self.active, ident, self.carrier)
        notes.start()
        try:
            yield notes
        finally:
            notes.stop()


class Notes:
    """Progress of a command, stored now and then by a thread of its own: the command may be in a transaction."""

    def __init__(self, active: Active, ident: int, carrier: str) -> None:
        self._active = active
        self._ident = ident
        self._carrier = carrier
        self._told = self._stored = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="progress", daemon=True)

    def at(self, label: str, done: int, total: int | None = None) -> None:
        """So many of so many are done."""
        self._told = json.dumps([label, done, total])

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def stop(self) -> None:
        """Store nothing more."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(_NOTE_SECONDS):
            told = self._told
            if told == self._stored:
                continue
            try:
                with self._active.hub.database.begin() as connection:
                    commands.note(connection, self._ident, self._carrier, told)
            except CrossdockError as error:
                _log.warning("progress could not be stored: %s", error)
            self._stored = told
