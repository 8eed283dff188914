"""Messages that really go out: signed posts, Slack, mail over TLS; and errors that name no address."""

from __future__ import annotations

import email
import hashlib
import hmac
import json
import shutil
import socket
import ssl
import subprocess
from email.policy import default
from pathlib import Path

import pytest

from crossdock.alerts.message import Message, Notice
from crossdock.alerts.senders import DeliveryError, Mail, Slack, Webhook
from crossdock.clock import SystemClock
from tests.support.told import hook, mail_server

AT = "2026-11-02T08:00:00Z"
BEGUN = Notice(4, "opened", "guard", "stock to shop", "guard_zero froze <it>", "crossdock plan", AT)
OVER = Notice(3, "closed", "conflict", "conflict 3", "price of SKU-1", "crossdock conflicts show 3", AT)
MESSAGE = Message([BEGUN, OVER])


def test_a_webhook_is_signed_over_the_time_and_the_body_as_it_came() -> None:
    with hook() as server:
        Webhook(f"{server.url}/in", "s3cret", SystemClock(), in_house=True).send(MESSAGE)
    (post,) = server.posts
    at, signature = (part.partition("=")[2] for part in post.headers["x-crossdock-signature"].split(","))
    expected = hmac.new(b"s3cret", at.encode() + b"." + post.body, hashlib.sha256).hexdigest()
    assert signature == expected
    assert abs(int(at) - SystemClock().now().timestamp()) < 60
    told = json.loads(post.body)
    assert [(one["event"], one["kind"], one["todo"]) for one in told["alerts"]] == [
        ("opened", "guard", "crossdock plan"),
        ("closed", "conflict", "crossdock conflicts show 3"),
    ]
    assert post.headers["x-crossdock-delivery"] == told["id"] == Message([BEGUN, OVER]).id
    assert Message([BEGUN]).id != told["id"]


def test_slack_is_told_in_its_own_markup() -> None:
    with hook() as server:
        Slack(f"{server.url}/services/T/B/x", in_house=True).send(MESSAGE)
    text = json.loads(server.posts[0].body)["text"]
    assert text.splitlines()[0] == "*Crossdock: guard, 1 over*"
    assert text.splitlines()[1:] == [
        "[guard] stock to shop: guard_zero froze &lt;it&gt;",
        "  what to do: crossdock plan",
        "[over] conflict: conflict 3: price of SKU-1",
    ]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_not_yes_is_no_delivery(status: int) -> None:
    with hook() as server:
        server.statuses = [status]
        with pytest.raises(DeliveryError, match=f"answered with status {status}"):
            Slack(f"{server.url}/services/secret", in_house=True).send(MESSAGE)
        assert len(server.posts) == 1


def test_an_address_that_nobody_listens_at_is_not_told_in_the_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for sender in (
        Slack(f"http://127.0.0.1:{port}/services/secret", in_house=True),
        Slack("http://127.0.0.1:99999999/secret", in_house=True),
        Mail("127.0.0.1", port, "none", "hub@example.com", ["ops@example.com"]),
    ):
        with pytest.raises(DeliveryError) as caught:
            sender.send(MESSAGE)
        assert "secret" not in str(caught.value)
        assert str(port) not in str(caught.value)


def test_nobody_is_told_in_a_private_network_unless_that_is_meant() -> None:
    with hook() as server:
        for sender in (Webhook(f"{server.url}/secret", "s3cret", SystemClock()), Slack(f"{server.url}/secret")):
            with pytest.raises(DeliveryError, match="allow_private_network: true") as caught:
                sender.send(MESSAGE)
            assert "secret" not in str(caught.value)
        assert not server.posts


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate of this machine that this process trusts."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("openssl is needed to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(tool, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_mail_logs_in_only_over_tls_and_reaches_everybody(tls: ssl.SSLContext) -> None:
    with mail_server(tls) as server:
        to = ["ops@example.com", "boss@example.com"]
        Mail("localhost", server.port, "starttls", "hub@example.com", to, "hub", "pass").send(MESSAGE)
    assert server.logins == [(True, "\0hub\0pass")]
    ((reached, raw),) = server.mails
    assert reached == to
    mail = email.message_from_string(raw, policy=default)
    assert (mail["Subject"], mail["From"], mail["To"]) == (MESSAGE.title, "hub@example.com", ", ".join(to))
    assert mail.get_content().splitlines() == MESSAGE.text.splitlines()


def test_a_mail_server_without_tls_gets_no_password() -> None:
    with mail_server() as server:
        sender = Mail("localhost", server.port, "starttls", "hub@example.com", ["ops@example.com"], "hub", "pass")
        with pytest.raises(DeliveryError, match="no mail"):
            sender.send(MESSAGE)
    assert (server.logins, server.mails) == ([], [])


def test_an_unknown_certificate_gets_no_password(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with mail_server(tls) as server:
        sender = Mail("localhost", server.port, "starttls", "hub@example.com", ["ops@example.com"], "hub", "pass")
        with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
            sender.send(MESSAGE)
    assert (server.logins, server.mails) == ([], [])


def test_a_refused_mail_is_told_by_its_code() -> None:
    with mail_server() as server:
        server.refuses = 550
        with pytest.raises(DeliveryError, match="refused: 550"):
            Mail("localhost", server.port, "none", "hub@example.com", ["ops@example.com"]).send(MESSAGE)


def test_many_alerts_are_one_short_message() -> None:
    many = Message([Notice(at, "opened", "conflict", f"c{at}", "changed", "look", "now") for at in range(5000)])
    assert many.title == "Crossdock: 5000 x conflict"
    assert len(many.text.splitlines()) == 41
    assert many.text.endswith("and 4980 more: crossdock alerts list")
