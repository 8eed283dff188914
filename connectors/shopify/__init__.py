"""Shopify: variants, prices and stock per location over the GraphQL Admin API."""
