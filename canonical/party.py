"""Who ordered and where it goes; every field is optional, because platforms redact (R13)."""

from __future__ import annotations

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A postal address; ``country`` and ``region`` are codes (ISO 3166-1 alpha-2, and the platform's own)."""

    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""

    @property
    def deliverable(self) -> bool:
        """Whether a parcel can be sent there: a country, and a street or a city."""
        return bool(self.country and (self.street or self.city))


class Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who ordered; a guest has no id. ``redacted`` says that the platform hides who it is."""

    external_id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    redacted: bool = False
