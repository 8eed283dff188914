"""How long what is over is kept: the block ``retention`` of crossdock.yaml."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct

from sync.config import Retention

_Days = Annotated[int, Meta(ge=14, le=36_600)]


class RetentionShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days for which what is over is kept; null is for ever. What is open is never deleted."""

    payloads_days: Annotated[
        _Days | None, Meta(description="The bytes documents came as, and messages that came by webhook.")
    ] = 30
    journal_days: Annotated[
        _Days | None, Meta(description="Plans and the journal of calls; what is older cannot be reverted.")
    ] = 180
    runs_days: Annotated[_Days | None, Meta(description="What `crossdock runs` lists.")] = 90
    personal_data_days: Annotated[
        _Days | None, Meta(description="Names, addresses and notes of orders that are over and did not move since.")
    ] = 180
    closed_days: Annotated[
        _Days | None, Meta(description="Conflicts, units that left, and incidents of stock, once they are closed.")
    ] = 90


def read_retention(shape: RetentionShape) -> Retention:
    """The block as the engine is told it."""
    return Retention(
        payloads=_span(shape.payloads_days),
        journal=_span(shape.journal_days),
        runs=_span(shape.runs_days),
        personal_data=_span(shape.personal_data_days),
        closed=_span(shape.closed_days),
    )


def _span(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)
