"""Somebody is forgotten: everywhere, once and for all, and nothing is done on account of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from canonical.errors import FatalError
from connectors.webhooks import Accepted, Contents, PrivacyDemand
from sync import inbox, trouble
from sync.inbox import Delivery
from sync.observe import ReadMode
from sync.orders import store
from sync.privacy import demands, disk, ledger, secondlist
from sync.privacy.erase import ELSEWHERE, Person, again
from sync.privacy.export import export
from sync.privacy.redaction import NOTHING
from sync.run import run_sync
from sync.store.database import open_database, put_meta
from sync.store.inbox import Inbox
from sync.store.orders import Document
from sync.store.tables import table
from tests.support.forgetting import HERS, as_older_versions_left_it, forget, kept, order, sync
from tests.support.trading import Trading, open_trading

DOCUMENT, INBOX = table(Document), table(Inbox)


@pytest.fixture
def found(database_url: str, tmp_path: Path) -> Iterator[Trading]:
    trading = open_trading(database_url, prefix=str(tmp_path))
    trading.shops.adopt()
    run_sync(trading.hub, ReadMode.FULL)
    trading.clock.advance(60)
    yield trading
    trading.hub.database.close()


def _standing(found: Trading, number: str) -> tuple[str, str]:
    with found.hub.database.begin() as connection:
        row = store.find_order(connection, "shop", number)
        assert row is not None
        return row.state, row.reason


def _touch(found: Trading, number: str, **values: Any) -> None:
    shop = found.trades["shop"]
    shop.orders[number].update(values)
    shop.world.tick += 1
    shop.orders[number]["changed"] = shop.world.tick


def test_a_person_goes_from_every_row_and_the_order_stands(found: Trading) -> None:
    number = order(found)
    other = found.place("shop", {"SKU-2": 1}, customer={"external_id": "8", "name": "Ada", "email": "ada@x"})
    sync(found)
    assert kept(found) == set(HERS)
    done = forget(found, Person("shop", "7"))
    assert (len(done.orders), done.open) == (1, 0)
    assert kept(found) == set()
    with found.hub.database.begin() as connection:
        row = store.find_order(connection, "shop", number)
        adas = store.find_order(connection, "shop", other)
        assert row is not None
        assert adas is not None
        (request,) = store.requests_of(connection, row.id)
        assert [(line.sku, line.quantity) for line in request.document.lines] == [("SKU-1", 1)]
        (told,) = trouble.of_kinds(connection, [ELSEWHERE])
        assert request.document.reference in told.detail or request.external_id in told.detail
        (ada,) = store.requests_of(connection, adas.id)
        assert ada.document.customer.name == "Ada"


def test_nothing_follows_from_it_at_any_platform(found: Trading) -> None:
    """A redacted address is no new address: no request is stopped, changed or made anew (R13)."""
    number = order(found)
    sync(found)
    asked = {key: dict(one) for key, one in found.trades["erp"].requests.items()}
    forget(found, Person("shop", "7"))
    _touch(found, number, platform_status="looked at")
    sync(found)
    sync(found, ReadMode.FULL)
    assert found.trades["erp"].requests == asked
    assert kept(found) == set()
    assert _standing(found, number) == ("asked", "")


def test_a_platform_that_hides_its_buyers_later_changes_nothing_either(found: Trading) -> None:
    number = order(found)
    sync(found)
    asked = {key: dict(one) for key, one in found.trades["erp"].requests.items()}
    _touch(found, number, customer={"redacted": True}, shipping_address=None, note="")
    sync(found)
    assert found.trades["erp"].requests == asked


def test_an_order_read_only_afterwards_comes_in_without_its_person(found: Trading) -> None:
    """The demand was faster than the read, or a full read brings back what was deleted here."""
    order(found)
    forget(found, Person("shop", "7"))
    sync(found)
    assert kept(found) == set()


def test_an_erasure_of_an_older_version_is_recognized_by_whatever_name_the_database_goes(found: Trading) -> None:
    as_older_versions_left_it(found)
    order(found)
    forget(found, Person("shop", "7"))
    open_database(found.hub.database.url).close()
    with found.hub.database.begin() as connection:
        put_meta(connection, "database_id", "another")
    sync(found)
    assert kept(found) == set()


def test_what_is_ordered_after_the_erasure_is_kept(found: Trading) -> None:
    order(found)
    sync(found)
    forget(found, Person("shop", email="Gracia@Hopp.example "))
    assert kept(found) == set()
    found.clock.advance(60)
    order(found)
    sync(found)
    assert kept(found) == set(HERS)
    assert len(found.trades["erp"].requests) == 2


def test_what_a_guest_placed_under_one_of_their_emails_is_forgotten_with_the_next_pass(found: Trading) -> None:
    order(found)
    order(found, customer={"external_id": "", "name": "Gracia Hopp", "email": "gracia@hopp.example"})
    sync(found)
    assert len(forget(found, Person("shop", "7")).orders) == 1
    assert again(found.hub) is not None
    assert kept(found) == set()


def test_a_request_that_was_not_sent_yet_is_not_sent_without_an_address(found: Trading) -> None:
    order(found)
    found.clock.advance(60)
    run_sync(found.hub, orders=False)
    forget(found, Person("shop", "7"))
    sync(found)
    assert found.trades["erp"].requests == {}
    with found.hub.database.begin() as connection:
        states = list(connection.execute(select(store.REQUEST.c.state, store.REQUEST.c.reason)))
    assert states == [("blocked", "redacted")]


def test_a_call_of_unknown_outcome_is_erased_once_it_is_known(found: Trading) -> None:
    order(found)
    sync(found)
    with found.hub.database.begin() as connection:
        connection.execute(store.EFFECT.update().values(state="in_flight"))
    assert forget(found, Person("shop", "7")).open == 1
    assert kept(found)
    with found.hub.database.begin() as connection:
        connection.execute(store.EFFECT.update().values(state="done"))
    assert again(found.hub) is not None
    assert kept(found) == set()


def _tell(found: Trading, topic: str, body: object, demand: PrivacyDemand | None = None) -> None:
    contents = Contents(demands=(demand,)) if demand else Contents()
    with found.hub.database.begin() as connection:
        inbox.keep(
            connection, [Delivery("shop", Accepted(topic, "d", contents), msgspec.json.encode(body))], found.hub.stamp()
        )


def test_messages_about_somebody_keep_their_ids_alone_also_late_ones(found: Trading) -> None:
    number = order(found)
    _tell(found, "orders/create", {"id": number, "customer": {"id": 7, "first_name": "Gracia"}})
    _tell(found, "customers/update", {"id": 7, "email": "gracia@hopp.example", "first_name": "Gracia"})
    _tell(found, "orders/create", {"id": "x", "customer": {"id": 8, "first_name": "Ada"}})
    sync(found)
    assert forget(found, Person("shop", "7")).messages == 2
    assert kept(found) == set()
    _tell(found, "orders/create", {"id": number, "customer": {"id": 7, "first_name": "Gracia"}, "note": "late"})
    assert kept(found) == {b"Gracia"}
    done = again(found.hub)
    assert done is not None
    assert (done.messages, kept(found)) == (1, set())
    with found.hub.database.begin() as connection:
        bodies = [bytes(row) for row in connection.execute(select(INBOX.c.body)).scalars()]
    assert b'{"id":"x","customer":{"id":8,"first_name":"Ada"}}' in bodies


def test_the_list_of_erasures_names_nobody_and_outlives_a_backup(found: Trading, tmp_path: Path) -> None:
    order(found)
    sync(found)
    forget(found, Person("shop", "7"))
    with found.hub.database.begin() as connection:
        rows = connection.execute(select(ledger.ERASURE)).all()
        assert rows
        connection.execute(ledger.ERASURE.delete())
        restored = secondlist.read(found.hub, connection)
    beside = secondlist.place(found.hub.config.erasures_file, found.hub.database)
    if beside is None:
        assert restored == 0
        return
    assert restored == len(rows)
    text = beside.read_bytes()
    assert not [one for one in (*HERS, b'"7"') if one in text]
    # A crash in the middle of a line costs that line alone.
    beside.write_bytes(text + b'{"connection":"sh')
    with found.hub.database.begin() as connection:
        assert secondlist.read(found.hub, connection) == 0


def test_a_file_that_the_configuration_names_forgets_again_whom_a_backup_brought_back(
    found: Trading, tmp_path: Path
) -> None:
    """The database as it was before the erasure, on either kind: only the file still knows of it."""
    file = tmp_path / "elsewhere" / "erasures"
    file.parent.mkdir()
    found.hub.config = replace(found.hub.config, erasures_file=file)
    order(found)
    sync(found)
    with found.hub.database.begin() as connection:
        before = connection.execute(select(DOCUMENT)).mappings().all()
    assert any(one in bytes(row["raw"]) for row in before for one in HERS)
    forget(found, Person("shop", "7"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert not [one for one in (*HERS, b'"7"') if one in file.read_bytes()]
    with found.hub.database.begin() as connection:
        connection.execute(ledger.ERASURE.delete())
        connection.execute(DOCUMENT.delete())
        connection.execute(DOCUMENT.insert(), [dict(row) for row in before])
    sync(found)
    with found.hub.database.begin() as connection:
        documents = [bytes(row) for row in connection.execute(select(DOCUMENT.c.raw)).scalars()]
        assert not ledger.is_empty(connection)
    assert not [one for one in HERS for text in documents if one in text]


def test_a_file_that_cannot_be_written_is_told_with_what_to_do(found: Trading, tmp_path: Path) -> None:
    found.hub.config = replace(found.hub.config, erasures_file=tmp_path / "nowhere" / "erasures")
    order(found)
    sync(found)
    with pytest.raises(FatalError, match="cannot write") as caught:
        forget(found, Person("shop", "7"))
    assert "privacy.erasures_file" in caught.value.hint


def test_the_same_id_at_another_connection_is_somebody_else(found: Trading) -> None:
    order(found)
    sync(found)
    assert forget(found, Person("erp", "7")).orders == []
    assert kept(found) == set(HERS)


def test_an_unreadable_demand_forgets_nobody_and_stays_open(found: Trading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its details it would mean everyone."""

    class Reader:
        def read(self, topic: str, body: bytes) -> Contents:
            return Contents(demands=(PrivacyDemand("erase", everyone=topic.startswith("shop/")),))

    monkeypatch.setattr(demands, "reader_of", lambda hub: lambda name: Reader())
    order(found)
    sync(found)
    _tell(found, "customers/redact", {}, PrivacyDemand("erase"))
    assert demands.carry_out(found.hub) == 0
    assert kept(found) == set(HERS)
    with found.hub.database.begin() as connection:
        # A person must look; what works by itself does not try for ever.
        assert not demands.waiting(found.hub, connection)
        assert inbox.standings(connection)["shop"].demands == 1
        assert len(trouble.of_kinds(connection, [demands.TELL])) == 1
    _tell(found, "shop/redact", {"shop_id": 1}, PrivacyDemand("erase"))
    assert demands.carry_out(found.hub) == 1
    assert kept(found) == set()


