"""Splits a text into the lines that the layout is made of, and joins them again.

A line is what stands between two line breaks of code: a heredoc, or a comment of several lines, is
part of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.tokens import BYTE_ORDER_MARK, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACE: Final = "::"
_CHANGES: Final = {
    "(": 1, "[": 1, "{": 1, token.INTERPOLATION: 1, token.DIRECTIVE: 1,
    ")": -1, "]": -1, "}": -1, token.SEQUENCE_CLOSE: -1,
}  # fmt: skip
_LINE_BREAK: Final = re.compile(r"\r?\n")


@dataclass(slots=True)
class Token:
    """A token's kind and text, and how many spaces stand before it."""

    kind: str
    text: str
    before: int = 0


@dataclass(slots=True)
class Line:
    """The tokens of a line, and the line breaks after it: more than one where lines are empty."""

    tokens: list[Token] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)

    @property
    def is_followed(self) -> bool:
        """Whether the next line stands right below."""
        return len(self.breaks) == 1

    def equals_sign(self) -> int | None:
        """The place of the sign of an argument or item whose value ends on the line."""
        last = self.comment()
        for place, item in enumerate(self.tokens):
            if place and item.kind == "=":
                return place if bracket_change(self.tokens[place:last]) == 0 else None
        return None

    def comment(self) -> int | None:
        """The place of a comment that ends the line behind something else."""
        if len(self.tokens) < 2 or self.tokens[-1].kind != token.COMMENT:  # noqa: PLR2004
            return None
        goes_on = self.tokens[-1].text.startswith("/*") and self.breaks
        return None if goes_on else len(self.tokens) - 1


def bracket_change(tokens: Iterable[Token]) -> int:
    """How many more brackets some tokens open than they close."""
    return sum(_CHANGES.get(item.kind, 0) for item in tokens)


def lines_of(text: str) -> list[Line]:
    """The lines of a text without syntax errors."""
    found = Tokens(text, keeps_all=True)
    line = Line()
    lines = [line]
    end = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    for kind, start, token_end in zip(found.kinds, found.starts, found.ends, strict=True):
        line.breaks += _LINE_BREAK.findall(text, end, start) if line.breaks else ()
        if kind == token.END:
            break
        if kind == token.NEWLINE:
            line.breaks.append(text[start:token_end])
            end = token_end
            continue
        if line.breaks:
            line = Line()
            lines.append(line)
        if kind == ":" and line.tokens and line.tokens[-1].kind == ":" and start == end:
            line.tokens[-1] = Token(NAMESPACE, NAMESPACE)
            end = token_end
            continue
        end = token_end if kind != token.HEREDOC_CLOSE else _line_end(text, token_end)
        line.tokens.append(Token(kind, text[start:end]))
    return lines


def _line_end(text: str, position: int) -> int:
    """Where a line ends; nothing but spaces stands before that."""
    end = text.find("\n", position)
    return end - 1 if text[end - 1] == "\r" else end


def text_of(lines: list[Line]) -> str:
    """The text that lines stand for."""
    return "".join(
        "".join(" " * item.before + item.text for item in line.tokens) + "".join(line.breaks)
        for line in lines
    )
