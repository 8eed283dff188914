"""Where a daemon lives, it carries commands out: ask it, follow what becomes of it, show the end as one's own."""

from __future__ import annotations

import getpass
import json
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canonical.errors import CrossdockError
from crossdock.cli.app import App
from crossdock.cli.ending import ended
from crossdock.cli.errors import unwritable
from crossdock.cli.output import Progress
from crossdock.settings.load import find_config

if TYPE_CHECKING:
    from sqlalchemy import Row

    from sync.hub import Hub

_LOOK_SECONDS = 0.2
_QUIET_SECONDS = 1.0
_RELOAD_SECONDS = 10.0


def follow(app: App, hub: Hub, progress: Progress, reads: Sequence[Path]) -> Row[Any] | None:
    """Have the living daemon carry this command out, and wait for its end; None when there is no daemon to do it."""
    from sync import commands
    from sync.daemon import describe

    daemon = _daemon(app, hub)
    if daemon is None:
        return None
    given = {str(path): app.files.read(path) for path in reads}
    with hub.database.begin() as connection:
        ident = commands.ask(
            connection,
            app.arguments,
            asked_by=_asker(),
            version=hub.config.version,
            now=hub.stamp(),
            given=given,
        )
    try:
        return _Following(hub, ident, describe(daemon), progress).to_the_end()
    except KeyboardInterrupt:
        print(
            f"command {ident} stays with {describe(daemon)}\n"
            f"  next: crossdock commands show {ident}, or crossdock commands cancel {ident} while it waits",
            file=sys.stderr,
        )
        raise


def show(app: App, row: Row[Any]) -> int:
    """Show a command's end as if it had run here: files, report or error; its exit code."""
    from sync.commands import files

    if row.state == "canceled":
        raise CrossdockError(f"command {row.id} was canceled", hint="nothing was done for it")
    if row.state == "interrupted":
        raise interrupted(row)
    found = ended(row.ending)
    if isinstance(found, CrossdockError):
        raise found
    for name, content in files(row.written).items():
        try:
            app.files.write(Path(name), content)
        except OSError as error:
            raise unwritable(Path(name), error) from error
    app.output.emit(found)
    return int(row.exit_code)


def interrupted(row: Row[Any]) -> CrossdockError:
    """What to say of a command whose daemon ended in the middle of it."""
    return CrossdockError(
        f"command {row.id} was interrupted: the daemon ended while it carried it out (run {row.run_id})",
        hint="what it sent is noted, and what is open is settled by the next sync; look at `crossdock status`, then"
        " ask again for what is left",
    )


def _daemon(app: App, hub: Hub) -> Row[Any] | None:
    """The living daemon; ConfigError when it goes on working with another configuration than this process."""
    from sync.daemon import living, other_configuration

    file = str(find_config(app.config).resolve())
    waited = 0.0
    while (row := living(hub.database)) is not None and row.config_version != hub.config.version:
        same_file = (row.host, row.config_file) == (socket.gethostname(), file)
        # It may be about to take over a file that was just changed.
        if row.config_problem or not same_file or waited >= _RELOAD_SECONDS:
            raise other_configuration(row, hub.config.version, file, same_file=same_file)
        hub.clock.sleep(_LOOK_SECONDS)
        waited += _LOOK_SECONDS
    return row


@dataclass
class _Following:
    """One who waits for the end of a command."""

    hub: Hub
    ident: int
    daemon: str
    progress: Progress
    waited: float = 0.0
    told: str = ""

    def to_the_end(self) -> Row[Any] | None:
        """The command once it ended; None when no daemon took it and none lives any more."""
        from sync.commands import ENDED, get
        from sync.daemon import living

        while True:
            # Asked first: what a daemon that ended has stored is seen by the look that follows.
            alone = living(self.hub.database) is None
            with self.hub.database.begin() as connection:
                row = get(connection, self.ident)
                if row is not None and alone and row.state not in ENDED and self._take_back(connection, row):
                    return None
            if row is None:
                raise CrossdockError(f"command {self.ident} is gone from the queue", hint="ask again")
            if row.state in ENDED:
                return row
            self._tell(row)
            self.hub.clock.sleep(_LOOK_SECONDS)
            self.waited += _LOOK_SECONDS

    def _take_back(self, connection: Any, row: Row[Any]) -> bool:
        from sync import commands

        if row.state == "running":
            commands.leave_of(connection, row.carrier, self.hub.stamp())
        return commands.withdraw(connection, self.ident)

    def _tell(self, row: Row[Any]) -> None:
        if row.progress:
            with suppress(ValueError):
                label, done, total = json.loads(row.progress)
                self.progress.at(label, done, total)
        if row.state != self.told and self.waited >= _QUIET_SECONDS:
            what = "waits for its turn with" if row.state == "waiting" else "is carried out by"
            print(f"command {self.ident} {what} {self.daemon}", file=sys.stderr)
            self.told = row.state


def _asker() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
