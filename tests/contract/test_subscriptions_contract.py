"""What is sent and shown of webhook subscriptions fits the vendors' own descriptions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from graphql import build_client_schema, parse, validate

from connectors import registry
from connectors.conformance import Subject, World
from connectors.manifest import load_manifest
from connectors.shopify import subscriptions as shopify
from connectors.simulation import SimRequest, SimResponse
from connectors.stripe.simulator.subject import subject as stripe_subject
from connectors.subscriptions import SubscribingConnector
from connectors.woocommerce.simulator.subject import subject as woo_subject

ADDRESS = "https://hub.example/webhooks/shop"
Seen = list[tuple[SimRequest, SimResponse]]


def _lived(subject: Subject) -> Seen:
    """All that a connector asks about subscriptions, with what the simulator answered."""
    world = World.open(subject, 1)
    answer = world.simulator.answer
    seen: Seen = []

    def noted(request: SimRequest) -> SimResponse:
        response = answer(request)
        seen.append((request, response))
        return response

    world.simulator.answer = noted  # type: ignore[method-assign]
    assert isinstance(world.connector, SubscribingConnector)
    spec = registry.manifest_of(subject.name).webhooks
    assert spec is not None
    of, topics = world.connector.subscriptions(), tuple(spec.topics)
    of.create(ADDRESS, topics, "abc123")
    for one in of.listed():
        of.change(one, one.topics, "abc123")
        of.remove(one)
    return seen


@pytest.mark.parametrize("version", load_manifest("connectors.shopify").versions)
def test_documents_and_topics_are_those_of_shopify(specs: Path, version: str) -> None:
    with gzip.open(specs / "shopify" / f"admin_{version}.json.gz") as file:
        schema = build_client_schema(json.load(file)["data"], assume_valid=True)
    for document in (shopify._LIST, shopify._CREATE, shopify._DELETE):
        assert validate(schema, parse(document)) == []
    spec = load_manifest("connectors.shopify").webhooks
    assert spec is not None
    known: Any = schema.get_type("WebhookSubscriptionTopic")
    assert {shopify._constant(topic) for topic in spec.topics} <= set(known.values)
    # Those that privacy laws demand are set up with the app; nobody can subscribe to them.
    assert not {shopify._constant(topic) for topic in spec.privacy} & set(known.values)


def test_fields_and_parameters_are_those_of_woocommerce(specs: Path) -> None:
    fields = json.loads((specs / "woocommerce" / "rest-v3-fields.json").read_text(encoding="utf-8"))
    webhook = fields["resources"]["webhook"]
    asked = set(fields["collection_params"]["webhooks v1 layer"]) | {"page", "per_page"}
    for request, response in _lived(woo_subject()):
        sent = json.loads(request.body or b"{}")
        assert set(sent) <= set(webhook)
        assert sent.get("status", "active") in webhook["status"]["enum"]
        shown = json.loads(response.body)
        for one in shown if isinstance(shown, list) else [shown]:
            shown_fields = {name for name, field in webhook.items() if field.get("context") != ["edit"]}
            assert set(one) == shown_fields | {"_links"}
        if request.method == "GET":
            named = {name for name, _ in request.query if not name.startswith("oauth_")}
            assert named <= asked


def test_parameters_and_answers_are_those_of_stripe(specs: Path) -> None:
    with gzip.open(specs / "stripe" / "spec3_2023-09-12.yaml.gz") as file:
        spec = yaml.load(file, yaml.CSafeLoader)
    kinds, paths = spec["components"]["schemas"], spec["paths"]
    for request, response in _lived(stripe_subject()):
        one = request.path != "/v1/webhook_endpoints"
        path = paths["/v1/webhook_endpoints/{webhook_endpoint}" if one else "/v1/webhook_endpoints"]
        if request.method == "POST":
            form = path["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
            assert {name.partition("[")[0] for name, _ in parse_qsl(request.body.decode())} <= set(form)
        shown = json.loads(response.body)
        for endpoint in shown["data"] if shown["object"] == "list" else [shown]:
            kind = kinds["deleted_webhook_endpoint" if endpoint.get("deleted") else "webhook_endpoint"]
            assert set(kind["required"]) <= set(endpoint) <= set(kind["properties"])
            # Only the answer that made it has the secret.
            assert ("secret" in endpoint) == (request.method == "POST" and not one)
