"""Parameters of writes: which are known, whole numbers, yes and no, and metadata."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.stripe.simulator.errors import StripeError, invalid_integer, unknown_parameter
from connectors.stripe.simulator.forms import Form


def only(form: Form, known: frozenset[str]) -> None:
    """Refuse what a call does not take."""
    unknown = sorted(set(form) - known)
    if unknown:
        raise unknown_parameter(unknown[0])


def integer(form: Form, name: str) -> int | None:
    """A whole number, if it was given."""
    text = form.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not _is_integer(text):
        raise invalid_integer(name, text)
    return int(text)


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def text(form: Form, name: str, default: str = "") -> str:
    """A text, if it was given."""
    value = form.get(name, default)
    if not isinstance(value, str):
        raise StripeError(400, f"Invalid string: {name}", param=name)
    return value


def flag(form: Form, name: str) -> bool:
    """Yes or no; no unless it was given."""
    value = form.get(name, "false")
    if value not in ("true", "false"):
        raise StripeError(400, f"Invalid boolean: {value}", code="parameter_invalid_boolean", param=name)
    return value == "true"


def metadata(form: Form) -> Mapping[str, str]:
    """The merchant's own texts, within their limits."""
    given = form.get("metadata") or {}
    if isinstance(given, str):
        raise StripeError(400, "Invalid object", param="metadata")
    for key, value in given.items():
        if not isinstance(value, str) or len(value) > 500 or len(key) > 40:
            raise StripeError(400, f"Metadata {key} is too long or no text.", param=f"metadata[{key}]")
    if len(given) > 50:
        raise StripeError(400, "Metadata can have up to 50 keys.", param="metadata")
    return {key: value for key, value in given.items() if isinstance(value, str)}
