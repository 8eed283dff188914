"""What an order's own fields leave unsaid, worked out from them: what each line costs now, what its total is made of.

Pure. Shopify tells a line's money for all units that ever were in it; what refunds and edits took off is subtracted
here. Amounts that may or may not be part of the present total (a tip that is a line as well, the rounding of cash,
money given back beyond what units are worth) are each a figure of Shopify's own: the sum tells which are in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import Any, TypeAlias

from canonical.money import exponent, round_to

Record: TypeAlias = Mapping[str, Any]

MADE = "made"
_ZERO = Decimal(0)
_OPEN = ("OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD")
_HELD = ("SCHEDULED", "ON_HOLD")


@dataclass(slots=True)
class _Back:
    """What refunds took off one line."""

    units: int = 0
    kept_off: int = 0
    net: Decimal = _ZERO
    tax: Decimal = _ZERO


@dataclass(slots=True)
class _Sum:
    """The parts of an order on their way to its total."""

    included: bool
    places: int
    net: Decimal = _ZERO
    tax: Decimal = _ZERO
    count: int = 0
    parts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, net: Decimal, taxes: Iterable[Record]) -> None:
        self.net += net
        self.tax += sum((Decimal(one["amount"]) for one in taxes), _ZERO)
        self.count += 1

    @property
    def total(self) -> Decimal:
        return self.net if self.included else self.net + self.tax


def made_of(order: Record) -> dict[str, Any]:
    """The fields under ``made`` of an order that was read whole."""
    places = exponent(str(order["currencyCode"]))
    found = _Sum(bool(order["taxesIncluded"]), places)
    backs = _backs(order)
    tip = _amount(order.get("totalTipReceivedSet"))
    lines: list[dict[str, Any]] = []
    for node in order["lineItems"]["nodes"]:
        line = _line(node, backs.get(node["id"], _Back()), places)
        found.add(Decimal(line["amount"]) - Decimal(line["discount"]), line["taxes"])
        if tip and _is_tip(node, tip):
            found.parts.append(
                {"kind": "tip", "amount": line["amount"], "title": line["title"], "taxes": line["taxes"]}
            )
            tip = _ZERO
        else:
            lines.append(line)
    shipping = [_shipping(one, order) for one in _shipping_lines(order)]
    for one in shipping:
        found.add(Decimal(one["amount"]) - Decimal(one["discount"]), one["taxes"])
    found.parts += _explained(order, found, tip)
    return {
        "state": _state(order),
        "redacted": _redacted(order),
        "lines": lines,
        "shipping": shipping,
        "parts": found.parts,
        "assigned": list(_assigned(order, backs)),
    }


def needs_details(order: Record) -> bool:
    """Whether an order has something that is only read for orders that have it."""
    if order.get("refunds") or order.get("fulfillments"):
        return True
    if order.get("returnStatus") not in (None, "NO_RETURN") or len(_nodes(order, "fulfillmentOrders")) > 1:
        return True
    first = order.get("shippingLine") or {}
    return _amount(order.get("currentShippingPriceSet")) != _amount(first.get("currentDiscountedPriceSet"))


def _line(node: Record, back: _Back, places: int) -> dict[str, Any]:
    units, now = int(node["quantity"]), int(node["currentQuantity"])
    unit = _amount(node["originalUnitPriceSet"])
    off = sum((_amount(one["allocatedAmountSet"]) for one in node["discountAllocations"]), _ZERO)
    net, taxes = unit * units - off, node["taxLines"]
    whole_tax = sum((_amount(one["priceSet"]) for one in taxes), _ZERO)
    silent = max(0, units - now - back.units)  # taken out by an edit that no refund tells of
    tax = whole_tax - back.tax
    net -= back.net
    if silent and now + silent:
        # What refunds left is shared by the units they left.
        net -= round_to(net * silent / (now + silent), places)
        tax -= round_to(tax * silent / (now + silent), places)
    if not now:
        net = tax = _ZERO
    amount = unit * now
    return {
        "id": node["id"],
        "quantity": now,
        "ordered": units,
        "amount": _text(amount),
        "discount": _text(amount - net),
        "taxes": _scaled(taxes, whole_tax, tax, places),
        "sku": node.get("sku"),
        "title": node.get("title"),
        "variant": (node.get("variant") or {}).get("id"),
        "requires_shipping": bool(node.get("requiresShipping")),
    }


def _scaled(taxes: Sequence[Record], whole: Decimal, now: Decimal, places: int) -> list[dict[str, Any]]:
    """Taxes brought to what is left of them; the last one takes what rounding leaves."""
    found: list[dict[str, Any]] = []
    left = now
    for number, one in enumerate(taxes, start=1):
        amount = _amount(one["priceSet"])
        if now != whole:
            share = round_to(amount * now / whole, places) if whole else _ZERO
            amount = left if number == len(taxes) else share
        left -= amount
        if amount:
            found.append({"amount": _text(amount), "title": one.get("title"), "rate": one.get("rate")})
    return found


def _shipping_lines(order: Record) -> list[Record]:
    if "shippingLines" in order:
        return [one for one in order["shippingLines"]["nodes"] if not one.get("isRemoved")]
    return [order["shippingLine"]] if order.get("shippingLine") else []


def _shipping(one: Record, order: Record) -> dict[str, Any]:
    price, now = _amount(one["originalPriceSet"]), _amount(one["currentDiscountedPriceSet"])
    taxes = one["taxLines"]
    whole = sum((_amount(tax["priceSet"]) for tax in taxes), _ZERO)
    back = sum(
        (
            _amount(part["taxAmountSet"])
            for refund in order.get("refunds") or ()
            for part in _nodes(refund, "refundShippingLines")
            if part["shippingLine"]["id"] == one.get("id")
        ),
        _ZERO,
    )
    return {
        "title": one.get("title"),
        "code": one.get("code"),
        "amount": _text(price),
        "discount": _text(price - now),
        "taxes": _scaled(taxes, whole, whole - back, exponent(str(order["currencyCode"]))),
    }


def _backs(order: Record) -> dict[str, _Back]:
    found: dict[str, _Back] = {}
    for refund in order.get("refunds") or ():
        for part in _nodes(refund, "refundLineItems"):
            back = found.setdefault(part["lineItem"]["id"], _Back())
            back.units += int(part["quantity"])
            back.kept_off += 0 if part.get("restocked") else int(part["quantity"])
            back.net += _amount(part["subtotalSet"])
            back.tax += _amount(part["totalTaxSet"])
    return found


def _explained(order: Record, found: _Sum, tip: Decimal) -> list[dict[str, Any]]:
    """The typed amounts that make up the rest of the total; what none of them explains is left unexplained."""
    rest = _amount(order["currentTotalPriceSet"]) - found.total
    known = _candidates(order, found, tip)
    usual = frozenset(number for number, (_, _, expected) in enumerate(known) if expected)
    slack = Decimal(1).scaleb(-found.places) * (found.count + 1) / 2
    chosen = _choice(rest, [amount for _, amount, _ in known], usual, slack)
    parts: list[dict[str, Any]] = [
        {"kind": kind, "amount": _text(amount), "title": None, "taxes": []}
        for number, (kind, amount, _) in enumerate(known)
        if number in chosen
    ]
    left = rest - sum((amount for number, (_, amount, _) in enumerate(known) if number in chosen), _ZERO)
    if left and abs(left) <= slack:
        parts.append({"kind": "rounding", "amount": _text(left), "title": None, "taxes": []})
    return parts


def _candidates(order: Record, found: _Sum, tip: Decimal) -> list[tuple[str, Decimal, bool]]:
    """Amounts that Shopify tells beside the lines, and whether its documentation has them in the present total."""
    given = sum(
        (
            _amount(one["amountSet"]) + _amount(one["taxAmountSet"])
            for refund in order.get("refunds") or ()
            for one in _nodes(refund, "orderAdjustments")
        ),
        _ZERO,
    )
    other_tax = _ZERO if found.included else _amount(order.get("currentTotalTaxSet")) - found.tax
    cash = _amount((order.get("totalCashRoundingAdjustment") or {}).get("paymentSet"))
    every = [
        ("duty", _amount(order.get("currentTotalDutiesSet")), not order.get("dutiesIncluded")),
        ("fee", _amount(order.get("currentTotalAdditionalFeesSet")), True),
        ("tip", tip, True),
        ("tax", other_tax, True),
        ("discount", given, True),
        ("rounding", cash, False),
    ]
    return [one for one in every if one[1]]


def _choice(rest: Decimal, amounts: Sequence[Decimal], usual: frozenset[int], slack: Decimal) -> frozenset[int]:
    """Which amounts explain a rest: exactly if any do, else but for rounding; nearest to what is usual."""
    numbers = range(len(amounts))
    sets = [frozenset(one) for size in range(len(amounts) + 1) for one in combinations(numbers, size)]
    sets.sort(key=lambda one: (len(one ^ usual), sorted(one)))
    for allowed in (_ZERO, slack):
        for one in sets:
            if abs(rest - sum((amounts[number] for number in one), _ZERO)) <= allowed:
                return one
    return usual


def _is_tip(node: Record, tip: Decimal) -> bool:
    """Whether a line is the tip: a single thing of no product that is never sent, at just that price."""
    plain = not node.get("variant") and not node.get("sku") and not node.get("requiresShipping")
    return plain and int(node["quantity"]) == 1 and _amount(node["originalUnitPriceSet"]) == tip


def _assigned(order: Record, backs: Mapping[str, _Back]) -> Iterator[dict[str, Any]]:
    """Units of lines at the places that are to send them, or sent them; what is still open comes first."""
    every = [_filled(one, order) for one in _nodes(order, "fulfillmentOrders")]
    plans = [one for one in every if one["status"] != "CANCELLED"]
    plans.sort(key=lambda one: one["status"] not in _OPEN)
    covered: dict[str, int] = {}
    for plan in plans:
        for part in plan["lineItems"]["nodes"]:
            line, units = part["lineItem"]["id"], int(part["totalQuantity"])
            covered[line] = covered.get(line, 0) + units
            if units:
                yield _at(plan, line, units)
    for node in order["lineItems"]["nodes"]:
        line = node["id"]
        # Units that were given up without being put back are off the shelf of the place that was to send them.
        missing = int(node["currentQuantity"]) + backs.get(line, _Back()).kept_off - covered.get(line, 0)
        known = [one for one in every if _has(one, line)]
        if not known and len({_place(one) for one in every}) == 1:
            known = every
        if missing > 0 and known:
            yield {**_at(known[0], line, missing), "on_hold": False}


def _filled(plan: Record, order: Record) -> Record:
    """A fulfillment order with its lines; they are not read where it is the order's only one, for then it has all."""
    if "lineItems" in plan:
        return plan
    lines = [
        {"lineItem": {"id": node["id"]}, "totalQuantity": node["currentQuantity"]}
        for node in order["lineItems"]["nodes"]
        if node.get("variant") or node.get("requiresShipping")
    ]
    return {**plan, "lineItems": {"nodes": lines}}


