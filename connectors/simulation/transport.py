"""httpx straight into a simulator's core: the connector's real code, no sockets."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import httpx

from connectors.simulation.faults import NoAnswer
from connectors.simulation.messages import SimRequest
from connectors.simulation.simulator import Simulator


class SimTransport(httpx.BaseTransport):
    """Delivers requests to the simulator of their host; a host without one cannot be reached."""

    def __init__(self, simulator_by_host: Mapping[str, Simulator] | Simulator) -> None:
        self._simulators = simulator_by_host

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request the way a socket would show it."""
        simulator = self._simulator(request)
        try:
            answer = simulator.handle(_incoming(request))
        except NoAnswer as silence:
            if silence.kind == "drop":
                raise httpx.RemoteProtocolError("server closed the connection", request=request) from silence
            raise httpx.ReadTimeout("the read timed out", request=request) from silence
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body, request=request)

    def _simulator(self, request: httpx.Request) -> Simulator:
        if isinstance(self._simulators, Simulator):
            return self._simulators
        found = self._simulators.get(request.url.host) or self._simulators.get(_host(request))
        if found is None:
            raise httpx.ConnectError(f"no such host: {request.url.host}", request=request)
        return found


def _host(request: httpx.Request) -> str:
    return request.url.netloc.decode("ascii")


def _incoming(request: httpx.Request) -> SimRequest:
    raw_path = request.url.raw_path.split(b"?", 1)[0].decode("ascii")
    return SimRequest(
        method=request.method,
        path=unquote(raw_path),
        query=tuple(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(),
        scheme=request.url.scheme,
        host=request.headers.get("host", _host(request)),
    )
