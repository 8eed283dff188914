"""Who a sale is for: the party and its addresses, found before they are made, and never made twice.

A party we make carries a code of ours, which the server keeps unique: whoever comes second finds the first one's. An
address is added to a party under the party's lock token, so two that add the same one meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from canonical.errors import RetriableError, SkippableError
from connectors.tryton.asking import Asking
from connectors.tryton.client import STALE
from connectors.tryton.geography import Geography
from connectors.tryton.options import SaleOptions
from connectors.tryton.order import Buyer, NewOrder, Place
from connectors.tryton.reads import ARCHIVED_TOO
from connectors.tryton.wire import Row

PARTY = "model.party.party"
_MECHANISM = "model.party.contact_mechanism"
_ADDRESS = "model.party.address"
_TEXTS = ("party_name", "attn", "street", "postal_code", "city")
_LINKS = ("country", "subdivision")
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Addressed:
    """A party, where its invoice goes, and where its goods go."""

    party: int
    invoice: int
    delivery: int


class Parties:
    """Finds and makes parties of orders."""

    def __init__(self, asking: Asking, options: SaleOptions) -> None:
        self._asking = asking
        self._client = asking.client
        self._options = options
        self._geography = Geography(self._client)

    def of(self, order: NewOrder) -> Addressed:
        """The party of an order with its addresses; SkippableError where the server refuses one."""
        billing = order.billing if order.billing != Place() else order.delivery
        delivery = order.delivery if order.delivery != Place() else order.billing
        wanted = [self._geography.address(place) for place in (billing, delivery)]
        party = self._found(order) or self._made(order, wanted)
        invoice, goods = self._addresses(party, wanted)
        return Addressed(party, invoice, goods)

    def _found(self, order: NewOrder) -> int:
        if not order.buyer.id and not order.buyer.email and self._options.guest_party:
            return self._options.guest_party
        return self._with_code(code_of(order)) or self._with_email(order.buyer.email)

    def _with_code(self, code: str) -> int:
        rows = self._read(PARTY, [["code", "=", code]], ["code"], ARCHIVED_TOO)
        return next((int(row["id"]) for row in rows if row["code"] == code), 0)

    def _with_email(self, email: str) -> int:
        """The party of exactly this address; of several the one that last bought at this shop, else the oldest."""
        if not email:
            return 0
        domain = [["type", "=", "email"], ["value", "ilike", _escaped(email)], ["party.active", "=", True]]
        rows = self._read(_MECHANISM, domain, ["value", "party"], None)
        parties = sorted({int(row["party"]) for row in rows if _same(row["value"], email)})
        if len(parties) < 2:
            return parties[0] if parties else 0
        bought = [["web_shop", "=", self._options.web_shop], ["party", "in", parties]]
        sales = self._client.read("model.sale.sale.search_read", bought, 0, 1, [["id", "DESC"]], ["party"]).result
        return int(sales[0]["party"]) if sales and sales[0]["party"] in parties else parties[0]

    def _made(self, order: NewOrder, addresses: Sequence[Row]) -> int:
        distinct = [one for at, one in enumerate(addresses) if one not in addresses[:at]]
        values: Row = {"name": name_of(order), "code": code_of(order), "addresses": [["create", distinct]]}
        reached = _mechanisms(order.buyer)
        for given in ([values | {"contact_mechanisms": [["create", reached]]}] if reached else []) + [values]:
            try:
                return int(self._asking.call(f"{PARTY}.create", [given]).result[0])
            except SkippableError as error:
                if found := self._with_code(code_of(order)):
                    return found
                refused = error
        raise refused

    def _addresses(self, party: int, wanted: Sequence[Row]) -> tuple[int, int]:
        for _ in range(_TRIES):
            token = self._token(party)
            names = [*_TEXTS, *_LINKS]
            there = self._read(_ADDRESS, [["party", "=", party]], names, None)
            ids = [next((int(row["id"]) for row in there if _equal(row, one)), 0) for one in wanted]
            if all(ids):
                return ids[0], ids[1]
            missing = next(one for one, number in zip(wanted, ids, strict=True) if not number)
            try:
                guard = {"_timestamp": {f"party.party,{party}": token}}
                self._asking.call(f"{PARTY}.write", [party], {"addresses": [["create", [missing]]]}, context=guard)
            except SkippableError as error:
                if error.reason != STALE:
                    raise
        raise RetriableError(f"{self._client.connection}: party {party} is changed all the time")

    def _token(self, party: int) -> str:
        rows = self._read(PARTY, [["id", "=", party]], ["_timestamp"], ARCHIVED_TOO)
        if not rows:
            raise SkippableError("rejected", f"Tryton has no party {party}", hint="check the setting guest_party")
        return str(rows[0]["_timestamp"])

    def _read(self, model: str, domain: list[Any], names: list[str], context: Row | None) -> list[Row]:
        order = [["id", "ASC"]]
        rows: list[Row] = self._client.read(
            f"{model}.search_read", domain, 0, None, order, names, context=context
        ).result
        return rows


def code_of(order: NewOrder) -> str:
    """The code of the party we would make: of the channel's customer, of the address for mail, or of this order."""
    buyer = order.buyer
    if buyer.id:
        return f"{order.channel}-{buyer.id.rsplit('/', 1)[-1]}"
    if buyer.email:
        return "mail-" + sha256(buyer.email.strip().lower().encode()).hexdigest()[:20]
    return order.web_id


def name_of(order: NewOrder) -> str:
    """What a party we make is called; a guest without any name is called by the order."""
    places = (order.billing, order.delivery)
    names = [order.buyer.name, *(place.name for place in places), *(place.company for place in places)]
    said = [" ".join(name.split()) for name in (*names, order.buyer.email)]
    return next((name for name in said if name), f"Guest {order.reference or order.web_id}")


def _mechanisms(buyer: Buyer) -> list[Row]:
    kinds = (("email", buyer.email), ("phone", buyer.phone))
    return [{"type": kind, "value": value.strip()} for kind, value in kinds if value.strip()]


def _same(value: str | None, email: str) -> bool:
    return (value or "").strip().lower() == email.strip().lower()


def _escaped(text: str) -> str:
    """A text as a pattern that means only itself; what a server does with it is checked anyway."""
    return text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _equal(row: Row, wanted: Row) -> bool:
    texts = all((row[name] or "").strip() == (wanted.get(name) or "") for name in _TEXTS)
    return texts and all((row[name] or 0) == (wanted.get(name) or 0) for name in _LINKS)
