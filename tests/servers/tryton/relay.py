"""A line to a real server on which requests and answers can get lost."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from canonical.clock import Clock
from connectors.simulation import SimRequest, SimResponse, Simulator
from connectors.tryton.simulator.calls import method_of, writes

_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Relay(Simulator):
    """Passes every request on to the server, one at a time, unless one of its faults says otherwise."""

    name = "tryton-relay"

    def __init__(self, url: str, *, clock: Clock) -> None:
        super().__init__(clock=clock)
        self._url = httpx.URL(url)
        self._http = httpx.HTTPTransport()

    def is_write(self, request: SimRequest) -> bool:
        return writes(request)

    def operation_of(self, request: SimRequest) -> str:
        return method_of(request) or super().operation_of(request)

    def answer(self, request: SimRequest) -> SimResponse:
        """What the server answers, byte by byte."""
        sent = httpx.Request(
            request.method, self._url.join(request.path), headers=_passed_on(request.headers), content=request.body
        )
        answer = self._http.handle_request(sent)
        try:
            return SimResponse(answer.status_code, _passed_on(answer.headers), b"".join(answer.iter_raw()))
        finally:
            answer.close()

    def close(self) -> None:
        """Give back the connections to the server."""
        self._http.close()


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_CONNECTION}
