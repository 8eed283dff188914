"""A Stripe account in memory, written from the vendor's facts."""

from __future__ import annotations

from connectors.stripe.simulator.events import Endpoint
from connectors.stripe.simulator.simulator import StripeSimulator
from connectors.stripe.simulator.switches import Switches

__all__ = ["Endpoint", "StripeSimulator", "Switches"]
