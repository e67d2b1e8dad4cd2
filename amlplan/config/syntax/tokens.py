"""Splits HCL text into tokens.

Code, quoted templates and heredocs have rules of their own; a stack of what is open tells which
hold. Nothing is reported here: what is no token becomes `INVALID` or `UNTERMINATED`, and the
parser says so where it meets it.
"""

from __future__ import annotations

import re
from array import array
from typing import Final

IDENTIFIER: Final = "identifier"
NUMBER: Final = "number"
STRING: Final = "string"  # quoted, without escapes and sequences
NEWLINE: Final = "newline"
QUOTE_OPEN: Final = "quote open"
QUOTE_CLOSE: Final = "quote close"
HEREDOC_OPEN: Final = "heredoc open"
HEREDOC_CLOSE: Final = "heredoc close"
TEMPLATE_OPEN: Final = "template open"
TEMPLATE_CLOSE: Final = "template close"
TEXT: Final = "text"
COMMENT: Final = "comment"
INTERPOLATION: Final = "${"
DIRECTIVE: Final = "%{"
SEQUENCE_CLOSE: Final = "sequence close"
INVALID: Final = "invalid"
UNTERMINATED: Final = "unterminated"
END: Final = "end of file"

_CODE = re.compile(
    r"""[ \t]*+(?:
      ([A-Za-z_\u0080-\U0010ffff][\w\-\u0080-\U0010ffff]*)
    | (=[=>]?|!=?|<=|<(?!<)|>=?|&&|\|\||\.(?:\.\.)?|~\}|/(?![*/])|[,:?+\-*%(\[{}\])])
    | (\r?\n)(?:[ \t]|\r?\n)*+
    | ("[^"\\$%\r\n]*")
    | ([0-9]+(?:(?:\.+|\.*[eE][+-]?)[0-9]+)*)
    | (")
    | (\#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/)
    | (<<-?(?:[^\W\d][\w\-]*)\r?\n)
    | (/\*[\s\S]*|<<[^\r\n]*|'[^'\r\n]*'|`[^`\r\n]*`|[^ \t])
    | \Z)""",
    re.VERBOSE,
)
_IDENTIFIER, _OPERATOR, _NEWLINE, _STRING, _NUMBER, _QUOTE, _COMMENT, _HEREDOC = range(1, 9)
_QUOTED_TEXT = re.compile(r'(?:[^"\\$%\r\n]+|\\[^\r\n]|\$\$\{|%%\{|\$(?!\{)|%(?!\{))++')
_TEMPLATE_TEXT = re.compile(r"(?:[^$%\n]+|\$\$\{|%%\{|\$(?!\{)|%(?!\{))*+\n?")
_HEREDOC_TEXT = re.compile(r"(?:[^$%\r\n]+|\$\$\{|%%\{|\$(?!\{)|%(?!\{)|\r(?=\n))*+\n?")
_FOR_AHEAD = re.compile(r"(?:\s|\#[^\n]*\n|//[^\n]*\n|/\*[\s\S]*?\*/)*+for(?![\w\-])")
_SIMPLE = {_STRING: STRING, _NUMBER: NUMBER}
_BRACKETS = frozenset("()[]{}") | {"~}"}
_BEFORE_BODY = frozenset({IDENTIFIER, STRING, QUOTE_CLOSE})
_OPENING = {")": "(", "]": "["}
_WHOLE_TEXT = "<\n"  # a heredoc whose marker no line can be
BYTE_ORDER_MARK: Final = "\ufeff"


