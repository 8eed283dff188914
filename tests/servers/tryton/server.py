"""A real Tryton server for the tests: built once, kept as a database file, started on a copy."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.servers.tryton.catalog import as_seed

ROOT = Path(__file__).resolve().parents[3]
BIN = ROOT / ".venv-tryton" / "bin"
LOCK = ROOT / "requirements" / "tryton.lock"
CACHE = ROOT / ".cache" / "tryton"
SEED = Path(__file__).with_name("seed.py")
DATABASE = "tryton"
USER, PASSWORD = "admin", "admin-pw-1"
MODULES = ("product", "stock", "sale", "web_shop")
_BUILD_SECONDS = 600
_START_SECONDS = 90
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class TrytonServer:
    """Where the running server is reached."""

    url: str
    database: str = DATABASE
    username: str = USER
    password: str = PASSWORD


def is_installed() -> bool:
    """Whether the server's own environment is there."""
    return (BIN / "trytond").exists()


@contextmanager
def running(folder: Path) -> Iterator[TrytonServer]:
    """A server on a fresh copy of the seeded database, on a free port of this machine, while the context lasts."""
    shutil.copyfile(seeded_database(), folder / f"{DATABASE}.sqlite")
    port = _free_port()
    config = _config(folder, port)
    with (folder / "server.log").open("wb") as log:
        command: list[str | Path] = [BIN / "trytond", "-c", config, "-d", DATABASE]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment(folder))
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, folder / "server.log")
            yield TrytonServer(url)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def seeded_database() -> Path:
    """The seeded database file; built when the lock file, the seed or the catalog changed."""
    catalog = json.dumps(as_seed(), sort_keys=True)
    empty_mark = _mark(LOCK.read_bytes())
    seeded = CACHE / f"seeded-{_mark(empty_mark.encode(), SEED.read_bytes(), catalog.encode())}.sqlite"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        empty = CACHE / f"empty-{empty_mark}.sqlite"
        if not empty.exists():
            _build(empty, None, [BIN / "trytond-admin", "-d", DATABASE, "-u", *MODULES, *_ADMIN_OPTIONS], "")
        if not seeded.exists():
            _build(seeded, empty, [BIN / "python", SEED], catalog)
    return seeded


_ADMIN_OPTIONS = ("--email", "admin@example.com", "--activate-dependencies", "--no-indexes")


def _build(target: Path, base: Path | None, command: list[str | Path], catalog: str) -> None:
    """Run one step on a database file of its own, and keep the file only when the step succeeded."""
    with TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        file = folder / f"{DATABASE}.sqlite"
        if base is None:
            file.touch()
        else:
            shutil.copyfile(base, file)
        config = _config(folder, 0)
        (folder / "catalog.json").write_text(catalog, encoding="utf-8")
        arguments: list[str | Path] = [config, DATABASE, folder / "catalog.json"] if catalog else ["-c", config]
        done = subprocess.run(
            [*command, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            env=_environment(folder),
        )
        if done.returncode != 0:
            raise RuntimeError(f"building {target.name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        file.replace(target)


def _config(folder: Path, port: int) -> Path:
    path = folder / "trytond.conf"
    path.write_text(
        f"[web]\nlisten = 127.0.0.1:{port}\n[database]\nuri = sqlite://\npath = {folder}\n"
        "[session]\nauthentications = password\n",
        encoding="utf-8",
    )
    return path


def _environment(folder: Path) -> dict[str, str]:
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}  # noqa: TID251 - for a child
    return {**kept, "TRYTONPASSFILE": str(secret), "PYTHONDONTWRITEBYTECODE": "1"}


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    question = {"id": 1, "method": "common.server.version", "params": []}
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.post(f"{url}/rpc/", json=question, timeout=5, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)  # noqa: TID251 - a real process starts in real time
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _mark(*parts: bytes) -> str:
    return sha256(b"\0".join(parts)).hexdigest()[:16]
