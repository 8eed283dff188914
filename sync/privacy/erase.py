"""Forgetting a customer: their ids go on the list, and what is kept of them is redacted, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from connectors.registry import webhooks_of
from connectors.webhooks import Webhooks
from sync import trouble
from sync.hub import Hub
from sync.privacy import disk, ledger, secondlist
from sync.privacy.find import Heading, Key, order_documents
from sync.privacy.ledger import CUSTOMER, EMAIL, ORDER
from sync.privacy.sweep import Swept, sweep

ELSEWHERE = "privacy_elsewhere"
_NAMED = 100
"""So many documents are named: of a demand that came by webhook they stand nowhere else."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is meant, at one connection: by any of the ids; ``everyone`` is all its customers."""

    connection: str
    customer_id: str = ""
    email: str = ""
    order_ids: tuple[str, ...] = ()
    everyone: bool = False

    def placed(self, external_id: str, heading: Heading | None, raw: bytes) -> bool:
        """Whether an order is theirs; one that could not be read is taken for theirs where it names them."""
        if self.everyone or tail(external_id) in {tail(one) for one in self.order_ids}:
            return True
        if heading is None:
            text = raw.decode("utf-8", "replace")
            return any(one and one in text for one in (self.customer_id, self.email))
        who = heading.customer
        same_id = bool(self.customer_id) and tail(who.external_id) == tail(self.customer_id)
        return same_id or (bool(self.email) and who.email.strip().casefold() == self.email.strip().casefold())


def tail(name: str) -> str:
    """An id without what platforms write before it."""
    return name.rsplit("/", 1)[-1]


def orders_of(connection: Connection, person: Person) -> list[Key]:
    """The orders that are kept of somebody."""
    return order_documents(connection, person.connection, person.placed)


def erase(hub: Hub, connection: Connection, person: Person) -> Swept:
    """Forget somebody; ``finish`` must follow when the transaction is committed."""
    names = [(person.connection, ORDER, key.external_id) for key in orders_of(connection, person)]
    names += [(person.connection, ORDER, one) for one in person.order_ids]
    names += [(person.connection, CUSTOMER, person.customer_id), (person.connection, EMAIL, person.email)]
    ledger.add(connection, names, hub.stamp(), anew=True)
    done = sweep(hub, connection, reader_of(hub))
    disk.left_over(connection)
    _tell(hub, connection, done)
    return done


def again(hub: Hub) -> Swept | None:
    """Forget once more what came back with a backup, was told late, or had to be kept for a call; None for nothing."""
    with hub.database.begin() as connection:
        secondlist.read(hub, connection)
        if ledger.is_empty(connection):
            return None
        done = sweep(hub, connection, reader_of(hub))
        if done.documents or done.messages:
            disk.left_over(connection)
    finish(hub)
    return done


def finish(hub: Hub) -> bool:
    """Write the list down a second time, and the database's files anew; False when that must be tried again."""
    with hub.database.begin() as connection:
        secondlist.write(hub, connection)
    return disk.clean(hub.database)


def reader_of(hub: Hub) -> _Readers:
    """How the messages of each connection are read."""
    return _Readers(hub)


class _Readers:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def __call__(self, name: str) -> Webhooks | None:
        known = self._hub.config.connections.get(name)
        return webhooks_of(known.platform) if known is not None else None


def _tell(hub: Hub, connection: Connection, done: Swept) -> None:
    """Say which documents others hold of an order: the hub does not erase those, for books must be kept by law."""
    if done.elsewhere and done.orders:
        named = ", ".join(done.elsewhere[:_NAMED])
        more = f" and {len(done.elsewhere) - _NAMED} more" if len(done.elsewhere) > _NAMED else ""
        said = f"erased here; look after {named}{more} there, as the law of your books lets you"
        trouble.stands(connection, ELSEWHERE, done.orders[-1], said, hub.stamp())
