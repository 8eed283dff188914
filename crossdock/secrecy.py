"""Whether what holds secrets or people's data can be read by others on this machine."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from canonical.errors import CrossdockError
from connectors.base import Finding
from crossdock.settings.hub import database_url
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from sync.store.database import Database

_FILE = re.compile(r"\$\{file:([^{}]+)\}")
_BESIDE = ("", "-wal", "-shm", ".erasures")
_MOUNTED = Path("/run/secrets")
"""Where containers find secrets: nobody else is in there, and modes cannot be changed."""
_CHECK = "private"


def file_findings(settings: Settings, secrets: Resolver) -> Iterator[Finding]:
    """A warning for each file that others may read, with the command that ends it."""
    looked = 0
    open_ones = 0
    for path in dict.fromkeys([*_secret_files(settings), *_database_files(settings, secrets)]):
        try:
            found = path.stat()
        except OSError:
            continue
        looked += 1
        who = _readers(found)
        if who and not path.resolve().is_relative_to(_MOUNTED):
            open_ones += 1
            message = f"{path} can be read by {who} (mode {stat.S_IMODE(found.st_mode):03o})"
            advice = f"chmod {_closed(found)} {shlex.quote(str(path))}"
            yield Finding(_CHECK, ok=True, message=message, advice=advice, warning=True)
    if looked and not open_ones:
        yield Finding(_CHECK, ok=True, message=f"nobody else can read the {looked} files with secrets and data")


def _readers(found: os.stat_result) -> str:
    """Whom a file lets read or write it beside its owner; a group may where the file is another user's."""
    if found.st_mode & stat.S_IRWXO:
        return "everybody on this machine"
    return "its group" if found.st_mode & stat.S_IRWXG and found.st_uid == os.geteuid() else ""


def _closed(found: os.stat_result) -> str:
    return "600" if found.st_uid == os.geteuid() else "o-rwx"


def _secret_files(settings: Settings) -> Iterator[Path]:
    yield settings.config_dir / ".env"
    if settings.privacy.erasures_file:
        yield settings.config_dir / settings.privacy.erasures_file
    for text in _texts(settings.document.data):
        yield from (settings.config_dir / name for name in _FILE.findall(text))


def _database_files(settings: Settings, secrets: Resolver) -> Iterator[Path]:
    try:
        database = Database(database_url(settings, secrets))
    except (CrossdockError, SQLAlchemyError):
        # What is wrong with it is told by another check.
        return
    path = database.path
    database.close()
    if path is not None:
        yield from (path.with_name(path.name + more) for more in _BESIDE)


def _texts(data: object) -> Iterable[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
