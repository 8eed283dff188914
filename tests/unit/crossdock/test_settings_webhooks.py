"""Who may tell the hub something: secrets by reference, for platforms that send webhooks, and their doors."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical.errors import ConfigError
from crossdock.settings.load import examine, load_settings
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from crossdock.settings.shape import WebhooksShape
from crossdock.webhooks.doors import address, doors, limits, readers

SHOP = """\
connections:
  shop:
    connector: woocommerce
    settings: {url: "https://shop.example", consumer_key: "${env:K}", consumer_secret: "${env:S}"}
    webhook_secrets: SECRETS
  quiet:
    connector: woocommerce
    settings: {url: "https://quiet.example", consumer_key: "${env:K}", consumer_secret: "${env:S}"}
  erp: {connector: memory}
"""


def _written(folder: Path, text: str) -> Path:
    file = folder / "crossdock.yaml"
    file.write_text(text)
    return file


def _told(folder: Path, text: str) -> list[tuple[int | None, str]]:
    _, problems = examine(_written(folder, text), InstalledPlatforms())
    return [(one.line, one.message) for one in problems if one.severity == "error"]


def test_a_secret_in_the_file_is_refused_where_it_stands(tmp_path: Path) -> None:
    told = _told(tmp_path, SHOP.replace("SECRETS", '["${env:NEW}", "plain"]'))
    assert told == [(5, "the secret must not stand in this file")]


def test_a_reference_that_can_never_be_read_is_told(tmp_path: Path) -> None:
    assert _told(tmp_path, SHOP.replace("SECRETS", '["${vault:NEW}"]')) == [(5, "${vault:NEW} is not a reference")]


def test_a_platform_without_webhooks_takes_no_secret(tmp_path: Path) -> None:
    text = SHOP.replace("SECRETS", "[]").replace(
        "{connector: memory}", '{connector: memory, webhook_secrets: ["${env:A}"]}'
    )
    ((_, message),) = _told(tmp_path, text)
    assert message.endswith("sends no webhooks")


def test_an_address_of_the_hub_must_be_one(tmp_path: Path) -> None:
    text = SHOP.replace("SECRETS", "[]") + "webhooks: {public_url: hub.example.com}\n"
    assert _told(tmp_path, text) == [(10, "hub.example.com is no address")]


HERO = """\
connections:
  hero:
    connector: shiphero
    settings: {refresh_token: "${env:T}"}
    webhook_secrets: SECRETS
  shop:
    connector: woocommerce
    settings: {url: "https://shop.example", consumer_key: "${env:K}", consumer_secret: "${env:S}"}
    webhook_secrets: ["${env:NEW}"]
webhooks:
  public_url: ADDRESS
"""


@pytest.mark.parametrize("address", ["http://hub.example.com", "http://10.0.0.5:8085", "http://[fd00::1]"])
def test_an_address_that_a_platform_would_refuse_to_call_is_told_before_it_is_registered(
    tmp_path: Path, address: str
) -> None:
    text = HERO.replace("SECRETS", '["${env:NEW}"]').replace("ADDRESS", f'"{address}"')
    ((line, message),) = _told(tmp_path, text)
    assert line == 11
    assert message.endswith("calls https addresses only, so hero cannot be registered")


@pytest.mark.parametrize(
    ("secrets", "address"),
    [
        ('["${env:NEW}"]', "https://hub.example.com"),
        ('["${env:NEW}"]', "http://127.0.0.1:8085"),
        ('["${env:NEW}"]', "http://localhost:8085"),
        ("[]", "http://10.0.0.5:8085"),
    ],
)
def test_an_address_that_serves_is_taken(tmp_path: Path, secrets: str, address: str) -> None:
    """Without TLS: on this machine, and where only a shop that calls such addresses is told."""
    assert _told(tmp_path, HERO.replace("SECRETS", secrets).replace("ADDRESS", f'"{address}"')) == []


def test_connections_with_secrets_have_a_door_and_the_others_none(tmp_path: Path) -> None:
    settings = load_settings(
        _written(tmp_path, SHOP.replace("SECRETS", '["${env:NEW}", "${env:OLD}"]')), InstalledPlatforms()
    )
    opened = doors(settings, Resolver({"NEW": "n3w", "OLD": "0ld"}, tmp_path))
    assert list(opened) == ["shop"]
    assert opened["shop"].secrets == ("n3w", "0ld")
    assert "n3w" not in repr(opened)
    assert sorted(readers(settings)) == ["quiet", "shop"]


def test_a_secret_that_is_not_there_is_named_with_its_connection(tmp_path: Path) -> None:
    settings = load_settings(_written(tmp_path, SHOP.replace("SECRETS", '["${env:NEW}"]')), InstalledPlatforms())
    with pytest.raises(ConfigError, match=r"connection shop, webhook_secrets: the environment variable NEW is not set"):
        doors(settings, Resolver({}, tmp_path))


def test_what_is_configured_counts() -> None:
    shape = WebhooksShape(public_url="https://hub.example.com/", max_body_kib=3, max_per_second=7)
    assert address(shape, "shop") == "https://hub.example.com/webhooks/shop"
    assert address(WebhooksShape(), "shop") == "http://127.0.0.1:8085/webhooks/shop"
    assert (limits(shape).body_bytes, limits(shape).per_second) == (3072, 7.0)
