"""Refusals as the parts of ShipBob's API write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.simulation import SimResponse, json_response

_TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class ShipBobError(Exception):
    """The request is refused; ``body`` is what the answer says, nothing where it says nothing."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def response(self) -> SimResponse:
        """The answer to the refused request."""
        if self.body is None:
            return SimResponse(self.status, self.headers)
        return json_response(self.body, self.status, self.headers)


def invalid(field: str, *messages: str, status: int = 400) -> ShipBobError:
    """A field of the request is not what it must be."""
    return ShipBobError(status, {field: list(messages)})


def unprocessable(fields: Mapping[str, Sequence[str]]) -> ShipBobError:
    """The request is well formed and cannot be carried out."""
    return ShipBobError(422, {name: list(messages) for name, messages in fields.items()})


def problem(status: int, detail: str) -> ShipBobError:
    """A refusal of the parts that describe problems in the standard form."""
    return ShipBobError(status, {"title": _TITLES.get(status, "Error"), "status": status, "detail": detail})


def refused(path: str, status: int, detail: str) -> ShipBobError:
    """A refusal of access; only some parts of the API say anything in it."""
    described = path.split("/")[:1] in (["inventory"], ["inventory-level"])
    return problem(status, detail) if described else ShipBobError(status)
