"""Every request of the Stripe connector and every answer of its simulator stands in the vendor's own descriptions.

Requests are held to the vendor's description of 2023, the newest that can be had, and a list of what came later;
answers to the vendor's current samples.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.base import JSON, Effect
from connectors.manifest import load_fields, load_manifest
from connectors.simulation import SimRequest, SimResponse, Ticker
from connectors.stripe import sdk
from connectors.stripe.records import MINOR_UNIT, PAYOUT
from connectors.stripe.refunds import PARAMETERS, REFERENCE
from connectors.stripe.resources import RESOURCES
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.simulator import SECRET_KEY
from mappings.documents import load_documents
from tests.unit.connectors.stripe.stage import Stage, ids_of

pytestmark = pytest.mark.contract

MANIFEST = load_manifest("connectors.stripe")
CATALOG = load_fields("connectors.stripe")
KINDS = {
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "balance_transactions": "balance_transaction",
    "payouts": "payout",
}
LATER_EVENTS = set(MANIFEST.limits["later events"].split())
LATER_FIELDS = set(MANIFEST.limits["later fields"].split())
# The sample shows these expanded or by way of older versions; a charge has them only where they are asked for.
ONLY_EXPANDED = {"charge": {"refunds"}}
# Documented for the states that the sample is not in.
OF_OTHER_STATES = {"refund": {"failure_reason", "failure_balance_transaction"}}
OURS = {MINOR_UNIT, PAYOUT}


class _Loader(yaml.CSafeLoader):
    """Reads dates as the texts they are."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def spec(specs: Path) -> dict[str, Any]:
    with gzip.open(specs / "stripe" / "spec3_2023-09-12.yaml.gz") as file:
        found: dict[str, Any] = yaml.load(file, _Loader)  # noqa: S506 - a safe loader
    return found


@pytest.fixture(scope="module")
def samples_of(specs: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((specs / "stripe" / "fixtures3.json").read_text(encoding="utf-8"))
    return found["resources"]


class Recorder(StripeSimulator):
    """A simulator that keeps what came in and went out."""

    def answer(self, request: SimRequest) -> SimResponse:
        response = super().answer(request)
        self.__dict__.setdefault("seen", []).append((request, response))
        return response

    @property
    def seen(self) -> list[tuple[SimRequest, SimResponse]]:
        found: list[tuple[SimRequest, SimResponse]] = self.__dict__["seen"]
        return found


@pytest.fixture(scope="module")
def lived() -> Recorder:
    """An account on which everything happened, and a connector that read and did all it can."""
    clock = Ticker()
    account = Recorder(clock=clock)
    stage = Stage(clock, account)
    admin = account.admin
    charges = [admin.pay(5000, "eur", {"order_id": str(number)}) for number in range(5)]
    admin.pay(700, "jpy")
    admin.pay(900, "usd", capture=False)
    admin.pay(900, "eur", decline=True)
    failed = admin.refund(charges[0], 500, "duplicate")
    admin.fail_refund(failed)
    won, lost = admin.charge_back(charges[1]), admin.charge_back(charges[2], 1000)
    admin.charge_back(charges[3], warning=True)
    admin.close_claim(won, won=True)
    admin.close_claim(lost, won=False)
    admin.bill(250)
    clock.advance(3 * 86_400)
    bounced = admin.pay_out()
    assert bounced is not None
    admin.bounce(bounced)
    admin.pay_out_by_hand(1000)
    stage.connector.check()
    for resource, fields in CATALOG.resources.items():
        pages = list(stage.connector.pull(resource, tuple(fields)))
        list(stage.connector.changed_since(resource, tuple(fields), str(pages[-1].cursor)))
        list(stage.connector.lookup(resource, tuple(fields), ids_of(pages)))
    for number, place in enumerate((charges[4], "pi_0000000000000005")):
        document: dict[str, JSON] = {"amount": "1.00", "currency": "eur", "reason": "duplicate"}
        document["metadata"] = {"note": "x"}
        effect = Effect("refund.create", f"ref-{number}", document, place)
        stage.connector.push(stage.connector.compose(effect, lambda: f"key-{number}"))  # noqa: B023 - called at once
    live_through_the_api(account)
    return account


def live_through_the_api(account: Recorder) -> None:
    """What strangers ask for: payments made, let go and refused, claims answered, the balance."""
    paying = "amount=900&currency=eur&payment_method=pm_card_visa&metadata[order_id]=9"
    _post(account, "payment_intents", f"{paying}&confirm=true&automatic_payment_methods[enabled]=true")
    held = _post(account, "payment_intents", f"{paying}&confirm=true&capture_method=manual")["id"]
    _post(account, f"payment_intents/{held}/cancel", "cancellation_reason=abandoned")
    later = _post(account, "payment_intents", "amount=900&currency=jpy")["id"]
    _post(account, f"payment_intents/{later}", "description=Two things&metadata[a]=1")
    _post(account, f"payment_intents/{later}/confirm", "payment_method=pm_card_visa")
    _post(account, "payment_intents", f"{paying.replace('visa', 'visa_chargeDeclined')}&confirm=true", 402)
    claim = account.admin.charge_back(account.admin.pay(800, "eur"))
    _post(account, f"disputes/{claim}", "evidence[customer_name]=Ada&submit=false")
    _post(account, f"disputes/{claim}/close", "")
    account.handle(SimRequest("GET", "/v1/balance", headers=_KEY))


_KEY = {"authorization": f"Bearer {SECRET_KEY}"}


def _post(account: Recorder, path: str, body: str, status: int = 200) -> dict[str, Any]:
    response = account.handle(SimRequest("POST", f"/v1/{path}", headers=_KEY, body=body.encode()))
    assert response.status == status, response.body
    found: dict[str, Any] = json.loads(response.body)
    return found


def test_the_version_sent_is_the_one_the_manifest_names() -> None:
    assert MANIFEST.default_version == sdk.API_VERSION
    assert MANIFEST.versions == (sdk.API_VERSION,)


def test_every_request_is_of_the_vendors_description(spec: Any, lived: Recorder) -> None:
    wrong = [problem for request, _ in lived.seen for problem in request_problems(spec, request)]
    assert wrong == []
    paths = {re.sub(r"/\w+_\w*\d+$", "/{id}", request.path) for request, _ in lived.seen}
    assert {"/v1/charges", "/v1/charges/{id}", "/v1/events", "/v1/refunds", "/v1/payouts/{id}"} <= paths


def request_problems(spec: Any, request: SimRequest) -> Iterator[str]:
    """What a request holds that the description does not know."""
    operation = find_operation(spec, request)
    if operation is None:
        yield f"{request.method} {request.path} is not described"
        return
    known = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}
    for name, _ in request.query:
        if not described(known, name):
            yield f"{request.method} {request.path}: {name} is not described"
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get("application/x-www-form-urlencoded", {}).get("schema", {}).get("properties", {})
    for pair in filter(None, request.body.decode().split("&")):
        name = pair.split("=")[0]
        if not described(form, name):
            yield f"{request.method} {request.path}: {name} is not described"


