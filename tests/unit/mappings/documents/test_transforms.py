"""Every transform of document mappings, in the directions it has."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical.money import exponent
from mappings.documents.transforms import READING, WRITING, make_step
from mappings.model import MappingContext
from mappings.readers import BadValueError
from tests.unit.mappings.documents.conftest import CONTEXT

MORNING = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)

READ: list[tuple[str, Any, Any]] = [
    ("text", 5, "5"),
    ("text", Decimal("1.50"), "1.50"),
    ("trim", "  a ", "a"),
    ("upper", "eur", "EUR"),
    ("lower", "EUR", "eur"),
    ("prefix(no. (a) )", 5, "no. (a) 5"),
    ("unprefix(#)", "#1001", "1001"),
    ("unprefix(#)", "1001", "1001"),
    ("gid_number", "gid://system/Order/17?x=1", "17"),
    ("gid_number", 17, "17"),
    ("decimal", "1.50", Decimal("1.50")),
    ("integer", "12.0", 12),
    ("negate", "0.00", Decimal("0.00")),
    ("negate", -5, Decimal(5)),
    ("absolute", "-5", Decimal(5)),
    ("round(2)", "1.005", Decimal("1.01")),
    ("round(2)", "-0.001", Decimal("0.00")),
    ("round(0)", "2.5", Decimal(3)),
    ("round(4)", "1.5", Decimal("1.5")),
    ("flag", "true", True),
    ("instant", "2026-01-05T09:30:00+01:00", MORNING),
    ("instant", "2026-01-05T08:30:00Z", MORNING),
    ("utc", "2026-01-05T08:30:00", MORNING),
    ("utc", "2026-01-05 09:30:00+01:00", MORNING),
    ("unix", 1767601800, MORNING),
    ("unix", "1767601800", MORNING),
    ("unix", Decimal("0.000001"), datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)),
    ("date", "2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
    ("date", "2026-01-05T23:30:00-05:00", datetime(2026, 1, 6, tzinfo=UTC)),
    ("minor", 1050, Decimal("10.50")),
    ("minor(cur)", 1050, Decimal(1050)),
    ("minor(three)", "1050", Decimal("1.050")),
    ("percent", "19.0", Decimal("0.190")),
    ("comma_set", "b, a,,b", ["a", "b"]),
    ("set", ["b", "a", "b"], ["a", "b"]),
    ("location", "2", "WH2"),
    ("location", 2, "WH2"),
    ("location", "9", None),
]
WRITE: list[tuple[str, Any, Any]] = [
    ("text", MORNING, "2026-01-05T08:30:00Z"),
    ("text", Decimal("1E+2"), "100"),
    ("to_utc", MORNING, "2026-01-05T08:30:00"),
    ("to_unix", MORNING.replace(microsecond=999999), 1767601800),
    ("to_unix", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), -1),
    ("to_date", MORNING, "2026-01-05"),
    ("date", MORNING, "2026-01-05"),
    ("to_minor", Decimal("10.5"), 1050),
    ("to_minor(cur)", Decimal("1050.00"), 1050),
    ("to_minor(three)", Decimal("1.05"), 1050),
    ("money", Decimal(10), "10.00"),
    ("money(cur)", Decimal("10.0"), "10"),
    ("money(three)", Decimal("-0.5"), "-0.500"),
    ("number", Decimal("10.00"), 10),
    ("number", Decimal("10.10"), 10.1),
    ("to_percent", Decimal("0.19"), Decimal(19)),
    ("to_commas", ["b", "a"], "b, a"),
    ("location", "WH1", "L1"),
]
BAD: list[tuple[str, Any]] = [
    ("text", 1.5),
    ("text", {}),
    ("upper", None),
    ("gid_number", "gid://system/Order/"),
    ("gid_number", "gid://system/Order/x"),
    ("gid_number", "\u0661"),
    ("decimal", "1,5"),
    ("decimal", "Infinity"),
    ("integer", "1.5"),
    ("negate", True),
    ("instant", "2026-01-05T08:30:00"),
    ("instant", "0001-01-01T00:00:00+10:00"),
    ("instant", []),
    ("utc", "soon"),
    ("unix", "1e15"),
    ("minor", "10.5"),
    ("minor(nothing)", 1),
    ("minor(number)", 1),
    ("to_minor", "10.505"),
    ("to_minor(cur)", "1.5"),
    ("money", Decimal("1.005")),
    ("number", Decimal("0.1000000000000000000001")),
    ("to_commas", ["a,b"]),
    ("to_commas", "a"),
    ("flag", "yes"),
    ("comma_set", 1.5),
]
FRAME = ({"cur": "JPY", "three": "kwd", "nothing": None, "number": 5},)


def _made(name: str, value: Any, *, writing: bool, context: MappingContext = CONTEXT) -> Any:
    return make_step(name, context, 0, writing=writing)(value, FRAME)


@pytest.mark.parametrize(("name", "value", "wanted"), READ)
def test_read(name: str, value: Any, wanted: Any) -> None:
    made = _made(name, value, writing=False)
    assert (made, type(made)) == (wanted, type(wanted))
    if isinstance(wanted, Decimal):
        assert str(made) == str(wanted)


@pytest.mark.parametrize(("name", "value", "wanted"), WRITE)
def test_write(name: str, value: Any, wanted: Any) -> None:
    made = _made(name, value, writing=True)
    assert (made, type(made)) == (wanted, type(wanted))


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_a_transform_cannot_take_is_an_error(name: str, value: Any) -> None:
    writing = name.partition("(")[0] not in READING
    with pytest.raises(BadValueError):
        _made(name, value, writing=writing)


def test_a_location_without_an_id_cannot_be_written() -> None:
    with pytest.raises(BadValueError) as error:
        _made("location", "WH9", writing=True)
    assert error.value.reason == "unknown_location"


def test_the_currency_of_the_connection_must_be_known_where_it_is_needed() -> None:
    with pytest.raises(BadValueError, match="currency is not known"):
        _made("minor", 1, writing=False, context=MappingContext())


def test_every_transform_is_tried() -> None:
    assert {name.partition("(")[0] for name, _, _ in READ} == set(READING)
    tried = {name.partition("(")[0] for name, _, _ in (*READ, *WRITE)}
    assert tried == {*READING, *WRITING}


def test_the_transforms_for_the_other_direction_exist() -> None:
    for here, there in ((READING, WRITING), (WRITING, READING)):
        for transform in here.values():
            assert not transform.instead or transform.instead in there


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD", "CLF"])
def test_minor_units_go_there_and_back(currency: str) -> None:
    context = MappingContext(currency)
    amount = _made("minor", 123456, writing=False, context=context)
    assert -amount.as_tuple().exponent == exponent(currency)
    assert _made("to_minor", amount, writing=True, context=context) == 123456
