"""Telling on what was given back: once each, to everyone who has to know it; paid only where that is asked for (R15).

A refund is a fact that two sides may tell. It never moves goods: what it put back is its channel's own affair.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Row, delete, select

from canonical.clock import instant_text, parse_instant
from canonical.fulfillment import ShippedLine
from canonical.payment import MovementStatus, RefundedLine
from canonical.request import RefundNotice, RefundRequest
from canonical.status import RequestStatus
from sync import cursors
from sync.orders import stock, store
from sync.orders.byhand import name_of
from sync.orders.case import Case, Standing
from sync.orders.holds import DOCUMENT
from sync.orders.requests import Existing
from sync.payments import rows
from sync.payments.refunds import TAKEN, RefundsBy, excess, pair, side_of

ABOVE = "refund_above_total"
TAKEN_BACK = "refund_taken_back"
"""The incident of a refund that others were told of, and that its channel does not show any more."""
_GRACE = timedelta(minutes=10)
"""How long a channel's own refund may take to show at the processor before it is asked to pay it."""
_SAFE = re.compile(r"[^A-Za-z0-9_-]+")


def tell(case: Case) -> Standing | None:
    """Want every refund told, or paid; tells why that waits, if it does."""
    shown = _keep(case)
    told = rows.of_order(case.connection, case.row.id)
    known = [row for row in told if not _is_taken_back(case, row, shown)]
    if not known:
        return None
    succeeded = [row for row in known if row.status == MovementStatus.SUCCEEDED.value]
    here = [side_of(row) for row in succeeded if row.connection == case.row.connection]
    there = [side_of(row) for row in succeeded if row.connection != case.row.connection]
    too_much = excess(case.order, here, there)
    if too_much and not case.waives(ABOVE):
        said = f"{too_much} {case.order.currency} more were given back than were paid"
        return Standing("blocked", ABOVE, said)
    by = {row.id: row for row in known}
    processor, mode = _commands(case)
    waiting: Standing | None = None
    for ours, theirs in pair(here, there):
        mine, booked = by[ours.id] if ours else None, by[theirs.id] if theirs else None
        if mode is RefundsBy.PROCESSOR:
            if booked is not None:
                _tell(case, booked, mine, to_channel=mine is None)
        elif mine is not None and mode is RefundsBy.REQUEST and booked is None and not mine.reference:
            waiting = _pay(case, processor, mine) or waiting
        elif mine is not None:
            _tell(case, mine, booked, to_channel=False)
    return waiting


def _keep(case: Case) -> set[str]:
    """The channel's own refunds, beside those of the processors; tells the ids of those that it shows."""
    shown: set[str] = set()
    for one in case.order.refunds:
        if one.amount > 0:
            values = {
                "order_id": case.row.id,
                "amount": str(one.amount),
                "currency": one.currency,
                "status": MovementStatus.SUCCEEDED.value,
                "reference": one.reference,
                "reason": one.reason[:500],
            }
            name = name_of(case.row.external_id, one.id)
            rows.put(case.connection, case.row.connection, name, values, case.hub.stamp())
            shown.add(name)
    return shown


def _is_taken_back(case: Case, row: Row[Any], shown: Collection[str]) -> bool:
    """Whether a refund that its channel does not show any more counts for nothing: no one was told of it, nor is now.

    One that was told, or paid, is a fact (R13), and a person hears that its channel has it no more.
    """
    if row.connection != case.row.connection:
        return False
    subject = f"{row.connection} {row.external_id}"
    if row.external_id in shown:
        store.close_incidents(case.connection, TAKEN_BACK, subject, case.hub.stamp())
        return False
    effect = store.EFFECT
    of_it = (effect.c.kind.in_(("refund", "pay")), effect.c.cause == f"refund:{row.id}")
    case.connection.execute(delete(effect).where(*of_it, effect.c.state.in_(("waiting", "blocked"))))
    told = list(case.connection.execute(select(effect.c.connection).where(*of_it).distinct()).scalars())
    if told:
        said = f"{row.connection} shows its refund of {row.amount} {row.currency} on order {case.row.number} no more"
        said = f"{said}, which {', '.join(sorted(told))} heard of"
        more = {"stands": True, "order_id": case.row.id}
        store.open_incident(case.connection, TAKEN_BACK, subject, said, case.hub.stamp(), **more)
    return not told


def _commands(case: Case) -> tuple[str, RefundsBy]:
    """Which processor the order was paid through, and who commands its refunds; the channel if there is none."""
    for name, processor in case.hub.config.processors.items():
        paid = (one for one in case.order.payments if one.gateway in processor.gateways or not processor.gateways)
        if case.row.connection in processor.channels and any(one.reference for one in paid):
            return name, processor.refunds
    return "", RefundsBy.MANUAL


