"""Lines of a bulk result, put together again: children go back under the parents they name.

A child comes somewhere after its parent. Only a window of parents is kept open, so memory stays flat however large
the shop is; a child whose parent is not open any more makes the read incomplete.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from canonical.errors import RetriableError

WINDOW = 4_000

_Children = dict[str, list[bytes]]


_MARK = b',"__parentId":"'


class _Head(msgspec.Struct, frozen=True, gc=False):
    id: str = ""
    parent: str | None = msgspec.field(name="__parentId", default=None)


@dataclass(slots=True)
class Stitcher:
    """Turns lines into whole records; ``lines``, ``roots`` and ``orphans`` are counted as they pass.

    ``nested`` gives, for the type in a child's global id, the list of its parent that it belongs to.
    """

    nested: dict[str, str]
    window: int = WINDOW
    lines: int = 0
    roots: int = 0
    orphans: int = 0
    _open: OrderedDict[str, tuple[bytes, _Children]] = field(default_factory=OrderedDict)

    def records(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Whole records in the order of their own lines; RetriableError for a line that is not JSON."""
        decode = msgspec.json.Decoder(_Head).decode
        for line in lines:
            try:
                head = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise RetriableError("the result of the bulk operation is cut or damaged", hint="read again") from error
            self.lines += 1
            if head.parent is not None:
                self._adopt(head.id, head.parent, line)
                continue
            self.roots += 1
            if not self.nested:
                yield line
                continue
            self._open[head.id] = (line, {name: [] for name in self.nested.values()})
            if len(self._open) > self.window:
                yield self._close()
        while self._open:
            yield self._close()

    def _adopt(self, identity: str, parent: str, line: bytes) -> None:
        holder = self._open.get(parent)
        name = self.nested.get(gid_type(identity))
        if holder is None or name is None:
            self.orphans += 1
            return
        holder[1][name].append(_without_mark(line, parent))

    def _close(self) -> bytes:
        _, (line, children) = self._open.popitem(last=False)
        lists = b",".join(b'"%s":{"nodes":[%s]}' % (name.encode(), b",".join(kids)) for name, kids in children.items())
        return line.rstrip()[:-1] + b"," + lists + b"}"


def gid_type(gid: str) -> str:
    """The type in a global id: ``InventoryLevel`` of ``gid://shopify/InventoryLevel/1?inventory_item_id=2``."""
    parts = gid.split("/")
    return parts[3] if len(parts) > 4 else ""


def _without_mark(line: bytes, parent: str) -> bytes:
    """A child's own fields; the mark of its parent is cut off where it stands last and plain, as it usually does."""
    mark = line.rfind(_MARK)
    if mark >= 0 and mark + len(_MARK) + len(parent) + 2 == len(line):
        return line[:mark] + b"}"
    fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    del fields["__parentId"]
    return msgspec.json.encode(fields)
