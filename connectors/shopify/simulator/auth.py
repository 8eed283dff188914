"""Access tokens: static ones, and those of the client credentials grant that last a day."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import msgspec

from connectors.shopify.simulator.access import granted
from connectors.simulation import SimRequest, SimResponse, json_response

TOKEN_PATH = "/admin/oauth/access_token"
HEADER = "x-shopify-access-token"
LIFETIME = timedelta(hours=24)


@dataclass(slots=True)
class Tokens:
    """Who may call; ``scopes`` are those the app was granted."""

    client_id: str
    client_secret: str
    static: frozenset[str]
    scopes: frozenset[str]
    issued: dict[str, datetime] = field(default_factory=dict)
    grants: int = 0

    def accepts(self, token: str, now: datetime) -> bool:
        """Whether a token is known and has not ended."""
        return token in self.static or (token in self.issued and now < self.issued[token])

    def expire(self) -> None:
        """End every token that was issued."""
        self.issued.clear()

    def grant(self, request: SimRequest, now: datetime) -> SimResponse:
        """Answer a client credentials request."""
        given = _parameters(request)
        if given is None or given.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "The grant type must be client_credentials.")
        if not self.client_id or given.get("client_id") != self.client_id:
            return _refused("application_cannot_be_found", "The client id is unknown.")
        if given.get("client_secret") != self.client_secret:
            return _refused("invalid_client", "The client secret is wrong.")
        self.grants += 1
        token = "shpat_" + hashlib.sha256(f"{self.client_id} {self.grants}".encode()).hexdigest()[:32]
        self.issued[token] = now + LIFETIME
        scope = ",".join(sorted(self.scopes))
        return json_response({"access_token": token, "scope": scope, "expires_in": int(LIFETIME.total_seconds()) - 1})

    def refused(self) -> SimResponse:
        """The answer to a call without a good token."""
        text = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return json_response({"errors": text}, 401)


def tokens_of(client_id: str, client_secret: str, static: tuple[str, ...], scopes: tuple[str, ...]) -> Tokens:
    """The tokens of one app; a right to write includes the right to read."""
    return Tokens(client_id, client_secret, frozenset(static), granted(scopes))


def _parameters(request: SimRequest) -> dict[str, str] | None:
    if "json" in request.headers.get("content-type", ""):
        try:
            return msgspec.json.decode(request.body, type=dict[str, str])
        except msgspec.MsgspecError:
            return None
    return {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}


def _refused(error: str, description: str) -> SimResponse:
    return json_response({"error": error, "error_description": description}, 400)
