"""Form encoding with nested keys: ``a[b]=1``, ``a[]=1`` and ``a[0]=1``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import parse_qsl

from connectors.stripe.simulator.errors import StripeError

Form: TypeAlias = dict[str, "str | Form"]

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse_body(body: bytes) -> Form:
    """The parameters of a form-encoded body."""
    try:
        return parse_pairs(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
    except UnicodeDecodeError as error:
        raise StripeError(400, "Invalid request (the body is not UTF-8).") from error


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> Form:
    """Parameters as a tree; a list is a tree with the keys 0, 1, 2."""
    form: Form = {}
    for name, value in pairs:
        match = _KEY.fullmatch(name)
        if match is None:
            raise StripeError(400, f"Invalid request (check that your parameters are well formed: {name}).")
        _put(form, [match[1], *_PART.findall(match[2])], value)
    return form


def items(value: str | Form | None) -> list[str]:
    """A parameter that is a list of texts."""
    if value is None:
        return []
    if isinstance(value, str):
        raise StripeError(400, "Invalid array")
    return [one for one in value.values() if isinstance(one, str)]


def _put(form: Form, path: list[str], value: str) -> None:
    *above, last = path
    for step in above:
        inside = form.setdefault(step or str(len(form)), {})
        if isinstance(inside, str):
            raise StripeError(400, f"Invalid request ({step} is both a value and an object).")
        form = inside
    form[last or str(len(form))] = value
