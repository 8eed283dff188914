"""The same worlds over real HTTP: platforms behind a server on loopback, the hub in processes that can be killed."""

from __future__ import annotations

import json
import os
import signal
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from canonical.errors import AmbiguousError, BusyError, FatalError, RetriableError
from connectors.base import Call, CallOutcome, Environment, Page, RowOutcome, RowStatus
from connectors.memory.connector import MemoryConnector
from crossdock.clock import SystemClock
from sync.config import ConnectionConfig
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import lease, run_sync
from sync.store.database import Database
from tests.worlds.engine import Passing, Template, watching
from tests.worlds.market import Market

SETTLE = 0.3
_LATE = 0.1
_PATIENCE = 60.0


class RealTime(Passing):
    """Time as it passes; people need none."""

    def now(self) -> datetime:
        return SystemClock().now()

    def advance(self, seconds: float) -> None:
        """Time cannot be moved."""


class Platforms:
    """A market behind a server: one request at a time, people act before and after each."""

    def __init__(self, market: Market, template: Template, prefix: str, on_call: Callable[[], None]) -> None:
        self.market, self.on_call = market, on_call
        self.guard = threading.Lock()
        self.calls = 0
        environment = Environment("served", market.clock, None)  # type: ignore[arg-type]
        self.connectors: dict[str, MemoryConnector] = {}
        for name, one in template.config.connections.items():
            self.connectors[name] = MemoryConnector(f"{prefix}{name}", environment)
            self.connectors[name].manifest = one.manifest

    def answer(self, name: str, verb: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """What a platform answers; None where it takes the request and never does."""
        with self.guard:
            self.calls += 1
            self.on_call()
            try:
                answered = self._answer(name, verb, asked)
            except AmbiguousError:
                self._later()
                answered = None
            except RetriableError:
                answered = {"busy": True}
            self.on_call()
            return answered

    def _answer(self, name: str, verb: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        connector = self.connectors[name]
        if verb in ("push", "resolve"):
            call = Call(
                **{**asked["call"], "body": b64decode(asked["call"]["body"]), "rows": tuple(asked["call"]["rows"])}
            )
            if verb == "resolve":
                return {"rows": _rows(connector.resolve(call))}
            self.market.refuse(name, call.resource)
            return {"rows": _rows(self.market.send(name, self.market.known(), lambda: connector.push(call)))}
        reads: dict[str, Callable[..., Iterator[Page]]] = {
            "pull": connector.pull,
            "changed_since": connector.changed_since,
            "lookup": connector.lookup,
        }
        read = reads[verb]
        self.market.refuse(name, asked["resource"])
        pages = list(read(asked["resource"], [], *asked["more"]))
        if verb != "lookup":
            self.market.was_told(name, asked["resource"], self.market.seq)
        return {"pages": [_shown(page) for page in pages]}

    def _later(self) -> None:
        """What was held up takes effect a little later, at the latest within the settle time."""

        def effect() -> None:
            with self.guard:
                self.market.take_effect()

        timer = threading.Timer(_LATE, effect)
        timer.daemon = True
        timer.start()


def _rows(outcome: CallOutcome | None) -> list[dict[str, Any]] | None:
    if outcome is None:
        return None
    return [
        {
            "row": number,
            "status": row.status.value,
            "message": row.message,
            "record": b64encode(bytes(row.record)).decode() if row.record is not None else None,
            "reason": row.reason,
        }
        for number, row in outcome.items()
    ]


def _shown(page: Page) -> dict[str, Any]:
    return {
        "resource": page.resource,
        "records": [b64encode(bytes(record)).decode() for record in page.records],
        "as_of": page.as_of.isoformat(),
        "cursor": page.cursor,
        "complete": page.complete,
    }


@contextmanager
def serving(platforms: Platforms) -> Iterator[str]:
    """Serve on a free port; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            _, name, verb = self.path.split("/")
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answered = platforms.answer(name, verb, asked)
            if answered is None:
                self.close_connection = True
                return
            data = json.dumps(answered).encode()
            try:
                self.send_response(503 if "busy" in answered else 200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except ConnectionError:
                self.close_connection = True  # whoever asked was killed

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - as it is declared
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(_PATIENCE)
        server.server_close()


class HttpConnector(MemoryConnector):
    """The in-memory platform's connector, whose platform is somewhere else."""

    def __init__(self, name: str, connection: ConnectionConfig, environment: Environment, url: str) -> None:
        super().__init__(f"elsewhere-{name}", environment)
        self.manifest = connection.manifest
        self._http = httpx.Client(base_url=f"{url}/{name}", timeout=_PATIENCE, trust_env=False)

    def _ask(self, verb: str, **asked: Any) -> dict[str, Any]:
        try:
            response = self._http.post(f"/{verb}", json=asked)
        except httpx.TransportError as error:
            if verb == "push":
                raise AmbiguousError(f"no answer: {error}") from error
            raise RetriableError(f"no answer: {error}") from error
        if response.status_code != httpx.codes.OK:
            raise RetriableError("busy")
        found: dict[str, Any] = response.json()
        return found

    def _read(self, verb: str, resource: str, *more: Any) -> Iterator[Page]:
        for page in self._ask(verb, resource=resource, more=more)["pages"]:
            records = [b64decode(record) for record in page["records"]]
            as_of = datetime.fromisoformat(page["as_of"])
            yield Page(page["resource"], records, as_of, page["cursor"], page["complete"])

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        return self._read("pull", resource)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        return self._read("changed_since", resource, cursor)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        return self._read("lookup", resource, list(ids))

    def push(self, call: Call) -> CallOutcome:
        found = self._outcome("push", call)
        if found is None:
            raise FatalError("a push without rows")
        return found

    def resolve(self, call: Call) -> CallOutcome | None:
        if call.operation not in self.manifest.effects:
            return None
        return self._outcome("resolve", call)

    def _outcome(self, verb: str, call: Call) -> CallOutcome | None:
        told = {
            "operation": call.operation,
            "body": b64encode(call.body).decode(),
            "rows": call.rows,
            "resource": call.resource,
            "target": call.target,
            "key": call.key,
        }
        rows = self._ask(verb, call=told)["rows"]
        if rows is None:
            return None
        return {
            row["row"]: RowOutcome(
                RowStatus(row["status"]),
                row["message"],
                b64decode(row["record"]) if row["record"] is not None else None,
                row["reason"],
            )
            for row in rows
        }

    def close(self) -> None:
        self._http.close()


READY: dict[str, Template] = {}
"""The adopted hub that every child inherits."""


def work(url: str, sweep: bool, kill_at: int) -> None:
    """What a process does: one sync, waiting for its turn, and dying at a step."""
    template = READY["now"]
    left = kill_at

    def checkpoint(_name: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    connections = {name: replace(one, write_settle_seconds=SETTLE) for name, one in template.config.connections.items()}
    config = replace(template.config, connections=connections)
    hub = Hub(config, Database(template.database.url), SystemClock(), checkpoint=checkpoint)
    with watching(lambda name, one, environment: HttpConnector(name, one, environment, url)):
        for name in config.connections:
            hub.connector(name)
    try:
        with lease(hub, "sync", wait=_PATIENCE):
            run_sync(hub, ReadMode.FULL if sweep else ReadMode.AUTO, force=True)
    except BusyError:
        pass
    finally:
        hub.close()
