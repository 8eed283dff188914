"""Reading what is marked, in batches that shrink around what cannot be read: a bad record delays none but itself."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection
from datetime import timedelta

from canonical.clock import instant_text
from canonical.errors import CrossdockError
from connectors.base import Finding
from connectors.http.retry import hurried
from sync import observeset, trouble
from sync.contain import trouble_with_records
from sync.hub import Hub
from sync.observeset import Due
from sync.orders import store

_log = logging.getLogger(__name__)
KIND = "record_unread"
"""A record that was marked and cannot be read, again and again."""
_FAILURES_OF_DOWN = 4
"""So many failures before anything could be read: the platform may be down, and is asked whether it is."""
_MOST_FAILURES = 32
"""So many failures before anything could be read, though the platform is there: the rest is for the next time."""
_ALONE_AFTER = 3
"""After so many tries a record is asked for alone, and less and less often."""
_SLOW = timedelta(seconds=5)
_LONGEST_SECONDS, _PAUSE_SECONDS = 300.0, 1.0
_TOLD_AFTER = 5


def answers(hub: Hub, name: str) -> bool:
    """Whether a platform is there: then bad records, however many, keep nothing else of it from being read."""
    found: list[Finding] = []
    with hurried():
        error = trouble_with_records(name, lambda: found.extend(hub.connector(name).check()))
    # A check tells what is wrong, and raises nothing for it.
    return error is None and all(one.ok for one in found)


class Rereading:
    """Reads the marked records of a connection until none is due; the caller holds its lock."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub = hub
        self._name = name
        self._read_any = False
        self._failures = self._slow = 0
        self._given_up = False

    def drain(self, resources: Collection[str], read: Callable[[Due], None]) -> int:
        """Read what is marked of these resources, each record once; tells how many were.

        A mark goes only if it was not set again while its record was read. What is marked from now on is for the next
        time: a platform that tells without end would let nothing else happen. Raises what one that is down says; one
        that answers otherwise is not, however many of its records cannot be read.
        """
        hub, count = self._hub, 0
        # What is put off meanwhile is for the next time as well: many that fail would be due again before the last was.
        now = hub.stamp()
        with hub.database.read() as connection:
            until = observeset.newest(connection)
        while True:
            with hub.database.read() as connection:
                due = observeset.due(connection, self._name, resources, now, until)
            if self._given_up or not due.refs:
                return count
            count += self._batch(due, read)

    def _batch(self, due: Due, read: Callable[[Due], None]) -> int:
        """A batch, and halves of it where it fails: what is bad ends up alone, and is put off."""
        parts, count = deque([due]), 0
        while parts:
            part = parts.popleft()
            begun = self._hub.now()
            with hurried():
                error = trouble_with_records(self._name, lambda: read(part))  # noqa: B023
            if error is None:
                self._done(part)
                count += len(part.refs)
                continue
            slow = self._hub.now() - begun >= _SLOW
            down = self._down(part, slow=slow)
            if down or self._given_up or len(part.refs) == 1 or slow:
                # What takes long is not halved at once: other connections have their turn before the next try.
                self._put_off(part, error)
            else:
                refs = list(part.refs)
                middle = len(refs) // 2
                parts += [part.only(refs[:middle]), part.only(refs[middle:])]
            if down:
                raise error
            while self._given_up and parts:
                self._put_off(parts.popleft(), error)
        return count

    def _down(self, part: Due, *, slow: bool) -> bool:
        """Whether a further failure says that the platform is down, and not that these records are bad, or many."""
        self._failures += 1
        self._slow += slow
        if self._read_any or self._failures < _FAILURES_OF_DOWN:
            return False
        if self._failures == _FAILURES_OF_DOWN and not answers(self._hub, self._name):
            return True
        long = self._slow >= _FAILURES_OF_DOWN
        self._given_up = long or self._failures >= _MOST_FAILURES
        return long and part.attempts < _ALONE_AFTER

    def _done(self, part: Due) -> None:
        self._read_any = True
        with self._hub.database.begin() as connection:
            observeset.clear(connection, self._name, part)
            if part.attempts >= _TOLD_AFTER:
                for ref in part.refs:
                    store.close_incidents(connection, KIND, self._subject(part, ref), self._hub.stamp())

    def _put_off(self, part: Due, error: CrossdockError) -> None:
        alone = len(part.refs) == 1
        seconds = min(_LONGEST_SECONDS, 2.0**part.attempts) if alone else _PAUSE_SECONDS
        until = instant_text(self._hub.now() + timedelta(seconds=seconds))
        with self._hub.database.begin() as connection:
            observeset.put_off(connection, self._name, part, until)
            if alone and part.attempts + 1 >= _TOLD_AFTER:
                subject = self._subject(part, next(iter(part.refs)))
                trouble.stands(connection, KIND, subject, str(error), self._hub.stamp())
        which = next(iter(part.refs)) if alone else f"{len(part.refs)} records"
        _log.warning("%s %s %s could not be read, and is put off: %s", self._name, part.resource, which, error)

    def _subject(self, part: Due, ref: str) -> str:
        return f"{self._name} {part.resource} {ref}"
