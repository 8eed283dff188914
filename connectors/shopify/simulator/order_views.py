"""What every readable field of an order is worth, its money apart from its goods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator import order_money as m
from connectors.shopify.simulator.connections import Connection, page_of_rows
from connectors.shopify.simulator.context import Args, Context, instant
from connectors.shopify.simulator.order_book import name_of, number_of
from connectors.shopify.simulator.order_records import ZERO, Address, Line, Order, Shipping, Tax, Transaction
from connectors.shopify.simulator.order_status import financial_status, fulfillment_status, return_status
from connectors.shopify.simulator.reads import Plain, Resolver

_PERSONAL = ("name", "firstName", "lastName", "company", "address1", "address2", "phone", "city", "zip")


def money(get: Callable[[Any], Decimal], order_of: Callable[[Any], Order] = lambda row: row.order) -> Resolver:
    """An amount in both currencies of its order."""
    return lambda o, c, a: m.bag(order_of(o), get(o))


def paged(get: Callable[[Any], list[Any]]) -> Resolver:
    """A connection over a list of records."""

    def resolve(value: Any, context: Context, args: Args) -> Connection:
        return page_of_rows(get(value), None, args, context)

    return resolve


def first_of(get: Callable[[Any], list[Any]]) -> Resolver:
    """A plain list, shortened where the caller says so."""
    return lambda o, c, a: get(o)[: a.get("first")]


def tax_lines(order: Order, taxes: list[Tax]) -> list[dict[str, Any]]:
    """Taxes as they are shown."""
    return [
        {
            "title": one.title,
            "rate": float(one.rate),
            "ratePercentage": float(one.rate * 100),
            "priceSet": m.bag(order, one.amount),
            "source": None,
            "channelLiable": False,
        }
        for one in taxes
    ]


def _allocations(order: Order, amounts: list[Decimal]) -> list[dict[str, Any]]:
    return [{"allocatedAmountSet": m.bag(order, amount)} for amount in amounts if amount]


def _all_taxes(order: Order) -> list[Tax]:
    found: dict[tuple[str, Decimal], Decimal] = {}
    for one in (tax for holder in m.holders_of(order) for tax in holder.taxes):
        found[one.title, one.rate] = found.get((one.title, one.rate), ZERO) + one.amount
    return [Tax(title, rate, amount) for (title, rate), amount in found.items()]


def _maybe(get: Callable[[Order], Decimal]) -> Resolver:
    """An amount that is null where there is nothing of the kind."""
    return lambda o, c, a: m.bag(o, get(o)) if get(o) else None


def _own(get: Callable[[Order], Decimal]) -> Resolver:
    return money(get, lambda order: order)


def _total(order: Order, context: Context) -> Decimal:
    return context.platform.desk.total(order)


def _personal(get: Callable[[Any], Any]) -> Resolver:
    """A value that the platform hides from apps without approval."""
    return lambda o, c, a: get(o) if c.platform.switches.customer_data else None


def _part(name: str) -> Resolver:
    def resolve(address: Address, context: Context, args: Args) -> Any:
        if name in _PERSONAL and not context.platform.switches.customer_data:
            return None
        if name == "name":
            return " ".join(filter(None, (address.parts.get("first_name"), address.parts.get("last_name")))) or None
        return address.parts.get({"firstName": "first_name", "lastName": "last_name"}.get(name, name))

    return resolve


def _shipping_of(order: Order) -> list[Shipping]:
    return [one for one in order.shipping if not one.removed]


def _fees(order: Order) -> Decimal:
    return sum((one.amount - one.refunded for one in order.extras.fees), ZERO)


def _duties(order: Order) -> Decimal:
    return sum((one.amount - one.refunded for one in m.duties_of(order)), ZERO)


def _discounts(order: Order) -> Decimal:
    return sum((amount for line in order.lines for amount in line.discounts), ZERO) + sum(
        (one.discount for one in order.shipping), ZERO
    )


def _net(order: Order) -> Decimal:
    return m.received(order) - m.given_back(order)


_MONEY: Mapping[str, Resolver] = {
    "totalPriceSet": _own(m.total),
    "originalTotalPriceSet": _own(lambda o: o.original_total),
    "currentTotalPriceSet": lambda o, c, a: m.bag(o, _total(o, c)),
    "subtotalPriceSet": _own(lambda o: sum((line.net for line in o.lines), ZERO)),
    "currentSubtotalPriceSet": _own(lambda o: sum((line.current_net for line in o.lines), ZERO)),
    "totalTaxSet": _own(lambda o: sum((one.amount for one in _all_taxes(o)), ZERO)),
    "currentTotalTaxSet": _own(m.current_tax),
    "totalDiscountsSet": _own(_discounts),
    "currentTotalDiscountsSet": _own(_discounts),
    "totalShippingPriceSet": _own(lambda o: sum((one.price for one in o.shipping), ZERO)),
    "currentShippingPriceSet": _own(lambda o: sum((one.current for one in o.shipping), ZERO)),
    "currentTotalDutiesSet": _maybe(_duties),
    "originalTotalDutiesSet": _maybe(lambda o: sum((one.amount for one in m.duties_of(o)), ZERO)),
    "currentTotalAdditionalFeesSet": _maybe(_fees),
    "originalTotalAdditionalFeesSet": _maybe(lambda o: sum((one.amount for one in o.extras.fees), ZERO)),
    "totalTipReceivedSet": _own(lambda o: o.extras.tip),
    "totalReceivedSet": _own(m.received),
    "totalRefundedSet": _own(m.given_back),
    "totalRefundedShippingSet": _own(lambda o: sum((one.refunded for one in o.shipping), ZERO)),
    "totalOutstandingSet": lambda o, c, a: m.bag(o, _total(o, c) - _net(o)),
    "netPaymentSet": _own(_net),
    "refundDiscrepancySet": _own(lambda o: sum((one.amount for r in o.refunds for one in r.discrepancies), ZERO)),
    "totalCashRoundingAdjustment": lambda o, c, a: {
        "paymentSet": m.bag(o, o.extras.rounding),
        "refundSet": m.bag(o, ZERO),
    },
    "taxLines": lambda o, c, a: tax_lines(o, _all_taxes(o)),
    "currentTaxLines": lambda o, c, a: tax_lines(o, _all_taxes(o)),
    "additionalFees": lambda o, c, a: [
        {"id": one.gid, "name": one.name, "price": m.bag(o, one.amount), "taxLines": tax_lines(o, one.taxes)}
        for one in o.extras.fees
    ],
}
_ORDER: Mapping[str, Resolver] = {
    "name": lambda o, c, a: name_of(o),
    "number": lambda o, c, a: number_of(o),
    "processedAt": lambda o, c, a: instant(o.created_at),
    "cancelledAt": lambda o, c, a: instant(o.canceled_at),
    "cancelReason": Plain("cancel_reason"),
    "closed": lambda o, c, a: o.closed_at is not None,
    "closedAt": lambda o, c, a: instant(o.closed_at),
    "confirmed": lambda o, c, a: True,
    "test": Plain("test"),
    "edited": Plain("edited"),
    "note": Plain("note"),
    "email": _personal(lambda o: o.email),
    "phone": _personal(lambda o: o.phone),
    "tags": lambda o, c, a: list(o.tags),
    "sourceName": lambda o, c, a: "web",
    "sourceIdentifier": lambda o, c, a: None,
    "currencyCode": Plain("terms.currency"),
    "presentmentCurrencyCode": Plain("terms.presentment"),
    "taxesIncluded": Plain("terms.taxes_included"),
    "dutiesIncluded": lambda o, c, a: False,
    "requiresShipping": lambda o, c, a: any(line.requires_shipping for line in o.lines),
    "displayFinancialStatus": lambda o, c, a: financial_status(o, _total(o, c)),
    "displayFulfillmentStatus": lambda o, c, a: fulfillment_status(o),
    "returnStatus": lambda o, c, a: return_status(o),
    "fullyPaid": lambda o, c, a: _net(o) >= _total(o, c),
    "unpaid": lambda o, c, a: not m.received(o),
    "discountCodes": lambda o, c, a: [],
    "paymentGatewayNames": lambda o, c, a: list(dict.fromkeys(one.gateway for one in o.transactions)),
    "customer": _personal(lambda o: o.customer),
    "shippingAddress": Plain("shipping_address"),
    "billingAddress": Plain("billing"),
    "shippingLine": lambda o, c, a: next(iter(_shipping_of(o)), None),
    "shippingLines": lambda o, c, a: page_of_rows(
        list(o.shipping) if a.get("includeRemovals") else _shipping_of(o), None, a, c
    ),
    "lineItems": paged(lambda o: o.lines),
    "transactions": first_of(lambda o: o.transactions),
    "transactionsCount": lambda o, c, a: {"count": len(o.transactions), "precision": "EXACT"},
    "refunds": first_of(lambda o: o.refunds),
    "fulfillments": first_of(lambda o: o.fulfillments),
    "fulfillmentsCount": lambda o, c, a: {"count": len(o.fulfillments), "precision": "EXACT"},
    "fulfillmentOrders": paged(lambda o: o.plans),
    "returns": paged(lambda o: o.returns),
}


_LINE: Mapping[str, Resolver] = {
    "id": Plain("gid"),
    "name": Plain("title"),
    "title": Plain("title"),
    "variantTitle": lambda o, c, a: None if o.variant is None else o.variant.title,
    "sku": Plain("sku"),
    "quantity": Plain("quantity"),
    "currentQuantity": Plain("current"),
    "unfulfilledQuantity": lambda o, c, a: sum(p.remaining for f in o.order.plans for p in f.lines if p.line is o),
    "refundableQuantity": Plain("current"),
    "nonFulfillableQuantity": lambda o, c, a: o.quantity if o.variant is None else o.quantity - o.current,
    "requiresShipping": Plain("requires_shipping"),
    "isGiftCard": Plain("gift_card"),
    "taxable": lambda o, c, a: bool(o.taxes),
    "vendor": lambda o, c, a: None if o.variant is None else o.variant.product.vendor or None,
    "originalUnitPriceSet": money(lambda o: o.unit),
    "originalTotalSet": money(lambda o: o.unit * o.quantity),
    "discountedTotalSet": money(lambda o: o.unit * o.quantity),
    "totalDiscountSet": money(lambda o: ZERO),
    "discountedUnitPriceSet": money(lambda o: o.unit),
    "discountAllocations": lambda o, c, a: _allocations(o.order, o.discounts),
    "taxLines": lambda o, c, a: tax_lines(o.order, o.taxes)[: a.get("first")],
    "duties": lambda o, c, a: [
        {
            "id": one.gid,
            "countryCodeOfOrigin": None,
            "harmonizedSystemCode": None,
            "price": m.bag(o.order, one.amount),
            "taxLines": tax_lines(o.order, one.taxes),
        }
        for one in o.duties
    ],
    "variant": lambda o, c, a: _still_there(o, c),
    "product": lambda o, c, a: getattr(_still_there(o, c), "product", None),
}


def _still_there(line: Line, context: Context) -> Any:
    """The variant of a line, unless it was deleted since."""
    return None if line.variant is None else context.platform.store.variants.get(line.variant.number)


_SHIPPING: Mapping[str, Resolver] = {
    "id": Plain("gid"),
    "title": Plain("title"),
    "code": Plain("code"),
    "source": lambda o, c, a: "shopify",
    "custom": lambda o, c, a: False,
    "isRemoved": Plain("removed"),
    "carrierIdentifier": lambda o, c, a: None,
    "originalPriceSet": money(lambda o: o.price),
    "discountedPriceSet": money(lambda o: o.price - o.discount),
    "currentDiscountedPriceSet": money(lambda o: o.current),
    "discountAllocations": lambda o, c, a: _allocations(o.order, [o.discount]),
    "taxLines": lambda o, c, a: tax_lines(o.order, o.taxes),
}
_TRANSACTION: Mapping[str, Resolver] = {
    "id": Plain("gid"),
    "kind": Plain("kind"),
    "status": Plain("status"),
    "gateway": Plain("gateway"),
    "formattedGateway": lambda o, c, a: o.gateway.replace("_", " ").title(),
    "paymentId": Plain("payment_id"),
    "amountSet": money(lambda o: o.amount),
    "amountRoundingSet": lambda o, c, a: m.bag(o.order, o.rounding) if o.rounding else None,
    "createdAt": lambda o, c, a: instant(o.created_at),
    "processedAt": lambda o, c, a: instant(o.created_at),
    "test": lambda o, c, a: o.order.test,
    "parentTransaction": Plain("parent"),
    "order": Plain("order"),
    "manualPaymentGateway": lambda o, c, a: _is_manual(o),
    "errorCode": lambda o, c, a: None,
}


def _is_manual(row: Transaction) -> bool:
    return row.gateway in ("manual", "cash")


_CUSTOMER: Mapping[str, Resolver] = {
    "displayName": lambda o, c, a: " ".join(filter(None, (o.first_name, o.last_name))) or o.email or "Customer",
    "firstName": Plain("first_name"),
    "lastName": Plain("last_name"),
    "defaultEmailAddress": lambda o, c, a: {"emailAddress": o.email} if o.email else None,
    "defaultPhoneNumber": lambda o, c, a: {"phoneNumber": o.phone} if o.phone else None,
}
_RECORD: Mapping[str, Resolver] = {
    "id": Plain("gid"),
    "legacyResourceId": lambda o, c, a: str(o.number),
    "createdAt": lambda o, c, a: instant(o.created_at),
    "updatedAt": lambda o, c, a: instant(o.updated_at),
}
_ADDRESS_FIELDS = (
    "name firstName lastName company address1 address2 city province provinceCode zip country countryCodeV2 phone"
)

ORDER_FIELDS: Mapping[str, Mapping[str, Resolver]] = {
    "Order": {**_RECORD, **_ORDER, **_MONEY},
    "LineItem": _LINE,
    "ShippingLine": _SHIPPING,
    "OrderTransaction": _TRANSACTION,
    "Customer": {**_RECORD, **_CUSTOMER},
    "MailingAddress": {"id": Plain("gid"), **{name: _part(name) for name in _ADDRESS_FIELDS.split()}},
}
