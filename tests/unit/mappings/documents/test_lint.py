"""Document mappings held against what a platform offers."""

from __future__ import annotations

import pytest

from connectors.manifest import load_fields, load_manifest
from mappings.documents import load_documents
from mappings.documents.lint import Offer, lint_documents
from mappings.loader import SHIPPED
from tests.unit.mappings.documents.conftest import Load

OFFER = Offer(
    {
        "payouts": ("id", "sum", "cur", "state", "at", "list[].a", "list[].deep[].b", "meta[].key", "meta[].value"),
        "others": ("id",),
    },
    {"payouts": ("payout",), "others": ("charge",)},
    {"order.cancel": "cancel_request", "order.create": "fulfillment_request"},
)
PAYOUT = """\
platform: acme
document: payout
resource: payouts
fields:
  id: id
  amount: sum
  currency: cur
  status: state
  created_at: {path: at, read: utc}
"""
CANCEL = "platform: acme\ndocument: cancel_request\noperation: order.cancel\nfields: {id: target_id}\n"


def _said(load: Load, text: str, document: str = "payout", offer: Offer = OFFER) -> list[str]:
    return [str(one).rpartition("/")[2] for one in lint_documents([load(text, document)], {"acme": offer})]


@pytest.mark.parametrize(
    "line",
    [
        "balance_id: 'meta[key=balance].value'",
        "balance_id: {join: ['list[].a', 'list[].deep[].b']}",
        "balance_id: {path: id, when: {state: {present: true}}}",
    ],
)
def test_known_paths_have_no_problem(load: Load, line: str) -> None:
    assert _said(load, f"{PAYOUT}  {line}\n") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("balance_id: stat", "10:15: payouts has no path 'stat' (did you mean 'state'?)"),
        ("balance_id: {first: [id, lst]}", "10:28: payouts has no path 'lst'"),
        ("balance_id: 'list[].b'", "payouts has no path 'list[].b' (did you mean 'list[].a'?)"),
        ("balance_id: {path: id, when: {x: {present: true}}}", "10:33: payouts has no path 'x'"),
        ("balance_id: {path: id, read: minor(curr)}", "10:32: payouts has no path 'curr' (did you mean 'cur'?)"),
        ("balance_id: list", "payouts has no path 'list'"),
    ],
)
def test_unknown_paths_are_told(load: Load, line: str, said: str) -> None:
    (problem,) = _said(load, f"{PAYOUT}  {line}\n")
    assert said in problem


@pytest.mark.parametrize(
    ("text", "document", "said"),
    [
        (PAYOUT.replace(": payouts", ": payout"), "payout", "3:11: acme has no resource 'payout' (did you mean"),
        (CANCEL.replace("order.cancel", "cancel"), "cancel_request", "3:12: acme has no effect 'cancel'"),
        (
            CANCEL.replace("order.cancel", "order.create"),
            "cancel_request",
            "order.create is made from a fulfillment_request, not from a cancel_request (fitting are: order.cancel)",
        ),
        (
            PAYOUT.replace(": payouts", ": others").replace("sum", "id"),
            "payout",
            "3:11: others holds no payout (fitting are: payouts)",
        ),
    ],
)
def test_unknown_resources_and_effects_are_told(load: Load, text: str, document: str, said: str) -> None:
    assert said in _said(load, text, document)[0]


def test_a_right_effect_has_no_problem(load: Load) -> None:
    assert _said(load, CANCEL, "cancel_request") == []


def test_an_unknown_platform_is_told(load: Load) -> None:
    (problem,) = lint_documents([load(PAYOUT, "payout")], {"acne": OFFER})
    assert "unknown platform 'acme'" in problem.message


def test_nested_lists_are_held_against_the_catalog(load: Load) -> None:
    text = """\
platform: acme
document: target_order
resource: orders
fields: {id: id, reference: ref, status: {value: sent}}
lists:
  shipments:
    - each: parcels
      fields: {id: id}
      lists:
        lines: [{each: contnts, fields: {quantity: qty}}]
        tracking: [{each: numbers, fields: {number: .}}]
"""
    paths = ("id", "ref", "parcels[].id", "parcels[].contents[].qty", "parcels[].numbers")
    offer = Offer({"orders": paths}, {"orders": ("target_order",)})
    (first, second) = _said(load, text, "target_order", offer)
    assert "10:24: orders has no list 'parcels[].contnts' (did you mean 'contents'?)" in first
    assert "10:52: orders has no path 'parcels[].contnts[].qty'" in second


@pytest.mark.parametrize("platform", sorted(path.parent.name for path in SHIPPED.glob("*/documents")))
def test_shipped_documents_fit_their_platforms(platform: str) -> None:
    manifest, catalog = load_manifest(f"connectors.{platform}"), load_fields(f"connectors.{platform}")
    offer = Offer(
        catalog.resources,
        {name: resource.documents for name, resource in manifest.resources.items()},
        {name: effect.document for name, effect in manifest.effects.items()},
    )
    specs = load_documents(platform)
    assert specs
    assert [str(problem) for problem in lint_documents(specs, {platform: offer})] == []
