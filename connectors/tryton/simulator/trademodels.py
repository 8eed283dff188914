"""The models of trade as the server shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from connectors.tryton.simulator.models import COMMON, Model, Read, Related, plain_fields
from connectors.tryton.simulator.state import State
from connectors.tryton.simulator.trade import Sale, SaleLine, Shipment, Trade


def trade_models(state: State, trade: Trade) -> dict[str, Model]:
    """All models that sales need."""
    found = [
        _table("country.country", trade.countries, "code name"),
        _table("country.subdivision", trade.subdivisions, "code name country"),
        _table("currency.currency", trade.currencies, "code digits", rounding=attrgetter("unit")),
        _table("account.tax", trade.taxes, "name rate", type=lambda _: "percentage"),
        _table("web.shop", trade.shops, "name guest_party currency company active", archivable=True),
        _parties(trade),
        _table(
            "party.address",
            trade.addresses,
            "party party_name attn street postal_code city country subdivision active",
            archivable=True,
        ),
        _mechanisms(trade),
        _sales(trade),
        _lines(state, trade),
        _shipments(state, trade),
        _table("account.invoice", trade.invoices, "state", sales=lambda one: [one.sale], type=lambda _: "out"),
    ]
    return {model.name: model for model in found}


def _table(
    name: str,
    records: Mapping[int, Any],
    fields: str,
    relations: Mapping[str, Related] | None = None,
    *,
    archivable: bool = False,
    **more: Read,
) -> Model:
    given = {**COMMON, **plain_fields(*fields.split()), **more}
    return Model(name, records, given, relations or {}, {}, archivable=archivable)


def _parties(trade: Trade) -> Model:
    def of(records: Mapping[int, Any]) -> Callable[[Any], list[int]]:
        return lambda party: [one.id for one in records.values() if one.party == party.id]

    return _table(
        "party.party",
        trade.parties,
        "name code active",
        archivable=True,
        addresses=of(trade.addresses),
        contact_mechanisms=of(trade.mechanisms),
    )


def _mechanisms(trade: Trade) -> Model:
    party = Related("party.party", lambda one: trade.parties[one.party])
    return _table("party.contact_mechanism", trade.mechanisms, "party type value active", {"party": party})


def _sales(trade: Trade) -> Model:
    def shipments(sale: Sale) -> list[Shipment]:
        return [trade.shipments[number] for number in trade.shipments_of(sale)]

    relations = {
        "currency": Related("currency.currency", lambda sale: trade.currencies[sale.currency]),
        "party": Related("party.party", lambda sale: trade.parties[sale.party]),
        "lines": Related("sale.line", trade.lines_of, many=True),
        "shipments": Related("stock.shipment.out", shipments, many=True),
        "invoices": Related("account.invoice", lambda sale: [trade.invoices[n] for n in sale.invoices], many=True),
    }
    fields = (
        "party currency web_shop web_id number reference comment invoice_address shipment_address warehouse sale_date"
        " invoice_method shipment_method state invoice_state shipment_state invoices invoices_ignored"
        " invoices_recreated"
    )
    return _table(
        "sale.sale",
        trade.sales,
        fields,
        relations,
        company=lambda _: 1,
        lines=lambda sale: [line.id for line in trade.lines_of(sale)],
        shipments=trade.shipments_of,
        moves=lambda sale: [number for line in trade.lines_of(sale) for number in line.moves],
        untaxed_amount=trade.untaxed,
        tax_amount=trade.tax,
        total_amount=lambda sale: trade.untaxed(sale) + trade.tax(sale),
    )


def _lines(state: State, trade: Trade) -> Model:
    def product(line: SaleLine) -> Any:
        return state.variants.get(line.product or 0)

    def movable(line: SaleLine) -> bool | None:
        return state.template_of(line.product).type == "goods" if line.product else None

    relations = {
        "product": Related("product.product", product),
        "moves": Related("stock.move", lambda line: [state.moves[number] for number in line.moves], many=True),
    }
    fields = "sale type sequence product quantity unit unit_price description taxes moves moves_ignored moves_recreated"
    return _table(
        "sale.line",
        trade.lines,
        fields,
        relations,
        movable=movable,
        amount=lambda line: trade.amount(line, trade.currencies[trade.sales[line.sale].currency]),
    )


def _shipments(state: State, trade: Trade) -> Model:
    def moves(name: str) -> Related:
        numbers: Callable[[Any], list[int]] = attrgetter(name)
        return Related("stock.move", lambda one: [state.moves[number] for number in numbers(one)], many=True)

    return _table(
        "stock.shipment.out",
        trade.shipments,
        "number reference state warehouse effective_date planned_date",
        {"outgoing_moves": moves("outgoing"), "inventory_moves": moves("inventory")},
        company=lambda _: 1,
        warehouse_storage=attrgetter("storage"),
        warehouse_output=attrgetter("output"),
        outgoing_moves=attrgetter("outgoing"),
        inventory_moves=attrgetter("inventory"),
    )
