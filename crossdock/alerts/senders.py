"""The ways a message goes out: a signed webhook, Slack, and mail. An error says what failed, never an address."""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Literal, Protocol

import httpx
import msgspec

from canonical.clock import Clock
from canonical.errors import FatalError, RetriableError
from connectors.http.destinations import Watch
from crossdock.alerts.message import Message

SECONDS = 10.0
_JSON = {"content-type": "application/json"}
_NOT_PUBLIC = "its address is no public one; where that is meant, write allow_private_network: true at the target"
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


class DeliveryError(RetriableError):
    """A message could not be delivered."""


class Sender(Protocol):
    """Somebody who can be told."""

    def send(self, message: Message) -> None:
        """Deliver a message; DeliveryError when it was not."""
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts JSON, signed: ``X-Crossdock-Signature: t=SECONDS,v1=HMAC-SHA256(secret, "SECONDS.BODY")``."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    clock: Clock
    in_house: bool = False
    """Whether it may be in one's own network; so for Slack."""

    def send(self, message: Message) -> None:
        """Deliver a message; DeliveryError when it was not."""
        body, at = message.body(), int(self.clock.now().timestamp())
        signed = hmac.new(self.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"x-crossdock-signature": f"t={at},v1={signed}", "x-crossdock-delivery": message.id}
        _post(self.url, body, headers, in_house=self.in_house)


@dataclass(frozen=True, slots=True)
class Slack:
    """Posts to an incoming webhook of Slack, or of whoever takes the same."""

    url: str = field(repr=False)
    in_house: bool = False

    def send(self, message: Message) -> None:
        """Deliver a message; DeliveryError when it was not."""
        text = f"*{message.title}*\n{message.text}"
        for plain, escaped in _ESCAPES:
            text = text.replace(plain, escaped)
        _post(self.url, msgspec.json.encode({"text": text}), {}, in_house=self.in_house)


def _post(url: str, body: bytes, headers: Mapping[str, str], *, in_house: bool) -> None:
    def watch(request: httpx.Request) -> None:
        request.extensions["trace"] = Watch("alerts", request.url, in_house=in_house)

    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=False, event_hooks={"request": [watch]}) as client,
            client.stream("POST", url, content=body, headers={**_JSON, **headers}) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The error's own words may hold the address, which may be a secret.
        raise DeliveryError(f"no answer: {type(error).__name__}") from None
    except FatalError:
        raise DeliveryError(_NOT_PUBLIC) from None
    if not 200 <= status < 300:
        raise DeliveryError(f"answered with status {status}")


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends mail by SMTP, over TLS unless told otherwise."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    sender: str
    to: Sequence[str]
    user: str = ""
    password: str = field(default="", repr=False)

    def send(self, message: Message) -> None:
        """Deliver a message; DeliveryError when it was not."""
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = message.title, self.sender, ", ".join(self.to)
        mail["Message-ID"] = make_msgid(message.id, self.sender.rpartition("@")[2] or "crossdock")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text + "\n")
        try:
            with self._connected() as server:
                if self.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                refused = server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(f"the mail server refused: {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"no mail: {type(error).__name__}") from None
        if refused:
            raise DeliveryError(f"the mail server refused {len(refused)} of {len(self.to)} addresses")

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, self.port, timeout=SECONDS)
