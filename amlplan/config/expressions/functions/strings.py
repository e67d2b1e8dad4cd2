"""Functions of strings."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.formatting import format_list, format_text
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.types import ANY, NUMBER, STRING, STRINGS

if TYPE_CHECKING:
    from amlplan.config.expressions.numbers import Number
    from amlplan.values import Value

_STRING: Final = Parameter("string", STRING)
_VALUES: Final = Parameter("values", ANY, allows_null=True)
_GROUP = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


def _join(separator: str, *lists: list[str | None]) -> Value:
    if not lists:
        raise FunctionFailure("at least one list is required.")
    texts: list[str] = []
    for position, items in enumerate(lists, start=1):
        for index, item in enumerate(items):
            if item is None:
                raise FunctionFailure(f"element {index} is null, and cannot be joined.", position)
            texts.append(item)
    return separator.join(texts)


def _split(separator: str, text: str) -> Value:
    return list(text.split(separator)) if separator else list(text)


def _replace(text: str, what: str, replacement: str) -> Value:
    """Replace a text, or what a regular expression between slashes matches."""
    if len(what) < 2 or not (what.startswith("/") and what.endswith("/")):  # noqa: PLR2004
        return text.replace(what, replacement)
    try:
        with warnings.catch_warnings(action="ignore"):
            pattern = re.compile(what[1:-1])
    except (re.error, RecursionError, OverflowError) as failure:
        raise FunctionFailure(f"this is no regular expression: {failure}.", 1) from None

    def fill(match: re.Match[str]) -> str:
        return _GROUP.sub(lambda group: _group(match, group), replacement)

    return pattern.sub(fill, text)


def _group(match: re.Match[str], reference: re.Match[str]) -> str:
    """Give what `$1`, `$name` or `${name}` stands for; an unknown group is empty."""
    if reference[0] == "$$":
        return "$"
    name = reference[1] or reference[2]
    try:
        return match[int(name) if name.isdecimal() else name] or ""
    except IndexError:
        return ""


def _substr(text: str, offset: Number, length: Number) -> Value:
    if offset != int(offset) or length != int(length):
        raise FunctionFailure("offset and length must be whole numbers.", 1)
    begin = int(offset)
    if begin < 0:
        begin = max(len(text) + begin, 0)
    return text[begin:] if length < 0 else text[begin : begin + int(length)]


def _title(text: str) -> Value:
    return re.sub(r"(?<!\w)[^\W\d_]", lambda match: match[0].upper(), text)


STRING_FUNCTIONS: Final = (
    Function("endswith", str.endswith, (_STRING, Parameter("suffix", STRING))),
    Function("format", format_text, (Parameter("format", STRING),), _VALUES),
    Function("formatlist", format_list, (Parameter("format", STRING),), _VALUES),
    Function("join", _join, (Parameter("separator", STRING),), Parameter("lists", STRINGS)),
    Function("lower", str.lower, (_STRING,)),
    Function(
        "replace",
        _replace,
        (_STRING, Parameter("substring", STRING), Parameter("replacement", STRING)),
    ),
    Function("split", _split, (Parameter("separator", STRING), _STRING)),
    Function("startswith", str.startswith, (_STRING, Parameter("prefix", STRING))),
    Function(
        "substr", _substr, (_STRING, Parameter("offset", NUMBER), Parameter("length", NUMBER))
    ),
    Function("title", _title, (_STRING,)),
    Function("trimprefix", str.removeprefix, (_STRING, Parameter("prefix", STRING))),
    Function("trimspace", str.strip, (_STRING,)),
    Function("trimsuffix", str.removesuffix, (_STRING, Parameter("suffix", STRING))),
    Function("upper", str.upper, (_STRING,)),
)
