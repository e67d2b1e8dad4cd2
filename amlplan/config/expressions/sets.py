"""Sets: their elements once each, in the order that Terraform walks them in."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.numbers import Number, is_number, number_text
from amlplan.config.expressions.typed_collections import MapValue, SetValue
from amlplan.values import Sensitive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amlplan.config.expressions.types import Type
    from amlplan.values import Value

_WORDS: Final = {None: "null", True: "T", False: "F"}


def set_of(items: Iterable[Value], element: Type) -> SetValue:
    """Give the set of the items, which are of the type `element` already and wholly known.

    Strings stand in the order of their characters, numbers by size, false before true, all else
    by its text; null is last.
    """
    unique = list({distinct_key(item): item for item in items}.values())
    return SetValue(sorted(unique, key=_order), element)


def distinct_key(value: Value) -> str:
    """Give a text that two values of one type share exactly when they are equal."""
    return _key(value, number_text)


def _key(value: Value, number: Callable[[Number], str]) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int | Decimal):
        return number(value)
    if isinstance(value, list):
        return f"[{''.join(f'{_key(item, number)};' for item in value)}]"
    if isinstance(value, dict):
        pairs = (f"{_key(name, number)}={_key(value[name], number)};" for name in sorted(value))
        return f"{{{''.join(pairs)}}}" if isinstance(value, MapValue) else f"<{''.join(pairs)}>"
    return _key(value.value, number) if isinstance(value, Sensitive) else repr(value)


def _rounded(number: Number) -> str:
    try:
        return f"{float(number):.10g}"
    except OverflowError:
        return f"{Decimal(number):.9e}"


def _order(value: Value) -> tuple[bool, Decimal, str]:
    if is_number(value):
        return False, Decimal(str(value)), ""
    text = value if isinstance(value, str) else _key(value, _rounded)
    return value is None, Decimal(0), text
