"""Transport faults, sorted by what may have happened on the other side."""

from __future__ import annotations

import re
import ssl
from urllib.parse import urlsplit

import httpx

from canonical.errors import AmbiguousError, CrossdockError, FatalError, RetriableError

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_A_REQUEST = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_TRANSIENT_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def classify(error: httpx.RequestError, *, connection: str, operation: str, url: str, write: bool) -> CrossdockError:
    """Turn a fault of the transport into what the caller can do about it; ``url`` is where the request went."""
    where = f"{address(url)}, asked for {operation}"
    tls = _tls_cause(error)
    if tls is not None and not isinstance(tls, _TRANSIENT_TLS):
        return FatalError(
            f"{connection}: no secure connection to {where}: {tls}",
            hint="check that the URL is https and the certificate is valid for this host",
        )
    if isinstance(error, _NOT_A_REQUEST):
        return FatalError(
            f"{connection}: a request cannot be sent to {where}: {type(error).__name__}",
            hint="check the URL, and keys and headers for line ends or other stray characters",
        )
    if isinstance(error, _NEVER_SENT) or _was_for_someone_else(error, url):
        return RetriableError(
            f"{connection}: cannot reach {where}: {_reason(error)}",
            hint=f"check the address in the settings of {connection}, the network, and that the server runs there",
        )
    lost = f"{connection}: the answer of {where}, was lost: {_reason(error)}"
    if write:
        return AmbiguousError(f"{lost}; the write may have taken effect")
    return RetriableError(lost)


def address(url: str) -> str:
    """Host and port of a URL, for messages."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.hostname or url}:{port}"


def _reason(error: httpx.RequestError) -> str:
    """What went wrong in words, without the number that the operating system gives it."""
    return _ERRNO.sub("", str(error)) or type(error).__name__


def _tls_cause(error: BaseException) -> ssl.SSLError | None:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _was_for_someone_else(error: httpx.RequestError, url: str) -> bool:
    """Whether the fault hit a request that authentication sent first, so that ours never left."""
    try:
        failed = error.request.url
    except RuntimeError:  # raised before there was a request
        return False
    ours = httpx.URL(url)
    return (failed.host, failed.path) != (ours.host, ours.path)