def _has(plan: Record, line: str) -> bool:
    return any(part["lineItem"]["id"] == line for part in plan["lineItems"]["nodes"])


def _at(plan: Record, line: str, units: int) -> dict[str, Any]:
    return {
        "id": plan["id"],
        "line": line,
        "quantity": units,
        "location": _place(plan),
        "on_hold": plan["status"] in _HELD,
    }


def _place(plan: Record) -> str | None:
    return (plan["assignedLocation"].get("location") or {}).get("id")


def _state(order: Record) -> str:
    if order.get("cancelledAt"):
        return "canceled"
    return "completed" if order.get("closed") else "open"


def _redacted(order: Record) -> bool:
    """Whether the platform hides who ordered: there is an address, and nothing of it can be read."""
    addresses = [one for one in (order.get("shippingAddress"), order.get("billingAddress")) if one]
    return bool(addresses) and not any(
        one.get(name) for one in addresses for name in ("name", "address1", "city", "zip")
    )


def _nodes(holder: Record, name: str) -> list[Any]:
    return list((holder.get(name) or {}).get("nodes") or ())


def _amount(bag: Record | None) -> Decimal:
    """An amount in the shop's own currency; nothing where there is none."""
    return Decimal(str(bag["shopMoney"]["amount"])) if bag else _ZERO


def _text(amount: Decimal) -> str:
    return format(amount, "f")
