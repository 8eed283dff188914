"""A person at the server, whichever it is: plain calls of its protocol, by which tests look and interfere."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from tests.servers.tryton.server import DATABASE, PASSWORD, USER
from tests.servers.tryton.world import World


class Rpc:
    """Speaks to the simulator or to the real server, past the connector."""

    def __init__(self, world: World) -> None:
        self._http = httpx.Client(transport=world.inner, base_url=world.url, timeout=120)
        user, token, _ = self._send("common.db.login", [USER, {"password": PASSWORD}, "en"])
        credentials = base64.b64encode(f"{USER}:{user}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {credentials}"

    def call(self, method: str, *params: Any, **context: Any) -> Any:
        """Call a method of a model."""
        return self._send(f"model.{method}", [*params, {"company": 1, **context}])

    def rows(self, model: str, domain: list[Any], *names: str) -> list[dict[str, Any]]:
        """Records of a model, archived ones too."""
        found = self.call(f"{model}.search_read", domain, 0, None, [["id", "ASC"]], list(names), active_test=False)
        return [dict(row) for row in found]

    def id_of(self, model: str, domain: list[Any]) -> int:
        """The only record of a domain."""
        (row,) = self.rows(model, domain)
        return int(row["id"])

    def _send(self, method: str, params: list[Any]) -> Any:
        answer = self._http.post(f"/{DATABASE}/rpc/", json={"id": 1, "method": method, "params": params})
        answer.raise_for_status()
        body = answer.json()
        assert "error" not in body, f"{method}: {body['error']}"
        return body["result"]
