"""What is done once at ShipBob: an order made under its reference, and an order canceled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from canonical.errors import AmbiguousError, SkippableError
from connectors.base import Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.http import Answer
from connectors.shipbob.catalog import Catalog
from connectors.shipbob.channels import Channels
from connectors.shipbob.client import Client
from connectors.shipbob.documents import Cancellation, NewOrder, cancellation, new_order
from connectors.shipbob.reading import Reader
from connectors.shipbob.records import order_record
from connectors.shipbob.verdict import RefusedError

T = TypeVar("T")

CREATE, CANCEL = "order.create", "order.cancel"
RESOURCE = "orders"

_CANCELED, _FULFILLED = "Cancelled", "Fulfilled"
_NAMED = 10
"""So many unknown references are named in a message."""


class _Channel(msgspec.Struct, frozen=True):
    id: int = 0


class Held(msgspec.Struct, frozen=True):
    """What the connector itself needs of an order."""

    id: int
    reference_id: str | None = None
    status: str = ""
    channel: _Channel = _Channel()

    def is_of(self, channel: str) -> bool:
        """Whether it is an order of this channel; one that names none is taken for ours."""
        return self.channel.id == 0 or str(self.channel.id) == channel


class _ShipmentResult(msgspec.Struct, frozen=True):
    shipment_id: int = 0
    is_success: bool = False
    reason: str | None = None


class _Canceled(msgspec.Struct, frozen=True):
    status: str = ""
    order: msgspec.Raw = msgspec.Raw()
    canceled_shipment_results: tuple[_ShipmentResult, ...] | None = None


def compose(effect: Effect, new_key: Callable[[], str]) -> Call:
    """The call that does an effect; SkippableError for a document that ShipBob would not take."""
    if effect.operation == CREATE:
        body = msgspec.json.encode(new_order(effect))
    elif effect.operation == CANCEL:
        body = msgspec.json.encode(cancellation(effect))
    else:
        raise SkippableError("unknown_operation", f"shipbob cannot do {effect.operation!r}", ref=effect.reference)
    return Call(effect.operation, body, (0,), RESOURCE, target=effect.reference)


class Orders:
    """Sends composed effects and finds lost ones."""

    def __init__(
        self, client: Client, reader: Reader, channels: Channels, catalog: Catalog, *, creates_products: bool
    ) -> None:
        self._client = client
        self._reader = reader
        self._channels = channels
        self._catalog = catalog
        self._creates_products = creates_products

    def foresee(self, calls: Sequence[Call]) -> None:
        """Look up what the orders to be made next name: one request for the products of many orders."""
        if not self._creates_products:
            made = (msgspec.json.decode(call.body, type=NewOrder) for call in calls if call.operation == CREATE)
            self._catalog.look_up([variant for one in made for variant in one.references.items()])

    def push(self, call: Call) -> CallOutcome:
        """Do it; AmbiguousError when its outcome is unknown."""
        if call.operation == CANCEL:
            return {0: self._cancel(msgspec.json.decode(call.body, type=Cancellation))}
        return {0: self._create(call.target, msgspec.json.decode(call.body, type=NewOrder))}

    def resolve(self, call: Call) -> CallOutcome:
        """What became of a call whose answer was lost, by how ShipBob holds the order now."""
        if call.operation == CANCEL:
            order = self._find(msgspec.json.decode(call.body, type=Cancellation))
            gone = order is not None and order[0].status == _CANCELED
            return {0: _applied(order[1]) if order is not None and gone else _untouched("it is not canceled")}
        return {0: self._made(call.target) or _untouched("no order has this reference")}

    def _create(self, reference: str, order: NewOrder) -> RowOutcome:
        channel = self._channels.own()
        if not self._creates_products and (unknown := self._catalog.unknown(order.references)):
            more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
            text = f"ShipBob does not know {', '.join(unknown[:_NAMED])}{more}, and would make new products of them"
            return _rejected(text, "unmatched_line")
        try:
            answer = self._client.post("order", channel, bytes(order.body), CREATE)
        except RefusedError as error:
            return self._refused(reference, error)
        return _applied(_told(answer, answer.content)[1])

    def _refused(self, reference: str, error: RefusedError) -> RowOutcome:
        """A reference that was used before is refused like anything else that cannot be carried out."""
        if not error.unprocessable:
            return _rejected(str(error.args[0]), "rejected")
        made = self._made(reference)
        if made is not None:
            return made
        taken = next((one for one, _ in self._with_reference(reference)), None)
        if taken is not None:
            text = f"order {taken.id} of channel {taken.channel.id} has the reference {reference}"
            return _rejected(text, "reference_taken")
        if "reference" in error.said.lower() and "products" not in error.said.lower():
            # ShipBob knows of it, and its list does not show it yet: only a later look can tell.
            raise AmbiguousError(str(error.args[0]))
        return _rejected(str(error.args[0]), "rejected")

    def _made(self, reference: str) -> RowOutcome | None:
        """How our order of this reference ended up, or None when there is none.

        A canceled one keeps its reference for ever and is never shipped, so it does not count as made.
        """
        own = self._channels.own()
        ours = [(order, content) for order, content in self._with_reference(reference) if order.is_of(own)]
        live = [content for order, content in ours if order.status != _CANCELED]
        if live:
            return _applied(live[0])
        if ours:
            return _rejected(
                f"order {ours[0][0].id} has the reference {reference} and is canceled", "reference_canceled"
            )
        return None

    def _cancel(self, asked: Cancellation) -> RowOutcome:
        order = self._find(asked)
        if order is None:
            return _rejected(f"ShipBob has no order {asked.order_id or asked.reference}", "unknown_order")
        held, content = order
        if held.status == _CANCELED:
            return _applied(content)
        if held.status == _FULFILLED:
            return _rejected(f"order {held.id} has been shipped", "cancel_refused")
        try:
            answer = self._client.post(f"order/{held.id}:cancel", self._channels.own(), b"", CANCEL)
        except RefusedError as error:
            return _rejected(str(error.args[0]), "cancel_refused")
        return _canceled(held, answer)

    def _find(self, asked: Cancellation) -> tuple[Held, bytes] | None:
        """The order to cancel: by its id, if it is ours under this reference, else by the reference."""
        if asked.order_id:
            found = [each for each in self._search({"IDs": asked.order_id}) if str(each[0].id) == asked.order_id]
            return next((each for each in found if each[0].reference_id == asked.reference), None)
        own = self._channels.own()
        ours = [each for each in self._with_reference(asked.reference) if each[0].is_of(own)]
        return next((each for each in ours if each[0].status != _CANCELED), ours[0] if ours else None)

    def _with_reference(self, reference: str) -> Iterator[tuple[Held, bytes]]:
        """Every order with exactly this reference; ShipBob's filter may let others through."""
        for held, content in self._search({"ReferenceIds": reference}):
            if held.reference_id == reference:
                yield held, content

    def _search(self, params: dict[str, str]) -> Iterator[tuple[Held, bytes]]:
        for made in self._reader.search(RESOURCE, params):
            yield msgspec.json.decode(made.content, type=Held), made.content


