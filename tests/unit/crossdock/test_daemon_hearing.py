"""What is looked after beside syncing is looked after as the configuration says now, not as it said at the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from connectors.manifest import WebhookSpec
from crossdock.daemon.active import Active
from crossdock.daemon.hearing import Hearing
from crossdock.settings.lint import checked
from crossdock.settings.model import Settings
from crossdock.settings.platforms import InstalledPlatforms
from sync import differing, silence, trouble
from sync.store.tables import Run, table
from tests.support.trading import Trading, open_trading

CONFIG = """\
connections:
  shop: {connector: shopify, settings: {shop: a.myshopify.com, access_token: "${env:T}"}, currency: EUR,
         webhook_secrets: ["${env:S}"]}
ownership: {variant.sku: shop}
flows: {}
"""


@pytest.fixture
def trading(tmp_path: Path) -> Iterator[Trading]:
    found = open_trading(f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path))
    config = found.hub.config
    shop = config.connections["shop"]
    spec = WebhookSpec(secret="", header="", topics={"order": ("orders",)}, retries="")
    telling = replace(shop, manifest=msgspec.structs.replace(shop.manifest, webhooks=spec))
    found.hub.config = replace(config, connections={**config.connections, "shop": telling})
    found.shops.adopt()
    yield found
    found.hub.database.close()


def _settings(folder: Path, hours: float) -> Settings:
    file = folder / "crossdock.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    settings = checked(file, InstalledPlatforms())
    return replace(settings, webhooks=msgspec.structs.replace(settings.webhooks, silent_after_hours=hours))


def test_forgetting_once_more_is_a_run_that_ends(tmp_path: Path, trading: Trading) -> None:
    Hearing(Active(_settings(tmp_path, 0.0), trading.hub, set()), lambda _settings: pytest.fail("not asked")).check()
    runs = table(Run).c
    with trading.hub.database.begin() as connection:
        forgetting = select(runs.outcome, runs.started_by).where(runs.command == "serve (privacy)")
        assert list(map(tuple, connection.execute(forgetting))) == [("done", "daily")]


def test_a_changed_configuration_says_from_when_on_a_platform_is_silent(tmp_path: Path, trading: Trading) -> None:
    active = Active(_settings(tmp_path, 0.0), trading.hub, set())
    seconds = 0.0
    hearing = Hearing(active, lambda _settings: pytest.fail("no platform is asked"), beat=lambda: seconds)

    def silent() -> int:
        hearing.check()
        with trading.hub.database.begin() as connection:
            return len(trouble.of_kinds(connection, [silence.KIND]))

    for _ in range(2):
        assert silent() == 0
        seconds += 3_600
        trading.clock.advance(90_000)
    active.settings = _settings(tmp_path, 24.0)
    for _ in range(2):
        found = silent()
        seconds += 3_600
        trading.clock.advance(90_000)
    assert found == 1
    # Nobody looks at it any more, so nobody could say that it is over: it is.
    active.settings = _settings(tmp_path, 0.0)
    assert silent() == 0


def test_what_a_platform_did_not_tell_is_over_when_the_hub_does_not_subscribe_there(
    tmp_path: Path, trading: Trading
) -> None:
    active = Active(_settings(tmp_path, 0.0), trading.hub, set())
    with trading.hub.database.begin() as connection:
        trouble.stands(connection, differing.KIND, "shop", "said", trading.hub.stamp())
    Hearing(active, lambda _settings: pytest.fail("no platform is asked")).check()
    with trading.hub.database.begin() as connection:
        assert trouble.of_kinds(connection, [differing.KIND]) == []


def test_a_fault_that_no_one_foresaw_at_one_connection_leaves_the_others_alone(
    tmp_path: Path, trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path, 0.0)
    settings = replace(settings, webhooks=msgspec.structs.replace(settings.webhooks, public_url="https://hub.example"))
    monkeypatch.setattr("crossdock.daemon.hearing.registering", lambda _settings: ["odd", "shop"])
    compared: list[str] = []

    def compare(self: Hearing, name: str) -> None:
        if name == "odd":
            raise LookupError("a platform that answers what nobody reckoned with")
        compared.append(name)

    monkeypatch.setattr(Hearing, "compare", compare)
    Hearing(Active(settings, trading.hub, set()), lambda _settings: pytest.fail("not asked")).check()
    assert compared == ["shop"]
