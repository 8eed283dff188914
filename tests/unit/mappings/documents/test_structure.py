"""The canonical documents, taken apart."""

from __future__ import annotations

import pytest

from canonical.order import Order
from connectors.manifest import load_manifest
from mappings.documents.kinds import DOCUMENTS, READ, WRITTEN
from mappings.documents.structure import Kind, find_part, parts_of, paths_of


@pytest.mark.parametrize(
    ("path", "kind", "required"),
    [
        ("id", Kind.TEXT, True),
        ("total", Kind.DECIMAL, True),
        ("placed_at", Kind.INSTANT, True),
        ("canceled_at", Kind.INSTANT, False),
        ("presentment_total", Kind.DECIMAL, False),
        ("test", Kind.FLAG, False),
        ("tags", Kind.TEXTS, False),
        ("lines", Kind.LIST, True),
        ("shipping_address", Kind.GROUP, False),
        ("shipping_address.city", Kind.TEXT, False),
        ("status", Kind.CHOICE, True),
    ],
)
def test_fields_of_an_order(path: str, kind: Kind, *, required: bool) -> None:
    part = find_part(Order, path)
    assert part is not None
    assert (part.kind, part.required) == (kind, required)


@pytest.mark.parametrize("path", ["", "nothing", "id.x", "lines.id", "shipping_address.nothing"])
def test_what_is_no_field_is_not_found(path: str) -> None:
    assert find_part(Order, path) is None


def test_paths_are_in_catalog_form() -> None:
    paths = paths_of(Order)
    assert paths["lines[].taxes[].amount"] is Kind.DECIMAL
    assert paths["customer.email"] is Kind.TEXT
    assert "lines" not in paths


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_can_be_taken_apart(name: str) -> None:
    assert paths_of(DOCUMENTS[name])
    assert (name in READ) is not (name in WRITTEN)
    assert "id" in parts_of(DOCUMENTS[name]) or name in WRITTEN


@pytest.mark.parametrize("platform", ["memory", "shopify", "tryton", "woocommerce"])
def test_connectors_speak_of_known_documents(platform: str) -> None:
    manifest = load_manifest(f"connectors.{platform}")
    said = {document for resource in manifest.resources.values() for document in resource.documents}
    assert said <= set(READ)
    assert {effect.document for effect in manifest.effects.values()} <= set(WRITTEN)
