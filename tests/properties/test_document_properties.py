"""Properties of document mappings: no record breaks them, nothing they are given changes, money stays exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import SkippableError
from canonical.money import exponent
from canonical.order import Order
from canonical.request import RefundNotice
from mappings.documents import DocumentMapping, DocumentSpec, compile_document, load_documents
from mappings.documents.spec import DocumentBody
from mappings.loader import SHIPPED
from mappings.model import MappingContext
from mappings.source import parse_yaml

CONTEXT = MappingContext("EUR", {"2": "WH2"})

ORDER = """
platform: acme
document: order
resource: orders
fields:
  id: {first: [gid, id], read: [text, unprefix(no)]}
  number: {path: number, read: [trim, upper]}
  placed_at: {path: placed, read: instant}
  updated_at: {path: updated, read: unix}
  canceled_at: {path: day, read: date}
  currency: {path: money.currency, read: upper}
  total: {path: money.total, read: minor(money.currency)}
  presentment_total: {difference: [money.total, "taxes[].amount"]}
  status: {path: state, values: {new: open, "*": completed}}
  payment_status: {path: paid, values: {"true": paid, "false": pending}, strict: true}
  customer.name: {join: [who.first, "who.names[].n"]}
  customer.redacted: {path: who.hidden, when: {who.hidden: {present: true}}}
  note: "meta[key=note].value"
  tags: {path: tags, read: comma_set}
lists:
  lines:
    - each: lines
      when: {qty: {not_in: [0]}}
      fields:
        id: id
        quantity: qty
        amount: {product: [price, qty]}
        discount: {path: off, read: [absolute, round(2)]}
      lists: {taxes: [{each: taxes, fields: {amount: amount, rate: {path: rate, read: percent}, title: ^number}}]}
  fulfillments:
    - each: jobs
      fields: {id: id, location: {path: place, read: location}, shipped_at: {path: at, read: utc}}
      lists: {tracking: [{each: numbers, fields: {number: ., carrier: ../by}}]}
  assignments: [{each: "jobs[].parts", fields: {line_id: id, quantity: {path: qty, read: negate}, id: ../id}}]
"""
RECORD: dict[str, Any] = {
    "gid": None,
    "id": "no17",
    "number": " a17 ",
    "placed": "2026-01-05T09:30:00+01:00",
    "updated": 1767601800,
    "day": "2026-01-06",
    "money": {"currency": "eur", "total": 1050},
    "taxes": [{"amount": "1.50"}, {"amount": 0.25}],
    "state": "new",
    "paid": True,
    "who": {"first": "Ann", "names": [{"n": "Lee"}], "hidden": False},
    "meta": [{"key": "note", "value": "ring twice"}],
    "tags": "b, a",
    "lines": [{"id": 1, "qty": 2, "price": "4.50", "off": -1, "taxes": [{"amount": "0.30", "rate": 19.0}]}],
    "jobs": [
        {
            "id": "j",
            "place": "2",
            "at": "2026-01-06T08:00:00",
            "numbers": ["1Z"],
            "by": "UPS",
            "parts": [{"id": 1, "qty": -2}],
        }
    ],
}

numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", " ", "1e9", "2026-01-05", "NaN", "-0"]
)
leaves = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("id qty key value n".split()), inner),
    max_leaves=6,
)


def compiled(text: str, context: MappingContext = CONTEXT) -> DocumentMapping:
    return compile_document(DocumentSpec(msgspec.convert(parse_yaml(text).data, DocumentBody), "a.yaml"), context)


@cache
def order() -> DocumentMapping:
    return compiled(ORDER)


def _positions(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _positions(one, (*path, key))


def _with(record: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = deepcopy(record)
    node = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return changed


def _decoded(mapping: DocumentMapping, raw: bytes) -> Any:
    """What becomes of a record: its document, or the reason it has none."""
    buffer = bytearray(raw)
    try:
        document = mapping.decode(memoryview(buffer))
    except SkippableError as error:
        document = (error.reason, str(error))
    assert bytes(buffer) == raw
    return document


def test_the_record_itself_is_read_whole() -> None:
    found = order().decode(json.dumps(RECORD).encode())
    assert (found.id, found.number, found.currency, found.total) == ("17", "A17", "EUR", Decimal("10.50"))
    assert (found.presentment_total, found.customer.name, found.note) == (Decimal("1048.25"), "Ann Lee", "ring twice")
    assert (found.lines[0].amount, found.lines[0].discount) == (Decimal("9.00"), Decimal(1))
    assert found.lines[0].taxes[0].rate == Decimal("0.19")
    assert (found.fulfillments[0].tracking[0].carrier, found.assignments[0].quantity) == ("UPS", 2)


@pytest.mark.parametrize("path", list(_positions(RECORD)), ids=lambda path: ".".join(map(str, path)) or "record")
@given(value=anything)
def test_any_json_in_any_place_is_read_or_refused(path: tuple[str | int, ...], value: Any) -> None:
    raw = json.dumps(_with(RECORD, path, value)).encode()
    first, second = _decoded(order(), raw), _decoded(order(), raw)
    assert first == second
    if isinstance(first, Order):
        assert order().identify(raw) == first.id
        assert first.placed_at.tzinfo is not None
        assert all(line.amount.is_finite() and isinstance(line.quantity, int) for line in first.lines)
    else:
        reason, message = first
        assert reason in ("invalid_value", "fraction")
        assert message.startswith("orders")


@given(raw=st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused(raw: bytes) -> None:
    assert isinstance(_decoded(order(), raw), tuple)
    assert isinstance(order().identify(raw), str)


CURRENCIES = st.sampled_from(["JPY", "KRW", "EUR", "USD", "KWD", "BHD", "CLF"])
REFUND = "platform: acme\ndocument: refund_notice\noperation: refund\nfields:\n"
CHARGE = """
platform: acme
document: charge
resource: charges
fields:
  id: id
  currency: currency
  status: {value: succeeded}
  created_at: {path: at, read: utc}
  amount: {path: amount, read: READ}
  refunded: {path: money, default: 0}
