"""HTTP only: GraphQL requests of one account, within its credits and with a token that is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import msgspec

from connectors.base import JSON, Environment
from connectors.http import Answer, Outgoing, RetryPolicy, Transport
from connectors.shiphero.credits import Costs, CreditBudget
from connectors.shiphero.options import Options
from connectors.shiphero.tokens import LOGIN, REFRESH, Tokens
from connectors.shiphero.verdict import Judge, TokenRefusedError

_GRAPHQL = "graphql"
_HEADERS = {"content-type": "application/json"}
# A bucket of either known size is full again within 67 seconds: the four pauses are 75 together, so that what was
# refused without a word of how long is not given up before it could be made.
_RETRY = RetryPolicy(untold=5.0)


class _Request(msgspec.Struct):
    query: str


def is_read(outgoing: Outgoing) -> bool:
    """Whether a request surely changes nothing: queries, and asking for a token."""
    if outgoing.method.upper() != "POST":
        return outgoing.method.upper() in ("GET", "HEAD")
    if outgoing.url in (REFRESH, LOGIN):
        return True
    try:
        return reads_only(msgspec.json.decode(outgoing.content, type=_Request).query)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


@lru_cache(maxsize=256)
def reads_only(document: str) -> bool:
    """Whether every operation of a GraphQL document is a query."""
    from graphql.error import GraphQLError
    from graphql.language import OperationDefinitionNode, OperationType, parse

    try:
        definitions = parse(document).definitions
    except GraphQLError:
        return False
    kinds = [part.operation for part in definitions if isinstance(part, OperationDefinitionNode)]
    return bool(kinds) and all(kind is OperationType.QUERY for kind in kinds)


class Client:
    """The requests of one connection."""

    def __init__(self, options: Options, environment: Environment) -> None:
        self.connection = environment.connection
        self.budget = CreditBudget()
        self.costs = Costs()
        self._transport = Transport(
            environment.connection,
            base_url=options.url,
            is_read=is_read,
            verdict=Judge(self.budget),
            clock=environment.clock,
            budget=self.budget,
            retry=_RETRY,
            timeout=options.timeout_seconds,
            read_only=environment.read_only,
            http_transport=environment.http_transport,
            on_request=environment.on_request,
            allow_private_network=environment.allow_private_network,
            secrets=[secret for secret in (options.refresh_token, options.password) if secret],
        )
        self.redact = self._transport.redact
        send, hide = self._transport.send, self._transport.redact.hide
        self._tokens = Tokens(options, send, hide, environment.clock, environment.vault)

    @property
    def token_replaced(self) -> bool:
        """Whether the platform gave another refresh token than the one that is configured."""
        return self._tokens.replaced

    def query(self, operation: str, document: str, variables: Mapping[str, JSON], records: int = 1) -> Answer:
        """Ask for at most so many records, whose cost is booked beforehand."""
        cost = self.costs.expect(operation, records)
        answer = self.send(operation, request_body(document, variables), cost)
        self.costs.learn(operation, records, answer)
        return answer

    def send(self, operation: str, body: bytes, cost: float = 1.0) -> Answer:
        """Send the exact bytes of a request; a token that is refused is replaced once, since nothing was done."""
        outgoing = Outgoing("POST", _GRAPHQL, body, _HEADERS, operation=operation, cost=cost)
        token = self._tokens.current()
        try:
            return self._transport.send(_with_token(outgoing, token))
        except TokenRefusedError:
            self._tokens.renew(token)
        return self._transport.send(_with_token(outgoing, self._tokens.current()))

    def keep_quiet(self, secret: str) -> None:
        """Keep a secret that was told just now out of every message."""
        self._transport.redact.hide(secret)

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()


def request_body(document: str, variables: Mapping[str, JSON]) -> bytes:
    """The exact bytes of a GraphQL request."""
    return msgspec.json.encode({"query": document, "variables": variables})


def _with_token(outgoing: Outgoing, token: str) -> Outgoing:
    return replace(outgoing, headers={**outgoing.headers, "authorization": f"Bearer {token}"})
