"""The `csvdecode` function: RFC 4180, as strict as Terraform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.text import composed
from amlplan.config.expressions.typed_collections import ListValue
from amlplan.config.expressions.types import STRING, ObjectAttribute, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.values import Value

_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|\Z)')


def _records(text: str) -> Iterator[list[str]]:
    """Give the fields of each line that is not empty."""
    position = 0
    while position < len(text):
        if text[position] == "\n":
            position += 1
            continue
        fields: list[str] = []
        separator = ","
        while separator == ",":
            field = _FIELD.match(text, position)
            if field is None:
                line = text.count("\n", 0, position) + 1
                raise FunctionFailure(
                    f"this is not CSV: line {line} has a quote in the middle of a field, or one "
                    "that is not closed.",
                    0,
                )
            quoted, bare, separator = field.groups()
            fields.append(bare if quoted is None else quoted.replace('""', '"'))
            position = field.end()
        yield fields


def _csvdecode(text: str) -> Value:
    """Give an object per line, whose attributes have the names of the first line."""
    records = _records(text.replace("\r\n", "\n").removesuffix("\r"))
    names = [composed(name) for name in next(records, [])]
    if not names:
        raise FunctionFailure("the first line must have the names of the columns.", 0)
    if len(set(names)) < len(names):
        raise FunctionFailure("two columns have one name.", 0)
    rows: list[Value] = []
    for number, fields in enumerate(records, start=1):
        if len(fields) != len(names):
            raise FunctionFailure(
                f"row {number} has {len(fields)} fields, and the first line {len(names)}.", 0
            )
        rows.append(dict(zip(names, map(composed, fields), strict=True)))
    attributes = {name: ObjectAttribute(STRING) for name in names}
    return ListValue(rows, Type("object", attributes=attributes))


CSV: Final = (Function("csvdecode", _csvdecode, (Parameter("string", STRING),)),)
