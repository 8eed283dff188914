"""Errors as WordPress answers them: a code, a message and data with the status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WooError(Exception):
    """The shop refuses; ``data`` is what stands beside the status."""

    def __init__(self, code: str, message: str, status: int, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = dict(data or {})

    def body(self) -> dict[str, Any]:
        """The JSON object of this error."""
        return {"code": self.code, "message": self.message, "data": {"status": self.status, **self.data}}


def invalid_params(problems: Mapping[str, str]) -> WooError:
    """Arguments that do not fit their schema, all at once."""
    message = f"Invalid parameter(s): {', '.join(problems)}"
    return WooError("rest_invalid_param", message, 400, {"params": dict(problems), "details": {}})


def no_route() -> WooError:
    """No route has this path and method."""
    return WooError("rest_no_route", "No route was found matching the URL and request method.", 404)


def invalid_id(kind: str, status: int) -> WooError:
    """There is no such record: 404 when it was asked for, 400 when it was to be changed."""
    return WooError(f"woocommerce_rest_{kind}_invalid_id", "Invalid ID.", status)


def cannot(verb: str, status: int = 401) -> WooError:
    """This user may not do that; 401 without a user, 403 with one who lacks the right."""
    return WooError(f"woocommerce_rest_cannot_{verb}", f"Sorry, you cannot {verb} resources.", status)


class BareError(WooError):
    """An error whose data is the bare status, so that WordPress answers with 500 whatever it says."""

    def body(self) -> dict[str, Any]:
        """The JSON object of this error."""
        return {"code": self.code, "message": self.message, "data": self.data["status"]}


def bare_error(code: str, message: str, status: int) -> WooError:
    """A refund that cannot be made."""
    return BareError(code, message, 500, {"status": status})
