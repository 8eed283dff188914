"""The parts of Shopify's answers that this connector itself reads; everything else passes through as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Throttle(msgspec.Struct, frozen=True, rename="camel"):
    """The state of the bucket of points."""

    maximum_available: float
    currently_available: float
    restore_rate: float


class Cost(msgspec.Struct, frozen=True, rename="camel"):
    """What a request cost; ``actual_query_cost`` is null when it was throttled."""

    requested_query_cost: float | None = None
    actual_query_cost: float | None = None
    throttle_status: Throttle | None = None


class Extensions(msgspec.Struct, frozen=True):
    """What stands beside the data."""

    cost: Cost | None = None


class ErrorExtensions(msgspec.Struct, frozen=True, rename="camel"):
    """The platform's own words about an error."""

    code: str | None = None
    required_access: str | None = None


class TopError(msgspec.Struct, frozen=True):
    """An error of the whole request."""

    message: str = ""
    extensions: ErrorExtensions | None = None

    @property
    def code(self) -> str:
        """The error code, or nothing."""
        return (self.extensions.code or "") if self.extensions else ""


class Envelope(msgspec.Struct, frozen=True):
    """An answer without its data."""

    errors: msgspec.Raw = msgspec.Raw(b"null")
    extensions: Extensions | None = None

    def problems(self) -> list[TopError]:
        """The errors of the whole request, also where the platform writes them as a plain text."""
        if bytes(self.errors) == b"null":
            return []
        try:
            return msgspec.json.decode(self.errors, type=list[TopError])
        except msgspec.ValidationError:
            return [TopError(bytes(self.errors).decode("utf-8", "replace")[:300])]


class UserError(msgspec.Struct, frozen=True):
    """A complaint about the input; ``field`` is the path to it, with list positions as texts."""

    message: str
    code: str | None = None
    field: Sequence[str] | None = None

    def position(self, name: str) -> int | None:
        """The position in the input list of that name, or None when the complaint names none."""
        path = list(self.field or ())
        if name not in path:
            return None
        following = path[path.index(name) + 1 :]
        return int(following[0]) if following and following[0].isdigit() else None


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None = None


class Nodes(msgspec.Struct, Generic[T], frozen=True, rename="camel"):
    """One page of a connection."""

    nodes: list[T]
    page_info: PageInfo


class Count(msgspec.Struct, frozen=True):
    """A number of records."""

    count: int


class Id(msgspec.Struct, frozen=True):
    """A record of which only the id is of interest."""

    id: str


class Location(msgspec.Struct, frozen=True, rename="camel"):
    """A place with stock."""

    id: str
    name: str
    is_active: bool


class Counted(msgspec.Struct, Generic[T], frozen=True):
    """A page under the alias every list document gives it, and the shop's number of variants if asked for."""

    records: Nodes[T]
    total: Count | None = None


class Data(msgspec.Struct, Generic[T], frozen=True):
    """An answer with data."""

    data: T
