"""Access tokens: from a refresh token, or from user and password; kept in memory, renewed by one thread for all.

A refresh token that the platform replaces is kept in the vault, where there is one, for the next process.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from canonical.clock import Clock
from canonical.errors import AuthenticationError
from connectors.base import TokenVault
from connectors.http import Answer, Outgoing
from connectors.shiphero.options import Options

REFRESH, LOGIN = "auth/refresh", "auth/token"
_EARLY = timedelta(minutes=5)
_HEADERS = {"content-type": "application/json"}


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str | None = None
    expires_in: float | None = None


class Tokens:
    """The access token of one connection; safe for several threads."""

    def __init__(
        self,
        options: Options,
        send: Callable[[Outgoing], Answer],
        hide: Callable[[str], None],
        clock: Clock,
        vault: TokenVault | None = None,
    ) -> None:
        self._options = options
        self._send = send
        self._hide = hide
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until: datetime | None = None
        self._vault = vault
        # One that replaced another token than the operator's present one is of no use.
        self._kept_as = f"refresh_token:{hashlib.sha256(options.refresh_token.encode()).hexdigest()[:16]}"
        self._refresh_tokens = [options.refresh_token] if options.refresh_token else []
        kept = vault.get(self._kept_as) if vault is not None and options.refresh_token else None
        if kept:
            hide(kept)
            self._refresh_tokens.append(kept)

    @property
    def replaced(self) -> bool:
        """Whether the platform gave another refresh token than the one that is configured."""
        return bool(self._options.refresh_token) and self._refresh_tokens[-1] != self._options.refresh_token

    def current(self) -> str:
        """The token to send now, asked for when there is none or the old one ends soon."""
        with self._lock:
            if not self._token or (self._until is not None and self._clock.now() >= self._until):
                self._fetch()
            return self._token

    def renew(self, refused: str) -> None:
        """Replace a token that was refused, unless another thread has done so already."""
        with self._lock:
            if self._token == refused:
                self._fetch()

    def _fetch(self) -> None:
        """Try each way in; the reason of the last one is what is told."""
        refusal: AuthenticationError | None = None
        for outgoing in self._ways():
            try:
                answer = self._send(outgoing)
            except AuthenticationError as error:
                refusal = error
                continue
            self._keep(answer)
            return
        raise refusal or AuthenticationError("there is neither a refresh token nor a user with a password")

    def _ways(self) -> Iterator[Outgoing]:
        for token in reversed(self._refresh_tokens):
            yield _ask(REFRESH, {"refresh_token": token})
        if self._options.username and self._options.password:
            user = self._options.username
            yield _ask(LOGIN, {"username": user, "email": user, "password": self._options.password})

    def _keep(self, answer: Answer) -> None:
        granted = answer.decode(_Granted)
        self._hide(granted.access_token)
        if granted.refresh_token and granted.refresh_token not in self._refresh_tokens:
            self._hide(granted.refresh_token)
            self._refresh_tokens = [*self._refresh_tokens[:1], granted.refresh_token]
            if self._vault is not None:
                self._vault.put(self._kept_as, granted.refresh_token)
        self._token = granted.access_token
        self._until = None
        if granted.expires_in:
            lifetime = timedelta(seconds=granted.expires_in)
            self._until = answer.started + max(lifetime - _EARLY, lifetime / 2)


def _ask(path: str, body: dict[str, str]) -> Outgoing:
    return Outgoing("POST", path, msgspec.json.encode(body), _HEADERS, operation=path, cost=0.0)
