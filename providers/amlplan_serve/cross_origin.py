"""Which pages of browsers may ask a service, as AML_CORS_ORIGINS says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.answers import Headers

METHODS = b"GET, POST"
_OF_PATTERNS = frozenset("*\\]?$^[]()")
"""Characters by which an origin is known to be a pattern."""


def origins_in(text: str) -> tuple[str, ...]:
    """The origins of the variable, which commas separate."""
    return tuple(origin for origin in (part.strip() for part in text.split(",")) if origin)


class CrossOrigin:
    """Says in headers which origins may ask; one with `*`, `?` and the like is a pattern."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._takes_all = "*" in origins
        self._known = {each.casefold() for each in origins if not _OF_PATTERNS & set(each)}
        self._patterns = [
            _pattern(origin) for origin in origins if _OF_PATTERNS & set(origin) and origin != "*"
        ]
        self._varies = len(origins) > 1 or self._takes_all or bool(self._patterns)

    def headers(self, method: str, asked: Mapping[bytes, bytes]) -> Headers:
        """The headers for an answer to a request of this method with these headers."""
        origin = asked.get(b"origin")
        if origin is None:
            return [(b"access-control-allow-origin", b"*")] if self._takes_all else []
        if not self._accepts(origin.decode("latin-1")):
            return []
        headers = [(b"access-control-allow-origin", origin)]
        if method == "OPTIONS":
            headers += _preflight(asked)
        if self._varies:
            headers.append((b"vary", b"Origin"))
        return headers

    def _accepts(self, origin: str) -> bool:
        if self._takes_all or origin.casefold() in self._known:
            return True
        return any(pattern.fullmatch(origin) for pattern in self._patterns)


def _preflight(asked: Mapping[bytes, bytes]) -> Headers:
    method = asked.get(b"access-control-request-method", b"").upper()
    if method not in METHODS.split(b", "):
        return []
    names = asked.get(b"access-control-request-headers", b"").split(b",")
    wanted = b", ".join(sorted(name.strip() for name in names if name.strip()))
    allowed = [(b"access-control-allow-headers", wanted)] if wanted else []
    return [*allowed, (b"access-control-allow-methods", METHODS)]


def _pattern(origin: str) -> re.Pattern[str]:
    try:
        return re.compile(origin, re.IGNORECASE)
    except re.error:
        return re.compile(re.escape(origin), re.IGNORECASE)