def _canceled(held: Held, answer: Answer) -> RowOutcome:
    """It counts as canceled only when ShipBob holds the whole order as canceled."""
    result = _decoded(answer, answer.content, _Canceled)
    if result.status == "Success":
        now, content = _told(answer, result.order)
        if now.status == _CANCELED:
            return _applied(content)
        raise AmbiguousError(f"{answer.place}: order {held.id} is still {now.status} after it was canceled")
    left = [one for one in result.canceled_shipment_results or () if not one.is_success]
    why = "; ".join(f"shipment {one.shipment_id}: {one.reason or 'no reason given'}" for one in left)
    done = "was canceled in part" if result.status == "PartialSuccess" else "was not canceled"
    return _rejected(f"order {held.id} {done}: {why or result.status or 'no reason given'}", "cancel_refused")


def _told(answer: Answer, raw: bytes | msgspec.Raw) -> tuple[Held, bytes]:
    """The order that a write answered with; AmbiguousError when it is none, since the write may have been done."""
    held = _decoded(answer, raw, Held)
    try:
        return held, order_record(raw)
    except msgspec.ValidationError as error:
        raise AmbiguousError(f"{answer.place}: the order that was answered cannot be read: {error}") from error


def _decoded(answer: Answer, raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AmbiguousError(f"{answer.place}: the answer does not tell what was done: {error}") from error


def _applied(record: bytes) -> RowOutcome:
    return RowOutcome(RowStatus.APPLIED, record=record)


def _rejected(message: str, reason: str) -> RowOutcome:
    return RowOutcome(RowStatus.REJECTED, message, reason=reason)


def _untouched(message: str) -> RowOutcome:
    return RowOutcome(RowStatus.UNTOUCHED, message)