"""


@cache
def money() -> tuple[DocumentMapping, DocumentMapping]:
    fields = "  amount: {path: amount, read: to_minor(currency)}\n  money: {path: amount, read: money(currency)}\n"
    return compiled(CHARGE.replace("READ", "minor(currency)")), compiled(REFUND + fields + "  currency: currency\n")


@given(units=st.integers(-(10**13), 10**13), currency=CURRENCIES)
def test_money_goes_through_minor_units_and_texts_exactly(units: int, currency: str) -> None:
    read, write = money()
    amount = Decimal(units).scaleb(-exponent(currency))
    document = write.encode(RefundNotice(reference="r", order_id="1", amount=amount, currency=currency))
    assert document["amount"] == units
    again = read.decode(json.dumps({**document, "id": "c", "at": "2026-01-05"}).encode())
    assert (again.amount, again.refunded) == (amount, amount)
    assert str(again.amount) == format(amount, "f")
    assert str(again.refunded) == document["money"]


@given(
    amount=st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=3),
    currency=st.sampled_from(["JPY", "EUR", "KWD"]),
)
def test_money_that_has_no_minor_units_is_refused_and_never_rounded(amount: Decimal, currency: str) -> None:
    _, write = money()
    notice = RefundNotice(reference="r", order_id="1", amount=amount, currency=currency)
    kept = msgspec.convert(msgspec.to_builtins(notice), RefundNotice)
    whole = amount.scaleb(exponent(currency))
    if whole == whole.to_integral_value():
        assert write.encode(notice)["amount"] == int(whole)
    else:
        with pytest.raises(SkippableError, match="whole minor units"):
            write.encode(notice)
    assert notice == kept


@given(moment=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_instants_go_there_and_back(moment: datetime) -> None:
    text = ORDER.replace("placed, read: instant", "placed, read: utc").replace("updated, read: unix", "again")
    whole = moment.replace(microsecond=0)
    raw = {**RECORD, "placed": whole.replace(tzinfo=None).isoformat(), "again": moment.isoformat()}
    found = compiled(text).decode(json.dumps(raw).encode())
    assert (found.placed_at, found.updated_at) == (whole, moment)


READ = [
    (path.parent.parent.name, path.stem)
    for path in sorted(SHIPPED.glob("*/documents/*.yaml"))
    if "\nresource:" in path.read_text("utf-8")
]


@cache
def shipped(platform: str, document: str) -> DocumentMapping:
    (spec,) = (one for one in load_documents(platform) if one.document == document)
    return compile_document(spec, CONTEXT)


@pytest.mark.parametrize(("platform", "document"), READ)
@given(data=st.data())
def test_shipped_mappings_read_or_refuse_any_values_at_their_paths(
    platform: str, document: str, data: st.DataObject
) -> None:
    mapping = shipped(platform, document)
    record: dict[str, Any] = {}
    for path in mapping.read_paths:
        if data.draw(st.booleans()):
            _put(record, path.split("."), data.draw(leaves, label=path))
    found = _decoded(mapping, json.dumps(record).encode())
    assert isinstance(found, mapping.struct) or found[0] in ("invalid_value", "fraction", "negative_stock")


def _put(node: dict[str, Any], steps: list[str], value: Any) -> None:
    """Set a path of a catalog in a record, with one element in every list; what is in the way stays."""
    name, _, selector = steps[0].partition("[")
    key, _, wanted = selector.removesuffix("]").partition("=")
    if len(steps) == 1:
        node.setdefault(name, value)
        return
    inner = node.setdefault(name, [{key: wanted} if key else {}] if selector else {})
    inner = inner[0] if isinstance(inner, list) and inner else inner
    if isinstance(inner, dict):
        _put(inner, steps[1:], value)
