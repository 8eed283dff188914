"""The one way out: every request of every connector passes here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import httpx
import tenacity

from canonical.clock import Clock
from canonical.errors import AmbiguousError, CrossdockError, FatalError, ProtocolError, RetriableError, ThrottledError
from connectors.http.answer import Answer
from connectors.http.budget import Budget, NoBudget
from connectors.http.errors import ReadOnlyError
from connectors.http.faults import classify
from connectors.http.lines import split_lines
from connectors.http.pool import Pool
from connectors.http.records import Outgoing, RequestRecord
from connectors.http.redaction import Redactor
from connectors.http.redirects import next_hop
from connectors.http.retry import RetryPolicy
from connectors.http.surrogates import without_halves
from connectors.http.templates import path_template
from connectors.http.verdict import Verdict

T = TypeVar("T")

_log = logging.getLogger(__name__)

_MAX_HOPS = 5
_LONG_PAUSE = 2.0
"""From so many seconds on the log says that it waits."""
_SHORTEST_PAUSE = 0.001
_NO_BODY = frozenset({204, 205})


class _BrokenBodyError(RetriableError):
    """A good status with a body that is not the platform's JSON."""

    def __init__(self, lasting: ProtocolError) -> None:
        super().__init__(str(lasting))
        self.lasting = lasting


