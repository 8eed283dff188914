"""Which canonical struct each document is, and which way it goes: the one table of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from canonical.fulfillment import TargetOrder, TargetReturn
from canonical.order import Order
from canonical.payment import BalanceEntry, ChargeRecord, DisputeRecord, PayoutRecord, RefundRecord
from canonical.request import CancelRequest, FulfillmentRequest, RefundNotice, RefundRequest, ShipmentNotice

READ: Mapping[str, type[msgspec.Struct]] = {
    "order": Order,
    "target_order": TargetOrder,
    "target_return": TargetReturn,
    "charge": ChargeRecord,
    "refund_record": RefundRecord,
    "dispute": DisputeRecord,
    "balance_entry": BalanceEntry,
    "payout": PayoutRecord,
}
"""Documents that are read: records of a connector's resource."""

WRITTEN: Mapping[str, type[msgspec.Struct]] = {
    "fulfillment_request": FulfillmentRequest,
    "cancel_request": CancelRequest,
    "shipment_notice": ShipmentNotice,
    "refund_notice": RefundNotice,
    "refund_request": RefundRequest,
}
"""Documents that are written: what an effect of a connector is given."""

DOCUMENTS: Mapping[str, type[msgspec.Struct]] = {**READ, **WRITTEN}
"""Every document by name."""
