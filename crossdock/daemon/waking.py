"""Waking whoever works off what was just stored: the thread of this process, or a worker elsewhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from canonical.errors import CrossdockError
from crossdock.engines.embedded import EmbeddedEngine
from crossdock.engines.engine import Handler
from sync.hub import Hub

_log = logging.getLogger(__name__)
_GRACE_SECONDS = 0.5


@contextmanager
def woken(hub: Hub, handler: Handler | None) -> Iterator[Callable[[str], None]]:
    """A function to call for each connection for which something was stored; it neither fails nor takes long.

    Without a ``handler`` here, workers elsewhere are woken where there can be any; who is not woken looks soon anyway.
    """
    with _elsewhere(hub) if handler is None else _given(handler) as chosen:
        engine = EmbeddedEngine(hub.database, hub.clock)
        threading.Thread(target=engine.run, args=(chosen,), name="wakes", daemon=True).start()
        try:
            yield engine.submit
        finally:
            engine.stop(_GRACE_SECONDS)


@contextmanager
def _given(handler: Handler) -> Iterator[Handler]:
    yield handler


@contextmanager
def _elsewhere(hub: Hub) -> Iterator[Handler]:
    if hub.database.is_sqlite:
        yield lambda _key: None
        return
    from crossdock.engines.wakes import Wakes

    wakes = Wakes(hub.database.url)
    try:
        wakes.prepare()
    except CrossdockError as error:
        _log.warning("workers are not woken, and look by themselves: %s", error)
        yield lambda _key: None
        return
    try:
        yield wakes.submit
    finally:
        wakes.close()
