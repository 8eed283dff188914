"""``crossdock orders``: the group of the commands about orders."""

from __future__ import annotations

import click

from crossdock.cli.app import closing
from crossdock.cli.orderacts import close, declare, drop, match, release, resolve
from crossdock.cli.orderviews import list_orders, show


@click.group(
    "orders",
    short_help="List and show orders, and decide about those that wait for a person.",
    epilog=closing(
        """
        crossdock orders list
        crossdock orders list --state blocked
        crossdock orders show 1001
        crossdock orders release 1001
        """
    ),
)
def command() -> None:
    """Orders as the hub holds them: read once, reserved at once, asked for once, told on once."""


for _command in (list_orders, show, declare, release, drop, resolve, match, close):
    command.add_command(_command)
