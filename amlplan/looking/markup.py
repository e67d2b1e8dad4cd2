"""Text from anywhere made safe for XML and HTML: nothing in it is markup, nothing is refused."""

from __future__ import annotations

from html import escape

_REPLACEMENT = "�"
_WHITE = frozenset({0x9, 0xA, 0xD})


def safe(text: object) -> str:
    """Text that may stand in an element or a quoted attribute.

    What XML has no place for, as most control characters and halves of surrogate pairs, is shown
    by a replacement character.
    """
    return escape("".join(each if _is_allowed(ord(each)) else _REPLACEMENT for each in str(text)))


def _is_allowed(code: int) -> bool:
    in_plane = 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD  # noqa: PLR2004 - XML names them
    return in_plane or code >= 0x10000 or code in _WHITE  # noqa: PLR2004
