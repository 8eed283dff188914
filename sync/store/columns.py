"""Columns that several tables share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary
from sqlmodel import Field, SQLModel


def big_id() -> Any:
    """A generated key that is big on PostgreSQL and SQLite's own row id there."""
    return Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )


class Bytes(LargeBinary):
    """Bytes as they are: both drivers take and give them, and wrapping each value is a tenth of a bulk insert."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """Nothing is done to a value on its way in."""

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Nothing is done to a value on its way out."""


def blob(*, nullable: bool = True) -> Any:
    """A column of bytes."""
    return Field(default=None, sa_column=Column(Bytes, nullable=nullable))


def filled(model: type[SQLModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """A whole row for an insert: what is not given is the model's default; a generated key is left out."""
    defaults = {
        name: field.default for name, field in model.model_fields.items() if not field.is_required() and name != "id"
    }
    return {**defaults, **values}
