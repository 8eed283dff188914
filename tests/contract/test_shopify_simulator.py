"""The simulated shop speaks the vendor's schema: same names, types and nullability, and answers of that shape."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_client_schema,
    introspection_from_schema,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
)

from connectors.shopify.simulator import ShopifySimulator, Switches
from connectors.shopify.simulator.schemas import schema_of
from connectors.shopify.simulator.versions import VERSIONS
from connectors.simulation import CatalogItem, SimRequest, Ticker

pytestmark = pytest.mark.contract

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FORMATS = {
    "ID": re.compile(r"gid://[\w-]+/\w+/.+"),
    "DateTime": _DATE,
    "Money": re.compile(r"-?\d+(\.\d+)?"),
    "Decimal": re.compile(r"-?\d+(\.\d+)?"),
    "UnsignedInt64": re.compile(r"\d+"),
    "URL": re.compile(r"https?://.+"),
    "String": re.compile(r".*", re.DOTALL),
    "HTML": re.compile(r".*", re.DOTALL),
}
_KINDS: dict[str, type] = {"Int": int, "Float": float, "Boolean": bool}

SET = """mutation($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) @idempotent(key: "%s") {
  inventoryAdjustmentGroup { id reason referenceDocumentUri createdAt changes { delta name quantityAfterChange
    ledgerDocumentUri item { id } location { id } } } userErrors { code field message } } }"""
VARIANT = """id legacyResourceId title displayName sku barcode price compareAtPrice position taxable availableForSale
  requiresComponents inventoryPolicy inventoryQuantity sellableOnlineQuantity selectedOptions { name value }
  createdAt updatedAt"""
PRODUCT = """id legacyResourceId title handle description descriptionHtml vendor productType tags status
  options { id name position values } hasOnlyDefaultVariant totalInventory tracksInventory isGiftCard createdAt
  updatedAt publishedAt variantsCount { count precision }"""
ITEM = """id legacyResourceId sku tracked requiresShipping duplicateSkuCount harmonizedSystemCode createdAt updatedAt
  unitCost { amount currencyCode } measurement { id weight { unit value } } locationsCount { count precision }
  variants(first: 2) { nodes { id } }"""
LEVEL = """id canDeactivate createdAt updatedAt item { id } location { id name }
  quantities(names: ["available", "on_hand", "committed", "incoming", "damaged"]) { id name quantity updatedAt }"""
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
BULK = (
    """id status type errorCode query objectCount rootObjectCount fileSize url partialDataUrl createdAt completedAt"""
)
READS = (
    """{ shop { id name email contactEmail currencyCode enabledPresentmentCurrencies ianaTimezone myshopifyDomain
      plan { displayName partnerDevelopment publicDisplayName shopifyPlus } createdAt updatedAt url taxesIncluded
      timezoneOffset } publicApiVersions { handle displayName supported }
      currentAppInstallation { id launchUrl accessScopes { handle description } } }""",
    """{ locations(first: 5, includeInactive: true) { nodes { id legacyResourceId name isActive isFulfillmentService
      fulfillsOnlineOrders hasActiveInventory shipsInventory createdAt updatedAt deactivatedAt } %s } }"""
    % PAGE,
    "{ productVariants(first: 5) { edges { cursor node { %s product { %s } } } %s } }" % (VARIANT, PRODUCT, PAGE),
    "{ products(first: 5) { nodes { %s variants(first: 5) { nodes { %s } %s } } } }" % (PRODUCT, VARIANT, PAGE),
    "{ inventoryItems(first: 5) { nodes { %s inventoryLevels(first: 5) { nodes { %s } %s } } %s } }"
    % (ITEM, LEVEL, PAGE, PAGE),
    "{ inventoryProperties { quantityNames { name displayName isInUse belongsTo comprises } } }",
    "{ productVariantsCount { count precision } productsCount { count precision } }",
    """{ nodes(ids: ["%(variant)s", "%(item)s", "gid://shopify/Product/1"]) { id __typename
      ... on ProductVariant { price } ... on InventoryItem { sku } }
      node(id: "%(item)s") { ... on InventoryItem { tracked } } inventoryItem(id: "%(item)s") { id }
      inventoryLevel(id: "%(level)s") { id } productVariant(id: "%(variant)s") { id } product(id: "%(product)s") { id }
      location(id: "%(place)s") { id } }""",
    "{ bulkOperations(first: 5) { nodes { %s } } }" % BULK,
    """{ webhookSubscriptions(first: 5) { nodes { id legacyResourceId topic uri format filter includeFields
      metafieldNamespaces createdAt updatedAt } } }""",
)
BAG = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
TAXES = "taxLines { title rate ratePercentage source channelLiable priceSet %s }" % BAG
ADDRESS = """id name firstName lastName company address1 address2 city province provinceCode zip country
  countryCodeV2 phone"""
MONEY = " ".join(
    f"{name} {BAG}"
    for name in """totalPriceSet originalTotalPriceSet currentTotalPriceSet currentSubtotalPriceSet subtotalPriceSet
    totalTaxSet currentTotalTaxSet totalDiscountsSet currentTotalDiscountsSet totalShippingPriceSet
    currentShippingPriceSet currentTotalDutiesSet originalTotalDutiesSet currentTotalAdditionalFeesSet
    originalTotalAdditionalFeesSet totalTipReceivedSet totalReceivedSet totalRefundedSet totalRefundedShippingSet
    totalOutstandingSet netPaymentSet refundDiscrepancySet""".split()
)
SHIPPING = "id title code source custom isRemoved carrierIdentifier originalPriceSet %s discountedPriceSet %s %s" % (
    BAG,
    BAG,
    TAXES,
)
ORDER_LINE = """id name title variantTitle sku quantity currentQuantity unfulfilledQuantity refundableQuantity
  nonFulfillableQuantity requiresShipping isGiftCard taxable vendor originalUnitPriceSet %(bag)s
  originalTotalSet %(bag)s
  discountedTotalSet %(bag)s totalDiscountSet %(bag)s discountedUnitPriceSet %(bag)s variant { id } product { id }
  discountAllocations { allocatedAmountSet %(bag)s } %(taxes)s
  duties { id countryCodeOfOrigin harmonizedSystemCode price %(bag)s %(taxes)s }""" % {"bag": BAG, "taxes": TAXES}
PLAN = """id createdAt updatedAt fulfillAt fulfillBy status requestStatus orderId orderName orderProcessedAt
  order { id } assignedLocation { name countryCode address1 city zip location { id } }
  supportedActions { action externalUrl }
  fulfillmentHolds { id reason reasonNotes displayReason handle heldByRequestingApp }
  lineItems(first: 3) { nodes { id totalQuantity remainingQuantity requiresShipping sku productTitle variantTitle
    inventoryItemId lineItem { id } } } fulfillments(first: 3) { nodes { id } }"""
SENT = (
    """id legacyResourceId name status displayStatus createdAt updatedAt deliveredAt inTransitAt totalQuantity
  requiresShipping location { id } order { id } trackingInfo { company number url }
  fulfillmentLineItems(first: 3) { nodes { id quantity lineItem { id } originalTotalSet %s } }
  fulfillmentOrders(first: 3) { nodes { id } }"""
    % BAG
)
REFUND = """id legacyResourceId createdAt updatedAt processedAt note order { id } return { id } totalRefundedSet %(bag)s
  refundLineItems(first: 3) { nodes { id quantity restockType restocked location { id } lineItem { id }
    priceSet %(bag)s subtotalSet %(bag)s totalTaxSet %(bag)s } }
  refundShippingLines(first: 3) { nodes { id shippingLine { id } subtotalAmountSet %(bag)s taxAmountSet %(bag)s } }
  orderAdjustments(first: 3) { nodes { id reason amountSet %(bag)s taxAmountSet %(bag)s } }
  transactions(first: 3) { nodes { id } } duties { amountSet %(bag)s originalDuty { id } }""" % {"bag": BAG}
RETURN = """id name status totalQuantity createdAt closedAt order { id } refunds(first: 2) { nodes { id } }
  returnLineItems(first: 3) { nodes { id quantity processedQuantity unprocessedQuantity refundedQuantity
    returnReasonNote customerNote returnReason ... on ReturnLineItem { fulfillmentLineItem { id } } } }"""
PAID = """id kind status gateway formattedGateway paymentId amountSet %s amountRoundingSet %s createdAt processedAt test
  parentTransaction { id } order { id } manualPaymentGateway errorCode""" % (BAG, BAG)
ORDER = """id legacyResourceId name number createdAt updatedAt processedAt cancelledAt cancelReason closed closedAt
  confirmed test edited note email phone tags sourceName sourceIdentifier currencyCode presentmentCurrencyCode
  taxesIncluded dutiesIncluded requiresShipping displayFinancialStatus displayFulfillmentStatus returnStatus fullyPaid
  unpaid discountCodes paymentGatewayNames fulfillmentsCount { count precision } transactionsCount { count precision }
  totalCashRoundingAdjustment { paymentSet %(bag)s refundSet %(bag)s } %(taxes)s
  additionalFees { id name price %(bag)s %(taxes)s }
  customer { id legacyResourceId displayName firstName lastName createdAt updatedAt
    defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber } }
  shippingAddress { %(address)s } billingAddress { %(address)s } shippingLine { %(shipping)s }
  shippingLines(first: 2) { nodes { %(shipping)s } }""" % {
    "bag": BAG,
    "taxes": TAXES,
    "address": ADDRESS,
    "shipping": SHIPPING,
}
ORDERS = (
    "{ orders(first: 2, sortKey: UPDATED_AT, reverse: true) { edges { cursor node { id %s } } %s } }" % (MONEY, PAGE),
    "{ orders(first: 2) { nodes { %s } } }" % ORDER,
    "{ orders(first: 2) { nodes { lineItems(first: 2) { nodes { %s } } } } }" % ORDER_LINE,
    "{ orders(first: 2) { nodes { fulfillmentOrders(first: 2) { nodes { %s } } } } }" % PLAN,
    "{ orders(first: 2) { nodes { fulfillments { %s } refunds { %s } transactions { %s } } } }" % (SENT, REFUND, PAID),
    "{ orders(first: 2) { nodes { returns(first: 2) { nodes { %s } } } } ordersCount { count precision } }" % RETURN,
    """{ fulfillmentOrders(first: 5, includeClosed: true) { nodes { id } } order(id: "%(order)s") { id }
      node(id: "%(order)s") { id __typename } fulfillmentOrder(id: "%(plan)s") { id }
      fulfillment(id: "%(sent)s") { id } refund(id: "%(refund)s") { id } return(id: "%(return)s") { id } }""",
)
ORDER_WRITES = (
    """mutation { fulfillmentOrderHold(id: "%(plan)s", fulfillmentHold: {reason: OTHER, reasonNotes: "wait"}) {
      fulfillmentHold { id reason } fulfillmentOrder { id status } remainingFulfillmentOrder { id }
      userErrors { code field message } } }""",
    """mutation { fulfillmentCreate(fulfillment: {lineItemsByFulfillmentOrder: [{fulfillmentOrderId: "%(plan)s"}]}) {
      fulfillment { id } userErrors { field message } } }""",
    """mutation { fulfillmentOrderReleaseHold(id: "%(plan)s") { fulfillmentOrder { id status }
      userErrors { code field message } } }""",
    """mutation { fulfillmentCreate(fulfillment: {lineItemsByFulfillmentOrder: [{fulfillmentOrderId: "%(plan)s"}],
      trackingInfo: {number: "T9", company: "DHL"}}) { fulfillment { id status } userErrors { field message } } }""",
    """mutation { fulfillmentTrackingInfoUpdate(fulfillmentId: "%(sent)s", trackingInfoInput: {numbers: ["1", "2"]}) {
      fulfillment { id trackingInfo { company number url } } userErrors { field message } } }""",
    """mutation { refundCreate(input: {orderId: "%(order)s", note: "n", transactions: [{orderId: "%(order)s",
      kind: REFUND, gateway: "manual", amount: "1.00"}]}) @idempotent(key: "r") { order { id }
      refund { id totalRefundedSet { shopMoney { amount } } } userErrors { field message } } }""",
    """mutation { orderCancel(orderId: "%(order)s", reason: CUSTOMER, restock: true, refund: true) {
      job { id done } orderCancelUserErrors { code field message } } }""",
)
WRITES = (
    """mutation { productVariantsBulkUpdate(productId: "%(product)s", variants: [{id: "%(variant)s", price: "3.999"},
      {id: "%(variant)s", compareAtPrice: "-1"}], allowPartialUpdates: true) { product { id }
      productVariants { id price compareAtPrice } userErrors { code field message } } }""",
    """mutation { productUpdate(product: {id: "%(product)s", descriptionHtml: "<b onclick='x'>y</b>", tags: ["b"]}) {
      product { id descriptionHtml tags } userErrors { field message } } }""",
    """mutation { productCreate(product: {title: "New"}) {
      product { id } shop { id } userErrors { field message } } }""",
    """mutation { productSet(input: {title: "Set", productOptions: [{name: "Size", values: [{name: "S"}]}], variants: [
      {optionValues: [{optionName: "Size", name: "S"}], price: "2"}]}) {
      product { id variants(first: 3) { nodes { id } } } userErrors { code field message } } }""",
    """mutation { inventoryActivate(inventoryItemId: "%(item)s", locationId: "%(other)s") @idempotent(key: "a") {
      inventoryLevel { id } userErrors { field message } } }""",
    """mutation { inventoryAdjustQuantities(input: {name: "available", reason: "correction", changes: [{delta: 2,
      inventoryItemId: "%(item)s", locationId: "%(place)s", changeFromQuantity: null}]}) @idempotent(key: "b") {
      inventoryAdjustmentGroup { id changes { name delta } } userErrors { code field message } } }""",
    """mutation { inventoryItemUpdate(id: "%(item)s", input: {tracked: false, cost: "1.5"}) {
      inventoryItem { id tracked unitCost { amount currencyCode } } userErrors { field message } } }""",
    """mutation { bulkOperationRunQuery(query: "{ productVariants { edges { node { id } } } }") {
      bulkOperation { %s } userErrors { code field message } } }"""
    % BULK,
    """mutation { webhookSubscriptionCreate(topic: PRODUCTS_UPDATE, webhookSubscription: {
      uri: "https://hub.example/x"}) { webhookSubscription { id uri } userErrors { field message } } }""",
    """mutation { stagedUploadsCreate(input: [{filename: "a.jsonl", mimeType: "text/jsonl", httpMethod: POST,
      resource: BULK_MUTATION_VARIABLES}]) { stagedTargets { url resourceUrl parameters { name value } }
      userErrors { field message } } }""",
    """mutation { productDelete(input: {id: "%(product)s"}) {
      deletedProductId shop { id } userErrors { field message } } }""",
)


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def introspected(version: str, specs: Path) -> dict[str, Any]:
    with gzip.open(specs / "shopify" / f"admin_{version}.json.gz") as file:
        found: dict[str, Any] = json.load(file)["data"]["__schema"]
    return found


@pytest.fixture(scope="module")
def vendor(introspected: dict[str, Any]) -> GraphQLSchema:
    return build_client_schema({"__schema": introspected}, assume_valid=True)  # type: ignore[typeddict-item]


def spelled(kind: dict[str, Any]) -> str:
    """A type of an introspection result as SDL writes it."""
    if kind["kind"] == "NON_NULL":
        return spelled(kind["ofType"]) + "!"
    return f"[{spelled(kind['ofType'])}]" if kind["kind"] == "LIST" else str(kind["name"])


def by_name(entries: list[dict[str, Any]] | None) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in entries or ()}


def inputs(ours: list[dict[str, Any]] | None, theirs: list[dict[str, Any]] | None, where: str) -> Iterator[str]:
    """Every argument or input field of ours that theirs does not have just so, and every one theirs insists on."""
    known = by_name(theirs)
    for name, entry in by_name(ours).items():
        same = known.get(name)
        if same is None:
            yield f"{where}({name}) is invented"
        elif spelled(entry["type"]) != spelled(same["type"]) or entry["defaultValue"] != same["defaultValue"]:
            mine = f"{spelled(entry['type'])} = {entry['defaultValue']}"
            yield f"{where}({name}): {mine}, not {spelled(same['type'])} = {same['defaultValue']}"
    for name, entry in known.items():
        if entry["type"]["kind"] == "NON_NULL" and entry["defaultValue"] is None and name not in by_name(ours):
            yield f"{where}({name}) is required and missing"


def differences(ours: dict[str, Any], theirs: dict[str, Any] | None) -> Iterator[str]:
    """Everything in one of our types that the vendor's does not say the same way."""
    name = ours["name"]
    if theirs is None or theirs["kind"] != ours["kind"]:
        yield f"{name} is no such type of the vendor"
        return
    for part in ("enumValues", "interfaces"):
        known = by_name(theirs[part])
        yield from (f"{name}: {entry} is invented" for entry in by_name(ours[part]) if entry not in known)
    yield from inputs(ours["inputFields"], theirs["inputFields"], name)
    fields = by_name(theirs["fields"])
    for field, entry in by_name(ours["fields"]).items():
        same = fields.get(field)
        if same is None:
            yield f"{name}.{field} is invented"
            continue
        if spelled(entry["type"]) != spelled(same["type"]):
            yield f"{name}.{field}: {spelled(entry['type'])}, not {spelled(same['type'])}"
        yield from inputs(entry["args"], same["args"], f"{name}.{field}")


