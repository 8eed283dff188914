"""The blocks about figures and alerts: secrets by reference, and each target with what its kind needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import pytest

from canonical.errors import ConfigError
from crossdock.alerts.targets import endings, limits, targets
from crossdock.clock import SystemClock
from crossdock.settings.load import examine, load_settings
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver

BASE = """\
connections:
  bob: {connector: shipbob, settings: {token: "${env:T}"}}
"""


def _written(folder: Path, text: str) -> Path:
    file = folder / "crossdock.yaml"
    file.write_text(BASE + text)
    return file


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("metrics: {token: plain}", "the secret must not stand in this file"),
        ('metrics: {token: "${evn:X}"}', "${evn:X} is not a reference"),
        ('alerts: {targets: {a: {kind: webhook, url: "https://x.example"}}}', "webhook needs secret"),
        (
            'alerts: {targets: {a: {kind: webhook, url: "http://10.0.0.5/x", secret: "${env:S}"}}}',
            "the address must begin with https://",
        ),
        (
            "alerts: {targets: {a: {kind: email, host: h, sender: s, to: [t], allow_private_network: true}}}",
            "allow_private_network means nothing to email",
        ),
        ('alerts: {targets: {a: {kind: slack, url: "https://x.example"}}}', "Slack's address is a secret"),
        ('alerts: {targets: {a: {kind: slack, url: "${env:U}", host: x}}}', "host means nothing to slack"),
        ("alerts: {targets: {a: {kind: email, host: x}}}", "email needs sender"),
        (
            'alerts: {targets: {a: {kind: email, host: x, sender: a@x, to: [b@x], tls: none, password: "${env:P}"}}}',
            "a password would be sent in clear",
        ),
        ('alerts: {targets: {a: {kind: slack, url: "${env:U}", only: [conflicts]}}}', "conflicts"),
        ('alerts: {credentials_end: {shop: "2027-03-01"}}', "there is no connection shop"),
        ("alerts: {credentials_end: {bob: soon}}", "soon is no date"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, block: str, told: str) -> None:
    problems = examine(_written(tmp_path, block + "\n"), InstalledPlatforms())[1]
    assert any(told in one.message for one in problems), [one.message for one in problems]


def test_secrets_that_cannot_be_read_and_addresses_in_clear_are_refused_by_name(tmp_path: Path) -> None:
    text = """\
alerts:
  targets:
    chat: {kind: slack, url: "${env:NONE}"}
    ops: {kind: webhook, url: "${env:U}", secret: "${env:S}"}
    near: {kind: webhook, url: "http://127.0.0.1:9/hook", allow_private_network: true, secret: "${env:S}"}
"""
    settings = load_settings(_written(tmp_path, text), InstalledPlatforms())
    with pytest.raises(ConfigError) as caught:
        targets(settings, Resolver({"S": "s", "U": "http://x.example/hook"}, tmp_path), SystemClock())
    told = [one.message for one in caught.value.problems]
    assert told == [
        "alerts, target chat: the environment variable NONE is not set",
        "alerts, target ops: the address must begin with https://",
    ]


def test_what_ends_comes_from_the_manifest_and_from_the_operator(tmp_path: Path) -> None:
    text = 'alerts: {stale_minutes: 5, credentials_end: {bob: "2027-03-01"}}\n'
    settings = load_settings(_written(tmp_path, text), InstalledPlatforms())
    found = {(one.connection, one.what): one.on for one in endings(settings)}
    manifest = settings.connections["bob"].manifest
    assert found == {
        ("bob", f"API version {manifest.default_version}"): manifest.sunsets[manifest.default_version],
        ("bob", "credential"): date(2027, 3, 1),
    }
    assert limits(settings.alerts).stale.total_seconds() == 300
    # The version that the connection is set to counts, whatever its connector calls the setting.
    newer = msgspec.structs.replace(manifest, sunsets={"2026-07": date(2027, 7, 31)})
    bob = replace(settings.connections["bob"], manifest=newer, settings={"version": "2026-07"})
    found = {(one.connection, one.what): one.on for one in endings(replace(settings, connections={"bob": bob}))}
    assert found["bob", "API version 2026-07"] == date(2027, 7, 31)