def test_what_is_kept_can_be_told(found: Trading) -> None:
    order(found)
    found.place("shop", {"SKU-2": 1}, customer={"external_id": "8", "name": "Ada", "email": "ada@x"})
    _tell(found, "customers/update", {"id": 1, "email": "gracia@hopp.example"})
    sync(found)
    with found.hub.database.begin() as connection:
        told = export(connection, Person("shop", "7"))
        by_mail = export(connection, Person("shop", email="GRACIA@hopp.example"))
    text = msgspec.json.encode(told)
    assert all(one in text for one in HERS)
    assert b"Ada" not in text
    assert len(told["requests"]) == len(told["sent"]) == 1
    assert len(by_mail["messages"]) == 1
    forget(found, Person("shop", "7"))
    with found.hub.database.begin() as connection:
        again_told = msgspec.json.encode(export(connection, Person("shop", "7")))
    assert not [one for one in HERS if one in again_told]


def test_raw_records_are_gone_and_their_digest_stays(found: Trading) -> None:
    number = order(found)
    sync(found)
    with found.hub.database.begin() as connection:
        before = connection.execute(select(DOCUMENT.c.digest).where(DOCUMENT.c.external_id == number)).scalar_one()
    forget(found, Person("shop", "7"))
    with found.hub.database.begin() as connection:
        row = connection.execute(select(DOCUMENT).where(DOCUMENT.c.external_id == number)).one()
    assert (bytes(row.raw), bytes(row.digest)) == (NOTHING, bytes(before))
    assert disk.clean(found.hub.database)


