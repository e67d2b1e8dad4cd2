"""Reads JSON text into syntax trees, strings as they are.

An object is an `ObjectConstructor` with `Literal` keys, an array a `TupleConstructor`, everything
else a `Literal`; places of strings include the quotes. What a string means depends on where it
stands, so `json_expressions` makes templates of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn

from amlplan.config.syntax.json_strings import decoded, invalid_escape
from amlplan.config.syntax.nodes import Literal, ObjectConstructor, ObjectItem, TupleConstructor
from amlplan.config.syntax.numerals import number_of, out_of_range
from amlplan.config.syntax.reader import MAX_DEPTH, SyntaxFailure, too_deep
from amlplan.config.syntax.tokens import BYTE_ORDER_MARK
from amlplan.diagnostics import Diagnostic, SourceRange, error

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Expression
    from amlplan.diagnostics import SourceFile

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"((?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*+)"')
_BROKEN_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*+')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.+-])")
_WORD: Final = re.compile(r"[\w.+-]+")
_KEYWORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


def read_json(source: SourceFile) -> tuple[Expression | None, list[Diagnostic]]:
    """Read a text that is one JSON value; None, and the first mistake, where it is none."""
    try:
        return _Reader(source).whole(), []
    except SyntaxFailure as failure:
        return None, [failure.diagnostic]


class _Reader:
    """The text and the `position` in it."""

    __slots__ = ("position", "source", "text")

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.text = source.text
        self.position = 1 if source.text.startswith(BYTE_ORDER_MARK) else 0

    def whole(self) -> Expression:
        """Read the one value of the text."""
        value = self._value(0)
        if self._ahead():
            self._fail(
                "extra_characters",
                "Extra characters after the value",
                "A JSON text is one value, which is complete before this. Remove the rest.",
            )
        return value

    def _ahead(self) -> str:
        """Go behind spaces; give the character there, or nothing at the end."""
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self.text[self.position : self.position + 1]

    def _value(self, depth: int) -> Expression:
        ahead = self._ahead()
        if ahead == '"':
            return self._string()
        if ahead and ahead in "{[":
            if depth >= MAX_DEPTH:
                self._fail(*too_deep())
            return self._object(depth + 1) if ahead == "{" else self._array(depth + 1)
        return self._scalar()

    def _string(self) -> Literal:
        start = self.position
        match = _STRING.match(self.text, start)
        if match is None:
            self._unterminated()
        self.position = match.end()
        text = match[1]
        if "\\" in text:
            wrong = invalid_escape(text)
            if wrong is not None:
                self._fail(
                    "invalid_escape",
                    "Invalid escape sequence",
                    'A backslash in a JSON string begins one of \\", \\\\, \\/, \\b, \\f, \\n, '
                    "\\r, \\t and \\uNNNN, and halves of surrogate pairs stand together. To mean a "
                    "backslash, write two.",
                    start + 1 + wrong[0],
                    start + 1 + wrong[1],
                )
            text = decoded(text)
        return Literal(text, start, self.position)

    def _unterminated(self) -> NoReturn:
        start = self.position
        match = _BROKEN_STRING.match(self.text, start)
        end = match.end() if match else start
        if end < len(self.text) and self.text[end] not in "\\\r\n":
            detail = (
                f"The invisible character U+{ord(self.text[end]):04X} stands in a JSON string only "
                f"as \\u{ord(self.text[end]):04x}."
            )
            self._fail("invalid_character", "Invalid character", detail, end, end + 1)
        detail = (
            "No closing quote was found on the line where this string begins. Close it; a line "
            "break inside a JSON string is written as \\n."
        )
        self._fail("unterminated_string", "Unterminated string", detail, start, start + 1)

    def _scalar(self) -> Literal:
        start = self.position
        if match := _NUMBER.match(self.text, start):
            self.position = match.end()
            number = number_of(match[0])
            if number is None:
                self._fail(*out_of_range(), start, match.end())
            return Literal(number, start, match.end())
        match = _WORD.match(self.text, start)
        if match and match[0] in _KEYWORDS:
            self.position = match.end()
            return Literal(_KEYWORDS[match[0]], start, match.end())
        return self._no_value(match.end() if match else min(start + 1, len(self.text)))

    def _no_value(self, end: int) -> NoReturn:
        start = self.position
        detail = (
            "A JSON value is expected here: an object, a list, a string, a number, true, false or "
            "null."
        )
        if self.text[start:end] in {"/", "#"}:
            detail = 'JSON has no comments. In a block, use a property "//" for them.'
        elif self.text[start:end] == "'":
            detail = 'Strings stand in double quotes ("), not in others.'
        elif end > start and self.text[start].isalpha():
            detail += " Everything else, as a reference, stands in a string."
        self._fail("invalid_json_value", "JSON value expected", detail, start, end)

    def _array(self, depth: int) -> TupleConstructor:
        start = self.position
        self.position += 1
        items: list[Expression] = []
        if self._ahead() != "]":
            items.append(self._value(depth))
            while self._takes_comma("]"):
                items.append(self._value(depth))
        self.position += 1
        return TupleConstructor(items, start, self.position)

    def _object(self, depth: int) -> ObjectConstructor:
        start = self.position
        self.position += 1
        items: list[ObjectItem] = []
        if self._ahead() != "}":
            items.append(self._property(depth))
            while self._takes_comma("}"):
                items.append(self._property(depth))
        self.position += 1
        return ObjectConstructor(items, start, self.position)

    def _property(self, depth: int) -> ObjectItem:
        if self._ahead() != '"':
            self._fail(
                "invalid_json_property",
                "JSON property expected",
                "The name of a property in double quotes is expected here; after the last property "
                "the object is closed without a comma.",
            )
        key = self._string()
        if self._ahead() != ":":
            self._fail(
                "missing_item_value",
                "Missing item value",
                "After the name of a JSON property a colon and a value are expected.",
            )
        self.position += 1
        value = self._value(depth)
        return ObjectItem(key, value, False, key.start, value.end)  # noqa: FBT003

    def _takes_comma(self, closing: str) -> bool:
        """Say whether another item follows; the position is behind its comma, or at the end."""
        ahead = self._ahead()
        if ahead == closing:
            return False
        if ahead != ",":
            self._fail(
                "missing_item_separator",
                "Missing item separator",
                f'A comma or the closing "{closing}" is expected here.',
            )
        comma = self.position
        self.position += 1
        if self._ahead() == closing:
            detail = "JSON has no comma after the last item. Remove it."
            self._fail("trailing_comma", "Trailing comma", detail, comma, comma + 1)
        return True

    def _fail(
        self, code: str, summary: str, detail: str, start: int = -1, end: int = -1
    ) -> NoReturn:
        """End the reading with a mistake, at the next character where no other place is given."""
        if start < 0:
            start, end = self.position, min(self.position + 1, len(self.text))
        raise SyntaxFailure(error(code, summary, detail, SourceRange(self.source, start, end)))
