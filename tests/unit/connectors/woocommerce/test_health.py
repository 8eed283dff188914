"""What a health check finds, and what it says to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.base import Finding
from connectors.simulation import Ticker


def findings(world: Any, **settings: Any) -> dict[str, Finding]:
    return {finding.check: finding for finding in world.connect(**settings).check()}


def test_a_well_shop_is_well_in_every_respect(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(3))
    found = findings(world, currency="EUR")
    assert list(found) == ["address", "credentials", "rights", "version", "clock", "currency", "https"]
    assert all(finding.ok and not finding.warning for finding in found.values())
    assert "3 products" in found["credentials"].message
    assert world.shop.log.effects() == []


def test_a_key_that_may_only_read_is_told_with_the_place_to_change_it(make_world: Any, woo: Any) -> None:
    world = make_world()
    world.shop.admin.add_key(woo.KEY, woo.SECRET, "read")
    found = findings(world)
    assert (found["credentials"].ok, found["rights"].ok) == (True, False)
    assert "REST API" in found["rights"].advice


def test_a_key_that_may_only_write_is_told(make_world: Any, woo: Any) -> None:
    world = make_world()
    world.shop.admin.add_key(woo.KEY, woo.SECRET, "write")
    found = findings(world)
    assert not found["credentials"].ok
    assert "read permissions" in found["credentials"].message


def test_a_dry_run_does_not_try_the_right_to_write(make_world: Any) -> None:
    world = make_world()
    found = findings(world, read_only=True)
    assert found["rights"].warning
    assert world.shop.log.writes() == 0


def test_plain_permalinks_are_named(make_world: Any) -> None:
    found = findings(make_world(pretty_permalinks=False))
    assert list(found) == ["address", "https"]
    assert "Permalinks" in found["address"].advice


def test_a_revoked_key_ends_the_check_there(make_world: Any, woo: Any) -> None:
    world = make_world()
    world.shop.admin.revoke_key(woo.KEY)
    found = findings(world)
    assert not found["credentials"].ok
    assert "rights" not in found
    assert woo.KEY not in found["credentials"].message


def test_another_currency_than_configured_is_an_error(make_world: Any) -> None:
    found = findings(make_world(), currency="USD")
    assert not found["currency"].ok
    assert "EUR" in found["currency"].message


def test_the_currency_comes_from_the_shop_when_it_is_not_configured(make_world: Any) -> None:
    world = make_world()
    assert world.connect().currency() == "EUR"
    world.shop.log.clear()
    assert world.connect(currency="eur").currency() == "EUR"
    assert world.shop.log.entries == []


def test_an_old_version_and_plain_http_are_warnings(make_world: Any) -> None:
    world = make_world(wc_version="9.9.5")
    world.url = "http://shop.example"
    found = findings(world)
    assert found["version"].warning
    assert found["https"].warning
    assert all(finding.ok for finding in found.values())


def test_a_clock_an_hour_off_is_an_error_where_signatures_need_it(make_world: Any) -> None:
    world = make_world(oauth_window_seconds=7200)
    world.url = "http://shop.example"
    connector = world.connect()
    connector._doctor._environment = type(connector._doctor._environment)(
        "shop", Ticker(world.clock.now() + timedelta(hours=1)), world.state
    )
    found = {finding.check: finding for finding in connector.check()}
    assert not found["clock"].ok
    assert "3600 s" in found["clock"].message


def test_missing_totals_are_a_warning(make_world: Any) -> None:
    found = findings(make_world(total_headers=False))
    assert found["credentials"].warning
    assert "X-WP-Total" in found["credentials"].message
