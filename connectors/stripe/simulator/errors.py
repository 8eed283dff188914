"""Errors as Stripe answers them: a type, a code, a message and the parameter at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class StripeError(Exception):
    """The request is refused; ``saved`` is whether the answer is kept under its idempotency key,
    ``more`` what else it tells."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str = "",
        kind: str = "invalid_request_error",
        saved: bool = False,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind
        self.saved = saved
        self.more = more or {}

    def body(self) -> dict[str, Any]:
        """The JSON object of this error."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        error.update(self.more)
        return {"error": error}


def missing(kind: str, external_id: str, param: str = "id", status: int = 404) -> StripeError:
    """There is no such object."""
    return StripeError(status, f"No such {kind}: '{external_id}'", code="resource_missing", param=param)


def unknown_parameter(name: str) -> StripeError:
    """The request has a parameter that this call does not take."""
    return StripeError(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def invalid_integer(name: str, value: object) -> StripeError:
    """A parameter that should be a whole number is none."""
    return StripeError(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)


def unrecognized(method: str, path: str) -> StripeError:
    """No call has this path and method."""
    return StripeError(404, f"Unrecognized request URL ({method}: {path}).")
