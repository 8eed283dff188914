"""The ground the tests stand on is what it promises."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import httpx
import pytest
import sqlalchemy

from tests.support import postgres


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://[2001:db8::1]/", "http://shop.example/"])
def test_an_attempt_to_leave_this_machine_fails_the_test(url: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="only use loopback"):
        httpx.get(url)


def test_a_name_that_never_resolves_is_an_ordinary_connection_error() -> None:
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://shop.invalid/")


def test_loopback_and_unix_sockets_stay_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        place = os.path.relpath(tmp_path / "s")
        server.bind(place)
        server.listen()
        client.connect(place)


def test_no_setting_of_the_machine_reaches_a_test() -> None:
    found = [name for name in os.environ if name.startswith("CROSSDOCK_") or name.lower().endswith("_proxy")]
    assert found == []
    assert "DATABASE_URL" not in os.environ


def test_a_database_is_new_and_empty_on_both_kinds(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table here (id integer)"))
    engine.dispose()


def test_two_databases_of_one_server_are_apart(postgres_server: postgres.PostgresServer, postgres_url: str) -> None:
    with postgres_server.database() as other:
        assert other != postgres_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me:pw@db.example:5432/app", "postgresql://me:pw@db.example:5432/x"),
        ("postgres://me@127.0.0.1/app?sslmode=disable", "postgresql://me@127.0.0.1/x?sslmode=disable"),
        ("postgresql+psycopg://postgres@/app?host=/run/pg", "postgresql://postgres@/x?host=/run/pg"),
        ("postgresql://localhost", "postgresql://localhost/x"),
    ],
)
def test_a_given_server_is_used_by_the_name_of_the_wanted_database(url: str, expected: str) -> None:
    assert postgres.given(url).url("x") == expected
