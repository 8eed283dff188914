"""The block of crossdock.yaml about alerts: who is told, and from when on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from crossdock.settings.findings import Findings
from crossdock.settings.metrics import check_secret
from crossdock.settings.secrets import is_reference, malformed
from sync.alerts.kinds import Kind

ADDRESS_HINT = "http is for your own network: with allow_private_network: true"
_OF_KIND = {
    "webhook": ({"url", "secret"}, {"url", "secret", "allow_private_network"}),
    "slack": ({"url"}, {"url", "allow_private_network"}),
    "email": ({"host", "sender", "to"}, {"host", "sender", "to", "port", "tls", "user", "password"}),
}
_GIVEN = ("url", "allow_private_network", "secret", "host", "sender", "to", "user", "password")


class AlertTargetShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One place where alerts go."""

    kind: Annotated[
        Literal["webhook", "slack", "email"],
        Meta(description="webhook: signed JSON; slack: an incoming webhook; email: by SMTP."),
    ]
    url: Annotated[
        str, Meta(description="webhook and slack: where to post, https only; Slack's is a secret: by reference.")
    ] = ""
    allow_private_network: Annotated[
        bool,
        Meta(description="webhook and slack: whether it may be in your own network; http only there."),
    ] = False
    secret: Annotated[str, Meta(description="webhook: what signs the message, by reference.")] = ""
    host: Annotated[str, Meta(description="email: the mail server.")] = ""
    port: Annotated[int, Meta(ge=1, le=65_535, description="email: its port.")] = 587
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="email: how the connection is made safe; none only without a password."),
    ] = "starttls"
    sender: Annotated[str, Meta(description="email: the address it comes from.")] = ""
    to: Annotated[list[str], Meta(description="email: the addresses it goes to.")] = []
    user: Annotated[str, Meta(description="email: the account, if the server wants one.")] = ""
    password: Annotated[str, Meta(description="email: its password, by reference.")] = ""
    only: Annotated[list[Kind], Meta(description="The kinds of alerts that go here; empty: all.")] = []


class AlertsShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people are told of, and where."""

    targets: Annotated[dict[str, AlertTargetShape], Meta(description="Where alerts go, by a name you choose.")] = {}
    stale_minutes: Annotated[
        float, Meta(gt=0, description="A flow that was not proven equal for so long is told of.")
    ] = 60.0
    quarantine_growth: Annotated[
        int, Meta(ge=1, description="So many records left out anew within an hour are told of.")
    ] = 10
    ahead_days: Annotated[
        int, Meta(ge=0, le=3650, description="How long before its end an API version or a credential is told of.")
    ] = 30
    credentials_end: Annotated[
        dict[str, str], Meta(description="When credentials end that say so nowhere: connection to date, 2027-03-01.")
    ] = {}


def check_alerts(shape: AlertsShape, connections: Mapping[str, object], findings: Findings) -> None:
    """Every problem with the block goes to the findings."""
    for name, target in shape.targets.items():
        _check_target(name, target, findings)
    for name, day in shape.credentials_end.items():
        path = ("alerts", "credentials_end", name)
        if name not in connections:
            findings.error(path, f"there is no connection {name}", "name one of connections")
        if _day(day) is None:
            findings.error(path, f"{day} is no date", "write it as in 2027-03-01")


def _check_target(name: str, target: AlertTargetShape, findings: Findings) -> None:
    path = ("alerts", "targets", name)
    needed, allowed = _OF_KIND[target.kind]
    given = {key for key in _GIVEN if getattr(target, key)}
    for key in sorted(needed - given):
        findings.error(path, f"{target.kind} needs {key}", f"add {key}")
    for key in sorted(given - allowed):
        findings.error((*path, key), f"{key} means nothing to {target.kind}", "leave it out")
    for key in ("secret", "password"):
        check_secret(getattr(target, key), (*path, key), findings)
    for message, hint in malformed(target.url):
        findings.error((*path, "url"), message, hint)
    problem = address_problem(target.url, in_house=target.allow_private_network)
    if target.url and not is_reference(target.url) and problem:
        findings.error((*path, "url"), problem, ADDRESS_HINT)
    if target.kind == "slack" and target.url and not is_reference(target.url):
        hint = "write ${env:NAME} or ${file:PATH} and keep the address there"
        findings.error((*path, "url"), "Slack's address is a secret and must not stand in this file", hint)
    if target.password and target.tls == "none":
        findings.error((*path, "tls"), "a password would be sent in clear", "use starttls or tls")


def address_problem(url: str, *, in_house: bool) -> str:
    """Why nobody can be told at an address, or an empty text; what its name resolves to is judged when it is called."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port != 0
    except ValueError:
        return "it is no address"
    if parts.scheme not in (("https", "http") if in_house else ("https",)) or not parts.hostname or not port_is_one:
        return "the address must begin with https://"
    return ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