def test_a_demand_caught_and_sent_again_forgets_nobody_anew(found: Trading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its signature covers no time and no id: whoever caught it could have every later order forgotten."""

    class Reader:
        def read(self, topic: str, body: bytes) -> Contents:
            return Contents(demands=(PrivacyDemand("erase", "7"),))

    monkeypatch.setattr(demands, "reader_of", lambda hub: lambda name: Reader())
    demand = msgspec.json.encode({"customer": {"id": 7}})
    said = Contents(demands=(PrivacyDemand("erase", "7"),))
    for number in range(2):
        with found.hub.database.begin() as connection:
            told = Delivery("shop", Accepted("customers/redact", f"id-{number}", said), demand)
            inbox.keep(connection, [told], found.hub.stamp())
        assert demands.carry_out(found.hub) == 1
        found.clock.advance(60)
        order(found)
        sync(found)
    assert kept(found) == set(HERS)
    with found.hub.database.begin() as connection:
        assert not demands.waiting(found.hub, connection)


def test_a_demand_with_a_fault_that_no_one_foresaw_waits_for_a_person_and_holds_nothing_up(
    found: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reader:
        def read(self, topic: str, body: bytes) -> Contents:
            if b"odd" in body:
                raise LookupError("a fault")
            return Contents(demands=(PrivacyDemand("erase", "7"),))

    monkeypatch.setattr(demands, "reader_of", lambda hub: lambda name: Reader())
    said = Contents(demands=(PrivacyDemand("erase", "7"),))
    number = order(found)
    with found.hub.database.begin() as connection:
        told = [Delivery("shop", Accepted("customers/redact", body.decode(), said), body) for body in (b"odd", b"{}")]
        inbox.keep(connection, told, found.hub.stamp())
    sync(found)
    assert _standing(found, number)
    with found.hub.database.begin() as connection:
        assert not demands.waiting(found.hub, connection)
        (standing,) = trouble.of_kinds(connection, [demands.TELL])
        states = dict(connection.execute(select(INBOX.c.delivery_id, INBOX.c.demand)).all())
    assert "a fault that no one foresaw" in standing.detail
    assert states == {"odd": "doubt", "{}": "erase"}


def test_what_follows_on_a_line_that_a_crash_cut_off_can_be_read(found: Trading) -> None:
    path = secondlist.place(found.hub.config.erasures_file, found.hub.database)
    if path is None:
        pytest.skip("PostgreSQL has no file beside it")
    for number in range(2):
        with found.hub.database.begin() as connection:
            ledger.add(connection, [("shop", "order", str(number))], found.hub.stamp())
            secondlist.write(found.hub, connection)
        path.write_bytes(path.read_bytes() + b'{"connection":"sh')
    with found.hub.database.begin() as connection:
        connection.execute(ledger.ERASURE.delete())
        assert secondlist.read(found.hub, connection) == 2


def test_who_is_forgotten_a_second_time_is_until_then(found: Trading) -> None:
    """What they ordered in between and is read only now is theirs as well."""
    order(found)
    sync(found)
    forget(found, Person("shop", "7"))
    found.clock.advance(60)
    order(found)
    forget(found, Person("shop", "7"))
    sync(found)
    assert kept(found) == set()
