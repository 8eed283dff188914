"""What a request calls, and whether that writes."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.simulation import SimRequest
from connectors.tryton.simulator.wire import StatusError

_READING = ("search", "search_read", "search_count", "read", "get_preferences", "fields_get")


def body_of(request: SimRequest) -> dict[str, Any]:
    """The call a request carries; StatusError where it carries none."""
    if "json" not in request.headers.get("content-type", ""):
        raise StatusError(400, "Not a JSON request")
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        raise StatusError(400, "Unable to read JSON request") from None
    if not isinstance(body, dict) or not body.get("method"):
        raise StatusError(400, "Unable to get RPC method")
    return body


def method_of(request: SimRequest) -> str:
    """The method called, empty where there is none."""
    try:
        return str(body_of(request)["method"])
    except StatusError:
        return ""


def writes(request: SimRequest) -> bool:
    """Whether it calls anything that is not a login or a reading method."""
    method = method_of(request)
    return method.startswith(("model.", "wizard.")) and method.rpartition(".")[2] not in _READING
