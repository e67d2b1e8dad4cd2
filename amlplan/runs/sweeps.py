"""Parameters with several values, and the combinations that they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from amlplan.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 1000
"""Members of a grid."""
_CLOSING = {"[": "]", "{": "}", "(": ")"}


@dataclass(slots=True)
class _Splitter:
    """Takes the text of a parameter apart, letter by letter."""

    values: list[str] = field(default_factory=lambda: [""])
    closing: list[str] = field(default_factory=list)
    quoted: bool = False
    escaped: bool = False

    def take(self, letter: str) -> None:
        if self.escaped:
            self._keep(letter if letter == "," else f"\\{letter}")
            self.escaped = False
        elif letter == "\\":
            self.escaped = True
        elif letter == "," and not self.closing and not self.quoted:
            self.values.append("")
        else:
            self._note(letter)
            self._keep(letter)

    def _note(self, letter: str) -> None:
        if letter == '"':
            self.quoted = not self.quoted
        elif not self.quoted and letter in _CLOSING:
            self.closing.append(_CLOSING[letter])
        elif not self.quoted and self.closing and letter == self.closing[-1]:
            self.closing.pop()

    def _keep(self, text: str) -> None:
        self.values[-1] += text


def values_of(text: str) -> tuple[str, ...]:
    """The values that stand in the text of a parameter, separated by commas.

    A comma within brackets, braces, parentheses or double quotes separates nothing, nor does one
    after a backslash, which is dropped; quotes around a whole value are dropped too. Text without
    a comma is one value, as it is. Raises ValueError, which says what is wrong.
    """
    if "," not in text:
        return (text,)
    splitter = _Splitter()
    for letter in text:
        splitter.take(letter)
    if splitter.closing or splitter.quoted:
        missing = '"' if splitter.quoted else splitter.closing[-1]
        raise ValueError(f"{missing} is missing; a comma that separates nothing is written \\,")
    if splitter.escaped:
        splitter.values[-1] += "\\"
    values = tuple(splitter.values)
    if any(not value.strip() for value in values):
        raise ValueError('a value is empty; write "" for one that is meant')
    found = tuple(_without_quotes(value.strip()) for value in values)
    if len(set(found)) < len(found):
        raise ValueError("a value is there twice")
    return found


def _without_quotes(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] == '"' and value.count('"') == 2  # noqa: PLR2004
    return value[1:-1] if is_quoted else value


def combinations(swept: Mapping[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Every combination of values, the last parameter changing fastest; RunError for too many."""
    count = 1
    for values in swept.values():
        count *= len(values)
    if count > MOST:
        raise RunError(
            "Too many members of a grid",
            f"{' x '.join(str(len(values)) for values in swept.values())} values make {count:,} "
            f"runs, and {MOST:,} are the most. Leave out values, or run parts of it.",
        )
    return [dict(zip(swept, values, strict=True)) for values in product(*swept.values())]
