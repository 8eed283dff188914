"""New objects with every field that the vendor's answers have."""

from __future__ import annotations

from typing import Any, TypeAlias

Obj: TypeAlias = dict[str, Any]

_NO_ADDRESS = dict.fromkeys("city country line1 line2 postal_code state".split())
_EVIDENCE = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal"
    " customer_communication customer_email_address customer_name customer_purchase_ip customer_signature"
    " duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt"
    " refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation"
    " shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number"
    " uncategorized_file uncategorized_text"
)


def payment_intent(external_id: str, amount: int, currency: str, created: int, metadata: dict[str, str]) -> Obj:
    """A payment that was asked for and not yet paid."""
    return {
        "id": external_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": {"enabled": True},
        "capture_method": "automatic",
        "client_secret": f"{external_id}_secret_of_the_buyer",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "excluded_payment_method_types": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": dict(metadata),
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "status": "requires_payment_method",
        **dict.fromkeys(_EMPTY_OF_INTENT.split()),
    }


_EMPTY_OF_INTENT = (
    "application application_fee_amount canceled_at cancellation_reason customer customer_account description"
    " last_payment_error latest_charge next_action on_behalf_of payment_method receipt_email review"
    " setup_future_usage shipping source statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
)
_EMPTY_OF_CHARGE = (
    "application application_fee application_fee_amount balance_transaction calculated_statement_descriptor customer"
    " description failure_balance_transaction failure_code failure_message on_behalf_of payment_intent receipt_email"
    " receipt_number review shipping source source_transfer statement_descriptor statement_descriptor_suffix"
    " transfer_data transfer_group"
)


def charge(external_id: str, amount: int, currency: str, created: int, buyer: str) -> Obj:
    """A charge that was authorized, not yet taken."""
    return {
        "id": external_id,
        "object": "charge",
        "amount": amount,
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": {
            "address": dict(_NO_ADDRESS),
            "email": None,
            "name": buyer or None,
            "phone": None,
            "tax_id": None,
        },
        "captured": False,
        "created": created,
        "currency": currency,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "outcome": _outcome(),
        "paid": True,
        "payment_method": f"pm_{external_id[3:]}",
        "payment_method_details": {"card": _card(amount), "type": "card"},
        "receipt_url": f"https://pay.stripe.example/receipts/{external_id}",
        "refunded": False,
        "status": "succeeded",
        **dict.fromkeys(_EMPTY_OF_CHARGE.split()),
    }


def _outcome() -> Obj:
    nothing = dict.fromkeys("advice_code network_advice_code network_decline_code reason".split())
    return {
        **nothing,
        "network_status": "approved_by_network",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _card(amount: int) -> Obj:
    return {
        "amount_authorized": amount,
        "authorization_code": None,
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 8,
        "exp_year": 2030,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": "F0000000000000000",
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": "4242",
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": "visa",
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": None,
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": None,
    }


def refund(external_id: str, paid: Obj, amount: int, created: int, status: str) -> Obj:
    """Money given back on a charge."""
    return {
        "id": external_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": paid["id"],
        "created": created,
        "currency": paid["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": {},
        "payment_intent": paid["payment_intent"],
        "payment_method": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }


def dispute(external_id: str, paid: Obj, amount: int, created: int, status: str) -> Obj:
    """A cardholder's bank claims money back."""
    return {
        "id": external_id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": paid["id"],
        "created": created,
        "currency": paid["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE.split()), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": created + 7 * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": status.startswith("warning"),
        "livemode": False,
        "metadata": {},
        "payment_intent": paid["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "case_type": "inquiry" if status.startswith("warning") else "chargeback",
                "network": "visa",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "fraudulent",
        "status": status,
    }


def entry(external_id: str, amount: int, fee: int, currency: str, created: int, available_on: int) -> Obj:
    """An entry of the balance."""
    fees = [{"amount": fee, "application": None, "currency": currency, "description": "fees", "type": "stripe_fee"}]
    return {
        "id": external_id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees if fee else [],
        "net": amount - fee,
        "reporting_category": "",
        "source": None,
        "status": "pending",
        "type": "",
    }


def payout(external_id: str, amount: int, currency: str, created: int, *, automatic: bool) -> Obj:
    """Money on its way to the bank."""
    return {
        "id": external_id,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": created + 86_400,
        "automatic": automatic,
        "balance_transaction": None,
        "created": created,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_0000000000000000",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": None,
        "type": "bank_account",
    }
