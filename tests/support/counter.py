"""The smallest platform there is: named counters over HTTP."""

from __future__ import annotations

from connectors.simulation import SimRequest, SimResponse, Simulator, Ticker, json_response


class Counters(Simulator):
    """``GET /<name>`` reads a counter, ``PUT /<name>`` sets it to the body."""

    name = "counters"

    def __init__(self, clock: Ticker) -> None:
        super().__init__(clock=clock)
        self.values: dict[str, int] = {}
        self.requests: list[SimRequest] = []

    def is_write(self, request: SimRequest) -> bool:
        return request.method == "PUT"

    def answer(self, request: SimRequest) -> SimResponse:
        self.requests.append(request)
        name = request.path.rsplit("/", 1)[-1]
        if self.is_write(request):
            self.values[name] = request.json()
            self.log.write("set", rows=1, effect=[f"{name}={self.values[name]}"])
        else:
            self.log.read("get", rows=1)
        return json_response({name: self.values.get(name), "padding": "x" * 40})

    def sell(self, name: str) -> None:
        with self.turn():
            self.values[name] -= 1
