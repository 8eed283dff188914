"""Check who may tell the hub something: the secrets of each connection, and where the receiver listens."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from connectors.manifest import Manifest
from crossdock.settings.findings import Findings
from crossdock.settings.secrets import is_reference, malformed
from crossdock.settings.shape import ConnectionShape, WebhooksShape


def check_webhooks(
    shape: WebhooksShape,
    connections: Mapping[str, ConnectionShape],
    manifests: Mapping[str, Manifest],
    findings: Findings,
) -> None:
    """Every problem with what is said of webhooks goes to the findings."""
    if shape.public_url and not shape.public_url.startswith(("https://", "http://")):
        hint = "write what platforms call, as in https://hub.example.com"
        findings.error(("webhooks", "public_url"), f"{shape.public_url} is no address", hint)
    elif shape.public_url.startswith("http://") and not _is_this_machine(shape.public_url):
        _check_https(connections, manifests, findings)
    for name, manifest in manifests.items():
        secrets = connections[name].webhook_secrets
        if secrets and manifest.webhooks is None:
            message = f"{manifest.title} sends no webhooks"
            findings.error(("connections", name, "webhook_secrets"), message, "leave webhook_secrets out")
            continue
        for number, secret in enumerate(secrets):
            path = ("connections", name, "webhook_secrets", number)
            for message, hint in malformed(secret):
                findings.error(path, message, hint)
            if not is_reference(secret):
                hint = "write ${env:NAME} or ${file:PATH} and keep the secret there"
                findings.error(path, "the secret must not stand in this file", hint)


def _check_https(
    connections: Mapping[str, ConnectionShape], manifests: Mapping[str, Manifest], findings: Findings
) -> None:
    """An ERP or shop in the own network may be told an address without TLS; most platforms would refuse it."""
    for name, manifest in manifests.items():
        registration = manifest.webhooks.registration if manifest.webhooks is not None else None
        if registration is not None and registration.https and connections[name].webhook_secrets:
            hint = "put a server that speaks TLS in front of the hub, and write its https address"
            message = f"{manifest.title} calls https addresses only, so {name} cannot be registered"
            findings.error(("webhooks", "public_url"), message, hint)


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
