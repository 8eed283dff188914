"""What platforms should be asked to tell, against what they were asked: compared, and put right.

Only subscriptions to the hub's own address are ours; all others are left alone, and so are topics at our address that
the manifest does not know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from canonical.errors import FatalError
from connectors.manifest import RegistrationSpec, WebhookSpec
from connectors.subscriptions import ALL_TOPICS, SubscribingConnector, Subscription, Subscriptions
from sync.config import HubConfig
from sync.hub import Hub
from sync.locks import hold
from sync.orders.reading import takers
from sync.topology import mappings_by_resource

NOT_KEPT = "secret not kept"
_MISSING, _OFF, _OTHER, _TWICE = "not subscribed", "switched off", "other topics subscribed", "subscribed twice"
_SURPLUS = "subscribed though not read"
_PATIENCE = 60.0


class Action(Enum):
    """What is to be done about a subscription."""

    CREATE = "+"
    CHANGE = "~"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: for which topics, to which subscription where there is one, and why."""

    action: Action
    topics: tuple[str, ...]
    why: str
    one: Subscription | None = None


def read_resources(config: HubConfig, name: str) -> frozenset[str]:
    """The resources of a connection that are read at all."""
    documents = config.connections[name].documents
    kinds = takers(config, name)
    whole = {mapping.resource for kind, mapping in documents.items() if kind in kinds and mapping.resource}
    return frozenset(whole | set(mappings_by_resource(config, name)))


def wanted_topics(config: HubConfig, name: str) -> tuple[str, ...]:
    """The topics that name something which is read, in the manifest's order."""
    spec = config.connections[name].manifest.webhooks
    resources = read_resources(config, name)
    topics = spec.topics if spec is not None else {}
    without = spec.registration.without if spec is not None and spec.registration is not None else ()
    return tuple(topic for topic, named in topics.items() if resources & set(named) and topic not in without)


def listed(hub: Hub, name: str) -> list[Subscription]:
    """Every subscription that a connection's account shows."""
    with hold(hub.database, name, hub.clock, wait=_PATIENCE):
        return _of(hub, name).listed()


def steps(
    spec: WebhookSpec,
    wanted: Sequence[str],
    address: str,
    there: Sequence[Subscription],
    *,
    secret_kept: bool = True,
    kept: Collection[str] | None = None,
) -> list[Step]:
    """What must be done so that an address is told of exactly what is wanted; pure.

    ``secret_kept`` is whether the secret is known that a platform told when it made the subscription. Where it tells
    one for each topic, ``kept`` are the topics whose secret is known, None where nobody can say.
    """
    ours = [one for one in there if _same(one.address, address)]
    registration = spec.registration
    if registration is None:
        return []
    if registration.bundled:
        return list(_bundled(spec, registration, wanted, ours, secret_kept=secret_kept))
    return list(_single(spec, wanted, ours, kept if registration.signed_by == "told" else None))


def carry_out(hub: Hub, name: str, step: Step, address: str, secret: str) -> str:
    """Do one step; gives the secret where the platform tells one just now."""
    with hold(hub.database, name, hub.clock, wait=_PATIENCE):
        subscriptions = _of(hub, name)
        if step.one is None:
            return subscriptions.create(address, step.topics, secret)
        if step.action is Action.CHANGE:
            subscriptions.change(step.one, step.topics, secret)
        else:
            subscriptions.remove(step.one)
        return ""


def _of(hub: Hub, name: str) -> Subscriptions:
    connector = hub.connector(name)
    if not isinstance(connector, SubscribingConnector):
        raise FatalError(f"{name}: its connector cannot subscribe", hint="make the webhooks on the platform's pages")
    return connector.subscriptions()


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def _single(
    spec: WebhookSpec, wanted: Sequence[str], ours: Sequence[Subscription], kept: Collection[str] | None
) -> Iterator[Step]:
    """Where each topic is a subscription of its own."""
    for topic in wanted:
        here = sorted((one for one in ours if topic in one.topics), key=lambda one: not one.active)
        if kept is not None and topic not in kept:
            yield from (Step(Action.REMOVE, (topic,), NOT_KEPT, one) for one in here)
            here = []
        if not here:
            yield Step(Action.CREATE, (topic,), _MISSING)
        elif not here[0].active:
            yield Step(Action.CHANGE, (topic,), _OFF, here[0])
        for another in here[1:]:
            yield Step(Action.REMOVE, (topic,), _TWICE, another)
    for one in ours:
        if all(topic in spec.topics and topic not in wanted for topic in one.topics):
            yield Step(Action.REMOVE, one.topics, _SURPLUS, one)


def _bundled(
    spec: WebhookSpec,
    registration: RegistrationSpec,
    wanted: Sequence[str],
    ours: Sequence[Subscription],
    *,
    secret_kept: bool,
) -> Iterator[Step]:
    """Where one subscription holds all topics."""
    here = sorted(ours, key=lambda one: not one.active)
    if registration.signed_by == "told" and not secret_kept:
        for one in here:
            yield Step(Action.REMOVE, one.topics, NOT_KEPT, one)
        here = []
    if not wanted:
        for one in here:
            yield Step(Action.REMOVE, one.topics, _SURPLUS, one)
        return
    if not here:
        yield Step(Action.CREATE, tuple(wanted), _MISSING)
        return
    first = here[0]
    strange = tuple(topic for topic in first.topics if topic not in spec.topics)
    right = (*wanted, *strange)
    everything = ALL_TOPICS in first.topics
    if not first.active:
        yield Step(Action.CHANGE, first.topics if everything else right, _OFF, first)
    elif not everything and set(first.topics) != set(right):
        yield Step(Action.CHANGE, right, _OTHER, first)
    for another in here[1:]:
        yield Step(Action.REMOVE, another.topics, _TWICE, another)
