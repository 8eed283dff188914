"""Money: every movement the processor booked matched to an order, and every payout explained to the cent."""
