"""What commands print for machines."""

from __future__ import annotations

import json
import re

_HALVES = re.compile(r"[\ud800-\udfff]")
"""Halves of surrogate pairs, which no file of UTF-8 can hold."""


def json_text(value: object) -> str:
    """A JSON document with a line for each member."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if text.isascii():
        return text
    return _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
