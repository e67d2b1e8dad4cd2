"""Older spellings that have a shorter one of the same meaning."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from amlplan.config.formatting.lines import bracket_change, lines_of
from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.nodes import Literal, Parentheses, TemplateWrap, Traversal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.formatting.lines import Token
    from amlplan.config.syntax.nodes import Attribute, Block, Body, Expression

    Edit = tuple[int, int, str]

_SPACES: Final = re.compile(r"[ \t]*")
_LINE_END: Final = re.compile(r"[ \t]*\r?\n")
_TYPE_NAMES: Final = {"list": "list(any)", "map": "map(any)", "set": "set(any)"}
_QUOTED_TYPES: Final = {"string": "string", "list": "list(string)", "map": "map(string)"}


def simplified(text: str, body: Body) -> str:
    """The text of a file, whose tree is `body`, with each of its older spellings replaced."""
    pieces: list[str] = []
    end = 0
    for start, edit_end, replacement in sorted(_edits(text, body)):
        pieces += (text[end:start], replacement)
        end = edit_end
    return "".join([*pieces, text[end:]])


def _edits(text: str, body: Body, block: Block | None = None, depth: int = 0) -> Iterator[Edit]:
    is_variable = depth == 1 and block is not None and block.type == "variable"
    for name, attribute in body.attributes.items():
        if is_variable and name == "type":
            yield from _plain_type(text, attribute)
        else:
            yield from _unwrapped(text, attribute.expression)
    for inner in body.blocks:
        yield from _quoted_labels(text, inner)
        yield from _edits(text, inner.body, inner, depth + 1)


def _quoted_labels(text: str, block: Block) -> Iterator[Edit]:
    for start, end in block.label_ranges:
        if not text.startswith('"', start):
            yield start, end, f'"{text[start:end]}"'


def _plain_type(text: str, attribute: Attribute) -> Iterator[Edit]:
    """Types of old: quoted, and collections that do not say of what."""
    stated = attribute.expression
    name, names = "", _TYPE_NAMES
    if isinstance(stated, Traversal) and not stated.steps:
        name = stated.root
    elif isinstance(stated, Literal) and text[stated.start : stated.end] == f'"{stated.value}"':
        name, names = str(stated.value), _QUOTED_TYPES
    if name in names:
        yield stated.start, stated.end, names[name]


def _unwrapped(text: str, expression: Expression) -> Iterator[Edit]:
    """The value itself for a string that is one interpolation and nothing else."""
    inner = expression
    found = ""
    while isinstance(inner, TemplateWrap) and text.startswith('"', inner.start):
        shorter = _inside(text, inner)
        if shorter is None:
            break
        found, inner = shorter, inner.inner
        if shorter.startswith("("):
            break  # what stands in parentheses is only a part of a value
    if found:
        spaces = _SPACES.match(text, expression.end)
        yield expression.start, spaces.end() if spaces else expression.end, found


def _inside(text: str, wrap: TemplateWrap) -> str | None:
    """What stands between the braces, as it can stand alone; None where it cannot."""
    start, end = wrap.start + len('"${'), wrap.end - len('}"')
    inside = text[start + text.startswith("~", start) : end - text.startswith("~", end - 1)].strip()
    lines = lines_of(f"{inside}\n")  # the mark that closes a heredoc needs the line's end
    tokens = [item for line in lines for item in line.tokens]
    if _has_sequence_of_heredoc(tokens):
        return None
    if isinstance(wrap.inner, Parentheses) and inside.startswith("(") and inside.endswith(")"):
        return inside
    if any(not _is_line_comment(line.tokens[-1]) for line in lines[:-1]):
        line_break = "\r\n" if "\r\n" in text else "\n"
        return f"({inside}{line_break if _is_line_comment(tokens[-1]) else ''})"
    opened = 0
    for item in tokens:
        opened += bracket_change([item])
        if _is_line_comment(item) and opened == 0:
            return None  # what follows would not be a part of the value any more
    if tokens[-1].kind == token.HEREDOC_CLOSE:
        # Its closing mark is alone on its line.
        return inside if _LINE_END.match(text, wrap.end) else None
    return inside


def _is_line_comment(item: Token) -> bool:
    return item.kind == token.COMMENT and not item.text.startswith("/*")


def _has_sequence_of_heredoc(tokens: list[Token]) -> bool:
    quotes = 0
    for item in tokens:
        quotes += (item.kind == token.QUOTE_OPEN) - (item.kind == token.QUOTE_CLOSE)
        if item.kind in {token.INTERPOLATION, token.DIRECTIVE} and quotes == 0:
            return True
    return False
