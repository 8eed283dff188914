"""A file with several secrets of one connection, where the platform makes one for each topic and tells it once.

One line for each: the secret, and behind `` # `` the topic of ours that it was told for. Lines that a person wrote may
have no topic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from connectors.manifest import WebhookSpec

_MARK = " # "


@dataclass(frozen=True, slots=True)
class Line:
    """One secret, and the topic that it was told for."""

    secret: str = field(repr=False)
    topic: str = ""


def told_for_each(spec: WebhookSpec) -> bool:
    """Whether a platform makes a secret for each topic, so that a file of ours holds several."""
    return spec.registration is not None and spec.registration.signed_by == "told" and not spec.registration.bundled


def lines(text: str) -> tuple[Line, ...]:
    """Every secret of a file; blank lines are passed over."""
    found = (line.partition(_MARK) for line in text.splitlines())
    return tuple(Line(secret.strip(), topic.strip()) for secret, _, topic in found if secret.strip())


def without(text: str, topics: Collection[str]) -> str:
    """The file without the secrets that were told for topics."""
    return _text(one for one in lines(text) if one.topic not in topics)


def added(text: str, secret: str, topic: str) -> str:
    """The file with the secret that was told for a topic just now, in place of an earlier one."""
    return _text((*lines(without(text, {topic})), Line(secret, topic)))


def _text(kept: Iterable[Line]) -> str:
    return "\n".join(f"{one.secret}{_MARK}{one.topic}" if one.topic else one.secret for one in kept)
