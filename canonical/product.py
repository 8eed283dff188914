"""Products and variants, and how records of different systems are known to be the same thing."""

from __future__ import annotations

from dataclasses import dataclass

from canonical import gtin as gtins


@dataclass(frozen=True, slots=True)
class Identity:
    """What a sellable thing is recognized by: SKUs are case-sensitive, GTINs compare in 14 digits."""

    sku: str = ""
    gtin: str = ""

    @property
    def gtin14(self) -> str:
        """The comparable form of the GTIN, or an empty text."""
        return gtins.canonical(self.gtin) or ""


@dataclass(frozen=True, slots=True)
class Link:
    """One canonical record is this external record, in one facet of it (R18).

    The facet is the entity the record plays: one Shopify variant is linked as ``variant`` and its inventory item
    as ``inventory``, both to the same canonical id.
    """

    canonical_id: str
    facet: str
    connection: str
    kind: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Product:
    """What groups variants under one name."""

    id: str
    title: str = ""
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """The thing that is sold, counted and priced."""

    id: str
    identity: Identity
    product: str = ""
    title: str = ""
