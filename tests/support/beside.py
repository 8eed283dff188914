"""An ERP and two shops over real HTTP that are adopted and equal, a daemon that lives, and commands beside it."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from connectors.simulation import CatalogItem, SimRequest, SimResponse
from connectors.simulation.simulator import Simulator
from crossdock.cli.app import App
from crossdock.cli.main import run
from crossdock.clock import SystemClock
from crossdock.demo.world import World, open_world
from sync.store.daemon import Command, Daemon
from sync.store.database import Database, open_database
from sync.store.tables import Run, table
from tests.support.commands import ROOT, crossdock
from tests.support.hearing import Serving, start_serving
from tests.support.waiting import PATIENCE, until

ITEMS = [CatalogItem(f"MUG-{n:02}", f"Mug {n}", Decimal(10 + n), {"WH1": 20, "WH2": 10}) for n in range(4)]
_COMMANDS, _RUNS, _DAEMON = table(Command), table(Run), table(Daemon)


@dataclass
class Beside:
    """The platforms, the configuration that leads to them, and every process that was started."""

    world: World
    database: str
    daemons: list[Serving] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.world.config

    def serve(self, *options: str, config: Path | None = None) -> Serving:
        """A daemon that has synced once."""
        before = len(self.runs("serve"))
        self.daemons.append(start_serving(config or self.config, "--every", "3600", *options))
        until(lambda: set(self.runs("serve")[before:]) - {"running"})
        return self.daemons[-1]

    def call(self, *arguments: str, code: int, config: Path | None = None) -> dict[str, Any]:
        """Run a command as its own process; its JSON, which tells the same exit code."""
        done = self.run(*arguments, "--format", "json", config=config)
        assert done.returncode == code, done.stdout + done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        assert document["exit_code"] == code
        return document

    def run(self, *arguments: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command as its own process."""
        return crossdock(
            "--config", str(config or self.config), *arguments, cwd=self.config.parent.parent, timeout=PATIENCE
        )

    def fails(self, *arguments: str, config: Path | None = None) -> str:
        """Run a command that ends with an error; what it says on stderr."""
        done = self.run(*arguments, config=config)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and go on."""
        return subprocess.Popen(
            [sys.executable, "-m", "crossdock", "--config", str(self.config), *arguments],
            cwd=self.config.parent.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def inside(self, *arguments: str) -> int:
        """Run a command in this process, for what a test starts from."""
        with redirect_stdout(io.StringIO()):
            return run(arguments, App(config=self.config))

    def reconfigure(self, old: str, new: str, config: Path | None = None) -> None:
        """Change the configuration file as an editor does: whole, at once."""
        file = config or self.config
        text = file.read_text(encoding="utf-8")
        assert old in text
        written = file.with_name("written")
        written.write_text(text.replace(old, new), encoding="utf-8")
        written.replace(file)

    def runs(self, command: str) -> list[str]:
        """How the runs of a command ended."""
        with self._open() as database, database.begin() as connection:
            query = select(_RUNS.c.outcome).where(_RUNS.c.command == command).order_by(_RUNS.c.id)
            return list(connection.execute(query).scalars())

    def versions(self) -> list[str]:
        """The version of the configuration of each run, in order."""
        with self._open() as database, database.begin() as connection:
            return list(connection.execute(select(_RUNS.c.config_version).order_by(_RUNS.c.id)).scalars())

    def states(self) -> list[str]:
        """The states of all commands that a daemon was asked for."""
        with self._open() as database, database.begin() as connection:
            return list(connection.execute(select(_COMMANDS.c.state).order_by(_COMMANDS.c.id)).scalars())

    def daemon(self) -> Any:
        """The daemon's row."""
        with self._open() as database, database.begin() as connection:
            return connection.execute(select(_DAEMON)).one()

    def freeze(self, serving: Serving) -> None:
        """Stop it at a moment at which it keeps nobody from writing: a stopped writer would lock everybody out."""

        def stopped() -> bool:
            serving.process.send_signal(signal.SIGSTOP)
            with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self._file, timeout=0.5)) as raw:
                raw.execute("begin immediate")
                raw.rollback()
                return True
            serving.process.send_signal(signal.SIGCONT)
            return False

        until(stopped)

    @property
    def _file(self) -> str:
        return self.database.removeprefix("sqlite:///")

    @contextmanager
    def _open(self) -> Iterator[Database]:
        database = open_database(self.database)
        yield database
        database.close()


def attend(simulator: Simulator, before: Callable[[], object], *, writes: bool = True) -> None:
    """Have something done just before each write, or each read, is carried out."""
    handle = simulator.handle

    def attended(request: SimRequest) -> SimResponse:
        if simulator.is_write(request) == writes:
            before()
        return handle(request)

    simulator.handle = attended  # type: ignore[method-assign]


@contextmanager
def beside(folder: Path, database: str, items: Sequence[CatalogItem] = ITEMS) -> Iterator[Beside]:
    """Serve the platforms, adopt them, and end every daemon that is left."""
    with open_world(items, folder, SystemClock()) as world:
        found = Beside(world, database)
        found.reconfigure("database: sqlite:///crossdock.sqlite", f"database: {database}\nwebhooks: {{port: 0}}")
        assert [found.inside("adopt", "--yes"), found.inside("apply")] == [0, 0]
        try:
            yield found
        finally:
            for one in found.daemons:
                with suppress(ProcessLookupError):
                    one.process.kill()
                one.process.communicate(timeout=PATIENCE)
