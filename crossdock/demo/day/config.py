"""The configuration of the trading day: the three systems of before, two 3PLs, a payment processor, and orders."""

from __future__ import annotations

from collections.abc import Mapping

_CONNECTIONS = """\
# Written by `crossdock demo`: platforms that were simulated on this machine.
database: sqlite:///crossdock.sqlite

connections:
  erp:
    connector: tryton
    allow_private_network: true
    settings:
      url: {erp}
      database: demo
      username: crossdock
      password: ${{env:DEMO_ERP_PASSWORD}}
      web_shop: {web_shop}
      warehouse: {erp_1}
    currency: EUR
  shop_eu:
    connector: shopify
    allow_private_network: true
    settings: {{url: "{shop_eu}", client_id: crossdock, client_secret: "${{env:DEMO_SHOP_EU_SECRET}}"}}
    currency: EUR
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings:
      url: {shop_web}
      consumer_key: ${{env:DEMO_SHOP_WEB_KEY}}
      consumer_secret: ${{env:DEMO_SHOP_WEB_SECRET}}
    webhook_secrets: ["${{env:DEMO_SHOP_WEB_HOOK}}"]
    currency: EUR
  tpl_a:
    connector: shipbob
    allow_private_network: true
    settings: {{api_base: "{tpl_a}", token: "${{env:DEMO_TPL_A_TOKEN}}"}}
    currency: EUR
  tpl_b:
    connector: shiphero
    allow_private_network: true
    settings: {{url: "{tpl_b}", refresh_token: "${{env:DEMO_TPL_B_TOKEN}}"}}
    currency: EUR
  pay:
    connector: stripe
    allow_private_network: true
    settings: {{api_base: "{pay}", api_key: "${{env:DEMO_PAY_KEY}}"}}
    currency: EUR

# One 3PL works in each of the two warehouses.
locations:
  WH1: {{erp: "{erp_1}", shop_eu: "{eu_1}", tpl_a: "{tpl_a_1}"}}
  WH2: {{erp: "{erp_2}", shop_eu: "{eu_2}", tpl_b: "{tpl_b_2}"}}

ownership:
  variant.sku: erp
  variant.sellable: erp
  variant.price[EUR]: erp
  inventory.stock[*]: erp

pools:
  main: {{locations: [WH1, WH2]}}

flows:
  inventory:
    kind: inventory
    source: erp
    targets:
      shop_eu: {{pool: main, locations: [WH1, WH2]}}
      shop_web: {{pool: main}}
  prices:
    kind: state
    source: erp
    entity: variant
    fields: [price]
    targets: {{shop_eu: {{}}, shop_web: {{}}}}
"""
_ORDERS = """
# From this moment on orders are the hub's business; the ERP books every one.
orders:
{channels}
# Who ships what: the first rule that fits and has the goods; whoever has everything goes before a split.
routing:
  - {{name: overseas, to: tpl_a, locations: [WH1], countries: [US]}}
  - {{name: textiles, to: tpl_b, locations: [WH2], skus: ["{family}"]}}
  - {{name: main, to: tpl_a, locations: [WH1]}}
  - {{name: second, to: tpl_b, locations: [WH2]}}

payments:
  pay: {{channels: [{names}], gateways: [{gateways}]}}
"""
_CHANNEL = '  {name}: {{go_live: "{go_live}", books: [erp]}}\n'


def without_orders(places: Mapping[str, str]) -> str:
    """The configuration before the go-live: all platforms are known, and no order flows."""
    return _CONNECTIONS.format(**places)


def with_orders(places: Mapping[str, str], channels: Mapping[str, str], go_live: str, family: str) -> str:
    """The configuration of the go-live; ``channels`` are the shops with what they call the processor.

    ``family`` is the pattern of the SKUs that the second 3PL is asked for first.
    """
    blocks = "".join(_CHANNEL.format(name=name, go_live=go_live) for name in channels)
    gateways = ", ".join(sorted(set(channels.values())))
    orders = _ORDERS.format(channels=blocks, family=family, names=", ".join(channels), gateways=gateways)
    return without_orders(places) + orders