def own(version: str) -> dict[str, Any]:
    """Our schema the way the vendor's file describes the vendor's."""
    found: Any = introspection_from_schema(schema_of(version))
    return dict(found["__schema"])


def test_every_type_field_argument_and_value_is_the_vendors(version: str, introspected: dict[str, Any]) -> None:
    theirs = by_name(introspected["types"])
    ours = own(version)
    kinds = [kind for kind in by_name(ours["types"]).values() if not kind["name"].startswith("__")]
    assert len(kinds) > 90
    assert [problem for kind in kinds for problem in differences(kind, theirs.get(kind["name"]))] == []


def test_the_root_types_and_the_key_directive_are_the_vendors(version: str, introspected: dict[str, Any]) -> None:
    ours = own(version)
    for root in ("queryType", "mutationType"):
        assert ours[root]["name"] == introspected[root]["name"]
    mine, theirs = (by_name(schema["directives"])["idempotent"] for schema in (ours, introspected))
    assert mine["locations"] == theirs["locations"]
    assert list(inputs(mine["args"], theirs["args"], "@idempotent")) == []


def shop() -> ShopifySimulator:
    sim = ShopifySimulator(
        clock=Ticker(), tokens=("t",), locations={"A": "First", "B": "Second"}, switches=Switches(bulk_polls=1)
    )
    sim.load([CatalogItem("X-1", "Thing", Decimal("9.99"), {"A": 5}, gtin="4006381333931", tags=("b", "a"))])
    sim.load([CatalogItem("X-2", "Other", Decimal(1), {"A": 5, "B": 2}, description="<p>Text</p>")])
    return sim


