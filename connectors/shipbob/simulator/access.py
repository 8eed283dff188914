"""Who may ask for what, and how often: tokens with their scopes, and a sliding window of calls."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from connectors.shipbob.simulator.errors import ShipBobError, invalid, refused
from connectors.shipbob.simulator.state import Account
from connectors.shipbob.simulator.switches import Switches
from connectors.simulation import SimRequest

_WINDOW = timedelta(minutes=1)
_SCOPES = {
    "order": "orders",
    "shipment": "orders",
    "shipping-method": "orders",
    "product": "products",
    "inventory": "inventory",
    "inventory-level": "inventory",
    "location": "locations",
    "channel": "channels",
    "return": "returns",
    "webhook": "webhooks",
}
NEEDS_CHANNEL = frozenset({"order", "shipment", "return"})


@dataclass(slots=True)
class Token:
    """A personal access token: the channel it writes for, and what it may do."""

    channel_id: int
    scopes: frozenset[str]


class Access:
    """The door of the account."""

    def __init__(self, account: Account, switches: Switches) -> None:
        self._account = account
        self._switches = switches
        self._calls: deque[datetime] = deque()
        self._busy = 0
        self.tokens: dict[str, Token] = {}

    def refuse_next(self, times: int) -> None:
        """Let the next requests be answered as if the window were full."""
        self._busy += times

    def count(self) -> dict[str, str]:
        """Count one call; refused when the window is full."""
        now = self._account.now()
        while self._calls and now - self._calls[0] >= _WINDOW:
            self._calls.popleft()
        left = self._switches.calls_per_minute - len(self._calls)
        if self._busy or left <= 0:
            wait = 2 if self._busy else ceil((self._calls[0] + _WINDOW - now).total_seconds())
            self._busy = max(0, self._busy - 1)
            body = {"statusCode": 429, "message": f"Rate limit is exceeded. Try again in {wait} seconds."}
            raise ShipBobError(429, body, {"x-retry-after": str(wait), "x-remaining-calls": "0"})
        self._calls.append(now)
        return {"x-remaining-calls": str(left - 1)}

    def admit(self, request: SimRequest, path: str, *, write: bool) -> Token:
        """The token of a request; refused without one, without the right, or for another's channel."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        token = self.tokens.get(value.strip()) if kind.lower() == "bearer" else None
        if token is None:
            raise refused(path, 401, "The token is not valid.")
        area = path.split("/", maxsplit=1)[0].split(":", maxsplit=1)[0]
        if area not in _SCOPES:
            raise ShipBobError(404, {"statusCode": 404, "message": "Resource not found"})
        scope = f"{_SCOPES[area]}_{'write' if write else 'read'}"
        if scope not in token.scopes:
            raise refused(path, 403, f"The token lacks the scope {scope}.")
        if write and area in NEEDS_CHANNEL:
            self._own_channel(request, path, token)
        return token

    @staticmethod
    def _own_channel(request: SimRequest, path: str, token: Token) -> None:
        named = request.headers.get("shipbob_channel_id", "")
        if not named.isdigit():
            raise invalid("shipbob_channel_id", "The shipbob_channel_id header is required.")
        if int(named) != token.channel_id:
            raise refused(path, 403, "The channel belongs to another application.")
