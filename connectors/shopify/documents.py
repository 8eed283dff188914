"""Every GraphQL document this connector sends, made from the fields that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.manifest import FieldCatalog
from connectors.shopify.selection import NODES, Selection, bulk_text, connection_names, cost, paged_text, select

VARIANTS, ITEMS, ORDERS = "productVariants", "inventoryItems", "orders"
SET_QUANTITIES, UPDATE_VARIANTS = "inventorySetQuantities", "productVariantsBulkUpdate"
LEVELS = "inventoryLevels"
PAGE_CAP = 250
MUTATION_COST = 10

_SHORT_LIST = 2
TYPES = {VARIANTS: "ProductVariant", ITEMS: "InventoryItem", ORDERS: "Order"}
_SORTED = {VARIANTS: ", sortKey: ID", ITEMS: "", ORDERS: ", sortKey: ID"}
_COUNT = "total: productVariantsCount(limit: $limit) { count }"
_COUNTS = {ORDERS: "total: ordersCount(query: $query, limit: $limit) { count }"}
_SIZES = {"lineItems": 5, "refundLineItems": 5, "fulfillmentLineItems": 5, "returnLineItems": 5}
"""Entries that are read along with an order; what a longer list holds is read after it, for that order alone."""
_PAGE_INFO = "pageInfo { hasNextPage endCursor }"

LOCATIONS = (
    "query locations($first: Int!, $after: String, $limit: Int) { "
    "records: locations(first: $first, after: $after, includeInactive: true, includeLegacy: true) "
    f"{{ nodes {{ id name isActive }} {_PAGE_INFO} }} {_COUNT} }}"
)
HEALTH = (
    "query health { shop { name myshopifyDomain currencyCode } currentAppInstallation { accessScopes { handle } } }"
)
BULK_RUN = (
    "mutation bulkRead($query: String!, $group: Boolean!) { "
    "run: bulkOperationRunQuery(query: $query, groupObjects: $group) "
    "{ bulkOperation { id status createdAt } userErrors { field message code } } }"
)
BULK_POLL = (
    "query bulkPoll($id: ID!) { operation: bulkOperation(id: $id) "
    "{ id status errorCode createdAt completedAt objectCount rootObjectCount url } }"
)
WRITES: Mapping[str, str] = {
    SET_QUANTITIES: (
        "mutation inventorySetQuantities($input: InventorySetQuantitiesInput!, $key: String!) { "
        "written: inventorySetQuantities(input: $input) @idempotent(key: $key) "
        "{ inventoryAdjustmentGroup { id } userErrors { field message code } } }"
    ),
    UPDATE_VARIANTS: (
        "mutation productVariantsBulkUpdate($productId: ID!, $variants: [ProductVariantsBulkInput!]!) { "
        "written: productVariantsBulkUpdate(productId: $productId, variants: $variants, allowPartialUpdates: false) "
        "{ productVariants { id price compareAtPrice barcode sku updatedAt inventoryItem { id } product { id } } "
        "userErrors { field message code } } }"
    ),
}


@dataclass(frozen=True)
class Wanted:
    """One resource and the fields asked of it: makes the documents and says what they cost."""

    resource: str
    selection: Selection
    level_page: int
    sort: str = ""

    @property
    def sizes(self) -> dict[str, int]:
        """Page size of every connection inside a record."""
        names = connection_names(self.selection)
        return {name: self.level_page if name == LEVELS else _SIZES.get(name, _SHORT_LIST) for name in names}

    @property
    def record_cost(self) -> int:
        """Points of one record in a page."""
        return 1 + cost(self.selection, self.sizes)

    def page_cost(self, count: int, *, counted: bool = False) -> int:
        """Points of a page of so many records."""
        return 2 + counted + count * self.record_cost

    def ids_cost(self, count: int) -> int:
        """Points of so many records by their ids."""
        return count * self.record_cost

    def page(self, *, counted: bool) -> str:
        """The document of one page; ``counted`` asks for the shop's number of variants as well."""
        head = "$first: Int!, $after: String, $query: String" + (", $limit: Int" if counted else "")
        arguments = f"first: $first, after: $after, query: $query{self.sort or _SORTED[self.resource]}"
        nodes = paged_text(self.selection, self.sizes)
        tail = f" {_COUNTS.get(self.resource, _COUNT)}" if counted else ""
        return (
            f"query {self.resource}({head}) {{ records: {self.resource}({arguments}) "
            f"{{ nodes {{ {nodes} }} {_PAGE_INFO} }}{tail} }}"
        )

    def by_ids(self) -> str:
        """The document that reads records by their ids."""
        nodes = paged_text(self.selection, self.sizes)
        return (
            f"query {self.resource}ByIds($ids: [ID!]!) {{ "
            f"records: nodes(ids: $ids) {{ ... on {TYPES[self.resource]} {{ {nodes} }} }} }}"
        )

    def more(self, connection: str) -> str:
        """The document that reads further entries of one record's nested list."""
        nodes = paged_text(self.selection.fields[connection].fields[NODES], {})
        return (
            f"query {connection}($id: ID!, $first: Int!, $after: String) {{ "
            f"record: node(id: $id) {{ ... on {TYPES[self.resource]} {{ "
            f"more: {connection}(first: $first, after: $after) {{ nodes {{ {nodes} }} {_PAGE_INFO} }} }} }} }}"
        )

    def more_cost(self, connection: str, count: int) -> int:
        """Points of reading so many further entries."""
        return 3 + count * (1 + cost(self.selection.fields[connection].fields[NODES], {}))

    def bulk(self, query: str = "") -> str:
        """The query that a bulk operation runs, of all records or of those that a search finds."""
        search = f'(query: "{query}")' if query else ""
        return f"{{ {self.resource}{search} {{ edges {{ node {{ {bulk_text(self.selection)} }} }} }} }}"


def wanted(catalog: FieldCatalog, resource: str, paths: Sequence[str], level_page: int) -> Wanted:
    """What to ask of a resource for these paths; ConfigError for a path it does not have."""
    return Wanted(resource, select(paths, catalog.resources[resource]), level_page)
