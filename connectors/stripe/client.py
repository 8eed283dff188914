"""HTTP only: lists, single objects and refunds, each judged and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import msgspec

from connectors.base import Environment
from connectors.http import Answer, Outgoing, Transport, WindowBudget
from connectors.stripe.options import Options
from connectors.stripe.sdk import Sdk
from connectors.stripe.verdict import NotThereError, verdict

Param: TypeAlias = str | int | list[str] | Mapping[str, str] | Mapping[str, int]
Params: TypeAlias = Mapping[str, Param]

PAGE_SIZE = 100
_READS = frozenset({"GET", "HEAD"})


class Head(msgspec.Struct, frozen=True):
    """What the connector itself needs of an object."""

    id: str
    created: int = 0
    currency: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    object: str


class _List(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]
    has_more: bool


class _Heads(msgspec.Struct, frozen=True):
    data: list[Head]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: the objects as they came, their heads, and whether more follow."""

    records: list[msgspec.Raw]
    heads: list[Head]
    has_more: bool
    started: datetime
    server_date: datetime | None


def is_read(outgoing: Outgoing) -> bool:
    """Whether a request only reads: Stripe writes with POST and DELETE."""
    return outgoing.method.upper() in _READS


class Client:
    """The requests of one connection."""

    def __init__(self, options: Options, environment: Environment) -> None:
        self._transport = Transport(
            environment.connection,
            base_url=options.api_base,
            is_read=is_read,
            verdict=verdict,
            clock=environment.clock,
            budget=WindowBudget(options.requests_per_second, 1.0),
            headers={"authorization": f"Bearer {options.api_key}"},
            timeout=options.timeout_seconds,
            read_only=environment.read_only,
            http_transport=environment.http_transport,
            on_request=environment.on_request,
            allow_private_network=environment.allow_private_network,
            secrets=(options.api_key,),
        )
        self.redact = self._transport.redact
        self._sdk = Sdk(self._send, base_url=options.api_base, account=options.account)

    def list(self, resource: str, params: Params) -> Listing:
        """One page of a list, newest first."""
        answer = self._sdk.list(resource, params)
        found = answer.decode(_List)
        heads = answer.decode(_Heads).data
        return Listing(found.data, heads, found.has_more, answer.started, answer.server_date)

    def retrieve(self, resource: str, external_id: str, params: Params) -> Answer:
        """One object; NotThereError when there is none of that id."""
        return self._sdk.retrieve(resource, external_id, params)

    def create_refund(self, params: Mapping[str, object], key: str) -> Answer:
        """Pay money back, under an idempotency key."""
        return self._sdk.create_refund(params, key)

    def create_endpoint(self, params: Mapping[str, object]) -> Answer:
        """Make a webhook endpoint; the answer holds its secret, this once."""
        return self._sdk.create_endpoint(params)

    def update_endpoint(self, external_id: str, params: Mapping[str, object]) -> Answer:
        """Change a webhook endpoint."""
        return self._sdk.update_endpoint(external_id, params)

    def delete_endpoint(self, external_id: str) -> None:
        """Delete a webhook endpoint; that it is gone already is as good."""
        try:
            self._sdk.delete_endpoint(external_id)
        except NotThereError:
            return

    def account(self) -> Answer:
        """The account that the key belongs to."""
        return self._sdk.account()

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def _send(self, outgoing: Outgoing) -> Answer:
        answer = self._transport.send(outgoing)
        answer.decode(_Envelope)
        return answer
