"""Redirects: a read by GET may move within its host, everything else is told to the operator."""

from __future__ import annotations

from urllib.parse import unquote

import httpx

from canonical.errors import ProtocolError
from connectors.http.answer import Answer

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def next_hop(answer: Answer, url: httpx.URL, *, method: str, write: bool) -> httpx.URL | None:
    """Where to ask next, or None when the answer is no redirect; ProtocolError when it must not be followed."""
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    target = url.join(location)
    same_host = target.host == url.host and target.scheme in (url.scheme, "https")
    if same_host and not write and method.upper() in ("GET", "HEAD"):
        return target
    place = str(target.copy_with(query=None, fragment=None))
    shown = place if (plain := answer.redact(unquote(place))) == unquote(place) else plain
    raise ProtocolError(
        f"{answer.place}: the site redirects to {shown}",
        hint="the request was not repeated there; set that URL in this connection",
    )
