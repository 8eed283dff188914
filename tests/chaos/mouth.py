"""What the platforms tell by webhook, signed as each of them signs."""

from __future__ import annotations

from typing import TypeAlias

from tests.chaos.people import People
from tests.chaos.scene import Scene

Message: TypeAlias = tuple[str, dict[str, str], bytes]
"""The door it is posted to, its headers and its body."""


def messages(scene: Scene, people: People) -> list[Message]:
    """Everything that happened since it was last asked for."""
    told: list[Message] = [("shop_eu", one.headers, one.body) for one in scene.shop_eu.deliveries()]
    told += [("tpl", dict(one.headers), one.body) for one in scene.tpl.admin.messages()]
    hooks = scene.shop_web.webhooks
    with scene.shop_web.turn():
        news, people.touched = sorted(people.touched), set()
        for topic, number in news:
            for hook in hooks.hooks:
                if hook.topic == topic:
                    # Its other fields are for people: a receiver that believed them would be wrong anyway.
                    hooks.send(hook, {"id": int(number)})
        sent, hooks.outbox = hooks.outbox, []
    return told + [("shop_web", dict(one.headers), one.body) for one in sent]
