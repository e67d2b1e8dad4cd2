"""Type expressions, and values converted to them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from amlplan.config.expressions.convert import ConversionError, Type, convert, parse_type, type_name
from amlplan.config.expressions.typed_collections import is_collection, plain
from amlplan.config.syntax.parser import parse_expression
from amlplan.diagnostics import Diagnostic, SourceFile
from amlplan.values import UNKNOWN, SecretReference, Sensitive, Value

SECRET = SecretReference("env", "X")


def parsed(text: str) -> tuple[Type | None, list[Diagnostic]]:
    source = SourceFile("main.hcl", text)
    expression, diagnostics = parse_expression(source)
    assert expression is not None, diagnostics
    return parse_type(expression, source)


def type_of(text: str) -> Type:
    found, diagnostics = parsed(text)
    assert found is not None, diagnostics
    return found


@pytest.mark.parametrize(
    ("text", "value", "converted"),
    [
        ("string", Decimal("1.5"), "1.5"),
        ("string", 10**30, "1" + "0" * 30),
        ("string", True, "true"),
        ("number", "1.5", Decimal("1.5")),
        ("number", "2.0", 2),
        ("bool", "false", False),
        ("any", [1, "a"], [1, "a"]),
        ("list(string)", [1, True, "a"], ["1", "true", "a"]),
        ("list(any)", [1, "a"], ["1", "a"]),
        ("list", [1, 2], [1, 2]),
        ("set(string)", ["b", "a", "b", 1], ["1", "a", "b"]),
        ("set(number)", [10, 9, "9"], [9, 10]),
        ("map(number)", {"a": "1"}, {"a": 1}),
        ("object({ a = number, b = optional(string) })", {"a": "1", "c": 2}, {"a": 1, "b": None}),
        ("object({ a = optional(number, 5) })", {}, {"a": 5}),
        ("object({ a = optional(number, 5) })", {"a": None}, {"a": 5}),
        ('object({ a = optional(object({ b = optional(string, "x") }), {}) })', {},
         {"a": {"b": "x"}}),
        ("tuple([string, number])", [1, "2"], ["1", 2]),
        ("string", None, None),
        ("list(string)", [None, UNKNOWN], [None, UNKNOWN]),
        ("number", UNKNOWN, UNKNOWN),
        ("string", Sensitive(5), Sensitive("5")),
        ("list(string)", [Sensitive(5), SECRET], [Sensitive("5"), SECRET]),
        ("string", SECRET, SECRET),
    ],
)  # fmt: skip
def test_conversion(text: str, value: Value, converted: Value) -> None:
    found = convert(value, type_of(text))
    assert found == converted
    assert type(plain(found)) is type(converted)
    assert is_collection(found) == (text.startswith(("list", "set", "map")))


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("number", "abc", "a number is required"),
        ("number", True, "a number is required"),
        ("bool", 1, "a bool is required"),
        ("string", [], "a string is required"),
        ("list(string)", "a", "a list is required"),
        ("list(number)", [1, 2, "x"], "element 2: a number is required"),
        ("map(list(number))", {"a": [1, "x"]}, 'element "a", element 1: a number is required'),
        ("map(string)", [], "a map is required"),
        ("object({ a = string })", {}, 'the attribute "a" is required'),
        ("object({ a = string })", 1, "an object is required"),
        ("object({ a = object({ b = number }) })", {"a": {"b": "x"}},
         'attribute "a", attribute "b": a number is required'),
        ("tuple([string])", [1, 2], "a tuple of 1 is required, not of 2"),
        ("list(any)", [1, []], "all elements must have the same type"),
        ("number", SECRET, "a number is required"),
        ("number", "1e5000", "the number has too many digits"),
    ],
)  # fmt: skip
def test_value_that_does_not_fit(text: str, value: Value, message: str) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(value, type_of(text))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "place", "detail"),
    [
        ("strng", "strng", "A type is one of"),
        ('"string"', '"string"', "without quotes"),
        ("list(strng)", "strng", "A type is one of"),
        ("list(string, number)", "list(string, number)", "one argument"),
        ("vector(string)", "vector(string)", "no type"),
        ("object", "object", "object({"),
        ("object([])", "[]", "object({"),
        ("tuple(string)", "string", "tuple(["),
        ("optional(string)", "optional(string)", "only around an attribute"),
        ("object({ a = optional() })", "optional()", "takes a type"),
        ("object({ a = optional(number, [])})", "[]", "does not fit number"),
        ("object({ a = optional(number, var.x)})", "var", "var"),
        ("object({ (a) = string })", "(a)", "plain text"),
        ("var.x", "var.x", "A type is one of"),
    ],
)
def test_invalid_type(text: str, place: str, detail: str) -> None:
    found, (diagnostic,) = parsed(text)
    assert found is None
    assert diagnostic.range is not None
    assert text[diagnostic.range.start : diagnostic.range.end] == place
    assert detail in diagnostic.detail


def test_type_shows_as_it_is_written() -> None:
    text = "object({a = list(string), b = tuple([number, bool]), c = map(any)})"
    assert str(type_of(text)) == text


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("a", "string"), (1, "number"), (Decimal("1.5"), "number"), (True, "bool"), ([], "list"),
        ({}, "object"), (None, "null"), (UNKNOWN, "unknown"), (Sensitive(1), "number"),
        (SECRET, "string"),
    ],
)  # fmt: skip
def test_type_name(value: Value, name: str) -> None:
    assert type_name(value) == name
