"""Settings of a connection to Shopify."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import ConfigError
from connectors.manifest import load_manifest
from connectors.shopify.options import Options, read_options
from connectors.shopify.sdk import api_path

MANIFEST = load_manifest("connectors.shopify")
TOKEN = {"access_token": "shpat_1"}


def read(**settings: Any) -> Options:
    return read_options(settings, MANIFEST)


@pytest.mark.parametrize(
    "shop", ["example", "example.myshopify.com", "https://example.myshopify.com", " Example.myshopify.com/ "]
)
def test_a_shop_can_be_written_in_any_usual_way(shop: str) -> None:
    assert read(shop=shop, **TOKEN).base_url == "https://example.myshopify.com"


@pytest.mark.parametrize("shop", ["example.org", "evil.com/?x=.myshopify.com", "a b", "example.myshopify.com.evil.com"])
def test_a_domain_outside_shopify_is_refused(shop: str) -> None:
    with pytest.raises(ConfigError, match=r"myshopify\.com"):
        read(shop=shop, **TOKEN)


def test_plain_http_is_only_for_this_machine() -> None:
    assert read(url="http://127.0.0.1:8801/", **TOKEN).base_url == "http://127.0.0.1:8801"
    assert read(url="http://localhost:8801", **TOKEN).base_url == "http://localhost:8801"
    with pytest.raises(ConfigError, match="unencrypted"):
        read(url="http://example.org", **TOKEN)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read(shop="example", client_id="id", api_version="2025-10", bulk_from="many", colour="red")
    assert [problem.message for problem in caught.value.problems] == [
        "shopify has no setting 'colour'",
        "api_version '2025-10' is not supported",
        "no credentials",
        "bulk_from: 'many' is not a whole number from 0 on",
    ]


def test_the_default_version_is_the_newest() -> None:
    assert read(shop="example", **TOKEN).api_version == "2026-10"
    assert api_path("2026-10") == "/admin/api/2026-10/graphql.json"


def test_a_text_that_is_no_version_is_refused() -> None:
    with pytest.raises(ConfigError, match="latest"):
        api_path("latest")


def test_secrets_do_not_show_in_the_representation() -> None:
    shown = repr(read(shop="example", client_id="id", client_secret="shpss_secret"))
    assert "shpss_secret" not in shown
