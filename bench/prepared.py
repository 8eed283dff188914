"""A server of its own process that replays prepared pages, so that a bench measures the hub and not a simulator.

``python -m bench.prepared SIZE`` prints its port. It answers the reads of the three platforms' connectors for a catalog
of that size; nothing ever changes. ``/bench/latency?ms=100`` delays every later answer, ``/bench/counts`` tells and
clears how many requests came, by platform.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from bench import records

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Reply = tuple[bytes, Mapping[str, str]]

_HOST = "127.0.0.1"
_JSON: Mapping[str, str] = {}
_RECORD_COST = {"productVariants": 2, "inventoryItems": 18}
_BLOCK = 500
_SHOP_PLACES = {
    "nodes": [
        {"id": f"gid://shopify/Location/{one}", "name": f"Place {one}", "isActive": True} for one in records.SHOP_PLACES
    ],
    "pageInfo": {"hasNextPage": False, "endCursor": None},
}
_BUCKET = {"maximumAvailable": 1_000_000.0, "currentlyAvailable": 1_000_000.0, "restoreRate": 100_000.0}


class Prepared:
    """The three platforms with a catalog of so many things."""

    def __init__(self, size: int, base_url: str) -> None:
        self.size = size
        self._base_url = base_url
        self.counts: Counter[str] = Counter()
        self.latency = 0.0
        self._woo_page = cache(self._make_woo_page)
        self._tryton_page = cache(self._make_tryton_page)
        self._nodes = cache(self._make_nodes)
        self.lines = {resource: self._make_lines(resource) for resource in _RECORD_COST}
        for page in range(1, -(-size // 100) + 1):
            self._woo_page(page, 100)
        for after in range(0, size + 1, 1000):
            for kind in ("products", *map(str, records.ERP_PLACES)):
                self._tryton_page(kind, after, 1000, kind == str(records.ERP_PLACES[0]))

    def woocommerce(self, path: str, query: Mapping[str, Sequence[str]]) -> Reply:
        """The shop's currency, or one page of the product list; nothing was ever modified after a cursor."""
        self.counts["woocommerce"] += 1
        if path.endswith("_currency"):
            return b'{"id":"woocommerce_currency","value":"EUR"}', _JSON
        if "modified_after" in query:
            return b"[]", {"x-wp-total": "0", "x-wp-totalpages": "0"}
        per_page, page = int(query["per_page"][0]), int(query["page"][0])
        pages = -(-self.size // per_page)
        return self._woo_page(page, per_page), {"x-wp-total": str(self.size), "x-wp-totalpages": str(pages)}

    def _make_woo_page(self, page: int, per_page: int) -> bytes:
        return records.woo_products(self._numbers((page - 1) * per_page, per_page))

    def tryton(self, body: bytes) -> Reply:
        """One call."""
        self.counts["tryton"] += 1
        request = json.loads(body)
        method, params = request["method"], request["params"]
        if method == "common.db.login":
            return b'{"id":1,"result":[1,"prepared",null]}', _JSON
        if method.endswith("get_preferences"):
            return b'{"id":1,"result":{"company":1,"companies":[1],"language":"en"}}', _JSON
        domain, limit, names = params[0], params[2], params[4]
        if "location" in method:
            return (records.tryton_places() if domain[1][2] == 0 else b'{"id":1,"result":[]}'), _JSON
        if "stock.move" in method or "OR" in json.dumps(domain):
            return b'{"id":1,"result":[]}', _JSON
        return self._tryton_products(domain, limit, names, params[5]), _JSON

    def _tryton_products(self, domain: Any, limit: int, names: Sequence[str], context: Mapping[str, Any]) -> bytes:
        kind = str(context["locations"][0]) if "quantity" in names else "products"
        _, sign, value = domain[1]
        if sign == ">":
            return self._tryton_page(kind, value, limit, "code" in names)
        return self._tryton_page(kind, value[0] - 1, len(value), "code" in names)

    def _make_tryton_page(self, kind: str, after: int, limit: int, coded: bool) -> bytes:
        numbers = self._numbers(after, limit)
        if kind == "products":
            return records.tryton_products(numbers)
        return records.tryton_quantities(numbers, int(kind), coded=coded)

    def shopify(self, body: bytes) -> Reply:
        """One GraphQL request: a page, or a bulk operation that has always ended already."""
        self.counts["shopify"] += 1
        request = json.loads(body)
        document, variables = request["query"], request["variables"]
        if "bulkOperationRunQuery" in document:
            resource = "inventoryItems" if "inventoryItems" in variables["query"] else "productVariants"
            identity = f"gid://shopify/BulkOperation/{resource}"
            operation = {"id": identity, "status": "CREATED", "createdAt": f"{records.STAMP}Z"}
            return self._data({"run": {"bulkOperation": operation, "userErrors": []}}, 10), _JSON
        if " locations(" in document:
            return self._data({"records": _SHOP_PLACES, "total": {"count": self.size}}, 5), _JSON
        if "currencyCode" in document:
            shop = {"name": "Bench", "myshopifyDomain": "bench.myshopify.com", "currencyCode": "EUR"}
            return self._data({"shop": shop, "currentAppInstallation": {"accessScopes": []}}, 3), _JSON
        if "bulkOperation(" in document:
            return self._data({"operation": self._operation(variables["id"])}, 1), _JSON
        resource = "inventoryItems" if " inventoryItems(" in document else "productVariants"
        return self._page(resource, variables), _JSON

    def _operation(self, identity: str) -> dict[str, Any]:
        resource = identity.rpartition("/")[2]
        stamp = f"{records.STAMP}Z"
        return {
            "id": identity,
            "status": "COMPLETED",
            "errorCode": None,
            "createdAt": stamp,
            "completedAt": stamp,
            "objectCount": str(self.size * records.lines_per_record(resource)),
            "rootObjectCount": str(self.size),
            "url": f"{self._base_url}/bulk/{resource}.jsonl",
        }

    def _page(self, resource: str, variables: Mapping[str, Any]) -> bytes:
        first, after = variables["first"], int(variables["after"] or 0)
        nodes = "" if variables["query"] else self._nodes(resource, after, first)
        more = "false" if variables["query"] or after + first >= self.size else "true"
        total = f',"total":{{"count":{self.size}}}' if "limit" in variables else ""
        info = f'{{"hasNextPage":{more},"endCursor":"{after + first}"}}'
        cost = _cost(2 + first * _RECORD_COST[resource])
        return (
            f'{{"data":{{"records":{{"nodes":[{nodes}],"pageInfo":{info}}}{total}}},"extensions":{{"cost":{cost}}}}}'
        ).encode()

    def _make_nodes(self, resource: str, after: int, first: int) -> str:
        made = records.shopify_item if resource == "inventoryItems" else records.shopify_variant
        return ",".join(map(made, self._numbers(after, first)))

    def _make_lines(self, resource: str) -> list[bytes]:
        """The result of a bulk operation, in blocks as a server would send them."""
        blocks = range(0, self.size, _BLOCK)
        return [b"".join(records.shopify_lines(resource, self._numbers(start, _BLOCK))) for start in blocks]

    def _numbers(self, after: int, count: int) -> range:
        return range(after + 1, min(after + count, self.size) + 1)

    @staticmethod
    def _data(data: Mapping[str, Any], cost: int) -> bytes:
        return f'{{"data":{json.dumps(data)},"extensions":{{"cost":{_cost(cost)}}}}}'.encode()


def _cost(points: int) -> str:
    return json.dumps({"requestedQueryCost": points, "actualQueryCost": points, "throttleStatus": _BUCKET})


def app(prepared: Prepared) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    """The ASGI application."""

    async def run(scope: Message, receive: Receive, send: Send) -> None:
        path, query = scope["path"], parse_qs(scope["query_string"].decode())
        body = await _body(receive)
        if path.startswith("/bench/"):
            await _answer(send, [_control(prepared, path, query)], {})
            return
        if prepared.latency:
            await asyncio.sleep(prepared.latency)
        if path.startswith("/bulk/"):
            prepared.counts["shopify"] += 1
            await _answer(send, prepared.lines[path.removeprefix("/bulk/").removesuffix(".jsonl")], {})
            return
        if path.startswith("/wp-json/"):
            content, headers = prepared.woocommerce(path, query)
        elif path.startswith("/admin/"):
            content, headers = prepared.shopify(body)
        else:
            content, headers = prepared.tryton(body)
        await _answer(send, [content], headers)

    return run


def _control(prepared: Prepared, path: str, query: Mapping[str, Sequence[str]]) -> bytes:
    if path.endswith("/latency"):
        prepared.latency = float(query["ms"][0]) / 1000
    found = json.dumps(prepared.counts).encode()
    prepared.counts.clear()
    return found


async def _body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(parts)


async def _answer(send: Send, blocks: Sequence[bytes], headers: Mapping[str, str]) -> None:
    listed = [(name.encode(), value.encode()) for name, value in headers.items()]
    listed += [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(sum(map(len, blocks))).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": listed})
    for block in blocks:
        await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def platforms(size: int) -> Iterator[str]:
    """The prepared platforms in a process of their own while the context lasts; gives their base URL."""
    root = Path(__file__).resolve().parents[1]
    with Popen([sys.executable, "-m", "bench.prepared", str(size)], stdout=PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            yield f"http://{_HOST}:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def main() -> None:
    """Serve until told to stop."""
    listener = socket.create_server((_HOST, 0))
    # asyncio sets it only on sockets whose protocol is named; without it small answers wait 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    port = listener.getsockname()[1]
    prepared = Prepared(int(sys.argv[1]), f"http://{_HOST}:{port}")
    server = uvicorn.Server(uvicorn.Config(app(prepared), log_config=None, access_log=False, lifespan="off"))
    print(port, flush=True)
    server.run([listener])


if __name__ == "__main__":
    main()