def names(sim: ShopifySimulator) -> dict[str, str]:
    item = sim.platform.store.items_by_sku["X-1"][0]
    return {
        "item": item.gid,
        "level": next(iter(item.levels.values())).gid,
        "variant": item.variants[0].gid,
        "product": item.variants[0].product.gid,
        "place": sim.location_id("A"),
        "other": sim.location_id("B"),
    }


def ask(sim: ShopifySimulator, version: str, document: str, variables: dict[str, Any] | None = None) -> Any:
    body = msgspec.json.encode({"query": document, "variables": variables or {}})
    headers = {"content-type": "application/json", "x-shopify-access-token": "t"}
    answer = sim.handle(SimRequest("POST", f"/admin/api/{version}/graphql.json", headers=headers, body=body))
    return msgspec.json.decode(answer.body)


def misshapen(value: Any, kind: Any, node: FieldNode | None, where: str, vendor: GraphQLSchema) -> Iterator[str]:
    """Everything in an answer that is not of the vendor's type."""
    if is_non_null_type(kind):
        if value is None:
            yield f"{where} is null"
            return
        yield from misshapen(value, kind.of_type, node, where, vendor)
    elif value is None:
        return
    elif is_list_type(kind):
        for index, entry in enumerate(value):
            yield from misshapen(entry, kind.of_type, node, f"{where}[{index}]", vendor)
    elif is_leaf_type(kind):
        if not fits(value, kind):
            yield f"{where}: {value!r} is no {kind}"
    else:
        assert node is not None
        yield from incomplete(value, kind, node.selection_set, where, vendor)


