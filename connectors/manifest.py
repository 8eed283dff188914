"""The manifest: what a connector declares about its platform, read from ``manifest.yaml``."""

from __future__ import annotations

from datetime import date
from enum import Enum
from functools import cache
from importlib import resources
from typing import Literal, TypeVar

import msgspec
import yaml

from canonical.errors import ConfigError

T = TypeVar("T")


class WriteClass(Enum):
    """How a write of unknown outcome is resolved (R17)."""

    SET = "set"
    KEYED = "keyed"
    SEARCHABLE = "searchable"
    UNKNOWABLE = "unknowable"


class CompareAndSet(Enum):
    """What the platform compares before it writes."""

    VALUE = "value"
    VERSION = "version"
    NONE = "none"


class ResourceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of record the connector reads.

    ``timestamp`` names the platform's stamp behind ``changed_since`` (empty: no delta read), ``covers`` the paths
    whose change moves it; what it does not cover is only proven by a sweep (R22). ``entities`` are the slot-wise
    canonical entities its records hold, ``documents`` the whole documents (orders, shipments, charges).
    """

    about: str
    entities: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    timestamp: str = ""
    covers: tuple[str, ...] = ()


class WriteSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"write_class": "class"}):
    """A write operation: its class, the most rows a call takes, what it compares, and how long a late effect takes.

    ``addresses`` is ``parent`` where the value is kept on the record's parent, so that its siblings change with it.
    """

    about: str
    resource: str
    write_class: WriteClass
    batch: int
    compare_and_set: CompareAndSet = CompareAndSet.NONE
    settle_seconds: float = 10.0
    key_retention_seconds: float = 0.0
    answer_is_reread: bool = False
    addresses: Literal["record", "parent"] = "record"


class EffectSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"write_class": "class"}):
    """Something that can be done once: from which canonical document, its class (R17), and how long a late one takes.

    ``resource`` is what the record it makes is read back from. ``found_by`` says in words how a lost one is found.
    ``amends`` is whether a shipment that was told takes parcels that become known later. ``settings`` names those that
    a connection needs for it, though it works without them otherwise.
    """

    about: str
    document: str
    write_class: WriteClass
    resource: str = ""
    settle_seconds: float = 10.0
    key_retention_seconds: float = 0.0
    found_by: str = ""
    amends: bool = False
    settings: tuple[str, ...] = ()


class RegistrationSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the hub itself subscribes: whose secret signs, and whether one subscription holds all topics.

    ``without`` are topics that may come and that nobody can subscribe to. ``https`` says that no other address is
    taken.

    ``signed_by`` is ``account`` where the secret belongs to the account or app and is known already, ``ours`` where we
    choose it, ``told`` where the platform makes one for each subscription and tells it once.
    """

    signed_by: Literal["account", "ours", "told"]
    bundled: bool = False
    https: bool = False
    without: tuple[str, ...] = ()


class WebhookSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the platform tells by itself: each topic to subscribe to, with the resources whose records it names.

    ``secret`` says in words which secret signs, ``header`` where the signature stands. ``tolerance_seconds`` is how far
    a signed time may be off; 0 where the signature covers none, so that a message caught on its way stays good.
    ``retries`` says in words how often the platform tries again, ``privacy`` names the topics that carry legal demands.
    Without a ``registration`` subscriptions are made by hand.
    """

    secret: str
    header: str
    topics: dict[str, tuple[str, ...]]
    retries: str
    tolerance_seconds: float = 0.0
    privacy: tuple[str, ...] = ()
    registration: RegistrationSpec | None = None


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One setting of a connection of this platform, as the operator writes it in YAML."""

    about: str
    required: bool = False
    secret: bool = False
    default: str | int | float | bool | None = None
    choices: tuple[str, ...] = ()
    example: str = ""
    kind: str = "text"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the engine may know about a platform without asking its code.

    ``needs`` says in words which settings a connection needs, where it is this one or that one.
    """

    name: str
    title: str
    docs: str
    settings: dict[str, Setting]
    resources: dict[str, ResourceSpec]
    writes: dict[str, WriteSpec]
    effects: dict[str, EffectSpec] = {}
    webhooks: WebhookSpec | None = None
    overlap_seconds: float = 0.0
    read_after_write_seconds: float = 0.0
    versions: tuple[str, ...] = ()
    default_version: str = ""
    sunsets: dict[str, date] = {}
    limits: dict[str, str] = {}
    unverified: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    needs: str = ""


class FieldSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One path of a resource: readable, writable, its type, and what the client needs to fetch it."""

    type: str
    read: bool = True
    write: str = ""
    select: str = ""
    about: str = ""


class FieldCatalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The readable paths of each resource and the writable paths of each write operation."""

    resources: dict[str, dict[str, FieldSpec]]
    writes: dict[str, dict[str, FieldSpec]]


@cache
def load_manifest(package: str) -> Manifest:
    """Read ``manifest.yaml`` of a connector package; ConfigError when it is not one."""
    return _load(package, "manifest.yaml", Manifest)


@cache
def topics_of(package: str) -> dict[str, tuple[str, ...]]:
    """The topics that a connector package's manifest knows, with the resources they are about."""
    spec = load_manifest(package).webhooks
    return spec.topics if spec is not None else {}


@cache
def load_fields(package: str) -> FieldCatalog:
    """Read ``fields.yaml`` of a connector package; ConfigError when it is not one."""
    return _load(package, "fields.yaml", FieldCatalog)


def _load(package: str, name: str, kind: type[T]) -> T:
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    try:
        return msgspec.convert(yaml.safe_load(text), kind)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise ConfigError(f"{package}/{name}: {error}") from error