def find_operation(spec: Any, request: SimRequest) -> dict[str, Any] | None:
    for template, methods in spec["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", template), request.path):
            found: dict[str, Any] | None = methods.get(request.method.lower())
            if found is not None:
                return found
    return None


def described(known: Mapping[str, Any], name: str) -> bool:
    first, *inner = re.findall(r"[^\[\]]+", name)
    schema = known.get(first)
    if schema is None:
        return False
    shapes = schema.get("anyOf", [schema])
    if name.endswith("[]") or (inner and inner[0].isdigit()):
        return any(shape.get("type") == "array" for shape in shapes)
    objects = [shape for shape in shapes if shape.get("type") == "object"]
    return not inner or any(
        inner[0] in shape.get("properties", {}) or "additionalProperties" in shape for shape in objects
    )


def test_every_event_asked_for_exists(spec: Any) -> None:
    schema = spec["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"]
    known = set(schema["application/x-www-form-urlencoded"]["schema"]["properties"]["enabled_events"]["items"]["enum"])
    asked = {event for resource in RESOURCES.values() for event in resource.events}
    assert asked - known == LATER_EVENTS
    assert max(len(resource.events) for resource in RESOURCES.values()) <= 20


@pytest.mark.parametrize("kind", [*KINDS.values(), "payment_intent", "event", "account", "balance"])
def test_every_answer_has_every_field_of_the_sample(spec: Any, samples_of: Any, lived: Recorder, kind: str) -> None:
    answers = list(answers_of(lived, kind))
    assert answers
    problems = {problem for answer in answers for problem in shape_problems(answer, samples_of[kind], spec, kind, ())}
    assert problems == set()


def answers_of(lived: Recorder, kind: str) -> Iterator[dict[str, Any]]:
    """Every object of a kind in the answers, and as the account holds it."""
    for _, response in lived.seen:
        yield from objects_in(json.loads(response.body), kind)
    yield from lived.account.objects.get(kind, {}).values()


