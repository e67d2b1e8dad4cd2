"""Text as every database can hold it, and names as every index can hold them.

A database takes neither a NUL character nor a lone surrogate everywhere; each is kept as a mark
and four hexadecimal digits. The mark is a code point that Unicode keeps for such use.
"""

from __future__ import annotations

import hashlib
import re

_MARK = "\ufdd0"
_CUT = "\ufdd1"
REMOVED = f"{_MARK}removed"
"""Stands as the value of a tag that was removed; no stored text is like it."""
_ODD = re.compile("[\0\ufdd0\ud800-\udfff]")
_MARKED = re.compile(f"{_MARK}([0-9a-f]{{4}})")
_LONGEST_KEY = 600
"""Bytes; an index row of PostgreSQL takes about 2,700, and some have three such texts."""
_KEPT = 120
SHORT = 150
"""Characters that never make more bytes than a key may have."""


def stored(text: str) -> str:
    """Text as databases take it."""
    if text.isascii() and "\0" not in text:
        return text
    return _ODD.sub(lambda found: f"{_MARK}{ord(found[0]):04x}", text)


def text_of(value: str) -> str:
    """The text that `stored` gave away."""
    if value.isascii():
        return value
    return _MARKED.sub(lambda found: chr(int(found[1], 16)), value)


def key_of(text: str) -> str:
    """Stored text as a key: itself, or its beginning and a digest where it is long."""
    if len(text) <= SHORT or len(text.encode()) <= _LONGEST_KEY:
        return text
    return f"{text[:_KEPT]}{_CUT}{hashlib.sha256(text.encode()).hexdigest()}"
