"""A past for the account: for each thing sold a payment, a refund, an inquiry and a payout."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.simulation import CatalogItem
from connectors.stripe.simulator.money import units
from connectors.stripe.simulator.simulator import StripeSimulator

_DAY = 86_400
_BEGAN_DAYS_AGO = 12
_APART_SECONDS = 10
OPEN_PAYOUT = 2
"""Which payout is not reconciled yet, counted from 0."""


def load(simulator: StripeSimulator, items: Sequence[CatalogItem]) -> None:
    """Let each item have been paid for, paid out, partly refunded and asked about, some days ago."""
    account, admin = simulator.account, simulator.admin
    began = account.now() - _BEGAN_DAYS_AGO * _DAY
    charges: list[str] = []
    for at, item in enumerate(items):
        with account.moment(began + at * _APART_SECONDS):
            charges.append(admin.pay(units(item.price, "eur"), "eur", {"order_id": f"O-{item.sku}"}, buyer="Ada"))
    for at in range(len(items)):
        with account.moment(began + at * _APART_SECONDS + simulator.switches.payout_delay_days * _DAY):
            admin.pay_out("eur", reconciled=at != OPEN_PAYOUT)
    for at, charge_id in enumerate(charges):
        with account.moment(began + at * _APART_SECONDS + 5 * _DAY):
            admin.refund(charge_id, 100)
            admin.charge_back(charge_id, 100, warning=True)
