"""Every GraphQL document that this connector sends, made from the fields that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from canonical.errors import FatalError
from connectors.manifest import FieldCatalog
from connectors.shiphero.selection import Tree, select, selection_text

PRODUCTS, INVENTORY, ORDERS = "products", "inventory", "orders"
STATE = "state"
"""Our own word for where an order stands; its ``fulfillment_status`` may be any word the warehouse has made up."""

_PAGE_INFO = "pageInfo { hasNextPage endCursor }"
_FILTERS = {
    "customer_account_id": "String",
    "partner_order_id": "String",
    "order_date_from": "ISODateTime",
    "updated_from": "ISODateTime",
    "date_from": "ISODateTime",
}

ACCOUNT = (
    "query account { account { request_id complexity data { id username email status is_3pl "
    "warehouses { id identifier profile company_name address { name } } } } }"
)
QUOTA = "query user_quota { user_quota { credits_remaining increment_rate max_available } }"
SHIPMENTS = "shipments"
WEBHOOKS = "webhooks"
CREATE_WEBHOOK = (
    "mutation webhook_create($data: CreateWebhookInput!) { webhook_create(data: $data) "
    "{ request_id complexity webhook { id name url shop_name shared_signature_secret } } }"
)
DELETE_WEBHOOK = (
    "mutation webhook_delete($data: DeleteWebhookInput!) { webhook_delete(data: $data) { request_id complexity } }"
)


@dataclass(frozen=True, slots=True)
class Root:
    """How a resource is asked for: the list, the single record, and what its pages are in the order of."""

    many: str
    one: str
    sort: str
    always: tuple[str, ...]


ROOTS = {
    PRODUCTS: Root("products", "product", "created_at", ("id", "account_id", "sku", "updated_at")),
    INVENTORY: Root("products", "product", "created_at", ("id", "account_id", "sku")),
    ORDERS: Root("orders", "order", "order_date", ("id", "account_id", "partner_order_id", "updated_at")),
}


def root_of(resource: str) -> Root:
    """How a resource is asked for; FatalError when there is none of that name."""
    root = ROOTS.get(resource)
    if root is None:
        raise FatalError(f"shiphero has no resource {resource!r}", hint=f"there are {', '.join(ROOTS)}")
    return root


@dataclass(frozen=True)
class Wanted:
    """One resource and the fields asked of it."""

    resource: str
    root: Root
    tree: Tree
    line_page: int

    @property
    def text(self) -> str:
        """The selection of one record."""
        return selection_text(self.tree, self.line_page)

    def page(self, filters: Sequence[str]) -> str:
        """The document of one page; ``filters`` are the arguments that are given."""
        return page_document(self.root.many, self.text, filters)

    def lookup(self, count: int) -> str:
        """The document that reads so many records by their ids, each under a name of its own."""
        head = ", ".join(f"$id{at}: String!" for at in range(count))
        records = " ".join(
            f"r{at}: {self.root.one}(id: $id{at}) {{ request_id complexity data {{ {self.text} }} }}"
            for at in range(count)
        )
        return f"query {self.root.one}_lookup({head}) {{ {records} }}"

    def more(self, path: Sequence[str]) -> str:
        """The document that reads a further page of a list inside a record: of an order, or of one of its shipments."""
        *above, name = path
        owner = "shipment" if above else self.root.one
        below = self.tree
        for step in path:
            below = below[step]
        node = selection_text(below["edges"]["node"], self.line_page)
        return (
            f"query {owner}_{name}($id: String!, $first: Int!, $after: String) {{ {owner}(id: $id) "
            f"{{ request_id complexity data {{ {name}(first: $first, after: $after) "
            f"{{ edges {{ node {{ {node} }} }} {_PAGE_INFO} }} }} }} }}"
        )

    def create(self) -> str:
        """The document that makes an order."""
        return (
            "mutation order_create($data: CreateOrderInput!) { order_create(data: $data) "
            f"{{ request_id complexity order {{ {self.text} }} }} }}"
        )

    def cancel(self) -> str:
        """The document that cancels one."""
        return (
            "mutation order_cancel($data: CancelOrderInput!) { order_cancel(data: $data) "
            f"{{ request_id complexity order {{ {self.text} }} }} }}"
        )


def webhooks_page(filters: Sequence[str]) -> str:
    """The document of one page of webhooks; their secrets are told once and not asked for."""
    return page_document(WEBHOOKS, "id name url shop_name", filters)


def page_document(root: str, text: str, filters: Sequence[str]) -> str:
    """The document of one page of a list; arguments that are not given are not named, for null might be a filter."""
    head = "".join(f", ${name}: {_FILTERS[name]}" for name in filters)
    given = ", ".join(f"{name}: ${name}" for name in filters)
    return (
        f"query {root}($first: Int!, $after: String, $sort: String{head}) {{ "
        f"{root}{f'({given})' if given else ''} {{ request_id complexity "
        f"data(first: $first, after: $after, sort: $sort) {{ edges {{ cursor node {{ {text} }} }} {_PAGE_INFO} }} }} }}"
    )


def wanted(catalog: FieldCatalog, resource: str, paths: Sequence[str], line_page: int) -> Wanted:
    """What to ask of a resource for these paths; ConfigError for a path it does not have."""
    root = root_of(resource)
    return Wanted(resource, root, select(paths, catalog.resources[resource], root.always), line_page)
