"""ShipBob: a 3PL that keeps the goods, ships orders and reports stock by fulfillment center."""
