"""Names and values as MLflow takes them, which allows fewer letters and shorter texts."""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_ODD = re.compile(r"[^A-Za-z0-9_\-. /]")
_OUTSIDE = re.compile(r"(^|/)(\.{1,2})(?=/|$)")
LONGEST_NAME, LONGEST_PARAMETER, LONGEST_TAG = 200, 500, 5000
"""Less than each version since 1.28 takes."""


def name_of(text: str) -> str:
    """A name that MLflow takes; what had to change ends in a digest, so that no two are one."""
    name = _OUTSIDE.sub(r"\1_", _ODD.sub("_", text)).strip("/")
    name = re.sub(r"/+", "/", name)
    if name == text and len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[:LONGEST_NAME]}_{digest}"


def cut(text: str, most: int) -> str:
    """Text of at most so many letters that UTF-8 can hold."""
    shown = text.encode("utf-8", "replace").decode()
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def pairs(values: Mapping[str, str | None], most: int) -> list[dict[str, str]]:
    """Names with their texts."""
    return [{"key": name_of(name), "value": cut(text or "", most)} for name, text in values.items()]


def number_of(value: Any) -> float | str | None:
    """A metric's value as its REST interface takes it; None for text, which it has no place for."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
