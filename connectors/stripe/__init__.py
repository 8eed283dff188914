"""Stripe, the payment processor: charges, refunds, disputes, its balance and its payouts."""
