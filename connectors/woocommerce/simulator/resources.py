"""Products and variations as REST resources: read, create, update, delete, and all of them in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from canonical.clock import Clock
from connectors.simulation import NoAnswer
from connectors.woocommerce.simulator import writing
from connectors.woocommerce.simulator.errors import WooError, invalid_id
from connectors.woocommerce.simulator.store import VARIATION_TYPE, Product, Store
from connectors.woocommerce.simulator.switches import Switches
from connectors.woocommerce.simulator.view import View


@dataclass(slots=True)
class Written:
    """The answer to a write, how many rows it named, and what really changed."""

    body: Any
    rows: int = 1
    effect: list[str] = field(default_factory=list)
    status: int = 200


@dataclass(frozen=True, slots=True)
class _Step:
    part: str
    id: int
    run: Callable[[], Written]


class Resources:
    """The write side of the shop; ``parent_id`` 0 means products, else the variations of that parent."""

    def __init__(self, store: Store, switches: Switches, view: View, clock: Clock) -> None:
        self._store = store
        self._switches = switches
        self._view = view
        self._clock = clock

    def find(self, product_id: int, parent_id: int, status: int) -> Product:
        """The record, or an error with the status that fits the verb."""
        product = self._store.get(product_id, parent_id)
        if product is None:
            raise invalid_id("product_variation" if parent_id else "product", status)
        return product

    def create(self, body: Mapping[str, Any], parent_id: int = 0) -> Written:
        """Make a product, or a variation of a parent."""
        if body.get("id"):
            raise WooError("woocommerce_rest_product_exists", "Cannot create existing product.", 400)
        self._validate(body, parent_id)
        parent = self.find(parent_id, 0, 404) if parent_id else None
        kind = VARIATION_TYPE if parent else str(body.get("type", "simple"))
        product = self._store.add(kind, self._clock.now().replace(microsecond=0), parent)
        try:
            effect = self._save(product, body)
        except WooError:
            self._store.delete(product)
            raise
        return Written(self._view.show(product), 1, effect, 201)

    def update(self, product_id: int, body: Mapping[str, Any], parent_id: int = 0) -> Written:
        """Save a record; a save that changes nothing is a save all the same."""
        held = self._store.products.get(product_id)
        if not parent_id and held is not None and held.is_variation:
            text = "To manipulate product variations you should use the variations endpoint."
            raise WooError("woocommerce_rest_invalid_product_id", text, 404)
        product = self.find(product_id, parent_id, 400)
        self._validate(body, parent_id)
        if body.get("status") == "trash":
            raise WooError("rest_invalid_param", "Use DELETE to move a product to the trash.", 400)
        effect = self._save(product, body)
        return Written(self._view.show(product), 1, effect)

    def remove(self, product_id: int, parent_id: int = 0, *, force: bool) -> Written:
        """Move a product to the trash, or with force delete it for good; the answer shows it as it was."""
        product = self.find(product_id, parent_id, 404)
        if not force and product.status == "trash":
            raise WooError("woocommerce_rest_already_trashed", "The product has already been deleted.", 410)
        if force:
            shown = self._view.show(product)
            self._store.delete(product)
            return Written(shown, 1, [f"{product_id} deleted"])
        self._store.trash(product)
        if self._switches.trash_moves_modified:
            self._store.touch(product, self._clock.now())
        return Written(self._view.show(product), 1, [f"{product_id} trashed"])

    def batch(self, body: Mapping[str, Any], parent_id: int, note: Callable[[Written], None]) -> Written:
        """Create, update and delete one after another, each on its own; more rows than the limit change nothing.

        ``note`` is told what was done before the host's time limit cuts the request off.
        """
        steps = self._steps(body, parent_id)
        if len(steps) > self._switches.batch_limit:
            text = f"Unable to accept more than {self._switches.batch_limit} items for this request."
            raise WooError("woocommerce_rest_request_entity_too_large", text, 413)
        limit = self._switches.slow_batch_items
        slow = limit is not None and len(steps) > limit
        if slow:
            fitted = {"fitted": limit, "all": len(steps), "none": 0}[self._switches.slow_batch_effect]
            steps = steps[:fitted]
        answer: dict[str, list[Any]] = {name: [] for name in ("create", "update", "delete") if body.get(name)}
        written = Written(answer, len(steps))
        for step in steps:
            answer[step.part].append(self._one(step, written))
        if slow:
            note(written)
            raise NoAnswer("timeout_after")
        written.body = answer or []
        return written

    def _steps(self, body: Mapping[str, Any], parent_id: int) -> list[_Step]:
        creates = [_Step("create", 0, partial(self.create, row, parent_id)) for row in body.get("create") or ()]
        updates = [
            _Step("update", _id_of(row), partial(self.update, _id_of(row), row, parent_id))
            for row in body.get("update") or ()
        ]
        deletes = [
            _Step("delete", int(number), partial(self.remove, int(number), parent_id, force=True))
            for number in body.get("delete") or ()
            if number
        ]
        return [*creates, *updates, *deletes]

    @staticmethod
    def _one(step: _Step, written: Written) -> Any:
        try:
            done = step.run()
        except WooError as error:
            return {"id": step.id, "error": error.body()}
        written.effect.extend(done.effect)
        return done.body

    def _save(self, product: Product, body: Mapping[str, Any]) -> list[str]:
        written = writing.save(self._store, product, body, self._clock.now())
        return [f"{product.sku or product.id}: {', '.join(written)}"]

    def _validate(self, body: Mapping[str, Any], parent_id: int) -> None:
        if self._switches.batch_validates:
            writing.validate(body, variation=bool(parent_id))


def _id_of(row: Mapping[str, Any]) -> int:
    number = row.get("id", 0)
    return number if isinstance(number, int) else int(number) if str(number).isdigit() else 0
