"""Platforms tell, the hub dies, platforms tell twice: nothing that was answered is lost, nothing is done twice."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.hearing import Hearing, hearing
from tests.support.receiving import order_message
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hearing]:
    with hearing(tmp_path) as found:
        yield found


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=16, max_keepalive_connections=16)
    with httpx.Client(timeout=30, limits=limits, trust_env=False) as found:
        yield found


def test_eight_deliveries_at_once_are_one_order_and_one_request(world: Hearing, client: httpx.Client) -> None:
    serving = world.serve("--every", "3600")
    until(lambda: world.runs("serve") == ["done"])
    world.woo.checkout.place({"SKU-1": 2})
    ((body, headers),) = world.messages()
    with world.woo.turn():
        world.woo.log.clear()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: serving.post(client, body, headers), range(8)))
    assert answers == [200] * 8
    until(lambda: world.asked() and not world.marked())
    (reference,) = world.asked()
    # A second time only where the first one was read before the last of the eight had come.
    assert 1 <= world.woo.log.reads("orders") <= 2
    assert world.stored() == {body.decode(): 8}
    # Late, doubled, replayed: nothing more comes of it.
    assert serving.post(client, body, headers) == 200
    assert world.run("replay").returncode == 2
    until(lambda: not world.marked())
    assert serving.end(signal.SIGTERM) == 0
    assert world.run("sync").returncode == 0
    assert (world.asked(), world.orders()) == ([reference], 1)


def test_serve_says_in_json_where_each_platform_is_to_call_and_what_it_syncs(
    world: Hearing, client: httpx.Client
) -> None:
    serving = world.serve("--every", "3600", "--format", "json")
    begun = json.loads(serving.begun)
    assert begun["connections"] == [{"connection": "shop", "url": f"{serving.url}/webhooks/shop"}]
    assert (begun["unheard"], begun["every"], begun["flows"], begun["orders"]) == (["bob"], 3600, ["stock"], ["shop"])
    world.woo.checkout.place({"SKU-1": 1})
    ((body, headers),) = world.messages()
    assert client.post(begun["connections"][0]["url"], content=body, headers=dict(headers)).status_code < 300
    assert serving.rest() == ""


def test_serve_tells_a_person_the_addresses_the_interval_the_flows_and_how_to_stop_it(world: Hearing) -> None:
    serving = world.serve("--every", "3600")
    told = serving.rest()
    for part in (f"shop is to call {serving.url}/webhooks/shop", "bob", "3600 seconds", "flow stock", "Ctrl-C"):
        assert part in told


def test_forged_messages_come_to_nothing(world: Hearing, client: httpx.Client) -> None:
    serving = world.serve("--receive-only")
    world.woo.checkout.place({"SKU-1": 1})
    ((body, headers),) = world.messages()
    forged = [
        (body.replace(b'"id":', b'"id":9'), headers),
        (body[: len(body) // 2], headers),
        (body, {**headers, "X-WC-Webhook-Signature": "AAAA"}),
        (body, {name: value for name, value in headers.items() if "Signature" not in name}),
        order_message(7, secret="guessed"),
    ]
    assert [serving.post(client, *one) for one in forged] == [401] * 5
    assert serving.post(client, body, headers, door="bob") == 404
    assert serving.end(signal.SIGTERM) == 0
    assert (world.stored(), world.marked()) == ({}, 0)


def test_what_was_answered_before_a_kill_is_worked_off_afterwards(world: Hearing, client: httpx.Client) -> None:
    serving = world.serve("--receive-only")
    world.woo.checkout.place({"SKU-1": 1})
    world.woo.checkout.place({"SKU-2": 1})
    told = world.messages()
    assert [serving.post(client, *one) for one in told] == [200, 200]
    assert serving.end(signal.SIGKILL) == -signal.SIGKILL
    assert world.marked() == 2
    again = world.serve("--every", "3600")
    until(lambda: len(world.asked()) == 2)
    assert again.end(signal.SIGTERM) == 0
    assert world.marked() == 0
    assert len(world.stored()) == 2


def test_a_kill_under_load_loses_nothing_that_was_answered(world: Hearing, client: httpx.Client) -> None:
    serving = world.serve("--receive-only")
    answered: dict[str, int] = {}

    def post_on(worker: int) -> None:
        for number in range(1, 100_000):
            body, headers = order_message(worker * 100_000 + number)
            status = serving.post(client, body, headers)
            if status != 200:
                return
            answered[body.decode()] = status

    with ThreadPoolExecutor(8) as pool:
        posting = [pool.submit(post_on, worker) for worker in range(1, 9)]
        until(lambda: len(answered) > 300)
        assert serving.end(signal.SIGKILL) == -signal.SIGKILL
        for one in posting:
            one.result(timeout=PATIENCE)
    stored = world.stored()
    assert set(answered) <= set(stored)
    # At most what each of the eight had under way is stored without an answer.
    assert len(stored) - len(answered) <= 8
    assert world.marked() == len(stored)


def test_sigterm_ends_a_hub_under_load_in_time_and_answers_what_it_took(world: Hearing, client: httpx.Client) -> None:
    serving = world.serve("--every", "1")
    answered: set[str] = set()

    def post_on(worker: int) -> None:
        for number in range(1, 100_000):
            body, headers = order_message(worker * 100_000 + number)
            status = serving.post(client, body, headers)
            if status != 200:
                return
            answered.add(body.decode())

    with ThreadPoolExecutor(4) as pool:
        posting = [pool.submit(post_on, worker) for worker in range(1, 5)]
        until(lambda: len(answered) > 100)
        begun = time.monotonic()
        assert serving.end(signal.SIGTERM) == 0
        assert time.monotonic() - begun < 10
        for one in posting:
            one.result(timeout=PATIENCE)
    assert answered <= set(world.stored())


def test_a_copy_is_made_while_the_hub_runs_and_put_back_only_when_it_has_ended(
    world: Hearing, client: httpx.Client
) -> None:
    serving = world.serve("--every", "3600")
    until(lambda: world.runs("serve") == ["done"])
    assert world.run("backup", "morning.backup").returncode == 0
    world.woo.checkout.place({"SKU-1": 2})
    ((body, headers),) = world.messages()
    assert serving.post(client, body, headers) == 200
    until(lambda: world.asked() and not world.marked())
    asked = world.asked()
    refused = world.run("restore", "morning.backup", "--yes")
    assert (refused.returncode, "in use" in refused.stderr, "stop `crossdock serve`" in refused.stderr) == (
        1,
        True,
        True,
    )
    assert world.orders() == 1
    assert serving.end(signal.SIGTERM) == 0
    assert world.run("restore", "morning.backup").returncode == 2
    assert world.orders() == 1
    assert world.run("restore", "morning.backup", "--yes").returncode == 0
    assert (world.orders(), world.stored()) == (0, {})
    assert world.run("sync").returncode == 0
    assert (world.orders(), world.asked()) == (1, asked)
