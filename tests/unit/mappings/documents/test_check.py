"""What is said against a document mapping by itself."""

from __future__ import annotations

import pytest

from canonical.errors import ConfigError
from mappings.documents import DocumentSpec, compile_document
from mappings.documents.check import check_document
from mappings.documents.spec import DocumentBody
from tests.unit.mappings.documents.conftest import CONTEXT, Load

HEAD = """\
platform: acme
document: order
resource: orders
fields:
  id: id
  number: id
  placed_at: {path: at, read: utc}
  updated_at: {path: at, read: utc}
  currency: cur
  total: total
  status: {value: open}
  payment_status: {value: paid}
"""
LISTS = "lists:\n  lines:\n    - each: lines\n      fields: {id: id, quantity: qty, amount: price}\n"
REQUEST = "platform: acme\ndocument: fulfillment_request\noperation: order.create\nfields:\n"


def _said(load: Load, text: str, document: str = "order") -> list[str]:
    try:
        spec = load(text, document)
    except ConfigError as error:
        return [str(problem).rpartition("/")[2] for problem in error.problems]
    return [str(problem).rpartition("/")[2] for problem in check_document(spec)]


def test_a_right_mapping_has_no_problem(load: Load) -> None:
    assert _said(load, HEAD + LISTS) == []


FIELDS: list[tuple[str, str]] = [
    ("nmber: a", "13:10: Order has no field 'nmber' (did you mean 'number'?)"),
    ("customer.nme: a", "13:17: Order has no field 'customer.nme' (did you mean 'customer.name'?)"),
    ("customer: a", "13:13: 'customer' is a group; set customer.external_id and so on"),
    ("payments: a", "13:13: 'payments' is a list of groups (put it under `lists:`)"),
    ("note: {}", "13:9: a source is exactly one of path, first, join, value, sum, difference, product, quotient"),
    ("note: {path: a, value: b}", "quotient, not path and value (to take one away"),
    ("note: {first: []}", "13:17: 'first' needs at least 1 paths"),
    ("note: {difference: [a]}", "13:10: 'difference' needs at least 2 paths"),
    ("note: a..b", "13:9: '' in 'a..b' is not a step of a path"),
    ("note: {join: [a, 'b c']}", "13:20: 'b c' in 'b c' is not a step"),
    ("note: a[]", "'a[]' ends in a list; leave the [] out"),
    ("note: 'a[k=v]'", "leads to a list element; add the value wanted from it"),
    ("note: ../a", "leads out of the record: there is nothing around it"),
    ("note: {path: a, read: uper}", "13:25: unknown transform 'uper' (did you mean 'upper'?)"),
    ("note: {path: a, read: [text, to_minor]}", "13:32: the transform 'to_minor' is not for reading (use 'minor')"),
    ("note: {path: a, read: upper(x)}", "13:25: the transform 'upper' takes nothing in brackets"),
    ("note: {path: a, read: prefix}", "13:25: the transform 'prefix' needs a text in brackets (write prefix(…))"),
    ("note: {path: a, read: round(x)}", "13:25: the transform 'round' needs a number of decimal places"),
    ("note: {path: a, read: round(99)}", "needs a number of decimal places"),
    ("note: {path: a, read: minor(a..)}", "13:25: '' in 'a..' is not a step of a path"),
    ("test: {path: a, default: maybe}", "13:28: test: 'maybe' is not true or false"),
    ("test: {value: 1}", "13:17: test: 1 is not true or false"),
    ("total: {path: a, default: NaN}", "'NaN' is not a number"),
    ("tags: {path: a, default: x}", "tags: 'x' is not a list of texts"),
    ("return_status: {value: opne}", "return_status: 'opne' is not one of none, requested, open"),
    ('return_status: {path: a, values: {x: clsed, "*": none}}', "13:40: return_status: 'clsed' is not one of"),
    ('return_status: {path: a, values: {"*": none}, strict: true}', '13:57: a table with "*" refuses nothing'),
    ("note: {path: a, strict: true}", "there is no table of values to be strict about"),
    ("return_status: {path: a, values: {x: open}}", "13:28: a record in which return_status is anything else"),
    ("note: {path: a, when: {b: {equals: 1, in: [2]}}}", "13:26: a condition says exactly one of"),
    ("note: {path: a, when: {b..: {equals: 1}}}", "13:26: '' in 'b..' is not a step of a path"),
]


