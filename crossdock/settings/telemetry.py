"""The block of crossdock.yaml about traces."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from crossdock.settings.findings import Findings
from crossdock.settings.metrics import check_secret
from crossdock.settings.secrets import is_reference, malformed

_SECRET = re.compile(r"auth|key|token|secret|cookie", re.IGNORECASE)


class TelemetryShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where traces go."""

    endpoint: Annotated[
        str,
        Meta(
            description="Where traces are posted as OTLP over HTTP in JSON, as in https://otel.example.com/v1/traces; "
            "/v1/traces is added where there is no path. None: nothing is traced."
        ),
    ] = ""
    headers: Annotated[
        dict[str, str], Meta(description="Headers to send along, credentials by reference, as in ${env:OTEL_TOKEN}.")
    ] = {}
    allow_private_network: Annotated[
        bool, Meta(description="Whether the collector is in your own network or on this machine; only there by http.")
    ] = False
    sample_percent: Annotated[
        float, Meta(gt=0, le=100, description="How many of a hundred runs and messages are traced.")
    ] = 100.0


def check_telemetry(shape: TelemetryShape, findings: Findings) -> None:
    """Every problem with the block goes to the findings."""
    for message, hint in malformed(shape.endpoint):
        findings.error(("telemetry", "endpoint"), message, hint)
    if shape.endpoint and not is_reference(shape.endpoint):
        problem = endpoint_problem(shape.endpoint, in_house=shape.allow_private_network)
        if problem:
            hint = "as in https://otel.example.com/v1/traces; http only with allow_private_network: true"
            findings.error(("telemetry", "endpoint"), problem, hint)
    for name, value in shape.headers.items():
        path = ("telemetry", "headers", name)
        if _SECRET.search(name):
            check_secret(value, path, findings)
        else:
            for message, hint in malformed(value):
                findings.error(path, message, hint)


def endpoint_problem(url: str, *, in_house: bool) -> str:
    """Why traces cannot go to an address, or an empty text; what its name resolves to is judged when it is called."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the endpoint is no address"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "the endpoint must begin with https://"
    if parts.scheme == "http" and not in_house:
        return "traces would be sent in clear"
    return "credentials must not stand in the address" if parts.username or parts.password else ""
