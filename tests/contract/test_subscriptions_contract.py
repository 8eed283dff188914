"""What is sent and shown of webhook subscriptions fits the vendors' own descriptions."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from graphql import build_client_schema, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode

from canonical.errors import CrossdockError
from connectors import registry
from connectors.conformance import Subject, World
from connectors.manifest import load_manifest
from connectors.shipbob.simulator.subject import subject as shipbob_subject
from connectors.shiphero.simulator.subject import subject as shiphero_subject
from connectors.shopify import subscriptions as shopify
from connectors.shopify.simulator.subject import subject as shopify_subject
from connectors.simulation import SimRequest, SimResponse
from connectors.stripe.simulator.subject import subject as stripe_subject
from connectors.subscriptions import SubscribingConnector
from connectors.woocommerce.simulator.subject import subject as woo_subject
from tests.unit.connectors.shipbob.openapi import Description

ADDRESS = "https://hub.example/webhooks/shop"
SECRET = f"whsec_{'a1B2' * 8}"
Seen = list[tuple[SimRequest, SimResponse]]


def _lived(subject: Subject, *, secret: str = "abc123", changes: bool = True) -> Seen:
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
    assert spec.registration is not None
    topics = tuple(topic for topic in topics if topic not in spec.registration.without)
    for part in [topics] if spec.registration.bundled else [(topic,) for topic in topics]:
        of.create(ADDRESS, part, secret)
    for one in of.listed():
        if changes:
            of.change(one, one.topics, secret)
        of.remove(one)
    return seen


@pytest.mark.parametrize("make", [shipbob_subject, shiphero_subject, shopify_subject, stripe_subject, woo_subject])
def test_who_takes_addresses_with_https_only_says_so(make: Callable[[], Subject]) -> None:
    subject = make()
    world = World.open(subject, 1)
    spec = registry.manifest_of(subject.name).webhooks
    assert isinstance(world.connector, SubscribingConnector)
    assert spec is not None
    assert spec.registration is not None
    try:
        world.connector.subscriptions().create("http://hub.example/webhooks/shop", tuple(spec.topics)[:1], SECRET)
    except CrossdockError:
        refused = True
    else:
        refused = False
    assert refused == spec.registration.https


def test_requests_and_answers_are_those_of_shipbob(specs: Path) -> None:
    description = Description(specs / "shipbob" / "openapi-2026-01.json")
    seen = _lived(shipbob_subject(), secret=SECRET)
    assert {request.method for request, _ in seen} == {"GET", "POST", "DELETE"}
    # What is said of one that is gone already is not described.
    described = [one for one in seen if one[1].status != 404]
    assert {problem for request, response in described for problem in description.problems(request, response)} == set()


def test_topics_of_shipbob_that_nobody_can_subscribe_to_are_marked(specs: Path) -> None:
    """Whoever asks for one that the description does not list gets none of the others either."""
    description = Description(specs / "shipbob" / "openapi-2026-01.json")
    known = set(description.fit({"$ref": "#/components/schemas/Webhooks.Topics"})["enum"])
    spec = load_manifest("connectors.shipbob").webhooks
    assert spec is not None
    assert spec.registration is not None
    assert set(spec.topics) - known == set(spec.registration.without)


def test_documents_and_variables_are_those_of_shiphero(specs: Path) -> None:
    """The schema that the API generated in 2022 takes all of it; the one written later differs as the manifest says."""
    kept = build_schema((specs / "shiphero" / "public-api.reconstructed-2022-11.graphql").read_text("utf-8"))
    later = build_schema(
        (specs / "shiphero" / "public-api.doc-derived.graphql").read_text("utf-8"), assume_valid_sdl=True
    )
    differs: set[str] = set()
    seen = _lived(shiphero_subject(), changes=False)
    sent = [json.loads(request.body) for request, _ in seen if b"ebhook" in request.body]
    for one in sent:
        document = parse(one["query"])
        assert validate(kept, document) == []
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        assert not isinstance(get_variable_values(kept, operation.variable_definitions or (), one["variables"]), list)
        differs |= {error.message.partition(" Did you")[0] for error in validate(later, document)}
    assert {one["query"].split("(")[0] for one in sent} == {
        "query webhooks",
        "mutation webhook_create",
        "mutation webhook_delete",
    }
    assert differs == {
        "Argument 'Mutation.webhook_delete(id:)' of type 'String!' is required, but it was not provided.",
        "Unknown argument 'after' on field 'WebhooksQueryResult.data'.",
        "Unknown argument 'data' on field 'Mutation.webhook_delete'.",
        "Unknown argument 'first' on field 'WebhooksQueryResult.data'.",
        "Unknown argument 'sort' on field 'WebhooksQueryResult.data'.",
        "Unknown type 'DeleteWebhookInput'.",
        "Cannot query field 'edges' on type 'Webhook'.",
        "Cannot query field 'pageInfo' on type 'Webhook'.",
    }


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
