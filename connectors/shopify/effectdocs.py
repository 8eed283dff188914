"""The GraphQL documents of what is done once: shipments told, parcels tracked, refunds noted."""

from __future__ import annotations

from collections.abc import Mapping

SHIPPED, TRACKED, REFUNDED = "fulfillmentCreate", "fulfillmentTrackingInfoUpdate", "refundCreate"

EFFECTS: Mapping[str, str] = {
    SHIPPED: (
        "mutation fulfillmentCreate($fulfillment: FulfillmentInput!) { "
        "written: fulfillmentCreate(fulfillment: $fulfillment) "
        "{ fulfillment { id } userErrors { field message } } }"
    ),
    TRACKED: (
        "mutation fulfillmentTrackingInfoUpdate($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) { "
        "written: fulfillmentTrackingInfoUpdate"
        "(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) "
        "{ fulfillment { id } userErrors { field message } } }"
    ),
    REFUNDED: (
        "mutation refundCreate($input: RefundInput!, $key: String!) { "
        "written: refundCreate(input: $input) @idempotent(key: $key) "
        "{ refund { id } userErrors { field message } } }"
    ),
}

PLANS = """
  id cancelledAt
  fulfillmentOrders { nodes { id status fulfillAt assignedLocation { location { id } } supportedActions { action }
    lineItems { nodes { id remainingQuantity lineItem { id } } } } }
  fulfillments { id status createdAt trackingInfo { number }
    fulfillmentLineItems { nodes { id quantity lineItem { id } } } }
"""
"""What must be known of an order before a shipment is told."""

NOTES = "id refunds { id note }"
"""What must be known of an order before a refund is noted."""
