"""ShipHero: a 3PL's warehouses over its GraphQL API; orders go in, stock and parcels come out."""
