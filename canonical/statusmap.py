"""The status model as a page with pictures, drawn from the one table: docs/status-model.md."""

from __future__ import annotations

from collections.abc import Iterator

from canonical.status import (
    TRANSITIONS,
    FulfillmentStatus,
    OrderStatus,
    PaymentStatus,
    RequestStatus,
    ReturnStatus,
    Status,
)

_TITLES: dict[type[Status], str] = {
    OrderStatus: "Order",
    PaymentStatus: "Payment",
    FulfillmentStatus: "Fulfillment",
    ReturnStatus: "Return",
    RequestStatus: "Fulfillment request",
}
_HEAD = """# Status model

Drawn from the table in `canonical/status.py`; after a change of it, in this folder's parent:
`python -c "from canonical.statusmap import page; print(page(), end='')" > docs/status-model.md`

Platforms are read, not driven: a step that is not in the table is taken over as reported, and noted as `unlikely_step`.
"""


def page() -> str:
    """The whole page: a title and one state diagram for each kind of status."""
    parts = [_HEAD]
    for kind, title in _TITLES.items():
        steps = "\n".join(f"    {step}" for step in _steps(kind))
        parts.append(f"## {title}\n\n{(kind.__doc__ or '').strip()}\n\n```mermaid\nstateDiagram-v2\n{steps}\n```\n")
    return "\n".join(parts)


def _steps(kind: type[Status]) -> Iterator[str]:
    """One line for each legal step, in the order of the definition; states that lead nowhere are ends."""
    for before in kind:
        after = TRANSITIONS[before]
        yield from (f"{before.value} --> {one.value}" for one in kind if one in after)
        if not after:
            yield f"{before.value} --> [*]"
