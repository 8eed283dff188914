"""``/healthz`` and ``/readyz``: whether the process lives, and whether it can do its work now."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from canonical.errors import CrossdockError
from crossdock.webhooks.problems import problem
from sync.store.database import Database, get_meta

_AGAIN_SECONDS = 5
Reason = Callable[[], str]


class Probes:
    """Each reason is asked in turn: the first that is not empty says why not.

    ``alive`` is about this process only, so that nobody restarts it for a database that is away.
    """

    def __init__(self, alive: Reason, ready: Reason) -> None:
        self._alive = alive
        self._ready = ready

    async def healthz(self, _request: Request) -> Response:
        """Whether the process lives."""
        return _told(self._alive(), "ok")

    def readyz(self, _request: Request) -> Response:
        """Whether it can work; runs in a thread of its own, for it asks the database."""
        return _told(self._alive() or self._ready(), "ready")


def _told(reason: str, fine: str) -> Response:
    if reason:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, retry_after=_AGAIN_SECONDS)
    return PlainTextResponse(fine)


def unreachable(database: Database) -> str:
    """Why the database cannot be used now; what the database said is no business of whoever asks."""
    try:
        with database.read() as connection:
            found = get_meta(connection, "database_id")
    except CrossdockError:
        found = None
    return "" if found is not None else "the database cannot be reached"
