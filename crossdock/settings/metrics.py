"""The block of crossdock.yaml about figures for a monitoring system."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from crossdock.settings.findings import Findings
from crossdock.settings.secrets import is_reference, malformed


class MetricsShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may read the figures under /metrics."""

    token: Annotated[
        str,
        Meta(
            description="The bearer token to show, by reference, as in ${env:METRICS_TOKEN}. None: only requests from "
            "this machine are answered, and none at all once webhooks.public_url says that a server stands in front."
        ),
    ] = ""


def check_metrics(shape: MetricsShape, findings: Findings) -> None:
    """Every problem with the token goes to the findings."""
    check_secret(shape.token, ("metrics", "token"), findings)


def check_secret(text: str, path: tuple[str | int, ...], findings: Findings) -> None:
    """A secret must be a reference, and a reference must be one that can be read."""
    if not text:
        return
    for message, hint in malformed(text):
        findings.error(path, message, hint)
    if not is_reference(text):
        hint = "write ${env:NAME} or ${file:PATH} and keep the secret there"
        findings.error(path, "the secret must not stand in this file", hint)
