"""Styles in text: marks that a console shows as colours, or drops."""

from __future__ import annotations

import re

_LAST_OF_ONE_BYTE = 0xFF
_CODES = {
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "dim": "2",
}
_MARK = re.compile(r"\x00(\w+)\x01([^\x00\x02]*)\x02")
# Controls of C0 and C1, and those that reorder text from right to left.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def styled(style: str, text: str) -> str:
    """Text that a `Console` shows in a style, or plainly where there are no colours."""
    return f"\x00{style}\x01{text}\x02"


def visible(text: str) -> str:
    """Text from outside, with control characters made harmless and visible."""
    return _CONTROL.sub(lambda match: _escaped(ord(match[0])), text)


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code <= _LAST_OF_ONE_BYTE else f"\\u{code:04x}"


def rendered(text: str, *, colours: bool) -> str:
    """The text as a stream gets it; marks may be nested."""

    def replace(match: re.Match[str]) -> str:
        return f"\x1b[{_CODES[match[1]]}m{match[2]}\x1b[0m" if colours else match[2]

    while _MARK.search(text):
        text = _MARK.sub(replace, text)
    return text
