"""The block of crossdock.yaml about people who are to be forgotten."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class PrivacyShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the list of who was forgotten is kept a second time."""

    erasures_file: Annotated[
        str,
        Meta(
            description="A file, relative to this one, that no backup of the database replaces: who was forgotten "
            "after a backup is forgotten again when it is restored. None: beside an SQLite database, "
            "nowhere for PostgreSQL."
        ),
    ] = ""
