"""Refusals as problem details (RFC 9457), in words for whoever reads the platform's log of deliveries."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from starlette.responses import Response

_TYPE = "application/problem+json"


def problem(status: int, detail: str, *, retry_after: int | None = None) -> Response:
    """An answer that refuses."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Signature"
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(msgspec.json.encode(body), status, headers, _TYPE)