class Tokens:
    """Kinds, starts and ends of the tokens of a text, in three lists of one length.

    The kind of an operator or bracket is its text. Comments are left out, and so are newlines
    where the specification ignores them: in parentheses, brackets, sequences of templates, and
    `for` expressions in braces. `position` is where an item begins, the whole text by default.
    With `is_template` the text is a template without quotes around it; with `keeps_all` nothing is
    left out but spaces and empty lines.
    """

    __slots__ = ("_keeps_all", "_opened", "_stack", "_text", "ends", "kinds", "starts")

    def __init__(
        self, text: str, position: int = 0, *, is_template: bool = False, keeps_all: bool = False
    ) -> None:
        self.kinds: list[str] = []
        self.starts = array("I")  # a list would hold an object for each number
        self.ends = array("I")
        self._text = text
        self._keeps_all = keeps_all
        self._stack: list[str] = []
        self._opened: list[int] = []
        if is_template:
            self._add(TEMPLATE_OPEN, 0, 0)
            self._push(_WHOLE_TEXT, 0)
        elif position == 0 and text.startswith(BYTE_ORDER_MARK):
            position = 1
        while position < len(text):
            top = self._stack[-1] if self._stack else ""
            if top == '"':
                position = self._quoted(position)
            elif top.startswith("<"):
                position = self._heredoc(position, top[1:])
            else:
                position = self._code(position)
        if self._stack == [_WHOLE_TEXT]:
            self._add(TEMPLATE_CLOSE, len(text), len(text))
        elif any(opened == '"' or opened.startswith("<") for opened in self._stack):
            self._unterminated(position)
        for _ in range(3):  # so that looking ahead needs no check
            self._add(END, len(text), len(text))

    def _add(self, kind: str, start: int, end: int) -> None:
        self.kinds.append(kind)
        self.starts.append(start)
        self.ends.append(end)

    def _push(self, opened: str, start: int) -> None:
        self._stack.append(opened)
        self._opened.append(start)

    def _truncate(self, length: int) -> None:
        del self._stack[length:]
        del self._opened[length:]

    def _keeps_newlines(self) -> bool:
        """Whether the innermost that is open are the braces of a block or an object, if any."""
        return not self._stack or self._stack[-1] == "{"

    def _code(self, position: int) -> int:
        """Read code until a template begins or goes on; give the offset behind the last token."""
        kinds, add_kind = self.kinds, self.kinds.append
        add_start, add_end = self.starts.append, self.ends.append
        keeps_newlines, is_ascii = self._keeps_newlines(), self._text.isascii()
        keeps_all = self._keeps_all
        for match in _CODE.finditer(self._text, position):
            group = match.lastindex or 0
            start, end = match.span(group)
            if group == _IDENTIFIER:
                kind = IDENTIFIER
                if not is_ascii and not match[group].isascii():
                    end = self._identifier_end(start, end)
                    if end != match.end():
                        self._add_pieces(start, match.end())
                        return match.end()
            elif group == _OPERATOR:
                kind = match[group]
                if kind in _BRACKETS:
                    if self._bracket(kind, start, end):
                        return end
                    keeps_newlines = self._keeps_newlines()
                    continue
            elif group == _NEWLINE:
                is_needed = keeps_newlines and kinds and kinds[-1] != NEWLINE
                if not is_needed and not keeps_all:
                    continue
                kind = NEWLINE
            elif group in _SIMPLE:
                kind = _SIMPLE[group]
            elif group == _COMMENT:
                if not keeps_all:
                    continue
                kind = COMMENT
            elif group in {_QUOTE, _HEREDOC}:
                return self._open_template(group, start, end)
            elif not group:
                break
            else:
                kind = INVALID
            add_kind(kind)
            add_start(start)
            add_end(end)
        return len(self._text)

    def _identifier_end(self, start: int, end: int) -> int:
        """Where an identifier beyond ASCII ends: `ID_Start (ID_Continue | '-')*`."""
        text = self._text
        if not text[start].isidentifier():
            return start
        for offset in range(start + 1, end):
            if text[offset] != "-" and not f"a{text[offset]}".isidentifier():
                return offset
        return end

    def _add_pieces(self, start: int, end: int) -> None:
        """Add the identifiers in a run of characters that is none, and the others one by one."""
        while start < end:
            piece_end = self._identifier_end(start, end)
            kind = IDENTIFIER if piece_end > start else INVALID
            piece_end = max(piece_end, start + 1)
            self._add(kind, start, piece_end)
            start = piece_end

    def _open_template(self, group: int, start: int, end: int) -> int:
        if group == _QUOTE:
            self._add(QUOTE_OPEN, start, end)
            self._push('"', start)
        else:
            self._add(HEREDOC_OPEN, start, end)
            self._push("<" + self._text[start:end].lstrip("<-").rstrip("\r\n"), start)
        return end

    def _bracket(self, bracket: str, start: int, end: int) -> bool:
        """Follows an opening or closing bracket; says whether a template goes on behind it."""
        if bracket in {"(", "["}:
            self._push(bracket, start)
        elif bracket == "{":
            is_body = bool(self.kinds) and self.kinds[-1] in _BEFORE_BODY and self._keeps_newlines()
            is_for = not is_body and _FOR_AHEAD.match(self._text, end)
            self._push("for{" if is_for else "{", start)
        elif bracket in _OPENING:
            if self._stack and self._stack[-1] == _OPENING[bracket]:
                self._truncate(len(self._stack) - 1)
        else:
            return self._closing_brace(bracket, start, end)
        self._add(bracket, start, end)
        return False

    def _closing_brace(self, bracket: str, start: int, end: int) -> bool:
        """Close the nearest brace, and with it any bracket that was left open inside."""
        for index in range(len(self._stack) - 1, -1, -1):
            opened = self._stack[index]
            if opened in {INTERPOLATION, DIRECTIVE}:
                self._truncate(index)
                self._add(SEQUENCE_CLOSE, start, end)
                return True
            if opened in {"{", "for{"}:
                self._truncate(index)
                break
        if bracket == "~}":
            self._add(INVALID, start, start + 1)
        self._add("}", end - 1, end)
        return False

    def _quoted(self, position: int) -> int:
        """Read one piece of a quoted template."""
        text = self._text
        if match := _QUOTED_TEXT.match(text, position):
            self._add(TEXT, position, match.end())
            return match.end()
        if text[position] == '"':
            self._add(QUOTE_CLOSE, position, position + 1)
            self._truncate(len(self._stack) - 1)
            return position + 1
        return self._sequence(position) or self._unterminated(position)

    def _heredoc(self, position: int, marker: str) -> int:
        """Read one piece of a heredoc, at most to the end of its line."""
        text = self._text
        if text[position - 1] == "\n":
            line_end = text.find("\n", position)
            line = text[position:line_end]
            if line_end >= 0 and line.rstrip().lstrip(" \t") == marker:
                end = position + len(line.rstrip())
                self._add(HEREDOC_CLOSE, position, end)
                self._truncate(len(self._stack) - 1)
                return end
        kind = _TEMPLATE_TEXT if self._stack[-1] == _WHOLE_TEXT else _HEREDOC_TEXT
        match = kind.match(text, position)
        if match and match.end() > position:
            self._add(TEXT, position, match.end())
            return match.end()
        if text[position] == "\r":  # alone, which ends no line
            self._add(INVALID, position, position + 1)
            return position + 1
        return self._sequence(position) or self._unterminated(position)

    def _sequence(self, position: int) -> int:
        """Open `${` or `%{` where one stands; else give 0."""
        kind = self._text[position : position + 2]
        if kind not in {INTERPOLATION, DIRECTIVE}:
            return 0
        end = position + (3 if self._text.startswith("~", position + 2) else 2)
        self._add(kind, position, end)
        self._push(kind, position)
        return end

    def _unterminated(self, position: int) -> int:
        """Give up every template that began on this line, and a heredoc at the end of the text."""
        for index, opened in enumerate(self._stack):
            if opened == _WHOLE_TEXT:
                continue
            began = self._opened[index]
            is_top = index == len(self._stack) - 1
            on_this_line = "\n" not in self._text[began:position]
            is_open_quote = opened == '"' and (is_top or on_this_line)
            if is_open_quote or (position >= len(self._text) and opened[0] in '"<'):
                self._truncate(index)
                self._add(UNTERMINATED, began, position)
                break
        return position
