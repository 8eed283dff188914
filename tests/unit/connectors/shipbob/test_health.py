"""What the health check finds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from canonical.errors import FatalError
from connectors.base import Finding
from connectors.shipbob.simulator import ShipBobSimulator, Switches
from connectors.shipbob.simulator.access import Token
from connectors.shipbob.simulator.simulator import CHANNEL, DEFAULT_CHANNEL
from connectors.shipbob.simulator.state import Channel
from connectors.simulation import Ticker
from tests.unit.connectors.shipbob.stage import Stage


def findings(stage: Stage, **settings: Any) -> dict[str, Finding]:
    return {one.check: one for one in stage.connect(**settings).check()}


def test_a_healthy_connection(stage: Stage) -> None:
    found = findings(stage)
    assert [name for name, one in found.items() if not one.ok or one.warning] == []
    assert str(CHANNEL) in found["channel"].message


def test_a_wrong_token_ends_it(stage: Stage) -> None:
    found = findings(stage, token="pat-other")
    assert set(found) == {"credentials", "version", "mode"}
    assert not found["credentials"].ok
    assert "token" in found["credentials"].advice


def test_rights_that_lack_are_named(stage: Stage) -> None:
    stage.account.access.tokens["weak"] = Token(CHANNEL, frozenset({"channels_read", "orders_read"}))
    found = findings(stage, token="weak")
    assert found["rights"].message == "the token may not read products, inventory, returns"
    assert not found["rights"].ok


def test_a_token_that_may_make_no_orders_says_so(stage: Stage) -> None:
    del stage.account.account.channels[CHANNEL]
    found = findings(stage)
    assert not found["channel"].ok
    assert "orders_write" in found["channel"].advice


def test_with_several_channels_one_must_be_chosen(stage: Stage) -> None:
    stage.account.account.channels[7] = Channel(7, "Second", "SMA", ("orders_write",))
    found = findings(stage)
    assert not found["channel"].ok
    assert "7 (Second)" in found["channel"].message
    assert found["channel"].advice == "set channel_id"
    with pytest.raises(FatalError, match="several"):
        stage.create()
    assert findings(stage, channel_id=str(CHANNEL))["channel"].ok


@pytest.mark.parametrize("channel", [DEFAULT_CHANNEL, 5])
def test_a_channel_that_is_not_ours_is_found_out(stage: Stage, channel: int) -> None:
    found = findings(stage, channel_id=str(channel))
    assert not found["channel"].ok
    assert str(CHANNEL) in found["channel"].advice


def test_the_sandbox_is_pointed_out(stage: Stage) -> None:
    found = findings(stage, api_base="https://sandbox-api.shipbob.com")
    assert found["mode"].warning
    assert "sandbox" in found["mode"].message


def test_a_version_that_was_not_tried_is_pointed_out(clock: Ticker) -> None:
    stage = Stage(clock, ShipBobSimulator(clock=clock, version="2026-07"))
    found = findings(stage, version="2026-07")
    assert found["version"].ok
    assert found["version"].warning
    assert found["credentials"].ok


def test_a_version_that_is_not_there_is_told(stage: Stage) -> None:
    found = findings(stage, version="2025-07")
    assert not found["credentials"].ok
    assert "version" in found["credentials"].advice


@pytest.mark.parametrize(
    ("now", "ok"), [(datetime(2027, 1, 30, tzinfo=UTC), True), (datetime(2027, 2, 1, tzinfo=UTC), False)]
)
def test_the_end_of_a_version_is_told_in_time(now: datetime, ok: bool) -> None:
    clock = Ticker(now)
    found = findings(Stage(clock, ShipBobSimulator(clock=clock)))
    assert (found["version"].ok, found["version"].warning) == (ok, ok)


def test_a_clock_that_is_off_is_pointed_out(stage: Stage) -> None:
    other = Ticker(datetime(2026, 11, 2, 7, 0, tzinfo=UTC))
    ahead = Stage(other, stage.account)
    assert ahead.connect().check()[0].warning


def test_no_date_is_no_skew(clock: Ticker) -> None:
    stage = Stage(clock, ShipBobSimulator(clock=clock, switches=Switches(date_header=False)))
    assert not findings(stage)["credentials"].warning
