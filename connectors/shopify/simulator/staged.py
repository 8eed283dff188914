"""Files that a client uploads before a bulk mutation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.parser import BytesParser
from typing import Any

from connectors.shopify.simulator.context import Args, Context
from connectors.shopify.simulator.reads import Resolver
from connectors.simulation import SimRequest, SimResponse

UPLOAD_PATH = "/staged-uploads"
_CREATED = b'<?xml version="1.0" encoding="UTF-8"?><PostResponse/>'


class StagedUploads:
    """The places that were promised and the files that came."""

    def __init__(self) -> None:
        self._files: dict[str, bytes | None] = {}

    def promise(self, filename: str) -> str:
        """A new place; returns its key."""
        key = f"tmp/bulk/{len(self._files) + 1}/{filename}"
        self._files[key] = None
        return key

    def receive(self, request: SimRequest) -> SimResponse:
        """Take a file, sent raw by PUT or as a form by POST."""
        if request.method == "PUT":
            key, content = request.path.removeprefix(f"{UPLOAD_PATH}/"), request.body
        else:
            key, content = _form(request)
        if key not in self._files:
            return SimResponse(403, {"content-type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
        self._files[key] = content
        return SimResponse(201, {"content-type": "application/xml"}, _CREATED)

    def text(self, key: str) -> bytes | None:
        """The file that came under a key."""
        return self._files.get(key)


def create(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Promise places for files."""
    targets = [_target(given, context) for given in args["input"]]
    context.platform.log.write("stagedUploadsCreate", rows=len(targets))
    return {"stagedTargets": targets, "userErrors": []}


def _target(given: Args, context: Context) -> dict[str, Any]:
    key = context.platform.staged.promise(given["filename"])
    base = f"{context.base_url}{UPLOAD_PATH}"
    if given["httpMethod"] == "PUT":
        parameters = [{"name": "content_type", "value": given["mimeType"]}]
        return {"url": f"{base}/{key}", "resourceUrl": f"{base}/{key}", "parameters": parameters}
    parameters = [{"name": "key", "value": key}, {"name": "Content-Type", "value": given["mimeType"]}]
    return {"url": base, "resourceUrl": None, "parameters": parameters}


def _form(request: SimRequest) -> tuple[str, bytes]:
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.body)
    parts: dict[str, bytes] = {}
    for part in message.get_payload() if message.is_multipart() else ():
        name = re.search(r'name="?([^";]+)', str(part["Content-Disposition"]))  # type: ignore[index]
        content = part.get_payload(decode=True)  # type: ignore[union-attr]
        parts[name[1] if name else ""] = content if isinstance(content, bytes) else b""
    return parts.get("key", b"").decode(), parts.get("file", b"")


MUTATIONS: Mapping[str, Resolver] = {"stagedUploadsCreate": create}