def incomplete(
    value: dict[str, Any], kind: Any, selection: SelectionSetNode | None, where: str, vendor: GraphQLSchema
) -> Iterator[str]:
    actual: Any = vendor.type_map[value["__typename"]] if "__typename" in value else kind
    for child in selection.selections if selection else ():
        if isinstance(child, InlineFragmentNode):
            condition = child.type_condition.name.value if child.type_condition else actual.name
            if condition == actual.name:
                yield from incomplete(value, actual, child.selection_set, where, vendor)
        elif isinstance(child, FieldNode) and child.name.value != "__typename":
            key = (child.alias or child.name).value
            if key not in value:
                yield f"{where}.{key} is missing"
            else:
                field = actual.fields[child.name.value]
                yield from misshapen(value[key], field.type, child, f"{where}.{key}", vendor)


def fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, GraphQLEnumType):
        return value in kind.values
    if kind.name in _KINDS:
        return isinstance(value, _KINDS[kind.name]) and (kind.name == "Boolean" or not isinstance(value, bool))
    return isinstance(value, str) and _FORMATS[kind.name].fullmatch(value) is not None


def check(sim: ShopifySimulator, version: str, vendor: GraphQLSchema, text: str, given: Any = None) -> None:
    document = parse(text)
    assert [error.message for error in validate(vendor, document)] == []
    answer = ask(sim, version, text, given)
    assert "errors" not in answer, answer["errors"]
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    root = vendor.get_root_type(operation.operation)
    assert list(incomplete(answer["data"], root, operation.selection_set, "data", vendor)) == []


