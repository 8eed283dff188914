"""The core every simulator shares: one request at a time, faults, late effects, the call log."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

from canonical.clock import Clock
from connectors.simulation.calls import CallLog, LoggedCall
from connectors.simulation.faults import Fault, Faults, NoAnswer
from connectors.simulation.messages import SimRequest, SimResponse, html_response, json_response

_PAGE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be right back</h1></body></html>"


@dataclass(frozen=True, slots=True)
class _LateEffect:
    due: datetime
    request: SimRequest
    call: LoggedCall


class Simulator(ABC):
    """A platform in memory; subclasses implement ``answer`` and ``is_write``.

    Everything that touches the platform's state, the admin's and the shopper's actions and ``snapshot`` included,
    runs inside ``turn()``: one actor at a time, after the late effects that are due.
    """

    name = "simulator"

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.faults = Faults()
        self.log = CallLog(clock)
        self._lock = threading.RLock()
        self._late: list[_LateEffect] = []

    @abstractmethod
    def answer(self, request: SimRequest) -> SimResponse:
        """Do what the platform does with a request."""

    @abstractmethod
    def is_write(self, request: SimRequest) -> bool:
        """Whether a request writes."""

    def operation_of(self, request: SimRequest) -> str:
        """The word a request is logged under until ``answer`` names it."""
        return f"{request.method} {request.path}"

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer a request, or raise NoAnswer; the call is logged either way."""
        with self.turn():
            write = self.is_write(request)
            call = self.log.open(self.operation_of(request), write=write)
            status: int | None = None
            fault = self.faults.take(request, write=write)
            call.fault = None if fault is None else fault.kind
            try:
                response = self._dated(self._with_fault(fault, request, call))
                status = response.status
            finally:
                self.log.close(status)
            return response

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the platform for one action, after everything that is due."""
        with self._lock:
            self._run_due()
            yield

    def run_due(self) -> None:
        """Let the late effects happen whose time has come."""
        with self.turn():
            pass

    def _with_fault(self, fault: Fault | None, request: SimRequest, call: LoggedCall) -> SimResponse:
        if fault is None:
            return self.answer(request)
        if fault.kind == "html":
            return html_response(_PAGE, fault.status)
        if fault.kind == "late_effect":
            self._late.append(_LateEffect(self.clock.now() + timedelta(seconds=fault.delay), request, call))
            raise NoAnswer(fault.kind)
        if fault.kind in ("timeout_before", "drop"):
            raise NoAnswer(fault.kind)
        if fault.kind == "status":
            return _failure(fault)
        return self._after(fault, self.answer(request))

    @staticmethod
    def _after(fault: Fault, response: SimResponse) -> SimResponse:
        """What is seen of an answer whose effect took place."""
        if fault.kind == "timeout_after":
            raise NoAnswer(fault.kind)
        if fault.kind == "truncated":
            return replace(response, body=response.body[: len(response.body) // 2])
        return _failure(fault)

    def _dated(self, response: SimResponse) -> SimResponse:
        if any(name.lower() == "date" for name in response.headers):
            return response
        return replace(response, headers={**response.headers, "date": format_datetime(self.clock.now(), usegmt=True)})

    def _run_due(self) -> None:
        now = self.clock.now()
        due = sorted((late for late in self._late if late.due <= now), key=lambda late: late.due)
        self._late = [late for late in self._late if late.due > now]
        for late in due:
            self.log.resume(late.call)
            try:
                self.answer(late.request)
            finally:
                self.log.close()


def _failure(fault: Fault) -> SimResponse:
    headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
    return json_response({"message": f"simulated status {fault.status}"}, fault.status, headers)
