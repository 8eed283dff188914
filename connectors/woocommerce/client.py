"""HTTP only: lists, single answers and batches, each judged and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from canonical.errors import ProtocolError
from connectors.base import Environment
from connectors.http import Answer, Outgoing, Transport
from connectors.woocommerce.auth import auth_of
from connectors.woocommerce.options import Options
from connectors.woocommerce.verdict import NotThereError, verdict

_READ_METHODS = frozenset({"GET", "HEAD"})
_OVERRIDES = ("_method", "x-http-method-override")
_TOKEN_LENGTH = 12
_LONGEST_ID = 40
_JSON = {"content-type": "application/json"}


class Head(msgspec.Struct, frozen=True):
    """What the connector itself needs of a record; dates are UTC without saying so, and no id is zero."""

    id: int = 0
    type: str = ""
    parent_id: int = 0
    date_created_gmt: str | None = None
    date_modified_gmt: str | None = None


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a record may end in that is no such record, or nested beyond all measure."""


class _AnyHead(msgspec.Struct, frozen=True):
    id: Any = None
    type: Any = None
    parent_id: Any = None
    date_created_gmt: Any = None
    date_modified_gmt: Any = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: the records as they came, their heads, and what the headers say."""

    records: list[msgspec.Raw]
    heads: list[Head]
    total: int | None
    pages: int | None
    started: datetime
    server_date: datetime | None


def is_read(outgoing: Outgoing) -> bool:
    """Whether a request only reads: GET or HEAD, with nothing by which WordPress would take another verb."""
    query = parse_qsl(urlsplit(outgoing.url).query, keep_blank_values=True)
    names = {name.lower() for name in outgoing.headers} | {name.partition("[")[0].lower() for name, _ in query}
    return outgoing.method.upper() in _READ_METHODS and not names.intersection(_OVERRIDES)


class Client:
    """The requests of one connection."""

    def __init__(self, options: Options, environment: Environment) -> None:
        self._site = options.url
        self._transport = Transport(
            environment.connection,
            base_url=f"{options.url}/wp-json/wc/v3/",
            is_read=is_read,
            verdict=verdict,
            clock=environment.clock,
            auth=auth_of(options, environment.clock),
            headers=options.headers,
            timeout=options.timeout_seconds,
            read_only=environment.read_only,
            http_transport=environment.http_transport,
            on_request=environment.on_request,
            allow_private_network=environment.allow_private_network,
            secrets=(options.consumer_key, options.consumer_secret, *_secret_values(options.headers)),
            verify=options.verify_tls,
        )
        self.redact = self._transport.redact
        self._transport.redact.hide_pair(options.consumer_key, options.consumer_secret)

    def list(self, path: str, params: Mapping[str, str | int], operation: str) -> Listing:
        """One page of a list."""
        answer = self.get(path, params, operation)
        return Listing(
            answer.records(),
            _heads(answer),
            _count(answer, "x-wp-total"),
            _count(answer, "x-wp-totalpages"),
            answer.started,
            answer.server_date,
        )

    def get(self, path: str, params: Mapping[str, str | int], operation: str) -> Answer:
        """One read."""
        query = urlencode(params)
        return self._transport.send(Outgoing("GET", f"{path}?{query}" if query else path, operation=operation))

    def index(self) -> Answer:
        """What the site says of its API to anyone."""
        return self.get(f"{self._site}/wp-json/", {"_fields": "namespaces"}, "index")

    def batch(self, path: str, body: bytes, operation: str) -> Answer:
        """One write of several entries."""
        return self._transport.send(Outgoing("POST", path, body, _JSON, operation=operation))

    def save(self, path: str, body: bytes, operation: str) -> Answer:
        """One write of one record."""
        return self._transport.send(Outgoing("PUT", path, body, _JSON, operation=operation))

    def add(self, path: str, body: bytes, operation: str) -> Answer:
        """Make one record."""
        return self._transport.send(Outgoing("POST", path, body, _JSON, operation=operation))

    def remove(self, path: str, operation: str) -> None:
        """Delete one record; that it is gone already is as good."""
        try:
            self._transport.send(Outgoing("DELETE", path, operation=operation))
        except NotThereError:
            return

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()


def _secret_values(headers: Mapping[str, str]) -> list[str]:
    """Header values long enough to be a token; a word such as https must stay readable."""
    return [value for value in headers.values() if len(value) >= _TOKEN_LENGTH]


def _heads(answer: Answer) -> list[Head]:
    """The heads of a list; where one has another shape, as much as can be told of each, so that it stops no other."""
    try:
        return answer.decode(list[Head])
    except ProtocolError:
        return [_head(raw) for raw in answer.records()]


def _head(raw: msgspec.Raw) -> Head:
    try:
        found = msgspec.json.decode(raw, type=_AnyHead)
    except UNREADABLE:
        return Head()
    dates = [one if isinstance(one, str) else None for one in (found.date_created_gmt, found.date_modified_gmt)]
    return Head(_id(found.id), found.type if isinstance(found.type, str) else "", _id(found.parent_id), *dates)


def _id(value: Any) -> int:
    """An id that may come as text; zero for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID else 0


def _count(answer: Answer, header: str) -> int | None:
    text = answer.headers.get(header, "")
    return int(text) if text.isascii() and text.isdigit() else None
