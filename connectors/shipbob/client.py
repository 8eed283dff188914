"""HTTP only: lists, single records and writes, each judged and typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from canonical.errors import ProtocolError
from connectors.base import Environment
from connectors.http import Answer, Outgoing, Transport
from connectors.shipbob.budget import SharedWindow
from connectors.shipbob.options import Options
from connectors.shipbob.verdict import verdict

Params: TypeAlias = Sequence[tuple[str, str]]
CHANNEL_HEADER = "shipbob_channel_id"

_READS = frozenset({"GET", "HEAD"})


class _Paged(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw] | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: the records as they came, and the parameters of the next page, if one follows."""

    records: list[msgspec.Raw]
    started: datetime
    server_date: datetime | None
    following: Params | None = None


def is_read(outgoing: Outgoing) -> bool:
    """Whether a request only reads: ShipBob writes with everything but GET."""
    return outgoing.method.upper() in _READS


class Client:
    """The requests of one connection."""

    def __init__(self, options: Options, environment: Environment) -> None:
        self._version = options.version
        self._transport = Transport(
            environment.connection,
            base_url=options.api_base,
            is_read=is_read,
            verdict=verdict,
            clock=environment.clock,
            budget=SharedWindow(options.calls_per_minute),
            headers={"authorization": f"Bearer {options.token}"},
            timeout=options.timeout_seconds,
            read_only=environment.read_only,
            http_transport=environment.http_transport,
            on_request=environment.on_request,
            allow_private_network=environment.allow_private_network,
            secrets=(options.token,),
        )
        self.redact = self._transport.redact

    def paged(self, path: str, params: Params) -> Listing:
        """One page of a list that tells the address of the next.

        Of that address only the parameters are taken: its host may be one of ShipBob's own, which gets no token.
        """
        answer = self._get(path, params)
        found = answer.decode(_Paged)
        if found.items is None:
            raise ProtocolError(f"{answer.place}: the list has no items", hint="check version of this connection")
        return Listing(found.items, answer.started, answer.server_date, _following(answer, found.next))

    def numbered(self, path: str, params: Params) -> Listing:
        """One page of a list that is asked for by number."""
        answer = self._get(path, params)
        return Listing(answer.records(), answer.started, answer.server_date)

    def all(self, path: str, params: Params) -> Answer:
        """A list that is given whole."""
        return self._get(path, params)

    def post(self, path: str, channel: str, content: bytes, operation: str) -> Answer:
        """Do something for a channel."""
        headers = {CHANNEL_HEADER: channel}
        if content:
            headers["content-type"] = "application/json"
        return self._transport.send(Outgoing("POST", self._path(path), content, headers, operation))

    def add(self, path: str, content: bytes, operation: str) -> Answer:
        """Make something that belongs to no channel."""
        headers = {"content-type": "application/json"}
        return self._transport.send(Outgoing("POST", self._path(path), content, headers, operation))

    def remove(self, path: str, operation: str) -> Answer:
        """Delete something that belongs to no channel."""
        return self._transport.send(Outgoing("DELETE", self._path(path), operation=operation))

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def _get(self, path: str, params: Params) -> Answer:
        query = f"?{urlencode(params)}" if params else ""
        return self._transport.send(Outgoing("GET", self._path(path) + query, operation=path.partition("/")[0]))

    def _path(self, path: str) -> str:
        return f"{self._version}/{path}"


def _following(answer: Answer, address: str | None) -> Params | None:
    if not address:
        return None
    try:
        query = urlsplit(address).query
    except ValueError as error:
        raise ProtocolError(f"{answer.place}: the next page is at {address[:80]!r}, which is no address") from error
    if not query:
        raise ProtocolError(f"{answer.place}: the next page is at {address[:80]!r}, which names no page")
    return tuple(parse_qsl(query, keep_blank_values=True))
