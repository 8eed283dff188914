"""The suite every connector passes: what ShipBob has no such thing of is skipped, nothing fails."""

from __future__ import annotations

from connectors.conformance import Status, run
from connectors.shipbob.simulator.subject import subject


def test_every_rule_is_kept() -> None:
    results = run(subject())
    assert [(result.check, result.reason) for result in results if result.status is Status.FAIL] == []
    skipped = {result.reason for result in results if result.status is Status.SKIP}
    assert skipped == {"this connector declares no writes", "this connector's credentials do not expire"}
