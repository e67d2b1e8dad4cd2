"""Parses quoted templates and heredocs (spec: Templates)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.collections import parse_for_names
from amlplan.config.syntax.directives import Marker, nest_directives
from amlplan.config.syntax.nodes import (
    Expression,
    Literal,
    Template,
    TemplateWrap,
)

if TYPE_CHECKING:
    from amlplan.config.syntax.directives import Piece
    from amlplan.config.syntax.expressions import ExpressionParser

_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|\$\$\{|%%\{")
_SEQUENCE_ESCAPE = re.compile(r"\$\$\{|%%\{")
_SIMPLE_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_CLOSING: Final = frozenset({token.QUOTE_CLOSE, token.HEREDOC_CLOSE, token.TEMPLATE_CLOSE})
_MAX_CODE_POINT: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
_DIRECTIVES: Final = ("if", "else", "endif", "for", "endfor")


@dataclass(slots=True)
class _Text:
    """Literal text and whether a line begins with it."""

    value: str
    begins_line: bool
    start: int
    end: int


def parse_template(parser: ExpressionParser) -> Expression:
    """Parse a quoted template or a heredoc; one without sequences is a `Literal`."""
    opening = parser.position
    start = parser.starts[opening]
    pieces = _pieces(parser)
    if parser.kinds[opening] == token.HEREDOC_OPEN and parser.text.startswith("<<-", start):
        _remove_indent(pieces)
    end = parser.ends[parser.position - 1]
    if all(isinstance(piece, _Text) for piece in pieces):
        return Literal(
            "".join(piece.value for piece in pieces if isinstance(piece, _Text)), start, end
        )
    if len(pieces) == 1 and not isinstance(pieces[0], _Text | Marker):
        return TemplateWrap(pieces[0], start, end)
    parts = nest_directives(parser, _joined(pieces))
    return Template(parts, start, end)


def parse_plain_string(parser: ExpressionParser) -> str:
    """Parse a quoted string in which no sequence may stand, as a block's label."""
    opening = parser.position
    found = parse_template(parser)
    if isinstance(found, Literal) and isinstance(found.value, str):
        return found.value
    raise parser.failure(
        "sequence_in_label",
        "Template sequence not allowed",
        "A label is plain text and cannot hold ${ or %{. Double the first character to mean it "
        "literally.",
        parser.starts[opening],
        found.end,
    )


def _pieces(parser: ExpressionParser) -> list[_Text | Piece]:
    """Parse up to the closing mark: texts, interpolations and directives in a row."""
    opening = parser.position
    is_quoted = parser.kinds[opening] == token.QUOTE_OPEN
    pieces: list[_Text | Piece] = []
    parser.position += 1
    trims_next = False
    while True:
        position = parser.position
        kind, start, end = parser.kinds[position], parser.starts[position], parser.ends[position]
        if kind == token.TEXT:
            text = _decoded(parser, start, end) if is_quoted else _unescaped(parser.text[start:end])
            begins_line = not is_quoted and parser.text[start - 1] == "\n"
            pieces.append(_Text(text.lstrip() if trims_next else text, begins_line, start, end))
            trims_next = False
            parser.position += 1
        elif kind in {token.INTERPOLATION, token.DIRECTIVE}:
            if pieces and end - start > len(kind):
                _trim_end(pieces[-1])
            pieces.append(_sequence(parser))
            trims_next = parser.text[parser.starts[parser.position - 1]] == "~"
        elif kind in _CLOSING:
            parser.position += 1
            return pieces
        else:
            raise _unclosed(parser, opening)


def _trim_end(piece: _Text | Piece) -> None:
    if isinstance(piece, _Text):
        piece.value = piece.value.rstrip()


def _unclosed(parser: ExpressionParser, opening: int) -> Exception:
    return parser.unexpected(
        "unterminated_string",
        "Unterminated string",
        f"The string that begins with {parser.token_text(opening).strip()} has no end.",
    )


def _sequence(parser: ExpressionParser) -> Piece:
    """Parse `${…}` or `%{…}`, with the brace that closes it."""
    opening = parser.position
    parser.position += 1
    parser.deeper()
    piece: Piece
    if parser.kinds[opening] == token.INTERPOLATION:
        piece = parser.expression()
    else:
        piece = _directive(parser, opening)
    parser.depth -= 1
    parser.expect(
        token.SEQUENCE_CLOSE,
        "unclosed_sequence",
        "Unclosed template sequence",
        f'A closing brace is expected here, for the "{parser.kinds[opening]}" before. To mean '
        "these characters literally, double the first.",
    )
    if isinstance(piece, Marker):
        piece.end = parser.ends[parser.position - 1]
    return piece


def _directive(parser: ExpressionParser, opening: int) -> Marker:
    start, end = parser.starts[opening], parser.ends[opening]
    keyword = parser.token_text(parser.position)
    if parser.kinds[parser.position] != token.IDENTIFIER or keyword not in _DIRECTIVES:
        raise parser.unexpected(
            "invalid_directive",
            "Invalid template directive",
            "After %{ one of the words if, else, endif, for and endfor is expected. To mean %{ "
            "literally, write %%{.",
        )
    if keyword == "for":
        names = parse_for_names(parser)
        return Marker(keyword, parser.expression(), names, start, end)
    parser.position += 1
    condition = parser.expression() if keyword == "if" else None
    return Marker(keyword, condition, (None, ""), start, end)


def _unescaped(text: str) -> str:
    return _SEQUENCE_ESCAPE.sub(lambda match: match[0][1:], text)


def _decoded(parser: ExpressionParser, start: int, end: int) -> str:
    """Give a quoted template's text without its escapes."""
    text = parser.text[start:end]
    if "\\" not in text:
        return _unescaped(text)

    def decode(match: re.Match[str]) -> str:
        escape = match[0]
        if not escape.startswith("\\"):
            return escape[1:]
        if len(escape) > 2:  # noqa: PLR2004 - more than the backslash and its letter
            code_point = int(f"0x{escape[2:]}", 0)
            if code_point <= _MAX_CODE_POINT and code_point not in _SURROGATES:
                return chr(code_point)
        elif escape[1] in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[escape[1]]
        raise parser.failure(
            "invalid_escape",
            "Invalid escape sequence",
            'A backslash in a string begins one of \\n, \\r, \\t, \\", \\\\, \\uNNNN and '
            "\\UNNNNNNNN. To mean a backslash, write two.",
            start + match.start(),
            start + match.end(),
        )

    return _ESCAPE.sub(decode, text)


def _remove_indent(pieces: list[_Text | Piece]) -> None:
    """Take from each line of a <<- heredoc the indent that all have; blank lines do not count."""
    lines: list[_Text] = []
    smallest: int | None = None
    at_line_start = True
    for piece in pieces:
        if not isinstance(piece, _Text):
            if at_line_start:
                smallest = 0
            at_line_start = False
            continue
        if piece.begins_line and not (piece.value.endswith("\n") and not piece.value.strip()):
            indent = len(piece.value) - len(piece.value.lstrip())
            smallest = indent if smallest is None else min(smallest, indent)
            lines.append(piece)
        at_line_start = piece.value.endswith("\n")
    for piece in lines:
        piece.value = piece.value[smallest or 0 :]


def _joined(pieces: list[_Text | Piece]) -> list[Piece]:
    """Turn texts into literals, one for each run, and drop empty ones."""
    joined: list[Piece] = []
    for piece in pieces:
        if not isinstance(piece, _Text):
            joined.append(piece)
        elif piece.value:
            joined.append(Literal(piece.value, piece.start, piece.end))
    return joined
