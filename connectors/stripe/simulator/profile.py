"""The account itself and what it holds, as answers show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.stripe.simulator.shapes import Obj


def _nulls(names: str) -> dict[str, None]:
    return dict.fromkeys(names.split())


def account(external_id: str, currency: str, delay_days: int) -> Obj:
    """A standard account that may charge and pay out."""
    return {
        "id": external_id,
        "object": "account",
        "business_profile": _business(),
        "business_type": None,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "DE",
        "created": 1_600_000_000,
        "default_currency": currency,
        "details_submitted": True,
        "email": "owner@shop.example",
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{external_id}/external_accounts",
        },
        "future_requirements": _requirements(),
        "metadata": {},
        "payouts_enabled": True,
        "requirements": _requirements(),
        "settings": _settings(delay_days),
        "tos_acceptance": _nulls("date ip user_agent"),
        "type": "standard",
    }


def balance(available: Mapping[str, int], pending: Mapping[str, int]) -> Obj:
    """What can be paid out now and later, by currency, in minor units."""
    return {
        "object": "balance",
        "available": _amounts(available),
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in sorted(available)],
        "livemode": False,
        "pending": _amounts(pending),
    }


def _amounts(by_currency: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(by_currency.items())
    ]


def _business() -> dict[str, Any]:
    return {
        "annual_revenue": _nulls("amount currency fiscal_year_end"),
        "minority_owned_business_designation": None,
        "support_address": _nulls("city country line1 line2 postal_code state"),
        **_nulls("estimated_worker_count mcc name product_description support_email support_phone support_url url"),
    }


def _requirements() -> dict[str, Any]:
    """Nothing is asked of the merchant."""
    lists = "alternatives currently_due errors eventually_due past_due pending_verification"
    return {**{name: [] for name in lists.split()}, "current_deadline": None, "disabled_reason": None}


def _settings(delay_days: int) -> dict[str, Any]:
    prefixes = "statement_descriptor_prefix_kana statement_descriptor_prefix_kanji"
    return {
        "bacs_debit_payments": _nulls("display_name service_user_number"),
        "branding": _nulls("icon logo primary_color secondary_color"),
        "card_issuing": {"tos_acceptance": _nulls("date ip")},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            **_nulls(f"statement_descriptor_prefix {prefixes}"),
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "invoices": _nulls("default_account_tax_ids hosted_payment_method_save"),
        "payments": _nulls(f"statement_descriptor statement_descriptor_kana statement_descriptor_kanji {prefixes}"),
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": delay_days, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }
