"""Who may see what is not for everybody: this machine, or whoever has the token."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from crossdock.webhooks.problems import problem

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_BEARER = "bearer "


class Access:
    """Lets in who has the token, and where there is none whoever asks from this machine.

    ``behind_proxy`` is whether a server stands in front: then everybody's requests come from this machine.
    """

    def __init__(self, token: str = "", *, behind_proxy: bool = False) -> None:
        self.configure(token, behind_proxy=behind_proxy)

    def configure(self, token: str, *, behind_proxy: bool) -> None:
        """Let in who may from now on."""
        self._behind_proxy = behind_proxy
        self._token = token.encode()

    def refusal(self, request: Request) -> Response | None:
        """The answer to whoever may not, or None."""
        if self._token:
            return None if self._has_token(request.headers) else _unauthorized()
        host = request.client.host if request.client is not None else ""
        if not self._behind_proxy and _is_loopback(host) and not any(name in request.headers for name in _FORWARDED):
            return None
        return problem(HTTPStatus.FORBIDDEN, "only from the machine itself, or with a token: set metrics.token")

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        given = headers.get("authorization", "")
        if given[: len(_BEARER)].lower() != _BEARER:
            return False
        return hmac.compare_digest(given[len(_BEARER) :].strip().encode(), self._token)


def _unauthorized() -> Response:
    answer = problem(HTTPStatus.UNAUTHORIZED, "a bearer token is needed")
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
