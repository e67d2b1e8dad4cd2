"""The escapes of JSON strings: what they mean, and where each character of the meaning stands."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^u]|u?)"
)
_SIMPLE: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_SURROGATES: Final = range(0xD800, 0xE000)
_ONE_UNIT: Final = 6


def decoded(text: str) -> str:
    """Give what the text between a JSON string's quotes means; its escapes must be valid."""
    return _ESCAPE.sub(lambda match: _character(match[0]) or "", text)


def invalid_escape(text: str) -> tuple[int, int] | None:
    """Give the place of the first escape that means nothing, if there is one."""
    for match in _ESCAPE.finditer(text):
        if _character(match[0]) is None:
            return match.span()
    return None


def offsets_of(text: str) -> list[int]:
    """Give the offset in the text of each character it means, and of the end."""
    offsets: list[int] = []
    position = 0
    for match in _ESCAPE.finditer(text):
        offsets.extend(range(position, match.start() + 1))
        position = match.end()
    offsets.extend(range(position, len(text) + 1))
    return offsets


def _character(escape: str) -> str | None:
    """Give the one character that an escape means, or None."""
    kind = escape[1:2]
    if kind != "u":
        return _SIMPLE.get(kind)
    if len(escape) < _ONE_UNIT:
        return None
    unit = int(escape[2:6], 16)
    if len(escape) > _ONE_UNIT:
        low = int(escape[8:], 16)
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
    return None if unit in _SURROGATES else chr(unit)
