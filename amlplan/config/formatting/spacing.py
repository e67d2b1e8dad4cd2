"""How lines are indented, and where spaces stand between their tokens."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from amlplan.config.formatting.lines import NAMESPACE, bracket_change
from amlplan.config.syntax import tokens as token

if TYPE_CHECKING:
    from amlplan.config.formatting.lines import Line, Token

_INDENT: Final = 2
_SEQUENCES: Final = frozenset({token.INTERPOLATION, token.DIRECTIVE})
_TEMPLATE: Final = frozenset({token.QUOTE_OPEN, token.HEREDOC_OPEN, token.TEXT})
_NONE_AFTER: Final = _TEMPLATE | _SEQUENCES | {"(", "[", ".", "!", NAMESPACE}
_NONE_BEFORE: Final = frozenset(
    {token.TEXT, token.QUOTE_CLOSE, token.HEREDOC_CLOSE, token.SEQUENCE_CLOSE}
    | {")", "]", ".", ",", "...", NAMESPACE}
)
_CLOSING: Final = frozenset({")", "]"})
_INDEXED: Final = frozenset({token.IDENTIFIER, token.NUMBER, ")", "]", "}"})
_SIGN_AFTER: Final = frozenset(
    {"", "(", "[", "{", ",", "=", ":", "?", "!", "+", "-", "*", "/", "%", "&&", "||"}
    | {"==", "!=", "<", "<=", ">", ">="}
)


def indent(lines: list[Line]) -> None:
    """Indent every line by one step for each line before it that left brackets open."""
    opened: list[int] = []
    for line in lines:
        if not line.tokens:
            continue
        # A value that ends on its line closes what it opens, whatever lines a heredoc in it has.
        change = bracket_change(_before_heredoc(line.tokens[: line.equals_sign()]))
        while change < 0 and opened:
            left = opened.pop() + change
            if left > 0:
                opened.append(left)
            change = min(left, 0)
        line.tokens[0].before = _INDENT * len(opened)
        if change > 0:
            opened.append(change)


def _before_heredoc(tokens: list[Token]) -> list[Token]:
    kinds = [item.kind for item in tokens]
    return tokens[: kinds.index(token.HEREDOC_OPEN)] if token.HEREDOC_OPEN in kinds else tokens


def space(lines: list[Line]) -> None:
    """Put one space between two tokens of a line, or none."""
    for line in lines:
        kinds = ["", *(item.kind for item in line.tokens), ""]
        for place, (one, next_one) in enumerate(pairwise(line.tokens)):
            before, after_both = kinds[place], kinds[place + 3]
            next_one.before = int(_has_space(before, one, next_one, after_both))


def _has_space(before: str, one: Token, next_one: Token, after_both: str) -> bool:
    """Whether a space stands between two tokens; the others are kinds, of those around both."""
    kind, next_kind = one.kind, next_one.kind
    if kind == token.NUMBER and next_kind == "." and after_both == token.NUMBER:
        return True  # or a step would become a fraction
    if (kind in _SEQUENCES and next_kind == "{") or (kind, next_kind) == (
        "}",
        token.SEQUENCE_CLOSE,
    ):
        return True
    if kind in _NONE_AFTER or next_kind in _NONE_BEFORE:
        return kind == "," and next_kind in _CLOSING
    if kind == token.SEQUENCE_CLOSE:
        return False
    if kind == "-":
        return before not in _SIGN_AFTER
    if next_kind == "(":
        return kind != token.IDENTIFIER
    if next_kind == "[":
        return kind not in _INDEXED or one.text == "in"
    return not (kind == "{" and next_kind == "}")
