"""The contract of webhooks: authentic messages name records, all others are refused, and nothing else matters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from connectors.conformance.model import Check, NotApplicable, Posted, Subject, WebhookCase
from connectors.conformance.world import World, require
from connectors.manifest import WebhookSpec
from connectors.webhooks import Accepted, Contents, Refused, Verdict

_MARGIN = timedelta(seconds=5)


class _Mail:
    """A message of a fresh world, and the reader that judges it."""

    def __init__(self, subject: Subject) -> None:
        self.world = World.open(subject, 5)
        self.case, self.spec = _declared(subject, self.world)
        self.posted = self.case.post(self.world.simulator, 1, self.case.secret)

    def judge(
        self,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] | None = None,
        later: timedelta = timedelta(),
    ) -> Verdict:
        """The verdict on the message, or on it with something else in its place."""
        return self.case.reader.verify(
            self.posted.body if body is None else body,
            self.posted.headers if headers is None else headers,
            [self.case.secret] if secrets is None else secrets,
            self.world.clock.now() + later,
        )

    def without_signature(self, change: Callable[[str], str | None]) -> Mapping[str, str]:
        """The headers with the signature changed, or left out for None."""
        name = self.spec.header.lower()
        changed = {key: change(value) if key.lower() == name else value for key, value in self.posted.headers.items()}
        return {key: value for key, value in changed.items() if value is not None}


def _declared(subject: Subject, world: World) -> tuple[WebhookCase, WebhookSpec]:
    spec = world.connector.manifest.webhooks
    require((spec is None) == (subject.webhooks is None), "the manifest and the subject differ on having webhooks")
    if spec is None or subject.webhooks is None:
        raise NotApplicable("this platform sends no webhooks")
    return subject.webhooks, spec


def _require_genuine(verdict: Verdict, posted: Posted, what: str) -> Accepted:
    require(isinstance(verdict, Accepted), f"{what} is not accepted: {verdict}")
    assert isinstance(verdict, Accepted)
    named = {(one.resource, one.external_id) for one in verdict.contents.records}
    require(named == set(posted.about), f"{what} names {sorted(named)} and is about {sorted(posted.about)}")
    return verdict


def _require_refused(verdict: Verdict, what: str) -> None:
    require(isinstance(verdict, Refused), f"{what} is not refused: {verdict}")


def a_message_names_the_records_it_is_about(subject: Subject) -> None:
    """An authentic message is accepted and names exactly the records it is about, which a lookup then finds."""
    mail = _Mail(subject)
    require(bool(mail.posted.about), "the subject's message is about nothing")
    verdict = _require_genuine(mail.judge(), mail.posted, "a message")
    known = mail.spec.topics
    require(verdict.topic in known, f"the topic {verdict.topic!r} is not in the manifest")
    for one in verdict.contents.records:
        require(one.resource in known[verdict.topic], f"{verdict.topic} names {one.resource} against the manifest")
        if one.resource in subject.resources:
            found = mail.world.lookup(one.resource, [one.external_id])
            require(found == [one.external_id], f"{one.resource} {one.external_id} is not found by a lookup: {found}")
    again = mail.case.reader.read(verdict.topic, mail.posted.body)
    require(again == verdict.contents, "what was kept of a message names something else than the message did")


def a_doubled_message_is_the_same_message(subject: Subject) -> None:
    """A message that comes twice is judged alike, under the same id."""
    mail = _Mail(subject)
    require(mail.judge() == mail.judge(), "a message that comes twice is judged differently")
    later = mail.judge(later=timedelta(seconds=mail.spec.tolerance_seconds / 2))
    require(mail.judge() == later, "a message that comes again a little later is judged differently")


def a_changed_message_is_refused(subject: Subject) -> None:
    """A body that was changed by a byte, cut short, emptied or laid out anew is refused."""
    mail = _Mail(subject)
    body = mail.posted.body
    changed = bytes([body[0] ^ 1]) + body[1:]
    half = body[: len(body) // 2]
    forms = {"altered": changed, "cut": body[:-1], "halved": half, "empty": b"", "longer": body + b" "}
    for what, form in forms.items():
        _require_refused(mail.judge(body=form), f"a body that is {what}")


def a_message_needs_its_signature(subject: Subject) -> None:
    """A message without a signature, or with one that is empty, cut, garbled or of something else, is refused."""
    mail = _Mail(subject)
    other = mail.case.post(mail.world.simulator, 2, mail.case.secret)
    theirs = {key.lower(): value for key, value in other.headers.items()}[mail.spec.header.lower()]
    changes: dict[str, Callable[[str], str | None]] = {
        "left out": lambda _: None,
        "empty": lambda _: "",
        "cut": lambda value: value[:-5],
        "garbled": lambda value: value[:-6] + "éé\x00=,",
        "of another message": lambda _: theirs,
    }
    for what, change in changes.items():
        _require_refused(mail.judge(headers=mail.without_signature(change)), f"a message whose signature is {what}")
    _require_refused(mail.judge(headers={}), "a message without headers")


def only_known_secrets_sign(subject: Subject) -> None:
    """A message signed with another secret is refused, and so is every message where there is no secret."""
    mail = _Mail(subject)
    secret, other = mail.case.secret, mail.case.other_secret
    _require_refused(mail.judge(secrets=[other]), "a message signed with another secret")
    for nothing in ([], [""]):
        _require_refused(mail.judge(secrets=nothing), "a message where there is no secret")
    forged = mail.case.post(mail.world.simulator, 2, other)
    verdict = mail.judge(body=forged.body, headers=forged.headers, secrets=[secret])
    _require_refused(verdict, "a message that somebody signed with a secret of his own")


def two_secrets_count_while_they_change(subject: Subject) -> None:
    """While a secret is changed, messages signed with the old one and with the new one are accepted."""
    mail = _Mail(subject)
    secret, other = mail.case.secret, mail.case.other_secret
    for secrets in ([other, secret], [secret, other]):
        _require_genuine(mail.judge(secrets=secrets), mail.posted, "a message signed with one of two secrets")


def signed_times_are_near(subject: Subject) -> None:
    """A signed time may be off by what is tolerated, to either side; a signature without one stays good."""
    mail = _Mail(subject)
    tolerance = timedelta(seconds=mail.spec.tolerance_seconds)
    if not tolerance:
        _require_genuine(mail.judge(later=timedelta(days=400)), mail.posted, "a message without a signed time")
        return
    for side in (1, -1):
        near, far = side * (tolerance - _MARGIN), side * (tolerance + _MARGIN)
        _require_genuine(mail.judge(later=near), mail.posted, f"a message judged {near} later")
        _require_refused(mail.judge(later=far), f"a message judged {far} later")


def headers_count_in_any_case(subject: Subject) -> None:
    """Names of headers are understood however they are written."""
    mail = _Mail(subject)
    for form in (str.upper, str.lower, str.title):
        headers = {form(name): value for name, value in mail.posted.headers.items()}
        _require_genuine(mail.judge(headers=headers), mail.posted, f"a message with headers in {form.__name__} case")


def unknown_topics_name_nothing(subject: Subject) -> None:
    """An authentic message of a topic nobody knows is accepted and names nothing; so does a body that is no JSON."""
    mail = _Mail(subject)
    posted = mail.case.stranger(mail.world.simulator, mail.case.secret)
    verdict = mail.judge(body=posted.body, headers=posted.headers)
    require(isinstance(verdict, Accepted), f"a message of an unknown topic is not accepted: {verdict}")
    assert isinstance(verdict, Accepted)
    require(verdict.topic not in mail.spec.topics, f"the stranger's topic {verdict.topic!r} is in the manifest")
    require(verdict.contents == Contents(), f"a message of an unknown topic names {verdict.contents}")
    for topic in (*mail.spec.topics, "", "no/such topic"):
        for body in (b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"id": {"a": 1}}', b'{"id": -1}'):
            found = mail.case.reader.read(topic, body)
            require(not found.records, f"{topic} with the body {body!r} names {found.records}")


WEBHOOK_CHECKS = tuple(
    Check(check.__name__, "reads", check)
    for check in (
        a_message_names_the_records_it_is_about,
        a_doubled_message_is_the_same_message,
        a_changed_message_is_refused,
        a_message_needs_its_signature,
        only_known_secrets_sign,
        two_secrets_count_while_they_change,
        signed_times_are_near,
        headers_count_in_any_case,
        unknown_topics_name_nothing,
    )
)
