"""The parameters of a list, read as ShipBob reads them."""

from __future__ import annotations

from datetime import datetime

from canonical.clock import parse_instant
from connectors.shipbob.simulator.errors import invalid
from connectors.simulation import SimRequest


def given(request: SimRequest, name: str) -> str:
    """A parameter, whatever the size of its letters."""
    return next((value for key, value in request.query if key.lower() == name.lower()), "")


def numbers(request: SimRequest, name: str) -> set[int]:
    """Ids between commas."""
    parts = [part.strip() for part in given(request, name).split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise invalid(name, f"The value '{given(request, name)}' is not valid.")
    return {int(part) for part in parts}


def whole(request: SimRequest, name: str, default: int, most: int) -> int:
    """A whole number from 1."""
    text = given(request, name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid(name, f"The field {name} must be between 1 and {most}.")
    return int(text)


def moment(request: SimRequest, name: str) -> datetime | None:
    """An instant."""
    text = given(request, name)
    if not text:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise invalid(name, f"The value '{text}' is not valid.") from error