class Transport:
    """Sends requests of one connection: budget, retries, verdicts, redaction, read-only mode, records.

    A read is sent again after any fault that may pass. A write is sent again only when it surely had no effect;
    otherwise it raises AmbiguousError. A RetriableError of a write that is not ambiguous says: nothing was done.
    """

    def __init__(  # noqa: PLR0913 - one keyword each for what a connection may differ in
        self,
        connection: str,
        *,
        base_url: str,
        is_read: Callable[[Outgoing], bool],
        verdict: Verdict,
        clock: Clock,
        budget: Budget | None = None,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
        read_only: bool = False,
        http_transport: httpx.BaseTransport | None = None,
        on_request: Callable[[RequestRecord], None] | None = None,
        secrets: Sequence[str] = (),
        verify: bool = True,
        check_json: bool = True,
        allow_private_network: bool = False,
    ) -> None:
        self.connection = connection
        self.redact = Redactor(secrets)
        self._is_read = is_read
        self._verdict = verdict
        self._clock = clock
        self._budget: Budget = budget or NoBudget()
        self._retry = retry or RetryPolicy()
        self._read_only = read_only
        self._on_request = on_request
        self._check_json = check_json
        self._pool = Pool(
            base_url,
            connection=connection,
            auth=auth,
            headers=headers or {},
            timeout=timeout,
            transport=http_transport,
            verify=verify,
            allow_private_network=allow_private_network,
        )

    def send(self, outgoing: Outgoing) -> Answer:
        """Send one request and give its good answer; raises what the verdict or the fault says."""
        write = not self._is_read(outgoing)
        if write and self._read_only:
            raise ReadOnlyError(
                f"{self.connection}: {outgoing.label}: a dry run sends no writes",
                hint="this is a fault in the connector: plan must only read",
            )
        try:
            return self._attempts(lambda number: self._exchange(outgoing, number, write=write))
        except _BrokenBodyError as error:
            raise error.lasting from error

    def stream_lines(self, outgoing: Outgoing) -> Iterator[bytes]:
        """Download line by line in flat memory; RetriableError when the download breaks off.

        Only GET, so always a read. Another host than the connection's gets neither its credentials nor its headers.
        """
        if outgoing.method.upper() != "GET":
            raise FatalError(f"{self.connection}: {outgoing.label}: only GET can be streamed")
        response = self._attempts(lambda number: self._open_stream(outgoing, number))
        try:
            lines = split_lines(response.iter_bytes())
            yield from map(without_halves, lines) if self._check_json else lines
        except httpx.RequestError as error:
            raise self._fault(error, outgoing, self._pool.url_of(outgoing), write=False) from error
        finally:
            self._pool.close_stream(response)

    def close(self) -> None:
        """Give back all connections; the next request opens them again."""
        self._pool.close()

    def _attempts(self, once: Callable[[int], T]) -> T:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._retry.attempts),
            retry=tenacity.retry_if_exception(self._retry.again),
            wait=lambda state: self._retry.pause(state.attempt_number, _error_of(state)),
            sleep=self._clock.sleep,
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                result = once(attempt.retry_state.attempt_number)
        return result

    def _exchange(self, outgoing: Outgoing, number: int, *, write: bool) -> Answer:
        started = self._clock.now()
        status = 0
        try:
            answer = self._follow(outgoing, write=write)
            status, started = answer.status, answer.started
            self._judge(answer, write=write)
        except CrossdockError as error:
            self._clean(error)
            self._record(outgoing, status, started, number, write=write, error=error)
            raise
        self._record(outgoing, status, started, number, write=write)
        return answer

    def _follow(self, outgoing: Outgoing, *, write: bool) -> Answer:
        """One request and, for reads by GET, its redirects within the same host."""
        url = self._pool.url_of(outgoing)
        for _ in range(_MAX_HOPS):
            answer = self._once(outgoing, url, write=write)
            target = next_hop(answer, url, method=outgoing.method, write=write)
            if target is None:
                return answer
            url = target
        raise ProtocolError(f"{self.connection}: {outgoing.label}: redirected {_MAX_HOPS} times", hint="check the URL")

    def _once(self, outgoing: Outgoing, url: httpx.URL, *, write: bool) -> Answer:
        started = self._wait_for_budget(outgoing, url)
        try:
            response = self._pool.send(outgoing, url)
        except httpx.RequestError as error:
            raise self._fault(error, outgoing, url, write=write) from error
        answer = self._answer(response, outgoing, started, response.content)
        if not self._pool.is_foreign(url):
            self._budget.observe(answer, self._clock.now())
        return answer

    def _answer(self, response: httpx.Response, outgoing: Outgoing, started: datetime, content: bytes) -> Answer:
        elapsed = (self._clock.now() - started).total_seconds()
        return Answer(
            response.status_code,
            response.headers,
            without_halves(content) if self._check_json else content,
            started,
            elapsed,
            outgoing.label,
            self.connection,
            self.redact,
        )

    def _judge(self, answer: Answer, *, write: bool) -> None:
        error = _BrokenBodyError(answer.problem()) if self._is_broken(answer) else self._verdict(answer)
        if error is None:
            return
        if isinstance(error, AmbiguousError) and not write:
            raise RetriableError(error.args[0], retry_after=error.retry_after, hint=error.hint) from error
        if write and isinstance(error, RetriableError) and not isinstance(error, (ThrottledError, AmbiguousError)):
            text = f"{answer.place}: the write may have taken effect; status {answer.status}: {answer.excerpt()}"
            raise AmbiguousError(text, retry_after=error.retry_after) from error
        raise error

    def _is_broken(self, answer: Answer) -> bool:
        """Whether a good status comes with a body that is not whole JSON."""
        if not self._check_json or answer.status >= 300 or answer.status in _NO_BODY:
            return False
        return not answer.is_whole_json()

    def _open_stream(self, outgoing: Outgoing, number: int) -> httpx.Response:
        url = self._pool.url_of(outgoing)
        started = self._wait_for_budget(outgoing, url)
        status = 0
        try:
            response = self._pool.open_stream(outgoing, url)
            status = response.status_code
            if status >= 300:
                answer = self._refused_stream(response, outgoing, started)
                raise self._verdict(answer) or ProtocolError(f"{answer.place}: status {status} for a download")
        except httpx.RequestError as fault:
            error = self._fault(fault, outgoing, url, write=False)
            self._record(outgoing, status, started, number, write=False, error=error)
            raise error from fault
        except CrossdockError as error:
            self._clean(error)
            self._record(outgoing, status, started, number, write=False, error=error)
            raise
        self._record(outgoing, status, started, number, write=False)
        return response

    def _refused_stream(self, response: httpx.Response, outgoing: Outgoing, started: datetime) -> Answer:
        try:
            return self._answer(response, outgoing, started, response.read())
        finally:
            self._pool.close_stream(response)

    def _wait_for_budget(self, outgoing: Outgoing, url: httpx.URL) -> datetime:
        """Wait until the budget lets the request go; gives the instant it goes."""
        now = self._clock.now()
        if self._pool.is_foreign(url):
            return now
        while (pause := self._budget.wait_for(outgoing.cost, now)) > 0:
            pause = max(pause, _SHORTEST_PAUSE)
            if pause >= _LONG_PAUSE:
                _log.info("%s: waits %.0f s for the platform's limit on calls", self.connection, pause)
            self._clock.sleep(pause)
            now = max(self._clock.now(), now + timedelta(seconds=pause))
        return now

    def _fault(self, error: httpx.RequestError, outgoing: Outgoing, url: httpx.URL, *, write: bool) -> CrossdockError:
        found = classify(error, connection=self.connection, operation=outgoing.label, url=str(url), write=write)
        self._clean(found)
        return found

    def _clean(self, error: CrossdockError) -> None:
        error.args = tuple(self.redact(part) if isinstance(part, str) else part for part in error.args)
        error.hint = self.redact(error.hint)

    def _record(
        self,
        outgoing: Outgoing,
        status: int,
        started: datetime,
        number: int,
        *,
        write: bool,
        error: CrossdockError | None = None,
    ) -> None:
        elapsed = (self._clock.now() - started).total_seconds()
        kind = type(error).__name__.lstrip("_") if error else ""
        url = self._pool.url_of(outgoing)
        path = "" if self._pool.is_foreign(url) else path_template(url.path)
        where = {"method": outgoing.method, "host": url.host, "path": path}
        record = RequestRecord(
            self.connection, outgoing.label, write, status, elapsed, number, kind, outgoing.cost, **where
        )
        _log.debug("exchange", extra={"action": "exchange", "exchange": record})
        if self._on_request is not None:
            self._on_request(record)


def _error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None
