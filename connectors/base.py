"""The contract every connector keeps: what it reads, what it writes, and what it must tell the engine.

A connector speaks one platform in the platform's own shapes. It never maps, diffs, decides or remembers; the
engine does. Records travel as raw JSON bytes.

must:     yield pages whose ``as_of`` is the start of the request; mark a read complete only when every record of
          its scope was returned (distinct ids counted, documented caps treated as incomplete); give one outcome
          for every row it was asked to write; raise the errors of ``canonical.errors`` and no other.
may:      read more fields than asked; send fewer rows a call than the platform allows.
must not: retry a write by itself, sleep outside the transport, swallow a row, write a value it was not given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from connectors.manifest import Manifest

if TYPE_CHECKING:
    import httpx

    from canonical.clock import Clock
    from connectors.http.records import RequestRecord

JSON: TypeAlias = "str | int | float | bool | None | list[JSON] | dict[str, JSON]"
RawRecord: TypeAlias = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one resource, as the platform sent them.

    ``cursor`` is what a later ``changed_since`` may start from once this and all earlier pages are stored; it is
    opaque to the engine, already holds the overlap, and comes from the platform's own clock (R22). ``complete`` is
    true only on the last page of a read that returned everything in its scope.
    """

    resource: str
    records: Sequence[RawRecord]
    as_of: datetime
    cursor: str | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class WriteRow:
    """One record's values to write, in the platform's shape.

    ``values`` and ``expected`` are keyed by the write paths of ``fields.yaml``. ``expected`` holds what we can
    explain the platform to hold now (R3): the base of a compare-and-set. ``scope_id`` is the platform's id of the
    location the row is for; ``version`` an optimistic-lock token read with the record.
    """

    number: int
    resource: str
    external_id: str
    values: Mapping[str, JSON]
    expected: Mapping[str, JSON] = field(default_factory=dict)
    parent_id: str = ""
    scope_id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that writes: what the journal keeps before it is sent.

    ``body`` is the exact payload. ``key`` is the idempotency key inside it, if the platform takes one. ``rows`` are
    the numbers of the rows it carries.
    """

    operation: str
    body: bytes
    rows: tuple[int, ...]
    resource: str
    target: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to be done once on a platform (R15): a sale, a fulfillment, a refund, their cancellation.

    ``operation`` is one of the manifest's ``effects``. ``reference`` is our own key of it, unique for ever; it is sent
    along wherever the platform keeps it, and is what a lost effect is searched by. ``document`` is in the platform's
    shape, as the mapping made it. ``target`` is the platform's id of the record it acts on, where it acts on one.
    """

    operation: str
    reference: str
    document: Mapping[str, JSON]
    target: str = ""


class RowStatus(Enum):
    """What became of one row of a call."""

    APPLIED = "applied"
    STALE = "stale"
    REJECTED = "rejected"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """One row's outcome.

    STALE: the platform's value was not the expected one. REJECTED: this row itself is bad. UNTOUCHED: not judged,
    because another row made the platform refuse the call; the engine packs it anew, bisecting when no row was named.
    ``record`` is the record as the platform holds it after the write, if its answer tells.
    """

    status: RowStatus
    message: str = ""
    record: RawRecord | None = None
    reason: str = "rejected"


CallOutcome: TypeAlias = Mapping[int, RowOutcome]


@dataclass(frozen=True, slots=True)
class PlatformLocation:
    """A place where the platform counts stock."""

    external_id: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a health check: what was looked at, whether it is well, and what to do if not."""

    check: str
    ok: bool
    message: str
    advice: str = ""
    warning: bool = False


class StateStore(Protocol):
    """Small durable state of one connection, kept under its lock: tokens and the rate budget."""

    def get(self, key: str) -> str | None:
        """The stored text, or None."""
        ...

    def put(self, key: str, value: str) -> None:
        """Keep a text."""
        ...


class TokenVault(Protocol):
    """Where a token is kept that the platform replaces, so that the new one outlives this process."""

    def get(self, name: str) -> str | None:
        """The kept text, or None."""
        ...

    def put(self, name: str, text: str) -> None:
        """Keep a text, encrypted."""
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """What a connector is given besides its own settings.

    ``allow_private_network`` is whether its own host may be at a private address; the transport refuses it otherwise.
    ``vault`` is None where the operator gave no key: then tokens live in memory only.
    """

    connection: str
    clock: Clock
    state: StateStore
    read_only: bool = False
    http_transport: httpx.BaseTransport | None = None
    on_request: Callable[[RequestRecord], None] | None = None
    allow_private_network: bool = False
    vault: TokenVault | None = None


class Connector(Protocol):
    """One configured account on one platform."""

    manifest: Manifest

    def check(self) -> list[Finding]:
        """Look at credentials, rights, API version and clock; never raises for what it reports."""
        ...

    def locations(self) -> list[PlatformLocation]:
        """Every place where this account counts stock, inactive ones included."""
        ...

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Read all records of a resource, in the fewest calls the platform allows."""
        ...

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Read what changed since a cursor that an earlier read returned; never complete for absence."""
        ...

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Re-read exactly these records; ids that do not exist are simply not in the pages.

        Every hit is checked on our side: what the platform returned but was not asked for is left out.
        """
        ...

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Compose the fewest calls that write these rows; pure, sends nothing."""
        ...

    def push(self, call: Call) -> CallOutcome:
        """Send one call exactly as packed; AmbiguousError when its effect is unknown."""
        ...

    def resolve(self, call: Call) -> CallOutcome | None:
        """Find out what became of a call whose answer was lost, by asking the platform, never by writing blindly.

        Called once the settle time is over, for writes whose class is ``keyed`` or ``searchable``: a ``keyed`` call is
        repeated with its key, a ``searchable`` one is looked up, and a half-done document finished or deleted. None
        means that it still cannot be told.
        """
        ...

    def close(self) -> None:
        """Give back connections and sessions."""
        ...


class EffectConnector(Connector, Protocol):
    """A connector of a platform on which things can be done once.

    ``push`` sends a composed effect like any other call and answers for row 0: APPLIED with the record it made,
    REJECTED with a reason code, STALE where the record it acts on has moved on. An effect that takes several requests
    is one call: what a crash or a lost answer leaves half done is finished by ``resolve``, which answers None while it
    cannot tell, APPLIED with the record it found, or UNTOUCHED where the settle time is over and nothing was done.
    Every hit of a search is checked for the exact reference before it counts.
    """

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """Make the call that does it; pure, sends nothing; SkippableError for a document the platform cannot take.

        The call's only row is 0, and its ``target`` is the effect's reference.
        """
        ...


@runtime_checkable
class ForeseeingConnector(EffectConnector, Protocol):
    """A connector that needs to look before it does something, and can look for many at once."""

    def foresee(self, calls: Sequence[Call]) -> None:
        """Look now for what these composed calls need, which are sent next; sends no writes, and may do nothing.

        Each call is still pushed on its own, and looks for itself what was not found here.
        """
        ...