def test_the_answers_to_reads_have_the_vendors_shape(version: str, vendor: GraphQLSchema) -> None:
    sim = shop()
    for write in WRITES[7:9]:
        ask(sim, version, write)
    for read in READS:
        check(sim, version, vendor, read % names(sim) if "%(" in read else read)


def test_the_answers_to_writes_have_the_vendors_shape(version: str, vendor: GraphQLSchema) -> None:
    sim = shop()
    found = names(sim)
    row = {"inventoryItemId": found["item"], "locationId": found["place"], "quantity": 9, "changeFromQuantity": 5}
    given = {"input": {"name": "available", "reason": "correction", "quantities": [row]}}
    check(sim, version, vendor, SET % "first", given)
    check(sim, version, vendor, SET % "stale", given)
    for write in WRITES:
        check(sim, version, vendor, write % found if "%(" in write else write)


def shop_that_traded() -> tuple[ShopifySimulator, dict[str, str]]:
    sim = shop()
    order = sim.checkout.place(
        {"X-1": 3, "X-2": 1},
        tax="0.05+0.09975",
        off="1.00",
        shipping=[("DHL", "std", "4.90", "0.10")],
        duties="1.00",
        fees=[("Wrapping", "0.50")],
        tip="1.00",
        gift_card="2.00",
        presentment="USD",
        rate="1.1",
    )
    (sent,) = sim.checkout.fulfill(order, {0: 1}, number="T1", company="DHL", url="https://dhl.example/T1")
    back = sim.checkout.announce(order, {0: 1})
    refund = sim.checkout.refund(order, {0: 1}, amount="5.00", restock="RETURN", shipping="1", returned=back)
    sim.checkout.place({"X-2": 1}, buyer=None, paid=False)
    sim.checkout.cancel(sim.checkout.place({"X-2": 1}))
    (plan,) = sim.checkout.plans(order)
    named = {"order": order, "sent": sent.gid, "refund": refund.gid, "return": back.gid, "plan": plan.gid}
    return sim, named


def test_the_answers_about_orders_have_the_vendors_shape(version: str, vendor: GraphQLSchema) -> None:
    sim, named = shop_that_traded()
    for read in ORDERS:
        check(sim, version, vendor, read % named if "%(" in read else read)


def test_the_answers_to_writes_of_orders_have_the_vendors_shape(version: str, vendor: GraphQLSchema) -> None:
    sim, named = shop_that_traded()
    for write in ORDER_WRITES:
        check(sim, version, vendor, write % named)