@pytest.mark.parametrize(("line", "said"), FIELDS)
def test_a_wrong_field_is_told_with_its_place(load: Load, line: str, said: str) -> None:
    name = line.partition(":")[0]
    kept = "".join(one + "\n" for one in HEAD.splitlines() if not one.startswith(f"  {name}:"))
    number = kept.count("\n") + 1
    (problem,) = _said(load, f"{kept}  {line}\n{LISTS}")
    assert said.replace("13:", f"{number}:") in problem


LISTED: list[tuple[str, str]] = [
    ("lists: {}\n", "needs 'lines' (a list of groups), which nothing sets"),
    (LISTS + "  lins:\n    - fields: {a: b}\n", "17:3: Order has no field 'lins' (did you mean 'lines'?)"),
    (LISTS + "  tags:\n    - each: a\n", "17:3: 'tags' takes a list of texts, not a list of groups"),
    (LISTS.replace("quantity: qty, ", ""), "15:7: OrderLine needs 'quantity' (a whole number), which nothing sets"),
    (LISTS.replace("qty", "../../qty"), "leads out of the record"),
    (LISTS.replace("each: lines", "each: a..b"), "15:13: '' in 'a..b' is not a step of a path"),
    (LISTS.replace("id: id", "id: id, taxes: x"), "'taxes' is a list of groups (put it under `lists:`)"),
    (LISTS.replace("each: lines", "each: lines\n      when: {a: {}}"), "a condition says exactly one of"),
]


@pytest.mark.parametrize(("lists", "said"), LISTED)
def test_a_wrong_list_is_told_with_its_place(load: Load, lists: str, said: str) -> None:
    (problem,) = _said(load, HEAD + lists)
    assert said in problem


WRITTEN: list[tuple[str, str]] = [
    ("  id: refrence", "5:7: FulfillmentRequest has no path 'refrence' (did you mean 'reference'?)"),
    ("  id: shipping_address", "FulfillmentRequest has no path 'shipping_address'"),
    ("  id: {first: [customer.mail]}", "has no path 'customer.mail' (did you mean 'customer.email'?)"),
    ("  id: reference\nlists:\n  a: [{each: line, fields: {b: sku}}]", "7:14: FulfillmentRequest has no list 'line'"),
    (
        "  id: reference\nlists:\n  a: [{each: lines, fields: {b: skuu}}]",
        "7:33: FulfillmentRequest has no path 'lines[].skuu' (did you mean 'sku'?)",
    ),
    ("  id: {path: placed_at, read: utc}", "5:31: the transform 'utc' is not for writing (use 'to_utc')"),
    ("  id: {path: total, read: money(curency)}", "has no path 'curency' (did you mean 'currency'?)"),
    ("  a: reference\n  a.b: reference", "6:8: 'a.b' lies inside 'a', which is set as well"),
    ("  a: reference\nlists:\n  a: [{fields: {b: reference}}]", "'a' is set under `fields:` as well"),
    ("  a b: reference", "5:8: 'a b' is no target; use a.b"),
]


@pytest.mark.parametrize(("fields", "said"), WRITTEN)
def test_a_wrong_request_is_told_with_its_place(load: Load, fields: str, said: str) -> None:
    assert said in "\n".join(_said(load, f"{REQUEST}{fields}\n", "fulfillment_request"))


@pytest.mark.parametrize(
    ("text", "document", "said"),
    [
        (HEAD.replace("resource: orders", "operation: x"), "order", "3:12: order is read; it has a resource"),
        (HEAD.replace("resource: orders\n", ""), "order", "order is read, so the key 'resource' must be there"),
        (
            REQUEST.replace("operation", "resource") + "  a: reference\n",
            "fulfillment_request",
            "3:11: fulfillment_request is written; it has an operation",
        ),
    ],
)
def test_a_document_goes_one_way(load: Load, text: str, document: str, said: str) -> None:
    assert said in _said(load, text, document)[0]


def test_what_is_refused_on_purpose_is_no_warning(load: Load) -> None:
    line = "  return_status: {path: a, values: {x: open}, strict: true}\n"
    assert _said(load, HEAD + line + LISTS) == []


def test_a_warning_does_not_stop_the_mapping(load: Load) -> None:
    spec = load(HEAD + "  return_status: {path: a, values: {x: open}}\n" + LISTS)
    (problem,) = check_document(spec)
    assert problem.severity == "warning"
    assert compile_document(spec, CONTEXT).document == "order"


def test_a_wrong_mapping_is_not_compiled() -> None:
    spec = DocumentSpec(DocumentBody(platform="acme", document="ordre", fields={}, resource="x"), "a.yaml")
    with pytest.raises(ConfigError, match="unknown document 'ordre'"):
        compile_document(spec, CONTEXT)
