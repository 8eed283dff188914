"""JSON-RPC calls to one Tryton database: the session, the reading of errors, and which calls only read."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec

from canonical.errors import (
    AuthenticationError,
    CrossdockError,
    FatalError,
    SkippableError,
)
from connectors.base import Environment
from connectors.http import Answer, Outgoing, Transport, http_verdict

_READS = frozenset({"search", "search_read", "search_count", "read", "fields_get", "get_preferences"})
_SERVER_READS = frozenset({"common.db.login", "common.db.list", "common.server.version"})
_SESSION_ENDED, _NOT_OFFERED, _NOT_FOUND, _TOO_LARGE = 401, 403, 404, 413
STALE = "stale"


class _Envelope(msgspec.Struct):
    """An answer: a result or an error, both with HTTP 200."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    error: list[Any] | None = None


class WarningError(SkippableError):
    """The server asks before it does something; answering its key lets the same call pass."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__("rejected", message, hint="do it in Tryton")
        self.key = key

    @property
    def kind(self) -> str:
        """What is asked, whatever the record: the key less its mark of the records."""
        return self.key.partition(".")[2] or self.key


class _SessionEndedError(AuthenticationError):
    """The server knows no such session, or no such user and password."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where to log in, and as whom; company 0 is the user's own."""

    url: str
    database: str
    username: str
    password: str
    company: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """A login: its header, and the context every call carries."""

    header: str
    user: int
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A result, with when its request began by our clock and, at the latest, by the server's."""

    result: Any
    started: datetime
    server_started: datetime


class TrytonClient:
    """Speaks to one database; logs in when needed, and once more when the session has ended."""

    def __init__(self, account: Account, environment: Environment) -> None:
        self.account = account
        self.connection = environment.connection
        self._path = f"/{quote(account.database, safe='')}/rpc/"
        self._session: Session | None = None
        self._login_lock = threading.Lock()
        self._transport = Transport(
            environment.connection,
            base_url=account.url,
            is_read=is_read,
            verdict=verdict,
            clock=environment.clock,
            timeout=90.0,
            read_only=environment.read_only,
            http_transport=environment.http_transport,
            on_request=environment.on_request,
            allow_private_network=environment.allow_private_network,
            secrets=(account.password,),
        )
        self.redact = self._transport.redact

    def call(self, method: str, *params: Any, context: Mapping[str, Any] | None = None) -> Reply:
        """Call a method of a model with the session's context, which is always its last parameter."""
        session = self.session()
        try:
            return self._in(session, method, params, context)
        except _SessionEndedError:
            return self._in(self._renewed(session), method, params, context)

    def read(self, method: str, *params: Any, context: Mapping[str, Any] | None = None) -> Reply:
        """Call a method that only reads; what the server refuses is a matter of the user's rights."""
        try:
            return self.call(method, *params, context=context)
        except SkippableError as error:
            raise AuthenticationError(
                str(error), hint="give the user of this connection the right to read it"
            ) from error

    def session(self) -> Session:
        """The login in use; AuthenticationError when user or password are refused."""
        with self._login_lock:
            if self._session is None:
                self._session = self._login()
            return self._session

    def version(self) -> Reply:
        """The series the server runs; needs no login."""
        return self._send("/rpc/", "common.server.version", [], {})

    def close(self) -> None:
        """Give back the connections; the session ends by itself."""
        self._transport.close()

    def _in(self, session: Session, method: str, params: tuple[Any, ...], context: Mapping[str, Any] | None) -> Reply:
        last = {**session.context, **(context or {})}
        return self._send(self._path, method, [*params, last], {"Authorization": session.header})

    def _renewed(self, ended: Session) -> Session:
        """A session other than the ended one; whoever comes first logs in for all."""
        with self._login_lock:
            if self._session is ended or self._session is None:
                self._session = self._login()
            return self._session

    def _login(self) -> Session:
        name = self.account.username
        parameters = [name, {"password": self.account.password}, "en"]
        try:
            found = self._send(self._path, "common.db.login", parameters, {}).result
        except _SessionEndedError as error:
            raise AuthenticationError(
                f"{self.connection}: the server refuses the user {name!r} or the password",
                hint="check username, password and database of this connection",
            ) from error
        user, token = int(found[0]), str(found[1])
        credentials = base64.b64encode(f"{name}:{user}:{token}".encode()).decode()
        for secret in (token, credentials):
            self._transport.redact.hide(secret)
        header = f"Session {credentials}"
        return Session(header, user, self._context(header))

    def _context(self, header: str) -> Mapping[str, Any]:
        send = partial(self._send, self._path, "model.res.user.get_preferences", [True, {}])
        found: Mapping[str, Any] = send({"Authorization": header}).result
        company = self.account.company or found.get("company")
        companies = found.get("companies") or []
        if not company or (companies and company not in companies):
            known = ", ".join(str(one) for one in companies) or "none"
            raise FatalError(
                f"{self.connection}: the user {self.account.username!r} cannot work in company {company or 'none'}",
                hint=f"companies of this user: {known}; set company, or give the user one in Tryton",
            )
        return {"company": company, "language": found.get("language") or "en"}

    def _send(self, path: str, method: str, params: list[Any], headers: Mapping[str, str]) -> Reply:
        body = msgspec.json.encode({"id": 1, "method": method, "params": params})
        sent = {"Content-Type": "application/json", **headers}
        answer = self._transport.send(Outgoing("POST", path, body, sent, operation=method))
        result = msgspec.json.decode(answer.decode(_Envelope).result)
        begun = (answer.server_date or answer.started + timedelta(seconds=answer.elapsed)) - timedelta(
            seconds=answer.elapsed
        )
        return Reply(result, answer.started, begun)


