"""The receiver: verify, store, answer. Who tells something is known by the door it comes to, never by what it says.

A message is answered with 200 only after it was committed with its marks. Whatever else happens, the platform is told
that it has to try again, or that it is not believed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from canonical.clock import Clock
from canonical.errors import RetriableError
from connectors.webhooks import Greeting, Refused, Webhooks
from crossdock.webhooks.limits import Bucket, Limits
from crossdock.webhooks.problems import problem
from crossdock.webhooks.writer import Writer
from sync.inbox import Delivery
from sync.store.database import Database

_log = logging.getLogger(__name__)
_AGAIN_SECONDS = 5
_OK = PlainTextResponse("ok")


@dataclass(frozen=True, slots=True)
class Door:
    """Where one connection's platform tells something: how it is read, and by which secrets it is believed."""

    connection: str
    reader: Webhooks
    secrets: tuple[str, ...] = field(repr=False)


def _heard_by(connection: str) -> dict[str, str]:
    return {"connection": connection, "action": "webhook"}


def _nobody_listens(_connection: str, _status: int, _seconds: float) -> None:
    return None


class Receiver:
    """Takes in what platforms tell; ``app`` is what a server runs, ``counts`` what became of messages by door.

    ``routes`` is what is served beside the doors; ``answered`` is told of each answer: door, status and seconds;
    ``stored`` of each door for which something was committed, from another thread.
    """

    def __init__(
        self,
        doors: Mapping[str, Door],
        database: Database,
        clock: Clock,
        limits: Limits,
        *,
        beat: Callable[[], float] = time.monotonic,
        routes: Sequence[Route] = (),
        answered: Callable[[str, int, float], None] = _nobody_listens,
        stored: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._beat = beat
        self._answered = answered
        self.configure(doors, limits)
        self._writer = Writer(database, clock, stored)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.app = Starlette(
            routes=[
                Route("/webhooks/{connection}", self._take, methods=["POST"]),
                *routes,
            ],
            exception_handlers={HTTPException: _http_problem},
            lifespan=self._lifespan,
        )

    def configure(self, doors: Mapping[str, Door], limits: Limits) -> None:
        """Open these doors from now on, with these limits; what is being taken in is not disturbed."""
        self._limits = limits
        self._doors = {name: (door, Bucket(limits.per_second, self._beat)) for name, door in doors.items()}

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._writer.start()
        try:
            yield
        finally:
            await run_in_threadpool(self._writer.stop)

    @property
    def stores(self) -> bool:
        """Whether anything that is told will be stored."""
        return self._writer.alive

    def waiting(self) -> int:
        """How many messages wait to be stored."""
        return self._writer.waiting()

    async def _take(self, request: Request) -> Response:
        found = self._doors.get(request.path_params["connection"])
        if found is None:
            return problem(404, "no connection of this name takes webhooks")
        door, bucket = found
        begun = self._beat()
        answer = await self._judge(door, bucket, request)
        self._answered(door.connection, answer.status_code, self._beat() - begun)
        return answer

    async def _judge(self, door: Door, bucket: Bucket, request: Request) -> Response:
        name = door.connection
        if not bucket.take():
            return self._refuse(name, "too_many", problem(429, "too many messages", retry_after=_AGAIN_SECONDS))
        body = await self._body(request)
        if isinstance(body, Response):
            return self._refuse(name, "unread", body)
        # Names of headers are in lower case already, as the server gives them.
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in request.scope["headers"]}
        verdict = door.reader.verify(body, headers, door.secrets, self._clock.now())
        if isinstance(verdict, Refused):
            _log.warning("a message to %s was refused: %s", name, verdict.reason, extra=_heard_by(name))
            return self._refuse(name, verdict.reason, problem(401, f"not believed: {verdict.reason}"))
        if isinstance(verdict, Greeting):
            self.counts[name, "greeting"] += 1
            return _OK
        return await self._keep(Delivery(name, verdict, body))

    async def _keep(self, delivery: Delivery) -> Response:
        name = delivery.connection
        if not self._writer.alive or self._writer.waiting() >= self._limits.waiting:
            return self._refuse(name, "full", problem(503, "too much waits", retry_after=_AGAIN_SECONDS))
        try:
            await self._writer.keep(delivery)
        except RetriableError:
            # What the database said is no business of whoever called.
            return self._refuse(name, "not_stored", problem(503, "could not be stored", retry_after=_AGAIN_SECONDS))
        self.counts[name, "stored"] += 1
        return _OK

    async def _body(self, request: Request) -> bytes | Response:
        """The body as it came, or why it was not read: it is too large, or does not come."""
        most = self._limits.body_bytes
        told = request.headers.get("content-length", "")
        if told.isdigit() and int(told[:20]) > most:
            return problem(413, f"a message may have {most} bytes")
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for part in request.stream():
                    size += len(part)
                    if size > most:
                        return problem(413, f"a message may have {most} bytes")
                    parts.append(part)
        except TimeoutError:
            return problem(408, "the message did not come to its end in time")
        except ClientDisconnect:
            return problem(400, "the connection was closed before the end of the message")
        return b"".join(parts)

    def _refuse(self, name: str, why: str, answer: Response) -> Response:
        self.counts[name, why] += 1
        return answer


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = problem(error.status_code, error.detail)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer
