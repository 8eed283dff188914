"""Tokens: for user and password, and for a refresh token."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connectors.shiphero.simulator.switches import Switches
from connectors.simulation import SimRequest, SimResponse, json_response

USERNAME = "integration@example.com"
PASSWORD = "correct horse"
REFRESH_TOKEN = "refresh-0001"


class Access:
    """Who may call."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._until: dict[str, datetime] = {}
        self.refresh_tokens = {REFRESH_TOKEN}
        self.granted: list[str] = []

    def grant(self, request: SimRequest, now: datetime) -> SimResponse:
        """Answer a request for a token."""
        try:
            given = request.json()
        except msgspec.DecodeError:
            given = None
        if not isinstance(given, dict):
            return json_response({"message": "The body is no JSON object"}, 400)
        if request.path == "/auth/refresh":
            known = given.get("refresh_token")
            if known not in self.refresh_tokens:
                return json_response({"message": "The refresh token is not known"}, 401)
            return self._granted(now, known if self._switches.rotates else "")
        if (given.get(self._switches.login), given.get("password")) != (USERNAME, PASSWORD):
            return json_response({"message": "Wrong user or password"}, 401)
        return self._granted(now, "", with_refresh=True)

    def admits(self, request: SimRequest, now: datetime) -> bool:
        """Whether a request carries a token that is good."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and token in self._until and now < self._until[token]

    def expire(self) -> None:
        """End every access token."""
        self._until.clear()

    def revoke(self) -> None:
        """End every refresh token."""
        self.refresh_tokens.clear()

    def _granted(self, now: datetime, rotated: str, *, with_refresh: bool = False) -> SimResponse:
        number = len(self.granted) + 1
        claims = base64.urlsafe_b64encode(msgspec.json.encode({"sub": USERNAME, "n": number})).decode().rstrip("=")
        token = f"eyJhbGciOiJSUzI1NiJ9.{claims}.{hashlib.sha256(claims.encode()).hexdigest()[:24]}"
        self.granted.append(token)
        self._until[token] = now + timedelta(seconds=self._switches.token_seconds)
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "scope": "openid offline_access"}
        if self._switches.tells_lifetime:
            answer["expires_in"] = int(self._switches.token_seconds)
        if rotated or with_refresh:
            self.refresh_tokens.discard(rotated)
            answer["refresh_token"] = f"refresh-{number:04d}-new"
            self.refresh_tokens.add(answer["refresh_token"])
        return json_response(answer)
