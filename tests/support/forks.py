"""Children that can be killed: forked from a quiet process that has imported everything already."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

KILLED = -signal.SIGKILL


class Forks:
    """A process made before any thread starts; it forks one child an order, so that no lock is inherited held.

    ``work`` runs in the child with the arguments of the order; a child that raises ends with 1.
    """

    def __init__(self, work: Callable[..., None]) -> None:
        self._ours, theirs = Pipe()
        self._pid = os.fork()
        if not self._pid:
            self._ours.close()
            _serve(theirs, work)
        theirs.close()

    def prepare(self, do: Callable[..., None], *arguments: Any) -> None:
        """Do something in the quiet process itself, for every later child to inherit."""
        self._ours.send(("prepare", (do, arguments)))
        self._ours.recv()

    def start(self, *arguments: Any) -> int:
        """Start a child; tells its process id."""
        self._ours.send(("start", arguments))
        return int(self._ours.recv())

    def wait(self, pid: int) -> int:
        """Wait for a child's end; its exit code, or minus the signal that ended it."""
        self._ours.send(("wait", (pid,)))
        return int(self._ours.recv())

    def run(self, *arguments: Any) -> int:
        """Start a child and wait for its end."""
        return self.wait(self.start(*arguments))

    def close(self) -> None:
        """End the process and every child it still has."""
        self._ours.close()
        os.waitpid(self._pid, 0)


def _serve(orders: Connection, work: Callable[..., None]) -> None:
    children: set[int] = set()
    while True:
        try:
            verb, arguments = orders.recv()
        except EOFError:
            for child in children:
                os.kill(child, signal.SIGKILL)
            os._exit(0)
        if verb == "prepare":
            do, given = arguments
            do(*given)
            orders.send(0)
            continue
        if verb == "wait":
            children.discard(arguments[0])
            _, status = os.waitpid(arguments[0], 0)
            orders.send(os.waitstatus_to_exitcode(status))
            continue
        child = os.fork()
        if not child:
            orders.close()
            _work(work, arguments)
        children.add(child)
        orders.send(child)


def _work(work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    code = 1
    try:
        work(*arguments)
        code = 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)
