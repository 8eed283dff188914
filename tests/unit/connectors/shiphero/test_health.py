"""What `doctor` finds: credentials, whose account it is, credits, the clock; and the warehouses."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Finding, PlatformLocation
from connectors.simulation import Fault, Ticker
from tests.unit.connectors.shiphero.stage import Stage, stage


def findings(scene: Stage, **settings: Any) -> dict[str, Finding]:
    return {one.check: one for one in scene.connect(**settings).check()}


def test_a_healthy_account(clock: Ticker) -> None:
    found = findings(stage(clock))
    assert all(one.ok and not one.warning for one in found.values())
    assert "2 warehouses" in found["credentials"].message
    assert found["credits"].message.endswith("of 2002 credits, 30 a second")


def test_credentials_that_are_refused_end_the_check(clock: Ticker) -> None:
    scene = stage(clock)
    scene.hero.access.revoke()
    found = findings(scene)
    assert list(found) == ["credentials"]
    assert not found["credentials"].ok
    assert "refresh_token" in found["credentials"].advice


def test_the_account_of_a_3pl_needs_a_customer(clock: Ticker) -> None:
    scene = stage(clock)
    scene.hero.state.account["is_3pl"] = True
    assert findings(scene)["customer"].warning
    found = findings(scene, customer_account_id="Q3VzdG9tZXI6MQ==")["customer"]
    assert found.ok
    assert not found.warning


def test_a_quota_that_is_not_told_is_no_fault(clock: Ticker) -> None:
    scene = stage(clock)
    refused = Fault("status", status=400, times=9, when=lambda request: b"user_quota" in request.body)
    scene.hero.faults.add(refused)
    found = findings(scene)["credits"]
    assert not found.ok or found.warning


@pytest.mark.parametrize("status", [200, 503])
def test_a_site_that_answers_web_pages_is_told(clock: Ticker, status: int) -> None:
    scene = stage(clock)
    scene.hero.faults.add(Fault("html", times=99, status=status))
    found = findings(scene)
    assert not found["credentials"].ok


def test_the_warehouses_are_the_places(clock: Ticker) -> None:
    scene = stage(clock)
    ids = {row["identifier"]: row["id"] for row in scene.hero.state.all("Warehouse")}
    assert scene.connector.locations() == [PlatformLocation(ids["WH1"], "WH1"), PlatformLocation(ids["WH2"], "WH2")]


def test_a_clock_that_is_off_is_told(clock: Ticker) -> None:
    from dataclasses import replace

    from connectors.simulation import SimRequest, SimResponse

    scene = stage(clock)
    inner = scene.hero.answer

    def late(request: SimRequest) -> SimResponse:
        answer = inner(request)
        return replace(answer, headers={**answer.headers, "date": "Mon, 02 Nov 2026 09:00:00 GMT"})

    scene.hero.answer = late  # type: ignore[method-assign]
    assert "3600 seconds" in findings(scene)["credentials"].message


def test_a_replaced_refresh_token_that_would_be_lost_is_told(clock: Ticker) -> None:
    scene = stage(clock, rotates=True)
    found = {one.check: one for one in scene.connector.check()}
    assert found["token"].warning
    assert "token_key" in found["token"].advice
    assert "token" not in {one.check for one in stage(clock).connector.check()}
