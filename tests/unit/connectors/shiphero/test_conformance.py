"""The suite every connector passes: what ShipHero has none of is skipped, nothing fails, under either reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import pytest

from connectors.conformance import Status, Subject, Tier, run, tier_of
from connectors.shiphero.simulator import ShipHeroSimulator, Switches
from connectors.shiphero.simulator.loading import load
from connectors.shiphero.simulator.subject import subject
from connectors.simulation import CatalogItem, Ticker

MILDER: dict[str, Any] = {
    "throttle_tells": "fields",
    "charges_asked": False,
    "tells_quota": True,
    "absent": "field",
    "expired": "errors",
    "tells_lifetime": True,
    "sorts": True,
    "stable_cursors": True,
    "exact_reference": True,
    "filters_dates": True,
    "listing_lag_seconds": 0.0,
    "unique_numbers": True,
    "unknown_sku": "refused",
    "shipping_moves_order": True,
    "zone": True,
}
SINGLES: list[dict[str, Any]] = [{name: value} for name, value in MILDER.items()]
OTHERS: list[dict[str, Any]] = [{"throttle_tells": "text"}, {"absent": "silent"}, {"filters_customer": False}]


def _with(**switches: Any) -> Subject:
    def loaded(clock: Ticker, items: Sequence[CatalogItem]) -> ShipHeroSimulator:
        hero = ShipHeroSimulator(clock=clock, switches=Switches(**switches))
        load(hero, items)
        return hero

    return replace(subject(), simulator=loaded)


@pytest.mark.parametrize("switches", [{}, MILDER, *SINGLES, *OTHERS], ids=lambda given: "+".join(given) or "default")
def test_every_rule_is_kept_under_every_reading_of_the_platform(switches: dict[str, Any]) -> None:
    results = run(_with(**switches))
    assert [(result.check, result.reason) for result in results if result.status is Status.FAIL] == []
    assert tier_of(results) is Tier.GOLD


def test_every_switch_that_is_turned_here_is_one() -> None:
    assert set(MILDER) <= {field.name for field in fields(Switches)}
    assert all(getattr(Switches(), name) != value for name, value in MILDER.items())
