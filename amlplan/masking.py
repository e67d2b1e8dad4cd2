"""Masks: secrets taken out of texts and out of streams of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "(sensitive value)"
SHORTEST_MASKED = 6
"""Characters; shorter values stand in too many texts by chance."""


def forms_of(secret: str) -> set[str]:
    """A secret as it is, and as it looks in JSON, in an address and in base64.

    Empty for a secret that is too short to be masked.
    """
    import base64
    import json
    from urllib.parse import quote

    if len(secret) < SHORTEST_MASKED:
        return set()
    raw = secret.encode(errors="surrogateescape")
    quoted = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    addresses = {quote(raw), quote(raw, safe="")}
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return {secret, *quoted, *addresses, *encoded}


class StreamMask:
    """Masks forms in a stream that comes in pieces, also where a form is split over them.

    What could be the beginning of a form is held back until the next piece tells; nothing else
    is, so that a line is passed on as soon as it came.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self._forms = tuple({form.encode(errors="surrogateescape") for form in forms if form})
        self._held = b""
        self._covered = 0  # bytes at the beginning of what is held that a mask stands for already

    def take(self, data: bytes) -> bytes:
        """What may be passed on after this piece."""
        if not self._forms:
            return data
        data = self._held + data
        return self._passed(data, self._begun_at(data))

    def finish(self) -> bytes:
        """What was held back; the stream is over."""
        return self._passed(self._held, len(self._held))

    def _begun_at(self, data: bytes) -> int:
        """Where the first form begins that the data may be cut in."""
        first = len(data)
        for form in self._forms:
            at = data.find(form[:1], max(0, len(data) - len(form) + 1), first)
            while at >= 0 and not form.startswith(data[at:]):
                at = data.find(form[:1], at + 1, first)
            first = at if at >= 0 else first
        return first

    def _passed(self, data: bytes, end: int) -> bytes:
        """The data up to the end with its forms masked; the rest is held back."""
        pieces: list[bytes] = []
        done = self._covered
        for start, stop in sorted(self._found(data, end)):
            if start >= done:
                pieces += data[done:start], MASK.encode()
            done = max(done, stop)
        pieces.append(data[done:end])
        self._covered = max(0, done - end)
        self._held = data[end:]
        return b"".join(pieces)

    def _found(self, data: bytes, end: int) -> Iterator[tuple[int, int]]:
        """Where a form begins before the end, and where it stops; forms may overlap."""
        for form in self._forms:
            at = data.find(form)
            while 0 <= at < end:
                yield at, at + len(form)
                at = data.find(form, at + 1)
