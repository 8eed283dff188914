"""Looking at a connection: version, login, company, rights, warehouses, clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from canonical.clock import Clock
from canonical.errors import CrossdockError
from connectors.base import Finding
from connectors.manifest import Manifest
from connectors.tryton.client import TrytonClient
from connectors.tryton.options import SaleOptions
from connectors.tryton.reads import Search
from connectors.tryton.salehealth import check_sales
from connectors.tryton.stock import read_places

_SKEW = timedelta(seconds=30)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_READ = ("product.product", "product.template", "stock.location", "stock.move")
_WRITTEN = ("stock.inventory", "ir.note")


def check(client: TrytonClient, search: Search, manifest: Manifest, clock: Clock, sales: SaleOptions) -> list[Finding]:
    """Everything worth knowing about a connection; later looks are left out once the login fails."""
    findings = [*_tried("version", lambda: _version(client, manifest, clock))]
    login = [*_tried("login", lambda: _login(client))]
    findings += login
    if all(finding.ok for finding in login):
        findings += _tried("rights", lambda: _rights(client))
        findings += _tried("warehouses", lambda: _warehouses(search))
        findings += _tried("sales", lambda: check_sales(client, sales))
    return findings


def _tried(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except CrossdockError as error:
        yield Finding(name, ok=False, message=str(error.args[0] if error.args else error), advice=error.hint)


def _version(client: TrytonClient, manifest: Manifest, clock: Clock) -> Iterator[Finding]:
    reply = client.version()
    series = str(reply.result)
    tested = series in manifest.versions
    advice = (
        "" if tested else f"tested with {', '.join(manifest.versions)} only; try it on a copy of the database first"
    )
    yield Finding("version", ok=True, message=f"Tryton {series}", advice=advice, warning=not tested)
    yield _clock(reply.server_started, reply.started, clock.now())
    url = urlsplit(client.account.url)
    if url.scheme != "https" and url.hostname not in _LOOPBACK:
        advice = "use https, or a private network"
        yield Finding("encryption", ok=True, message="the password travels in clear", advice=advice, warning=True)


def _clock(server: datetime, before: datetime, after: datetime) -> Finding:
    """The server's clock against ours; its dates are whole seconds."""
    ahead = max(server - after, before - server - timedelta(seconds=1), timedelta(0))
    fine = ahead <= _SKEW
    advice = "" if fine else "set both clocks by network time"
    return Finding("clock", ok=True, message=f"{ahead.total_seconds():.0f} s apart", advice=advice, warning=not fine)


def _login(client: TrytonClient) -> Iterator[Finding]:
    session = client.session()
    yield Finding("login", ok=True, message=f"{client.account.username}, company {session.context['company']}")


def _rights(client: TrytonClient) -> Iterator[Finding]:
    for model in (*_READ, *_WRITTEN):
        client.read(f"model.{model}.search", [], 0, 1, None)
    yield Finding("rights", ok=True, message="products, stock and inventory documents can be read")


def _warehouses(search: Search) -> Iterator[Finding]:
    places = read_places(search)
    names = ", ".join(warehouse.code or warehouse.name for warehouse in places.counted)
    advice = "" if names else "create a warehouse in Tryton"
    yield Finding("warehouses", ok=bool(names), message=names or "there is none", advice=advice)
