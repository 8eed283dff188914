"""Typed values on the simulator's side of the wire, and the errors it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.tryton.simulator.state import Record


class ServerError(Exception):
    """An error that arrives with HTTP 200: ``[kind, details]``."""

    def __init__(self, kind: str, details: Any) -> None:
        super().__init__(kind)
        self.body = [kind, details]


class StatusError(Exception):
    """An error that arrives as an HTTP status with a web page."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def user_error(message: str) -> ServerError:
    """What a user is told who did something that is not allowed."""
    return ServerError("UserError", [message, "", None])


def no_button(button: str, record: str, model: str) -> ServerError:
    """What a user is told who presses a button that is not offered."""
    return user_error(f'You can not call "{button}" on "{record}" of "{model}".')


def guard(model: str, records: Mapping[int, Record], ids: Sequence[int], context: Mapping[str, Any]) -> None:
    """Refuse ids that do not exist, and records whose lock token is another one now."""
    if missing := [str(one) for one in ids if one not in records]:
        raise user_error(f'You are trying to read records "{", ".join(missing)}" of "{model}" that don\'t exist.')
    tokens = context.get("_timestamp") or {}
    for one in ids:
        wanted = tokens.get(f"{model},{one}")
        if wanted is not None and wanted != records[one].token:
            raise ServerError("ConcurrencyException", "Records were modified in the meanwhile")


def created(actions: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The new records in what is written to a field of many."""
    return [values for action in actions if action[0] == "create" for values in action[1]]


def unknown(name: str) -> ServerError:
    """What the server says to a model or field it does not have."""
    return ServerError(f"'{name}'", "")


def encoded(value: Any) -> Any:
    """A value as the server sends it."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        return {
            "__class__": "datetime",
            "year": value.year,
            "month": value.month,
            "day": value.day,
            "hour": value.hour,
            "minute": value.minute,
            "second": value.second,
            "microsecond": value.microsecond,
        }
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, bool):
        return int(value)
    return value


def decoded(value: Any) -> Any:
    """A value as the server understands what it was sent."""
    if isinstance(value, list):
        return [decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    if kind == "Decimal":
        return Decimal(value["decimal"])
    if kind == "date":
        return date(value["year"], value["month"], value["day"])
    if kind == "datetime":
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return datetime(**{name: value[name] for name in names}, tzinfo=UTC)
    return {key: decoded(one) for key, one in value.items()}