def _tell(case: Case, row: Row[Any], same: Row[Any] | None, *, to_channel: bool) -> None:
    causes = [f"refund:{one.id}" for one in (row, same) if one is not None]
    for target, operation, notice in _notices(case, row, to_channel=to_channel):
        effect = store.EFFECT
        before = (effect.c.kind == "refund", effect.c.cause.in_(causes), effect.c.connection == target)
        if case.connection.execute(select(effect.c.id).where(*before)).first() is None:
            _want(case, "refund", causes[0], target, operation, notice)


def _notices(case: Case, row: Row[Any], *, to_channel: bool) -> Iterator[tuple[str, str, RefundNotice]]:
    told = RefundNotice(
        reference=_reference(row),
        order_id=case.order.id,
        amount=Decimal(row.amount),
        currency=row.currency,
        reason=row.reason,
    )
    connections = case.hub.config.connections
    mapping = connections[case.row.connection].documents.get("refund_notice")
    if to_channel and mapping is not None:
        yield case.row.connection, mapping.operation, told
    returned = [
        line
        for one in case.order.refunds
        if name_of(case.row.external_id, one.id) == row.external_id
        for line in one.lines
    ]
    for target in case.flow.targets:
        mapping = connections[target].documents.get("refund_notice")
        keeps = _keeps(case, target)
        if mapping is not None and keeps is not None and not _netted(case, keeps, returned):
            skus = {line.line_id: line.sku for line in keeps.document.lines}
            lines = tuple(
                ShippedLine(quantity=line.quantity, line_id=line.line_id, sku=skus.get(line.line_id, ""))
                for line in returned
            )
            yield target, mapping.operation, msgspec.structs.replace(told, order_id=keeps.external_id, lines=lines)


def _keeps(case: Case, target: str) -> Existing | None:
    """The document a keeper of books has of the order, unless it is being called off."""
    mine = (one for one in case.requests() if one.connection == target and one.role == DOCUMENT and one.external_id)
    return next((one for one in mine if one.live and one.status is not RequestStatus.CANCELING), None)


def _netted(case: Case, keeps: Existing, returned: list[RefundedLine]) -> bool:
    """Whether a document was made without the refunded units: their money is not in it, and is not to go off again."""
    need = stock.needs(case.order, case.flow, case.hub.now())
    return bool(returned) and all(keeps.units.get(one.line_id, 0) <= need.get(one.line_id, 0) for one in returned)


def _pay(case: Case, processor: str, row: Row[Any]) -> Standing | None:
    """Ask the processor to pay, once it was looked at long enough after to be sure that it has not done so already."""
    mapping = case.hub.config.connections[processor].documents.get("refund_request")
    records = case.hub.config.connections[processor].documents.get("refund_record")
    payment = _payment(case, processor)
    if mapping is None or records is None:
        return Standing("blocked", "cannot_pay", f"{processor} cannot be asked to pay refunds")
    sure = parse_instant(row.first_seen) + _GRACE
    if cursors.load(case.connection, processor, records.resource).read_at <= instant_text(sure):
        return Standing("waiting", "refund_pending", f"{row.amount} {row.currency}", instant_text(sure))
    asked = RefundRequest(
        reference=_reference(row),
        payment_id=payment,
        amount=Decimal(row.amount),
        currency=row.currency,
        reason=row.reason,
    )
    _want(case, "pay", f"refund:{row.id}", processor, mapping.operation, asked)
    return None


def _payment(case: Case, processor: str) -> str:
    """The processor's id of what was paid through it: of money that was taken, where the channel tells of that."""
    gateways = case.hub.config.processors[processor].gateways
    through = [one for one in case.order.payments if one.reference and (one.gateway in gateways or not gateways)]
    taken = [one for one in through if one.kind in TAKEN and one.status is MovementStatus.SUCCEEDED]
    return next((one.reference for one in (*taken, *through)), "")


def _want(
    case: Case, kind: str, cause: str, target: str, operation: str, document: RefundNotice | RefundRequest
) -> None:
    wanted = {
        "kind": kind,
        "cause": cause,
        "connection": target,
        "operation": operation,
        "reference": document.reference,
        "order_id": case.row.id,
        "request_id": None,
        "document": msgspec.json.encode(document),
    }
    store.add_effect(case.connection, wanted, case.hub.stamp())


def _reference(row: Row[Any]) -> str:
    return _SAFE.sub("-", f"{row.connection}-{row.external_id}")
