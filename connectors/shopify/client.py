"""Requests to one shop: the endpoint, the token, the cost of a query, and what an answer says of the API."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import msgspec

from connectors.base import JSON, Environment
from connectors.http import Answer, Outgoing, Transport
from connectors.shopify.cost import CostBook, CostBudget
from connectors.shopify.options import Options
from connectors.shopify.sdk import api_path
from connectors.shopify.tokens import TOKEN_PATH, ClientCredentials, StaticToken, Tokens
from connectors.shopify.verdict import TokenRefusedError, verdict

log = logging.getLogger(__name__)

_BUDGET_KEY = "shopify.budget"
_READING_MUTATIONS = frozenset({"bulkOperationRunQuery"})
_JSON_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class _Request(msgspec.Struct):
    query: str


def is_read(outgoing: Outgoing) -> bool:
    """Whether a request surely changes nothing in the shop: queries, bulk reads, token requests and downloads."""
    if outgoing.method.upper() in ("GET", "HEAD"):
        return True
    path = outgoing.url.partition("?")[0]
    if outgoing.method.upper() != "POST":
        return False
    if path.endswith(TOKEN_PATH):
        return True
    if not path.endswith("/graphql.json"):
        return False
    try:
        request = msgspec.json.decode(outgoing.content, type=_Request)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return reads_only(request.query)


@lru_cache(maxsize=256)
def reads_only(document: str) -> bool:
    """Whether every operation of a GraphQL document only reads."""
    from graphql.error import GraphQLError
    from graphql.language import FieldNode, OperationDefinitionNode, OperationType, parse

    try:
        definitions = parse(document).definitions
    except GraphQLError:
        return False
    operations = [part for part in definitions if isinstance(part, OperationDefinitionNode)]

    def harmless(operation: OperationDefinitionNode) -> bool:
        if operation.operation is OperationType.QUERY:
            return True
        roots = operation.selection_set.selections
        return operation.operation is OperationType.MUTATION and all(
            isinstance(root, FieldNode) and root.name.value in _READING_MUTATIONS for root in roots
        )

    return bool(operations) and all(harmless(operation) for operation in operations)


class ShopifyClient:
    """Sends GraphQL requests of one connection within its budget, with a token that is valid."""

    def __init__(self, options: Options, env: Environment) -> None:
        self._env = env
        self.connection = env.connection
        self._state = env.state
        self._noticed: set[str] = set()
        self._asked_version = options.api_version
        self._path = api_path(options.api_version)
        self.answered_version = ""
        self.budget = CostBudget(env.state.get(_BUDGET_KEY))
        self.costs = CostBook(env.state)
        self._transport = Transport(
            env.connection,
            base_url=options.base_url,
            is_read=is_read,
            verdict=verdict,
            clock=env.clock,
            budget=self.budget,
            read_only=env.read_only,
            http_transport=env.http_transport,
            on_request=env.on_request,
            allow_private_network=env.allow_private_network,
            secrets=[secret for secret in (options.access_token, options.client_secret) if secret],
        )
        self.redact = self._transport.redact
        self._tokens: Tokens = StaticToken(options.access_token)
        if not options.access_token:
            self._tokens = ClientCredentials(options.client_id, options.client_secret, self._transport.send, env.clock)

    def query(self, operation: str, document: str, variables: Mapping[str, JSON], estimate: float) -> Answer:
        """Send a document; ``estimate`` is its cost by our own count."""
        return self.post(operation, document, request_body(document, variables), estimate)

    def post(self, operation: str, document: str, body: bytes, estimate: float) -> Answer:
        """Send a request body that is ready; the document is what its cost is booked under."""
        expected = self.costs.expect(document, estimate)
        maximum = self.budget.maximum
        cost = expected if maximum is None else min(expected, maximum)
        outgoing = Outgoing("POST", self._path, body, _JSON_HEADERS, operation=operation, cost=cost)
        answer = self._authorized(outgoing)
        self.costs.learn(document, estimate, answer)
        self._notice(answer)
        return answer

    def download(self, url: str, operation: str) -> Iterator[bytes]:
        """The lines of a bulk operation's result; the address is signed, so no token goes with it."""
        return self._transport.stream_lines(Outgoing("GET", url, operation=operation, cost=0.0))

    def most_points(self, limit: int) -> float:
        """Points that one query may cost: the given limit, or the whole bucket if that is smaller."""
        maximum = self.budget.maximum
        return float(limit) if maximum is None else min(float(limit), maximum)

    def close(self) -> None:
        """Keep the level of the bucket and give back all connections."""
        level = self.budget.saved()
        if level:
            self._state.put(_BUDGET_KEY, level)
        self._transport.close()

    def _authorized(self, outgoing: Outgoing) -> Answer:
        token = self._token()
        try:
            return self._send(outgoing, token)
        except TokenRefusedError:
            if not self._tokens.renew(token):
                raise
        return self._send(outgoing, self._token())

    def _token(self) -> str:
        token = self._tokens.current()
        self._transport.redact.hide(token)
        return token

    def _send(self, outgoing: Outgoing, token: str) -> Answer:
        headers = {**outgoing.headers, "X-Shopify-Access-Token": token}
        return self._transport.send(replace(outgoing, headers=headers))

    def _notice(self, answer: Answer) -> None:
        """Say once what the platform says of the API version and of fields that will go away."""
        version = answer.headers.get("x-shopify-api-version", "")
        reason = answer.headers.get("x-shopify-api-deprecated-reason", "")
        self.answered_version = version or self.answered_version
        if version and version != self._asked_version:
            self._warn("api_version_differs", f"asked for {self._asked_version}, answered by {version}")
        if reason:
            self._warn("api_deprecated", reason)

    def _warn(self, action: str, detail: str) -> None:
        if (notice := f"{action} {detail}") not in self._noticed:
            self._noticed.add(notice)
            extra = {"action": action, "connection": self._env.connection, "detail": detail}
            log.warning("Shopify API notice: %s", detail, extra=extra)


def request_body(document: str, variables: Mapping[str, JSON]) -> bytes:
    """The exact bytes of a GraphQL request."""
    return msgspec.json.encode({"query": document, "variables": variables})
