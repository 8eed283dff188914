"""How a request proves who sends it: Basic, keys in the query, or OAuth 1.0a."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from canonical.clock import Clock
from connectors.woocommerce.options import Options
from connectors.woocommerce.sdk import signed_url

_OAUTH = "oauth_"


class OAuth1(httpx.Auth):
    """Signs the whole URL, each time anew: a nonce counts only once."""

    def __init__(self, consumer_key: str, consumer_secret: str, clock: Clock) -> None:
        self._key = consumer_key
        self._secret = consumer_secret
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Replace the URL by the signed one."""
        kept = [(name, value) for name, value in request.url.params.multi_items() if not name.startswith(_OAUTH)]
        bare = request.url.copy_with(params=kept) if kept else request.url.copy_with(query=None)
        request.url = httpx.URL(
            signed_url(
                str(bare),
                method=request.method,
                consumer_key=self._key,
                consumer_secret=self._secret,
                timestamp=int(self._clock.now().timestamp()),
            )
        )
        yield request


class QueryKeys(httpx.Auth):
    """Puts the keys into the query."""

    def __init__(self, consumer_key: str, consumer_secret: str) -> None:
        self._keys = {"consumer_key": consumer_key, "consumer_secret": consumer_secret}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the keys to the URL."""
        request.url = request.url.copy_merge_params(self._keys)
        yield request


def auth_of(options: Options, clock: Clock) -> httpx.Auth:
    """The authentication a connection is configured for."""
    key, secret = options.consumer_key, options.consumer_secret
    if options.auth == "oauth1":
        return OAuth1(key, secret, clock)
    return QueryKeys(key, secret) if options.auth == "query" else httpx.BasicAuth(key, secret)
