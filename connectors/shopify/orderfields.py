"""What is asked of an order so that its money, places and state can be worked out."""

from __future__ import annotations

from connectors.shopify.selection import plain_path

_SHOP = "{ shopMoney { amount } }"
_TAXES = f"taxLines {{ title rate priceSet {_SHOP} }}"
_SHIPPING = f"title code originalPriceSet {_SHOP} currentDiscountedPriceSet {_SHOP} {_TAXES}"

BASE = f"""
  id updatedAt cancelledAt closed currencyCode taxesIncluded dutiesIncluded returnStatus
  currentTotalPriceSet {_SHOP} currentTotalTaxSet {_SHOP} currentShippingPriceSet {_SHOP}
  currentTotalDutiesSet {_SHOP} currentTotalAdditionalFeesSet {_SHOP} totalTipReceivedSet {_SHOP}
  totalCashRoundingAdjustment {{ paymentSet {_SHOP} }}
  shippingAddress {{ name address1 city zip }} billingAddress {{ name address1 city zip }}
  shippingLine {{ id {_SHIPPING} }}
  lineItems {{ nodes {{ id title sku quantity currentQuantity requiresShipping variant {{ id }}
    originalUnitPriceSet {_SHOP} discountAllocations {{ allocatedAmountSet {_SHOP} }} {_TAXES} }} }}
  fulfillmentOrders {{ nodes {{ id status assignedLocation {{ location {{ id }} }} }} }}
  refunds {{ id }} fulfillments {{ id }}
"""
"""Asked of every order."""

DETAILS = f"""
  id updatedAt
  fulfillmentOrders {{ nodes {{ id status assignedLocation {{ location {{ id }} }}
    lineItems {{ nodes {{ id totalQuantity lineItem {{ id }} }} }} }} }}
  shippingLines {{ nodes {{ id isRemoved {_SHIPPING} }} }}
  refunds {{ id
    refundLineItems {{ nodes {{ id quantity restocked lineItem {{ id }} subtotalSet {_SHOP} totalTaxSet {_SHOP} }} }}
    refundShippingLines {{ nodes {{ id shippingLine {{ id }} taxAmountSet {_SHOP} }} }}
    orderAdjustments {{ nodes {{ id amountSet {_SHOP} taxAmountSet {_SHOP} }} }} }}
"""
"""Asked of orders with refunds, shipments, returns, several places that send them or several ways of shipping."""

_LATER = frozenset({"refunds", "fulfillments", "returns", "shippingLines"})


def is_detail(path: str) -> bool:
    """Whether a path is read only for the orders that have something there."""
    return plain_path(path).partition(".")[0] in _LATER
