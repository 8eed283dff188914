"""Tryton, an ERP: products, prices and stock per warehouse over JSON-RPC."""
