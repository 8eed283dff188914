"""Orders and refunds as the API shows them: amounts as texts, dates without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.woocommerce.simulator.orders import (
    Charge,
    Coupon,
    Line,
    Order,
    Refund,
    RefundedLine,
    added,
    cut,
)
from connectors.woocommerce.simulator.store import Store
from connectors.woocommerce.simulator.switches import Switches
from connectors.woocommerce.simulator.view import naive

_ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
_ZERO = Decimal(0)


class OrderView:
    """Turns stored orders into JSON objects; ``decimals`` is how many an answer is to have, else as the shop does."""

    def __init__(self, store: Store, switches: Switches, site: str) -> None:
        self._store = store
        self._switches = switches
        self._site = site

    def show(self, order: Order, decimals: int | None = None) -> dict[str, Any]:
        """An order with its lines, charges and the short form of its refunds."""
        places = self._switches.price_decimals if decimals is None else decimals
        return {
            "id": order.id,
            "parent_id": 0,
            "number": order.number or str(order.id),
            "order_key": f"wc_order_{order.id}",
            "created_via": "checkout",
            "version": self._switches.wc_version,
            "status": order.status,
            "currency": order.currency,
            **self._dates("created", order.created),
            **self._dates("modified", order.modified),
            **_totals(order, places),
            "prices_include_tax": order.prices_include_tax,
            **self._people(order),
            **self._payment(order),
            **self._dates("completed", order.completed),
            "cart_hash": f"{order.id:032x}",
            "meta_data": [dict(entry) for entry in order.meta],
            "line_items": [self._line(line, places) for line in order.lines],
            "tax_lines": _tax_lines(order, places),
            "shipping_lines": [_shipping(one, places) for one in order.shipping],
            "fee_lines": [_fee(one, places) for one in order.fees],
            "coupon_lines": [_coupon(one, places) for one in order.coupons],
            "refunds": [
                {"id": one.id, "reason": one.reason, "total": _text(-one.amount, places)} for one in order.refunds
            ],
        }

    def refund(self, order: Order, refund: Refund, decimals: int | None = None) -> dict[str, Any]:
        """A refund with its lines, whose units and amounts are below zero."""
        places = self._switches.price_decimals if decimals is None else decimals
        lines = {line.id: line for line in order.lines}
        return {
            "id": refund.id,
            **self._dates("created", refund.created),
            "amount": _text(refund.amount, places),
            "reason": refund.reason,
            "refunded_by": 1,
            "refunded_payment": refund.paid_back,
            "meta_data": [dict(entry) for entry in refund.meta],
            "line_items": [
                self._refunded(one, lines[one.line_id], places) for one in refund.lines if one.line_id in lines
            ],
            "tax_lines": [],
            "shipping_lines": [],
            "fee_lines": [],
        }

    def _people(self, order: Order) -> dict[str, Any]:
        return {
            "customer_id": order.customer_id,
            "customer_ip_address": "203.0.113.7",
            "customer_user_agent": "",
            "customer_note": order.note,
            "billing": {name: order.billing.get(name, "") for name in (*_ADDRESS, "email", "phone")},
            "shipping": {name: order.address.get(name, "") for name in _ADDRESS},
        }

    def _payment(self, order: Order) -> dict[str, Any]:
        waits = order.status in ("pending", "failed")
        return {
            "payment_method": order.payment_method,
            "payment_method_title": order.payment_method.title(),
            "transaction_id": order.transaction_id,
            **self._dates("paid", order.paid),
            "payment_url": f"{self._site}/checkout/order-pay/{order.id}/",
            "is_editable": order.status in ("pending", "on-hold", "auto-draft"),
            "needs_payment": waits and bool(order.total),
            "needs_processing": True,
        }

    def _line(self, line: Line, places: int) -> dict[str, Any]:
        product = self._store.products.get(line.variation_id or line.product_id)
        stock = [("_reduced_stock", line.reduced)] if line.reduced else []
        if line.restocked and self._switches.restock_tally:
            stock.append(("_restock_refunded_items", line.restocked))
        return {
            "id": line.id,
            "name": line.name,
            "product_id": line.product_id,
            "variation_id": line.variation_id,
            "quantity": line.quantity,
            "tax_class": "",
            "subtotal": _text(line.subtotal, places),
            "subtotal_tax": _text(sum(line.subtotal_taxes.values(), _ZERO), places),
            "total": _text(line.total, places),
            "total_tax": _text(sum(line.taxes.values(), _ZERO), places),
            "taxes": [
                {"id": rate, "total": _fine(amount), "subtotal": _fine(line.subtotal_taxes.get(rate, _ZERO))}
                for rate, amount in line.taxes.items()
            ],
            "meta_data": [
                *(dict(entry) for entry in line.meta),
                *(_shown_meta(line.id * 10 + at, key, str(units)) for at, (key, units) in enumerate(stock)),
            ],
            "sku": product.sku if product is not None else None,
            "price": float(line.total / line.quantity) if line.quantity else 0,
            "image": {"id": 0, "src": ""},
            "parent_name": None,
        }

    def _refunded(self, part: RefundedLine, line: Line, places: int) -> dict[str, Any]:
        negative = {rate: -amount for rate, amount in part.taxes.items()}
        shown = Line(
            part.id,
            line.name,
            line.product_id,
            line.variation_id,
            -part.quantity,
            -part.total,
            -part.total,
            negative,
            negative,
            meta=[{"id": part.id * 10, "key": "_refunded_item_id", "value": str(part.line_id)}],
        )
        return {
            name: value for name, value in self._line(shown, places).items() if name not in ("image", "parent_name")
        }

    def _dates(self, name: str, at: datetime | None) -> dict[str, str | None]:
        local = None if at is None else naive(at + timedelta(hours=self._switches.site_utc_offset_hours))
        return {f"date_{name}": local, f"date_{name}_gmt": None if at is None else naive(at)}


def _totals(order: Order, places: int) -> dict[str, str]:
    off = sum((one.subtotal - one.total for one in order.lines), _ZERO)
    off_tax = sum(sum(one.subtotal_taxes.values(), _ZERO) - sum(one.taxes.values(), _ZERO) for one in order.lines)
    return {
        "discount_total": _text(off, places),
        "discount_tax": _text(Decimal(off_tax), places),
        "shipping_total": _text(sum((one.total for one in order.shipping), _ZERO), places),
        "shipping_tax": _text(order.shipping_tax, places),
        "cart_tax": _text(order.cart_tax, places),
        "total": _text(order.total, places),
        "total_tax": _text(order.cart_tax + order.shipping_tax, places),
    }


def _tax_lines(order: Order, places: int) -> list[dict[str, Any]]:
    goods = added([*(one.taxes for one in order.lines), *(one.taxes for one in order.fees)])
    shipping = added(one.taxes for one in order.shipping)
    return [
        {
            "id": order.id * 10 + rate,
            "rate_code": f"TAX-{rate}",
            "rate_id": rate,
            "label": "Tax",
            "compound": False,
            "tax_total": _text(goods.get(rate, _ZERO), places),
            "shipping_tax_total": _text(shipping.get(rate, _ZERO), places),
            "meta_data": [],
        }
        for rate in sorted({*goods, *shipping})
    ]


def _shipping(one: Charge, places: int) -> dict[str, Any]:
    shown = _charge(one, places)
    return {**shown, "method_title": one.title, "method_id": one.code, "instance_id": "1"}


def _fee(one: Charge, places: int) -> dict[str, Any]:
    return {**_charge(one, places), "name": one.title, "tax_class": "", "tax_status": "taxable"}


def _charge(one: Charge, places: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "total": _text(one.total, places),
        "total_tax": _text(sum(one.taxes.values(), _ZERO), places),
        "taxes": [{"id": rate, "total": _fine(amount)} for rate, amount in one.taxes.items()],
        "meta_data": [],
    }


def _coupon(one: Coupon, places: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "code": one.code,
        "discount": _text(one.discount, places),
        "discount_tax": _text(_ZERO, places),
        "discount_type": "percent",
        "nominal_amount": float(one.percent),
        "free_shipping": False,
        "meta_data": [],
    }


def _shown_meta(number: int, key: str, value: str) -> dict[str, Any]:
    return {"id": number, "key": key, "value": value, "display_key": key, "display_value": value}


def _text(amount: Decimal, places: int) -> str:
    return format(cut(amount, Decimal(1).scaleb(-places)), "f")


def _fine(amount: Decimal) -> str:
    return format(cut(amount).normalize(), "f") if amount else "0"