def objects_in(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("object") == kind and ("created" in value or kind == "balance"):
            yield value
        for inner in value.values():
            yield from objects_in(inner, kind)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner, kind)


FREE = {"metadata", "fraud_details"}


def shape_problems(answer: Any, sample: Any, spec: Any, kind: str, path: tuple[str, ...]) -> Iterator[str]:
    """Fields too few, too many, or of another type than in the sample."""
    place = ".".join((kind, *path))
    if (path and path[-1] in FREE) or path[:2] == ("data", "object"):
        return
    if isinstance(answer, dict) and isinstance(sample, dict):
        lacking = set(sample) - set(answer) - (ONLY_EXPANDED.get(kind, set()) if not path else set())
        extra = set(answer) - set(sample) - (OF_OTHER_STATES.get(kind, set()) if not path else set())
        if sample:
            yield from (f"{place}.{name} is missing" for name in lacking)
            yield from (f"{place}.{name} is not in the sample" for name in extra)
        for name in set(answer) & set(sample):
            yield from shape_problems(answer[name], sample[name], spec, kind, (*path, name))
    elif isinstance(answer, list) and isinstance(sample, list):
        for one in answer if sample else ():
            yield from shape_problems(one, sample[0], spec, kind, path)
    elif answer is None:
        if sample is not None and not nullable(spec, kind, path):
            yield f"{place} is null"
    elif (
        sample is not None
        and type(answer) is not type(sample)
        and not (isinstance(answer, dict) and "object" in answer)
    ):
        yield f"{place} is {type(answer).__name__}, in the sample {type(sample).__name__}"
    elif sample is None and not isinstance(answer, (dict, list)) and not fits(spec, kind, path, answer):
        yield f"{place} is {type(answer).__name__}, which the description does not allow"


def nullable(spec: Any, kind: str, path: tuple[str, ...]) -> bool:
    schema = schema_at(spec, kind, path)
    return schema is None or bool(schema.get("nullable")) or ".".join((kind, *path)) in LATER_FIELDS


def fits(spec: Any, kind: str, path: tuple[str, ...], value: Any) -> bool:
    schema = schema_at(spec, kind, path)
    if schema is None:
        return ".".join((kind, *path)) in LATER_FIELDS
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    types = {one.get("type") for one in schema.get("anyOf", [schema])}
    return names[type(value)] in types


def schema_at(spec: Any, kind: str, path: tuple[str, ...]) -> dict[str, Any] | None:
    """What the description says of a field; None when it does not know it."""
    found: dict[str, Any] | None = spec["components"]["schemas"][kind]
    for name in path:
        inner: dict[str, Any] | None = None
        for shape in resolved(spec, found):
            inner = inner or shape.get("properties", {}).get(name)
        found = inner
    return found


def resolved(spec: Any, schema: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    for one in (schema or {}).get("anyOf", [schema or {}]):
        yield spec["components"]["schemas"][one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one


@pytest.mark.parametrize(
    ("resource", "path"), [(resource, path) for resource, paths in CATALOG.resources.items() for path in paths]
)
def test_every_readable_path_is_a_field(spec: Any, samples_of: Any, resource: str, path: str) -> None:
    kind, steps = KINDS[resource], path.replace("[]", "").split(".")
    if path in OURS or "metadata" in steps:
        return
    known = schema_at(spec, kind, (steps[0],)) or steps[0] in samples_of[kind]
    assert known or f"{kind}.{steps[0]}" in LATER_FIELDS
    for depth in range(2, len(steps) + 1):
        if not path.startswith("balance_transactions[]") and steps[0] != "fee_details":
            assert schema_at(spec, kind, tuple(steps[:depth])) is not None


@pytest.mark.parametrize("path", sorted(PARAMETERS))
def test_every_field_of_a_refund_is_a_parameter(spec: Any, path: str) -> None:
    body = spec["paths"]["/v1/refunds"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert path in body["schema"]["properties"]


def test_every_field_later_than_the_description_is_really_later(spec: Any) -> None:
    assert [name for name in LATER_FIELDS if schema_at(spec, *_split(name)) is not None] == []


def _split(name: str) -> tuple[str, tuple[str, ...]]:
    kind, *path = name.split(".")
    return kind, tuple(path)


def test_every_shipped_mapping_reads_paths_of_the_catalog() -> None:
    for document in load_documents("stripe", None):
        if not document.writing:
            assert document.body.resource in CATALOG.resources


def test_the_reference_fits_what_a_key_of_metadata_may_be() -> None:
    assert len(REFERENCE) <= 40
    assert not set(REFERENCE) & set("[]")
