"""Parses what stands in brackets and braces: lists, objects and `for` expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.nodes import (
    Expression,
    ForObject,
    ForTuple,
    Literal,
    ObjectConstructor,
    ObjectItem,
    Traversal,
    TupleConstructor,
)

if TYPE_CHECKING:
    from amlplan.config.syntax.expressions import ExpressionParser

_SEPARATOR = (
    "missing_item_separator",
    "Missing item separator",
)


def parse_brackets(parser: ExpressionParser) -> Expression:
    """Parse a list or a `for` expression that gives one (spec: Collection Values)."""
    start = parser.starts[parser.position]
    parser.position += 1
    if parser.is_word("for"):
        return _for_tuple(parser, start)
    items: list[Expression] = []
    while parser.kinds[parser.position] != "]":
        items.append(parser.expression())
        if not parser.take(","):
            break
    parser.expect(
        "]",
        *_SEPARATOR,
        "After an item of a list a comma or the closing bracket is expected.",
    )
    return TupleConstructor(items, start, parser.ends[parser.position - 1])


def parse_braces(parser: ExpressionParser) -> Expression:
    """Parse an object or a `for` expression that gives one (spec: Collection Values)."""
    start = parser.starts[parser.position]
    parser.position += 1
    if parser.is_word("for"):
        return _for_object(parser, start)
    items: list[ObjectItem] = []
    parser.skip_newlines()
    while not parser.take("}"):
        items.append(_object_item(parser))
        parser.take(",")
        parser.skip_newlines()
    return ObjectConstructor(items, start, parser.ends[parser.position - 1])


def _object_item(parser: ExpressionParser) -> ObjectItem:
    position = parser.position
    start = parser.starts[position]
    is_bare = (
        parser.kinds[position] == token.IDENTIFIER and parser.kinds[position + 1] in {"=", ":"}
    )  # fmt: skip
    key: Expression
    if is_bare:
        key = Literal(parser.token_text(position), start, parser.ends[position])
        parser.position += 1
    else:
        key = _computed_key(parser)
    if parser.kinds[parser.position] not in {"=", ":"}:
        raise parser.unexpected(
            "missing_item_value",
            "Missing item value",
            'After the key of an object\'s item "=" and a value are expected.',
        )
    parser.position += 1
    value = parser.expression()
    if parser.kinds[parser.position] not in {",", "}", token.NEWLINE}:
        raise parser.unexpected(
            *_SEPARATOR,
            "After an item of an object a comma, a line break or the closing brace is expected.",
        )
    return ObjectItem(key, value, is_bare, start, value.end)


def _computed_key(parser: ExpressionParser) -> Expression:
    if parser.kinds[parser.position] == token.END:
        raise parser.unexpected(
            "missing_brace",
            "Missing closing brace",
            "The file ends inside an object. An opening brace has no closing one.",
        )
    key = parser.expression()
    if isinstance(key, Traversal) and key.steps:
        raise parser.failure(
            "ambiguous_key",
            "Ambiguous key",
            "A key with dots reads like a reference. Put it in parentheses to refer to a value, "
            "or in quotes to mean the text.",
            key.start,
            key.end,
        )
    return key


def _for_tuple(parser: ExpressionParser, start: int) -> Expression:
    key_name, value_name = parse_for_names(parser)
    collection = _for_collection(parser)
    result = parser.expression()
    condition = _for_condition(parser)
    _close_for(parser, "]")
    end = parser.ends[parser.position - 1]
    return ForTuple(key_name, value_name, collection, result, condition, start, end)


def _for_object(parser: ExpressionParser, start: int) -> Expression:
    key_name, value_name = parse_for_names(parser)
    collection = _for_collection(parser)
    result_key = parser.expression()
    parser.expect(
        "=>",
        "invalid_for_expression",
        "Invalid for expression",
        'A for expression in braces gives keys and values: after the key "=>" is expected.',
    )
    result = parser.expression()
    groups = parser.take("...")
    condition = _for_condition(parser)
    _close_for(parser, "}")
    return ForObject(
        key_name,
        value_name,
        collection,
        result_key,
        result,
        groups,
        condition,
        start,
        parser.ends[parser.position - 1],
    )


def parse_for_names(parser: ExpressionParser) -> tuple[str | None, str]:
    """Parse `for name in` or `for key, value in`; the parser stands at `for`."""
    parser.position += 1
    first = _for_name(parser)
    second = _for_name(parser) if parser.take(",") else None
    if not parser.is_word("in"):
        raise parser.unexpected(
            "invalid_for_expression",
            "Invalid for expression",
            'After the names of a for expression the word "in" is expected.',
        )
    parser.position += 1
    return (None, first) if second is None else (first, second)


def _for_name(parser: ExpressionParser) -> str:
    return parser.identifier(
        "invalid_for_expression",
        "Invalid for expression",
        'After "for" one or two names are expected, as in: for key, value in collection.',
    )


def _for_collection(parser: ExpressionParser) -> Expression:
    collection = parser.expression()
    parser.expect(
        ":",
        "invalid_for_expression",
        "Invalid for expression",
        "After the collection of a for expression a colon is expected.",
    )
    return collection


def _for_condition(parser: ExpressionParser) -> Expression | None:
    if not parser.is_word("if"):
        return None
    parser.position += 1
    return parser.expression()


def _close_for(parser: ExpressionParser, bracket: str) -> None:
    parser.expect(
        bracket,
        "invalid_for_expression",
        "Invalid for expression",
        f'Here "{bracket}" is expected, which ends the for expression, or "if" and a condition. '
        'Only a for expression in braces takes "=>" and "...".',
    )
