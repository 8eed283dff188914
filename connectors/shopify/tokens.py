"""Access tokens: a static one, or one that the client-credentials grant gives for a day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

import msgspec

from canonical.clock import Clock
from connectors.http import Answer, Outgoing
from connectors.shopify.verdict import TOKEN_OPERATION

TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105 - an address, no secret
_EARLY = timedelta(minutes=5)
_DAY = 86_400.0


class Tokens(Protocol):
    """Where the access token comes from; safe for several threads."""

    def current(self) -> str:
        """The token to send now."""
        ...

    def renew(self, refused: str) -> bool:
        """Try to replace a token that was refused; False when there is no other."""
        ...


class StaticToken:
    """A token of an admin-created app, which does not expire."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        """The token."""
        return self._token

    def renew(self, refused: str) -> bool:
        """There is no other token."""
        return False


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = _DAY


class ClientCredentials:
    """Tokens of the client-credentials grant: kept in memory, replaced before they expire, one request at a time."""

    def __init__(self, client_id: str, client_secret: str, send: Callable[[Outgoing], Answer], clock: Clock) -> None:
        form = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        self._request = Outgoing(
            "POST",
            TOKEN_PATH,
            urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            operation=TOKEN_OPERATION,
            cost=0.0,
        )
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until: datetime | None = None

    def current(self) -> str:
        """The token, asked for when there is none or the old one ends soon."""
        with self._lock:
            if self._until is None or self._clock.now() >= self._until:
                self._fetch()
            return self._token

    def renew(self, refused: str) -> bool:
        """Replace a refused token, unless another thread has done so already."""
        with self._lock:
            if self._token == refused:
                self._fetch()
            return True

    def _fetch(self) -> None:
        answer = self._send(self._request)
        granted = answer.decode(_Granted)
        lifetime = timedelta(seconds=granted.expires_in)
        self._token = granted.access_token
        self._until = answer.started + max(lifetime - _EARLY, lifetime / 2)
