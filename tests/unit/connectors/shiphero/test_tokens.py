"""Access tokens: asked for once for all threads, renewed when they end or are refused, never kept or shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from canonical.errors import AuthenticationError
from connectors.base import Environment
from connectors.conformance.world import MemoryState
from connectors.http import Answer, Outgoing
from connectors.manifest import load_manifest
from connectors.shiphero.connector import ShipHeroConnector, connect
from connectors.shiphero.options import read_options
from connectors.shiphero.simulator.access import PASSWORD, REFRESH_TOKEN, USERNAME
from connectors.shiphero.tokens import Tokens
from connectors.simulation import SimTransport, Ticker
from connectors.vault import Vault
from tests.unit.connectors.shiphero.stage import Stage, records_of, stage

LOGIN = {"refresh_token": "", "username": USERNAME, "password": PASSWORD}


def test_a_refresh_token_opens_the_account(clock: Ticker) -> None:
    scene = stage(clock)
    assert len(records_of(scene.pull("products", "sku"))) == 3
    assert scene.operations()[0] == "auth/refresh"
    assert len(scene.hero.access.granted) == 1


@pytest.mark.parametrize("login", ["username", "email"])
def test_user_and_password_open_it_whatever_the_user_is_called(clock: Ticker, login: str) -> None:
    scene = stage(clock, login=login)
    assert len(records_of(scene.pull("products", "sku", **LOGIN))) == 3
    assert scene.operations()[0] == "auth/token"


@pytest.mark.parametrize("expired", ["status", "errors"])
def test_a_token_that_is_refused_is_replaced_by_one_thread_for_all(clock: Ticker, expired: str) -> None:
    scene = stage(clock, expired=expired)
    connector = scene.connector
    list(connector.pull("products", ["sku"]))
    scene.hero.access.expire()
    barrier = Barrier(6)

    def read(_: int) -> int:
        barrier.wait()
        return len(records_of(connector.pull("products", ["sku"])))

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(read, range(6))) == [3] * 6
    assert len(scene.hero.access.granted) == 2


def test_threads_whose_token_was_refused_together_ask_for_one_new_one(clock: Ticker) -> None:
    asked: list[str] = []

    def send(outgoing: Outgoing) -> Answer:
        asked.append(outgoing.url)
        body = f'{{"access_token": "token-{len(asked)}"}}'.encode()
        return Answer(200, httpx.Headers(), body, clock.now(), 0.1, outgoing.operation)

    options = read_options({"refresh_token": "refresh"}, load_manifest("connectors.shiphero"))
    tokens = Tokens(options, send, lambda secret: None, clock)
    old = tokens.current()
    barrier = Barrier(6)

    def renew(_: int) -> str:
        barrier.wait()
        tokens.renew(old)
        return tokens.current()

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(renew, range(6))) == {"token-2"}
    assert asked == ["auth/refresh"] * 2


def test_a_token_whose_lifetime_is_told_is_renewed_before_it_ends(clock: Ticker) -> None:
    scene = stage(clock, token_seconds=3600.0, tells_lifetime=True)
    scene.pull("products", "sku")
    clock.advance(3600 - 200)
    scene.pull("products", "sku")
    assert len(scene.hero.access.granted) == 2
    assert all(record.status == 200 for record in scene.sent)


def test_a_refresh_token_that_is_replaced_is_followed(clock: Ticker) -> None:
    scene = stage(clock, rotates=True)
    for _ in range(3):
        assert len(records_of(scene.pull("products", "sku"))) == 3
        scene.hero.access.expire()
    assert REFRESH_TOKEN not in scene.hero.access.refresh_tokens


def test_a_refresh_token_that_is_replaced_is_known_to_the_next_process_where_there_is_a_vault(clock: Ticker) -> None:
    state = MemoryState()

    def process(scene: Stage, key: str = "a key that is long enough") -> ShipHeroConnector:
        vault = Vault(state, key)
        way = SimTransport(scene.hero)
        return connect(
            {"refresh_token": REFRESH_TOKEN}, Environment("wh", clock, state, http_transport=way, vault=vault)
        )

    scene = stage(clock, rotates=True)
    assert len(records_of(process(scene).pull("products", ["sku"]))) == 3
    assert REFRESH_TOKEN not in scene.hero.access.refresh_tokens
    assert len(records_of(process(scene).pull("products", ["sku"]))) == 3
    with pytest.raises(AuthenticationError):
        list(process(scene, "another key that is long enough").pull("products", ["sku"]))
    with pytest.raises(AuthenticationError):
        scene.pull("products", "sku")


def test_a_refresh_token_that_ended_gives_way_to_the_password(clock: Ticker) -> None:
    scene = stage(clock)
    scene.hero.access.revoke()
    found = records_of(scene.pull("products", "sku", username=USERNAME, password=PASSWORD))
    assert len(found) == 3
    assert scene.operations()[:2] == ["auth/refresh", "auth/token"]


def test_no_way_in_is_told_without_the_secrets(clock: Ticker) -> None:
    scene = stage(clock)
    scene.hero.access.revoke()
    with pytest.raises(AuthenticationError, match="no access token") as caught:
        scene.pull("products", "sku", username=USERNAME, password="wrong-password")
    assert "wrong-password" not in str(caught.value)
    assert "username and password" in str(caught.value)


def test_a_token_that_is_refused_right_after_it_was_given_ends_the_read(clock: Ticker) -> None:
    scene = stage(clock)

    class Closed(SimTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/graphql":
                return httpx.Response(401, json={"message": "Unauthorized"}, request=request)
            return super().handle_request(request)

    with pytest.raises(AuthenticationError):
        list(scene.connect(transport=Closed(scene.hero)).pull("products", ["sku"]))
    assert scene.operations().count("auth/refresh") == 2


def test_tokens_are_in_no_error(clock: Ticker) -> None:
    scene = stage(clock)

    class Echo(SimTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/graphql":
                said = f"bad header {request.headers['authorization']}"
                return httpx.Response(400, json={"message": said}, request=request)
            return super().handle_request(request)

    with pytest.raises(Exception, match="bad header") as caught:
        list(scene.connect(transport=Echo(scene.hero)).pull("products", ["sku"]))
    assert scene.hero.access.granted[0] not in str(caught.value)


def test_asking_for_a_token_is_no_write_in_a_dry_run(clock: Ticker) -> None:
    scene = stage(clock)
    connector: Any = scene.connect(read_only=True)
    assert len(records_of(connector.pull("products", ["sku"]))) == 3
