"""What a connector hands to the conformance suite, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from canonical.errors import CrossdockError
from connectors.base import Connector, Effect, Environment, RawRecord, WriteRow
from connectors.simulation import CatalogItem, Fault, Simulator, Ticker
from connectors.webhooks import Webhooks


class CheckFailed(Exception):  # noqa: N818 - a verdict, not an error of the suite
    """The connector does not do what the contract says."""


class NotApplicable(Exception):  # noqa: N818 - a verdict, not an error of the suite
    """The connector has nothing that this check could look at."""


def throttle(simulator: Simulator, times: int) -> None:
    """Let the next requests be answered with 429 and Retry-After: what most platforms do."""
    simulator.faults.add(Fault("status", times=times, status=429, retry_after=2.0))


@dataclass(frozen=True, slots=True)
class WriteCase:
    """How the suite writes with one operation of the manifest, one whole number per catalog item.

    ``row(simulator, number, index, value)`` makes the row with that number that sets the item at ``index`` to
    ``value``, its ``expected`` and ``version`` as the platform holds them now. ``held(simulator, index)`` is what the
    platform holds. ``touches(simulator, index)`` gives the places in ``snapshot()`` the row may change, as key paths;
    a path covers everything below it. ``bad_row(simulator, number)`` makes a row the platform refuses.
    """

    operation: str
    row: Callable[[Simulator, int, int, int], WriteRow]
    held: Callable[[Simulator, int], int]
    touches: Callable[[Simulator, int], Collection[tuple[str, ...]]]
    bad_row: Callable[[Simulator, int], WriteRow] | None = None


@dataclass(frozen=True, slots=True)
class EffectCase:
    """How the suite does one effect of the manifest, once for a catalog item and a reference.

    ``effect(simulator, index, reference)`` makes the effect about the item at ``index`` under that reference, its
    document in the platform's shape. It may first let the platform's own people do what the effect needs (a shopper
    places the order that is to be shipped), and is asked once for each reference in a world. The suite asks for
    references that are beginnings of each other, for other indexes.
    ``done(simulator, index, reference)`` counts how often it has been done there: 0, 1, or 2 when it was doubled. Count
    what it is about (parcels, refunds, units taken off), not what the connector said of it.
    ``bad(simulator, reference)`` makes one whose document the platform cannot take: refused when it is composed, or by
    the platform, with a reason either way.
    ``touches(simulator, index, reference)`` gives the places in ``Subject.snapshot`` it may change, asked after it was
    done, as key paths that cover everything below them: a refund that is only noted touches its order and no stock.

    One for parcels that are sent for an order of the item::

        EffectCase(
            "parcel.send",
            effect=lambda simulator, index, reference: Effect(
                "parcel.send", reference, {"order": _order_of(simulator, index), "units": 1}
            ),
            done=lambda simulator, index, reference: _parcels(simulator, index).count(reference),
            bad=lambda simulator, reference: Effect("parcel.send", reference, {"order": "no such order", "units": 1}),
            touches=lambda simulator, index, reference: [("parcels",)],
        )
    """

    operation: str
    effect: Callable[[Simulator, int, str], Effect]
    done: Callable[[Simulator, int, str], int]
    bad: Callable[[Simulator, str], Effect]
    touches: Callable[[Simulator, int, str], Collection[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as the platform would post it, and the records it is about as (resource, external id)."""

    headers: Mapping[str, str]
    body: bytes
    about: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class WebhookCase:
    """How the platform tells of something by itself, signed with a secret.

    ``reader`` is the connector's module ``webhooks``. ``post(simulator, index, secret)`` lets the platform's own people
    do something with the catalog item at ``index`` that it tells of, and gives that message; it names one record at
    least. ``stranger(simulator, secret)`` gives one, as authentic, of a topic that no manifest knows.
    """

    reader: Webhooks
    secret: str
    other_secret: str
    post: Callable[[Simulator, int, str], Posted]
    stranger: Callable[[Simulator, str], Posted]


@dataclass(frozen=True, slots=True)
class Subject:
    """One connector with its simulator, as the suite needs them.

    ``simulator(clock, items)`` is a loaded one; ``connect(simulator, environment)`` a connector whose requests reach
    it through ``environment.http_transport``. ``resources`` gives the paths to ask for. ``page_size`` is the
    most records of one page, ``external_ids`` everything a pull must return, ``id_of`` the id in a raw record,
    ``absent_id`` a well-formed id that no record has. ``snapshot`` is the platform's whole state as nested
    dicts and lists, ``bookkeeping`` the keys in it that the platform moves by itself. ``expire_token`` makes the
    platform forget the token in use. ``touch(simulator, resource, index)`` edits one item as the merchant would, in a
    way its timestamp covers. ``documents`` tells for a resource that catalog items are not records of (orders,
    shipments) how to let the platform's own people make so many of them; ``touch`` then edits the one at an index.
    ``effects`` has one case for every effect of the manifest, ``webhooks`` the one of its webhooks.
    """

    name: str
    page_size: int
    resources: Mapping[str, Sequence[str]]
    simulator: Callable[[Ticker, Sequence[CatalogItem]], Simulator]
    connect: Callable[[Simulator, Environment], Connector]
    external_ids: Callable[[Simulator, str], Collection[str]]
    id_of: Callable[[str, RawRecord], str]
    absent_id: Callable[[str], str]
    snapshot: Callable[[Simulator], Mapping[str, object]]
    bookkeeping: frozenset[str] = frozenset()
    writes: tuple[WriteCase, ...] = ()
    effects: tuple[EffectCase, ...] = ()
    webhooks: WebhookCase | None = None
    documents: Mapping[str, Callable[[Simulator, int], None]] = field(default_factory=dict)
    expire_token: Callable[[Simulator], None] | None = None
    touch: Callable[[Simulator, str, int], None] | None = None
    throttle: Callable[[Simulator, int], None] = throttle


class Status(Enum):
    """What a check found."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    SKIP = "skip"


class Tier(Enum):
    """What a connector has proven: reads, reads and writes, or both under faults."""

    NONE = "none"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


Group = Literal["reads", "writes", "faults"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's outcome; ``reason`` says why it failed or was skipped."""

    check: str
    group: Group
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the contract; calling it gives the result for a connector."""

    name: str
    group: Group
    run: Callable[[Subject], None] = field(repr=False)

    @property
    def about(self) -> str:
        """The rule in one sentence."""
        return (self.run.__doc__ or "").strip()

    def __call__(self, subject: Subject) -> CheckResult:
        """Run it; a mistake in the connector's code is a failure, never the end of the suite."""
        try:
            self.run(subject)
        except NotApplicable as skip:
            return CheckResult(self.name, self.group, Status.SKIP, str(skip))
        except CheckFailed as failure:
            return CheckResult(self.name, self.group, Status.FAIL, str(failure))
        except (CrossdockError, LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            return CheckResult(self.name, self.group, Status.FAIL, f"{type(error).__name__}: {error}")
        return CheckResult(self.name, self.group, Status.PASS)
