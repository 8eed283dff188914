"""Lists: filters, order and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeAlias

from connectors.woocommerce.simulator import stock, view
from connectors.woocommerce.simulator.params import Params, Stamp
from connectors.woocommerce.simulator.store import Product, Store
from connectors.woocommerce.simulator.switches import Switches

Test: TypeAlias = Callable[[Product], bool]

_PAGING = frozenset({"page", "per_page", "offset"})


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list and what its headers say."""

    products: Sequence[Product]
    total: int
    pages: int
    page: int


class Listing:
    """Answers list requests; the last result is kept while nothing changes, as a page follows a page."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._held: tuple[Any, list[Product]] | None = None

    def page(self, scope: str | int, params: Params) -> Slice:
        """A page of products (``products``), of all variations (``variations``) or of those of one parent (its id)."""
        found = self._all(scope, params)
        per_page = params.get("per_page", 10)
        page = params.get("page", 1)
        start = params.get("offset", (page - 1) * per_page)
        return Slice(found[start : start + per_page], len(found), -(-len(found) // per_page), page)

    def _all(self, scope: str | int, params: Params) -> list[Product]:
        key = (self._store.revision, scope, repr(sorted((k, v) for k, v in params.items() if k not in _PAGING)))
        if self._held is None or self._held[0] != key:
            tests = self._tests(scope, params)
            found = [each for each in self._candidates(scope, params) if all(test(each) for test in tests)]
            self._held = (key, self._ordered(found, params))
        return self._held[1]

    def _candidates(self, scope: str | int, params: Params) -> Iterable[Product]:
        products = self._store.products
        if isinstance(scope, int):
            return self._store.children(products[scope]) if scope in products else ()
        if params.get("include"):
            return (products[each] for each in dict.fromkeys(params["include"]) if each in products)
        return products.values()

    def _tests(self, scope: str | int, params: Params) -> list[Test]:
        tests = [self._scope_test(scope, params), *self._status_tests(params)]
        tests += [make(self, params[name]) for name, make in _FILTERS.items() if name in params and params[name] != []]
        gmt = params.get("dates_are_gmt", False)
        tests += [self._date_test(name, params[name], gmt=gmt) for name in _DATES if name in params]
        return tests

    @staticmethod
    def _scope_test(scope: str | int, params: Params) -> Test:
        if scope == "variations" or isinstance(scope, int):
            return lambda p: p.is_variation
        if params.get("sku"):
            return lambda p: True
        return lambda p: not p.is_variation

    @staticmethod
    def _status_tests(params: Params) -> list[Test]:
        wanted = set(params.get("include_status", ())) or {params.get("status", "any")}
        excluded = set(params.get("exclude_status", ()))
        tests: list[Test] = [lambda p: p.status in wanted or ("any" in wanted and p.listed)]
        if excluded:
            tests.append(lambda p: p.status not in excluded)
        return tests

    def _date_test(self, name: str, stamp: Stamp, *, gmt: bool) -> Test:
        """Strictly later or earlier, in whole seconds; naive dates are the site's own unless told otherwise."""
        offset = timedelta(0) if gmt or stamp.zoned else timedelta(hours=self._switches.site_utc_offset_hours)
        bound = (stamp.at - offset).replace(microsecond=0)
        if name.endswith("after"):
            return (lambda p: p.modified > bound) if "modified" in name else (lambda p: p.created > bound)
        return (lambda p: p.modified < bound) if "modified" in name else (lambda p: p.created < bound)

    def _ordered(self, found: list[Product], params: Params) -> list[Product]:
        orderby, descending = params.get("orderby", "date"), params.get("order", "desc") == "desc"
        if orderby == "include":
            return found
        if orderby == "id" and not descending and all(a.id < b.id for a, b in pairwise(found)):
            return found
        return sorted(found, key=lambda p: (self._rank(p, orderby), p.id), reverse=descending)

    def _rank(self, product: Product, orderby: str) -> Any:
        if orderby == "id":
            return product.id
        if orderby == "modified":
            return product.modified
        if orderby == "title":
            return str(product.get("name")).lower()
        if orderby == "slug":
            return str(product.get("slug"))
        if orderby == "price":
            return view.amount(view.price(self._store, product)) or Decimal(0)
        return product.created if orderby == "date" else 0

    def price_of(self, product: Product) -> Decimal:
        """What a shopper pays, 0 where nothing is set."""
        return view.amount(view.price(self._store, product)) or Decimal(0)

    def status_of(self, product: Product) -> str:
        """The stock status."""
        return stock.status(self._store, product)


def _contains(text: str, *names: str) -> Test:
    wanted = text.lower()
    return lambda p: any(wanted in str(p.get(name) or "").lower() for name in names)


def _searched(text: str) -> Test:
    """Every word must stand somewhere in the texts."""
    tests = [_contains(word, "name", "description", "short_description") for word in text.split()]
    return lambda p: all(test(p) for test in tests)


def _member(name: str, values: Any) -> Test:
    wanted = set(values) if isinstance(values, list) else {values}
    return lambda p: getattr(p, name) in wanted


def _not_member(name: str, values: Any) -> Test:
    unwanted = set(values)
    return lambda p: getattr(p, name) not in unwanted


def _equals(name: str, value: Any) -> Test:
    return lambda p: p.get(name) == value


def _tagged(wanted: Any) -> Test:
    return lambda p: bool(set(wanted) & set(p.get("tags") or ()))


_DATES = ("after", "before", "modified_after", "modified_before")

_FILTERS: dict[str, Callable[[Listing, Any], Test]] = {
    "include": lambda _, v: _member("id", v),
    "exclude": lambda _, v: _not_member("id", v),
    "parent": lambda _, v: _member("parent_id", v),
    "parent_exclude": lambda _, v: _not_member("parent_id", v),
    "sku": lambda _, v: _member("sku", v),
    "type": lambda _, v: _member("type", v),
    "include_types": lambda _, v: _member("type", v),
    "exclude_types": lambda _, v: _not_member("type", v),
    "slug": lambda _, v: _equals("slug", v),
    "featured": lambda _, v: _equals("featured", v),
    "virtual": lambda _, v: _equals("virtual", v),
    "downloadable": lambda _, v: _equals("downloadable", v),
    "search": lambda _, v: _searched(v),
    "search_sku": lambda _, v: _contains(v, "sku"),
    "search_name_or_sku": lambda _, v: _contains(v, "name", "sku"),
    "tag": lambda _, v: _tagged(v),
    "on_sale": lambda _, v: lambda p: view.on_sale(p) == v,
    "min_price": lambda s, v: lambda p: s.price_of(p) >= Decimal(v),
    "max_price": lambda s, v: lambda p: s.price_of(p) <= Decimal(v),
    "has_price": lambda s, v: lambda p: (s.price_of(p) > 0) == v,
    "stock_status": lambda s, v: lambda p: s.status_of(p) == v,
}
