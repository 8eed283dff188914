"""What must be done so that a platform tells of exactly what is read, and nothing that is not ours is touched."""

from __future__ import annotations

from connectors.manifest import RegistrationSpec, WebhookSpec
from connectors.subscriptions import Subscription
from sync.subscriptions import Action, steps

HERE, ELSEWHERE = "https://hub.example/webhooks/shop", "https://other.example/webhooks/shop"
TOPICS: dict[str, tuple[str, ...]] = {
    "order.created": ("orders",),
    "order.updated": ("orders",),
    "product.updated": ("products",),
}
WANTED = ("order.created", "order.updated")


def _spec(registration: RegistrationSpec | None) -> WebhookSpec:
    return WebhookSpec(secret="", header="", topics=TOPICS, retries="", registration=registration)


SINGLE = _spec(RegistrationSpec("ours"))
BUNDLED = _spec(RegistrationSpec("told", bundled=True))


def _told(spec: WebhookSpec, *there: Subscription, kept: bool = True, wanted: tuple[str, ...] = WANTED) -> list[str]:
    found = steps(spec, wanted, HERE, there, secret_kept=kept)
    return [f"{step.action.value} {' '.join(step.topics)} {step.one.id if step.one else ''}".strip() for step in found]


def test_what_is_missing_is_subscribed_and_what_was_switched_off_is_switched_on() -> None:
    off = Subscription("1", HERE, ("order.created",), active=False)
    assert _told(SINGLE, off) == ["~ order.created 1", "+ order.updated"]
    assert _told(SINGLE) == ["+ order.created", "+ order.updated"]


def test_subscriptions_to_other_addresses_are_left_alone() -> None:
    """A subscription of another program, or of a test installation, neither counts nor is ended."""
    theirs = [Subscription(str(at), ELSEWHERE, (topic,)) for at, topic in enumerate(TOPICS)]
    assert _told(SINGLE, *theirs) == ["+ order.created", "+ order.updated"]
    assert _told(BUNDLED, Subscription("1", ELSEWHERE, tuple(TOPICS))) == ["+ order.created order.updated"]
    assert _told(SINGLE, Subscription("1", f"{HERE}2", ("product.updated",)))[-1] == "+ order.updated"


def test_doubled_ones_and_those_of_nothing_that_is_read_are_ended() -> None:
    there = [
        Subscription("1", HERE, ("order.created",), active=False),
        Subscription("2", HERE, ("order.created",)),
        Subscription("3", f"{HERE}/", ("order.updated",)),
        Subscription("4", HERE, ("product.updated",)),
        Subscription("5", HERE, ("coupon.created",)),
    ]
    # The active one of two stays; what the manifest does not know was somebody's wish.
    assert _told(SINGLE, *there) == ["- order.created 1", "- product.updated 4"]


def test_one_endpoint_for_all_topics_is_changed_not_doubled() -> None:
    assert _told(BUNDLED, Subscription("1", HERE, ("order.created",))) == ["~ order.created order.updated 1"]
    assert _told(BUNDLED, Subscription("1", HERE, (*WANTED, "invoice.paid"))) == []
    assert _told(BUNDLED, Subscription("1", HERE, ("*",))) == []
    off = Subscription("1", HERE, (*WANTED, "invoice.paid"), active=False)
    assert _told(BUNDLED, off) == ["~ order.created order.updated invoice.paid 1"]
    assert _told(BUNDLED, Subscription("1", HERE, WANTED), wanted=()) == ["- order.created order.updated 1"]


def test_an_endpoint_whose_secret_was_never_kept_is_made_anew() -> None:
    """The process died between the platform's answer and the file: nothing would ever be believed from it."""
    there = Subscription("1", HERE, WANTED)
    assert _told(BUNDLED, there, kept=False) == ["- order.created order.updated 1", "+ order.created order.updated"]
    assert steps(BUNDLED, WANTED, HERE, [there], secret_kept=False)[0].action is Action.REMOVE


def test_where_each_topic_has_a_secret_only_those_that_were_not_kept_are_made_anew() -> None:
    each = _spec(RegistrationSpec("told"))
    there = [Subscription(str(at), HERE, (topic,)) for at, topic in enumerate(WANTED)]

    def told(kept: set[str] | None) -> list[str]:
        return [f"{one.action.value} {one.topics[0]}" for one in steps(each, WANTED, HERE, there, kept=kept)]

    assert told({"order.created"}) == ["- order.updated", "+ order.updated"]
    assert told(set(WANTED)) == []
    # The secrets stand elsewhere than in a file of ours: nobody can say that one is missing.
    assert told(None) == []
    # Where the secret is one for all, topics have nothing to do with it.
    assert steps(SINGLE, WANTED, HERE, there, kept=set()) == []


def test_a_platform_without_an_api_for_it_gives_nothing_to_do() -> None:
    assert _told(_spec(None)) == []
