"""The one place that touches the ``woocommerce`` package: its OAuth 1.0a signature.

The package has no type stubs and brings an HTTP client of its own, so it is loaded when a request is first signed.
"""

from __future__ import annotations

from importlib import import_module


def signed_url(url: str, *, method: str, consumer_key: str, consumer_secret: str, timestamp: int) -> str:
    """The URL with OAuth parameters and an HMAC-SHA256 signature in its query; parameters must not repeat."""
    oauth = import_module("woocommerce.oauth").OAuth(
        url=url,
        consumer_key=consumer_key,
        consumer_secret=consumer_secret,
        version="wc/v3",
        method=method,
        oauth_timestamp=timestamp,
    )
    return str(oauth.get_oauth_url())