def is_read(outgoing: Outgoing) -> bool:
    """Whether a request is on the allow-list of reads: the named server calls, and reading methods of models."""
    try:
        method = msgspec.json.decode(outgoing.content)["method"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return False
    if not isinstance(method, str):
        return False
    kind, _, name = method.rpartition(".")
    return method in _SERVER_READS or kind == "system" or (kind.startswith("model.") and name in _READS)


def verdict(answer: Answer) -> CrossdockError | None:
    """Read an answer: HTTP statuses for access and limits, and the errors that come with HTTP 200."""
    if answer.status == _SESSION_ENDED:
        return _SessionEndedError(f"{answer.place}: status 401", hint="check username and password of this connection")
    if answer.status == _NOT_OFFERED:
        return FatalError(
            f"{answer.place}: the server does not offer this method",
            hint="check that its modules product and stock are active",
        )
    if answer.status == _NOT_FOUND:
        return FatalError(f"{answer.place}: the server has no such database", hint="check url and database")
    if answer.status == _TOO_LARGE:
        return FatalError(f"{answer.place}: more records than the server allows", hint="lower page_size")
    if answer.status >= 400:
        return http_verdict(answer)
    error = answer.decode(_Envelope).error
    return None if error is None else _reported(answer.place, error)


def _reported(place: str, error: list[Any]) -> CrossdockError:
    """An error the server reports as ``[kind, details]``, or a programming error as ``[text, traceback]``."""
    kind = str(error[0]) if error else "unknown error"
    details = error[1] if len(error) > 1 else ""
    message = str(details[0] if isinstance(details, list) and details else details)
    if kind == "ConcurrencyException":
        return SkippableError(STALE, f"{place}: {message}")
    if kind == "UserWarning":
        text = str(details[1]) if isinstance(details, list) and len(details) > 1 else message
        return WarningError(f"{place}: Tryton asks before it does this: {text}", message)
    if kind == "UserError":
        return SkippableError("rejected", f"{place}: {message}")
    if kind == "LoginException":
        return AuthenticationError(f"{place}: {message}", hint="the user needs a plain password login")
    return FatalError(
        f"{place}: the server failed with {kind}",
        hint="an unknown model or field: check the server's version and active modules",
    )
