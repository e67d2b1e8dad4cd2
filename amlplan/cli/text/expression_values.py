"""Values of expressions as text, in the form that `terraform console` gives them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from amlplan.cli.style import visible
from amlplan.cli.text.values import SENSITIVE_TEXT, UNKNOWN_TEXT
from amlplan.config.expressions.numbers import number_text
from amlplan.config.expressions.typed_collections import ListValue, MapValue, SetValue
from amlplan.config.expressions.types import ANY, Type
from amlplan.values import UNKNOWN, SecretReference, Sensitive

if TYPE_CHECKING:
    from amlplan.values import Value

_STEP = 2
_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_LAST_OF_ONE_BYTE, _LAST_OF_TWO = 0x7F, 0xFFFF
_PRIMITIVES = frozenset({"string", "number", "bool"})
_TYPE_STEP = 4


def expression_text(value: Value, indent: int = 0, element: Type = ANY) -> str:
    """A value on one line or more; `element` is the type that a list or map says it has."""
    if isinstance(value, Sensitive | SecretReference):
        return SENSITIVE_TEXT
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if value is None:
        return f"to{element.kind}(null)" if element.kind in _PRIMITIVES else "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return number_text(value)
    if isinstance(value, float):
        return number_text(Decimal(repr(value)))
    if isinstance(value, list):
        return _list(value, indent)
    if isinstance(value, dict):
        return _map(value, indent)
    text = str(value)
    return _heredoc(text, indent) if "\n" in text else _quoted(text)


def _list(items: list[Value], indent: int) -> str:
    element = items.element if isinstance(items, ListValue | SetValue) else ANY
    inner = indent + _STEP
    lines = "".join(f"{' ' * inner}{expression_text(item, inner, element)},\n" for item in items)
    text = f"[\n{lines}{' ' * indent}]" if items else "[]"
    if isinstance(items, SetValue):
        return f"toset({text})"
    return f"tolist({text})" if isinstance(items, ListValue) else text


def _map(items: dict[str, Value], indent: int) -> str:
    element = items.element if isinstance(items, MapValue) else ANY
    inner = indent + _STEP
    lines = "".join(
        f"{' ' * inner}{expression_text(key, inner)} = "
        f"{expression_text(items[key], inner, element)}\n"
        for key in sorted(items)
    )
    text = f"{{\n{lines}{' ' * indent}}}" if items else "{}"
    return f"tomap({text})" if isinstance(items, MapValue) else text


def _heredoc(text: str, indent: int) -> str:
    """Text of several lines; control characters in it are shown, as a terminal would obey them."""
    lines = visible(text).split("\n")
    marker = "EOT"
    while any(line.strip() == marker for line in lines):
        marker += "_"
    if indent == 0:
        return "\n".join([f"<<{marker}", *lines, marker])
    pad = " " * indent
    return "\n".join([f"<<-{marker}", *(f"{pad}{line}" for line in lines), f"{pad}{marker}"])


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code <= _LAST_OF_ONE_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _LAST_OF_TWO else f"\\U{code:08x}"


def type_text(wanted: Type, indent: int = 0) -> str:
    """A type as the console's function `type` gives it: an attribute or item in a line."""
    inner = indent + _TYPE_STEP
    pad, end = " " * inner, " " * indent
    if wanted.kind == "any":
        return "dynamic"
    if wanted.kind == "object":
        lines = "".join(
            f"{pad}{name}: {type_text(item.type, inner)},\n"
            for name, item in sorted(wanted.attributes.items())
        )
        return f"object({{\n{lines}{end}}})" if lines else "object({})"
    if wanted.kind == "tuple":
        lines = "".join(f"{pad}{type_text(item, inner)},\n" for item in wanted.items)
        return f"tuple([\n{lines}{end}])" if lines else "tuple([])"
    if wanted.element is None:
        return wanted.kind
    element = type_text(wanted.element, inner)
    if re.search(r"\n", element):
        return f"{wanted.kind}(\n{pad}{element},\n{end})"
    return f"{wanted.kind}({type_text(wanted.element, indent)})"
