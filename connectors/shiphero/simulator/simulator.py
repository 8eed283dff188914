"""The simulator: the account's HTTP surface in front of its data, and the people of its warehouses."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any, Literal

from canonical.clock import Clock
from connectors.shiphero.simulator import endpoint
from connectors.shiphero.simulator.access import Access
from connectors.shiphero.simulator.admin import Admin
from connectors.shiphero.simulator.credits import Bucket
from connectors.shiphero.simulator.errors import INTERNAL, RefusedError, shown
from connectors.shiphero.simulator.resolvers import Context
from connectors.shiphero.simulator.state import State
from connectors.shiphero.simulator.switches import Switches
from connectors.shiphero.simulator.webhooks import Webhooks
from connectors.simulation import SimRequest, SimResponse, Simulator, json_response

_SHOWN = ("Product", "Order", "Shipment", "Webhook")


class ShipHeroSimulator(Simulator):
    """One account with its warehouses, in memory."""

    name = "shiphero"

    def __init__(self, *, clock: Clock, switches: Switches | None = None, is_3pl: bool = False) -> None:
        super().__init__(clock=clock)
        self.switches = switches or Switches()
        self.state = State(clock, self.switches, is_3pl=is_3pl)
        self.access = Access(self.switches)
        self.bucket = Bucket(self.switches)
        self.webhooks = Webhooks(self.state)
        self.admin = Admin(self.state, self.webhooks, self.turn)
        self._due: dict[int, datetime] = {}
        self._requests = 0
        self._throttled = 0
        self._broken: list[Literal["before", "after"]] = []

    def throttle(self, times: int) -> None:
        """Let the next requests find no credits, whatever they cost."""
        self._throttled += times

    def break_inside(self, when: Literal["before", "after"], times: int = 1) -> None:
        """Let the next writes end in trouble of the platform's own, before or after their effect."""
        self._broken += [when] * times

    def is_write(self, request: SimRequest) -> bool:
        """Whether a request writes."""
        return endpoint.writes(self._operation(request))

    def operation_of(self, request: SimRequest) -> str:
        """The roots of a GraphQL request, else method and path."""
        roots = endpoint.roots_of(self._operation(request))
        return "+".join(dict.fromkeys(roots)) or super().operation_of(request)

    def snapshot(self) -> dict[str, Any]:
        """The whole state: rows by kind and id."""
        with self.turn():
            return {kind: copy.deepcopy(self.state.tables[kind]) for kind in _SHOWN}

    def answer(self, request: SimRequest) -> SimResponse:
        """Do what the platform does with a request."""
        self.state.late = self._due.pop(id(request), None)
        try:
            return self._answered(request, self.clock.now())
        finally:
            self.state.late = None

    def _run_due(self) -> None:
        """A late effect bears the date at which it happened, not that at which someone looks."""
        self._due = {id(late.request): late.due for late in self._late}
        super()._run_due()

    def _answered(self, request: SimRequest, now: datetime) -> SimResponse:
        if request.method == "POST" and request.path in ("/auth/token", "/auth/refresh"):
            return self.access.grant(request, now)
        if request.method != "POST" or request.path != "/graphql":
            return json_response({"message": "Not found"}, 404)
        self._requests += 1
        request_id = f"{self._requests:024x}"
        if not self.access.admits(request, now):
            return self._unauthorized(request_id)
        call = endpoint.read_call(request)
        if call is None:
            return json_response({"errors": [{"message": "No query was given", "request_id": request_id}]}, 400)
        return self._executed(call, request_id)

    def _executed(self, call: endpoint.Call, request_id: str) -> SimResponse:
        operation = endpoint.operation_of(call)
        roots = endpoint.roots_of(operation)
        if self._throttled:
            self._throttled -= 1
            self.bucket.drain(self.clock.now())
        broken = self._broken.pop(0) if self._broken and endpoint.writes(operation) else ""
        if broken == "before":
            return self._trouble(request_id, roots)
        context = Context(self.state, self.bucket, self.webhooks, request_id, 0)
        response = endpoint.answer(call, context)
        for name, rows in context.rows.items():
            if endpoint.writes(operation):
                self.log.write(name, rows, context.effects)
            else:
                self.log.read(name, rows)
        return self._trouble(request_id, roots) if broken == "after" else response

    @staticmethod
    def _trouble(request_id: str, roots: list[str]) -> SimResponse:
        error = shown(RefusedError("An unexpected error occurred", INTERNAL), request_id)
        return json_response({"errors": [{**error, "operation": roots[0]}], "data": dict.fromkeys(roots)})

    def _unauthorized(self, request_id: str) -> SimResponse:
        if self.switches.expired == "status":
            return json_response({"message": "Unauthorized"}, 401)
        error = {"message": "The access token has expired", "code": 9, "request_id": request_id}
        return json_response({"errors": [error], "data": None})

    def _operation(self, request: SimRequest) -> Any:
        graphql = request.method == "POST" and request.path == "/graphql"
        return endpoint.operation_of(endpoint.read_call(request)) if graphql else None
