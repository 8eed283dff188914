"""Records of a made-up catalog in each platform's real shape: simple things, the same price and stock everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PRICE = "10.00"
FIGURES = (10, 5)
"""Units in the first and the second place; a shop with one figure shows the sum."""
ERP_PLACES = (13, 17)
SHOP_PLACES = (61001, 61002)
STAMP = "2026-01-01T08:00:00"


def sku(number: int) -> str:
    """The SKU of the n-th thing, from 1."""
    return f"SKU-{number:07d}"


def woo_products(numbers: Iterable[int]) -> bytes:
    """A page of WooCommerce's product list."""
    return (
        b"[%s]"
        % ",".join(
            f'{{"id":{1000 + n},"name":"Thing {n}","date_created_gmt":"{STAMP}","date_modified_gmt":"{STAMP}",'
            f'"type":"simple","parent_id":0,"tags":[],"description":"","sku":"{sku(n)}","global_unique_id":"",'
            f'"regular_price":"{PRICE}","status":"publish","manage_stock":true,"stock_quantity":{sum(FIGURES)}}}'
            for n in numbers
        ).encode()
    )


def tryton_products(numbers: Iterable[int]) -> bytes:
    """An answer of ``product.product.search_read`` with the template's fields."""
    return _tryton(
        f'{{"id":{n},"template":{n},"code":"{sku(n)}","active":1,"template.":{{"id":{n},'
        f'"_timestamp":"1767254400.{n:06d}","name":"Thing {n}",'
        f'"list_price":{{"__class__":"Decimal","decimal":"{PRICE}"}},"active":1}}}}'
        for n in numbers
    )


def tryton_quantities(numbers: Iterable[int], place: int, *, coded: bool) -> bytes:
    """An answer of ``product.product.search_read`` with the quantity in one place."""
    units = FIGURES[ERP_PLACES.index(place)]
    return _tryton(
        f'{{"id":{n},"code":"{sku(n)}","quantity":{units}.0}}' if coded else f'{{"id":{n},"quantity":{units}.0}}'
        for n in numbers
    )


def tryton_places() -> bytes:
    """An answer of ``stock.location.search_read``: two warehouses with a storage location each."""
    return _tryton(
        f'{{"id":{place - 1},"code":"WH{n}-STO","name":"Storage {n}","type":"storage","active":1,"parent":{place},'
        f'"storage_location":null}},'
        f'{{"id":{place},"code":"WH{n}","name":"Warehouse {n}","type":"warehouse","active":1,"parent":null,'
        f'"storage_location":{place - 1}}}'
        for n, place in enumerate(ERP_PLACES, start=1)
    )


def _tryton(rows: Iterable[str]) -> bytes:
    return b'{"id":1,"result":[%s]}' % ",".join(rows).encode()


def shopify_variant(n: int) -> str:
    """A node of ``productVariants``."""
    return (
        f'{{"id":"gid://shopify/ProductVariant/{n}","product":{{"id":"gid://shopify/Product/{n}",'
        f'"title":"Thing {n}","status":"ACTIVE"}},"sku":"{sku(n)}","barcode":null,"price":"{PRICE}",'
        f'"compareAtPrice":null}}'
    )


def _level(n: int, index: int) -> str:
    units, place = FIGURES[index], SHOP_PLACES[index]
    return (
        f'"id":"gid://shopify/InventoryLevel/{2 * n + index}?inventory_item_id={n}",'
        f'"location":{{"id":"gid://shopify/Location/{place}"}},"quantities":['
        f'{{"name":"available","quantity":{units}}},{{"name":"on_hand","quantity":{units}}},'
        f'{{"name":"committed","quantity":0}}]'
    )


def shopify_item(n: int) -> str:
    """A node of ``inventoryItems`` with its levels."""
    levels = ",".join(f"{{{_level(n, index)}}}" for index in range(len(SHOP_PLACES)))
    return (
        f'{{"id":"gid://shopify/InventoryItem/{n}","sku":"{sku(n)}","inventoryLevels":{{"nodes":[{levels}],'
        f'"pageInfo":{{"hasNextPage":false,"endCursor":"{n}"}}}},"tracked":true}}'
    )


def shopify_lines(resource: str, numbers: Iterable[int]) -> Iterator[bytes]:
    """Lines of a bulk result: each record, its levels after it."""
    for n in numbers:
        if resource == "productVariants":
            yield shopify_variant(n).encode() + b"\n"
            continue
        gid = f"gid://shopify/InventoryItem/{n}"
        yield f'{{"id":"{gid}","sku":"{sku(n)}","tracked":true}}\n'.encode()
        for index in range(len(SHOP_PLACES)):
            yield f'{{{_level(n, index)},"__parentId":"{gid}"}}\n'.encode()


def lines_per_record(resource: str) -> int:
    """How many lines of a bulk result one record takes."""
    return 1 if resource == "productVariants" else 1 + len(SHOP_PLACES)
