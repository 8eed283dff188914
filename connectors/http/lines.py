"""Lines out of a stream of chunks, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Every line without its end; empty lines are left out, a last line without an end is given too."""
    rest: list[bytes] = []
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        rest.append(first)
        for piece in more:
            line = b"".join(rest).rstrip(b"\r")
            if line:
                yield line
            rest = [piece]
    last = b"".join(rest).rstrip(b"\r")
    if last:
        yield last
