"""The receiver over real HTTP: what is answered with 200 is stored and marked, everything else is refused in words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from connectors.woocommerce import webhooks as woocommerce
from crossdock.clock import SystemClock
from crossdock.webhooks.limits import Bucket, Limits
from crossdock.webhooks.receiver import Door, Receiver
from sync import observeset
from sync.store.database import Database, open_database
from sync.store.inbox import Inbox
from sync.store.tables import table
from tests.support.receiving import SECRET, listening, order_message

ROWS = table(Inbox)
# Loading the certificates of this machine takes longer than all the rest.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
post, get = partial(httpx.post, verify=PLAIN), partial(httpx.get, verify=PLAIN)
Serve = Callable[..., tuple[str, Receiver]]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = open_database(database_url)
    yield found
    found.close()


@pytest.fixture
def serve(sqlite_url: str) -> Iterator[Serve]:
    """Serves a receiver with two doors, on a SQLite database unless another one is given."""
    with ExitStack() as stack:

        def start(database: Database | None = None, **limits: Any) -> tuple[str, Receiver]:
            if database is None:
                database = open_database(sqlite_url)
                stack.callback(database.close)
            doors = {
                "shop": Door("shop", woocommerce, ("retired", SECRET)),
                "other": Door("other", woocommerce, ("another secret",)),
            }
            receiver = Receiver(doors, database, SystemClock(), Limits(**limits))
            return stack.enter_context(listening(receiver)), receiver

        yield start


def _post(url: str, number: int = 7, door: str = "shop", **more: Any) -> httpx.Response:
    body, headers = order_message(number, **more)
    return post(f"{url}/webhooks/{door}", content=body, headers=headers)


def _stored(database: Database) -> list[tuple[str, bytes, int]]:
    with database.begin() as connection:
        rows = connection.execute(select(ROWS.c.connection, ROWS.c.body, ROWS.c.copies).order_by(ROWS.c.id))
        return [(row[0], bytes(row[1]), row[2]) for row in rows]


def _marked(database: Database) -> set[str]:
    with database.begin() as connection:
        return set(observeset.due(connection, "shop", ["orders"], "9").refs)


def _problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["title"]
    return str(told["detail"])


def test_what_is_answered_is_stored_with_its_marks(database: Database, serve: Serve) -> None:
    url, receiver = serve(database)
    body, _ = order_message(7)
    assert _post(url).status_code == 200
    assert _stored(database) == [("shop", body, 1)]
    assert _marked(database) == {"7"}
    assert receiver.counts == {("shop", "stored"): 1}


def test_eight_at_once_are_one_message_and_one_mark(database: Database, serve: Serve) -> None:
    url, _ = serve(database)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _post(url).status_code, range(8)))
    assert answers == [200] * 8
    assert [copies for _, _, copies in _stored(database)] == [8]
    assert _marked(database) == {"7"}


def test_different_messages_at_once_are_all_stored(database: Database, serve: Serve) -> None:
    url, _ = serve(database)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda number: _post(url, number).status_code, range(1, 101))) == {200}
    assert len(_stored(database)) == 100
    assert _marked(database) == {str(number) for number in range(1, 101)}


def test_a_forged_message_is_refused_and_leaves_nothing(serve: Serve, sqlite_url: str) -> None:
    url, receiver = serve()
    body, headers = order_message(7)
    refused = post(f"{url}/webhooks/shop", content=body.replace(b"7", b"8"), headers=headers)
    assert _problem(refused, 401) == "not believed: bad_signature"
    assert "www-authenticate" in refused.headers
    unsigned = {name: value for name, value in headers.items() if "Signature" not in name}
    assert _problem(post(f"{url}/webhooks/shop", content=body, headers=unsigned), 401)
    assert _problem(post(f"{url}/webhooks/shop", content=body[:-1], headers=headers), 401)
    found = open_database(sqlite_url)
    assert _stored(found) == []
    found.close()
    assert receiver.counts["shop", "bad_signature"] == 2


def test_a_message_counts_only_at_its_own_door(serve: Serve) -> None:
    url, _ = serve()
    assert _problem(_post(url, door="other"), 401)
    assert _problem(_post(url, door="nobody"), 404) == "no connection of this name takes webhooks"


def test_no_header_opens_another_door(serve: Serve, sqlite_url: str) -> None:
    url, _ = serve()
    body, headers = order_message(7)
    lies = {**headers, "X-WC-Webhook-Source": "https://other.example/", "X-Forwarded-Path": "/webhooks/other"}
    assert post(f"{url}/webhooks/shop", content=body, headers=lies).status_code == 200
    found = open_database(sqlite_url)
    assert [name for name, _, _ in _stored(found)] == ["shop"]
    found.close()


def test_both_secrets_count(serve: Serve) -> None:
    url, _ = serve()
    assert _post(url, secret="retired").status_code == 200
    assert _post(url, secret=SECRET).status_code == 200


def test_the_greeting_is_answered_and_not_stored(serve: Serve, sqlite_url: str) -> None:
    url, receiver = serve()
    answer = post(f"{url}/webhooks/shop", data={"webhook_id": "4"})
    assert answer.status_code == 200
    assert receiver.counts == {("shop", "greeting"): 1}
    found = open_database(sqlite_url)
    assert _stored(found) == []
    found.close()


@pytest.mark.parametrize("announced", [True, False])
def test_what_is_too_large_is_refused_however_it_is_sent(serve: Serve, announced: bool) -> None:
    url, _ = serve(body_bytes=1000)
    body, headers = order_message(7, note="x" * 2000)
    content: Any = body if announced else (body[at : at + 100] for at in range(0, len(body), 100))
    assert "1000" in _problem(post(f"{url}/webhooks/shop", content=content, headers=headers), 413)
    small, headers = order_message(7)
    assert post(f"{url}/webhooks/shop", content=small, headers=headers).status_code == 200


def test_a_door_takes_so_many_a_second_and_the_others_still_theirs(serve: Serve) -> None:
    url, _ = serve(per_second=0.001)
    assert _post(url).status_code == 200
    again = _post(url)
    assert _problem(again, 429)
    assert again.headers["retry-after"] == "5"
    assert _post(url, door="other", secret="another secret").status_code == 200


def test_a_bucket_fills_with_time() -> None:
    now = [0.0]
    bucket = Bucket(2.0, lambda: now[0])
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]
    now[0] += 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] += 3600
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]


def test_a_message_that_never_ends_is_given_up(serve: Serve) -> None:
    url, _ = serve(body_seconds=0.2)
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5) as wire:
        wire.sendall(b"POST /webhooks/shop HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n{")
        assert b" 408 " in wire.recv(1000)


def test_a_message_that_cannot_be_stored_is_to_come_again(serve: Serve, sqlite_url: str) -> None:
    url, _ = serve()
    found = open_database(sqlite_url)
    with found.begin() as connection:
        connection.execute(text("alter table inbox rename to elsewhere"))
    answer = _post(url)
    assert _problem(answer, 503) == "could not be stored"
    assert answer.headers["retry-after"]
    with found.begin() as connection:
        connection.execute(text("alter table elsewhere rename to inbox"))
    assert _marked(found) == set()
    assert _post(url).status_code == 200
    assert _marked(found) == {"7"}
    found.close()


def test_what_is_no_door_is_refused_in_words(serve: Serve) -> None:
    url, _ = serve()
    assert _problem(get(f"{url}/webhooks/shop"), 405)
    assert _problem(get(f"{url}/"), 404)
