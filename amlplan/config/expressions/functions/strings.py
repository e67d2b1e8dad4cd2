"""Functions of strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions import text
from amlplan.config.expressions.functions.arguments import whole_number
from amlplan.config.expressions.functions.formatting import format_list, format_text
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.functions.regular_expressions import replaced
from amlplan.config.expressions.typed_collections import strings
from amlplan.config.expressions.types import ANY, NUMBER, STRING, STRINGS

if TYPE_CHECKING:
    from amlplan.config.expressions.numbers import Number
    from amlplan.values import Value

_STRING: Final = Parameter("string", STRING)
_VALUES: Final = Parameter("values", ANY, allows_null=True)
_INDENT_LIMIT: Final = 1000
# White_Space of Unicode, which str.strip() goes beyond.
_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)


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
    return strings(text.split(separator) if separator else list(text))


def _replace(string: str, what: str, replacement: str) -> Value:
    """Replace a text, or what a regular expression between slashes matches."""
    if len(what) < 2 or not (what.startswith("/") and what.endswith("/")):  # noqa: PLR2004
        return string.replace(what, replacement)
    return replaced(string, what[1:-1], replacement)


def _substr(string: str, offset: Number, length: Number) -> Value:
    """Take characters from an offset, which counts from the end where it is negative.

    All that follows is taken with a negative length, and with 0 behind a negative offset.
    """
    begin, count = whole_number(offset, 1), whole_number(length, 2)
    found = text.characters(string)
    takes_all = count < 0 or (begin < 0 and count == 0)
    if begin < 0:
        begin = max(len(found) + begin, 0)
    return "".join(found[begin:] if takes_all else found[begin : begin + count])


def _trimmed(string: str, cutset: str) -> Value:
    return string.strip(cutset) if cutset else string


def _indented(spaces: Number, string: str) -> Value:
    count = whole_number(spaces, 0)
    if not 0 <= count <= _INDENT_LIMIT:
        raise FunctionFailure(f"the number of spaces must lie between 0 and {_INDENT_LIMIT}.", 0)
    return string.replace("\n", f"\n{' ' * count}")


def _reversed(string: str) -> Value:
    return "".join(reversed(text.characters(string)))


def _contains(string: str, part: str) -> Value:
    return part in string


def _without_line_ends(string: str) -> Value:
    return string.rstrip("\r\n")


def _without_space(string: str) -> Value:
    return string.strip(_SPACE)


STRING_FUNCTIONS: Final = (
    Function("chomp", _without_line_ends, (_STRING,)),
    Function("endswith", str.endswith, (_STRING, Parameter("suffix", STRING))),
    Function("format", format_text, (Parameter("format", STRING),), _VALUES),
    Function("formatlist", format_list, (Parameter("format", STRING),), _VALUES),
    Function("indent", _indented, (Parameter("spaces", NUMBER), _STRING)),
    Function("join", _join, (Parameter("separator", STRING),), Parameter("lists", STRINGS)),
    Function("lower", text.lower, (_STRING,)),
    Function(
        "replace",
        _replace,
        (_STRING, Parameter("substring", STRING), Parameter("replacement", STRING)),
    ),
    Function("split", _split, (Parameter("separator", STRING), _STRING)),
    Function("startswith", str.startswith, (_STRING, Parameter("prefix", STRING))),
    Function("strcontains", _contains, (_STRING, Parameter("substring", STRING))),
    Function("strrev", _reversed, (_STRING,)),
    Function(
        "substr", _substr, (_STRING, Parameter("offset", NUMBER), Parameter("length", NUMBER))
    ),
    Function("title", text.titled, (_STRING,)),
    Function("trim", _trimmed, (_STRING, Parameter("cutset", STRING))),
    Function("trimprefix", str.removeprefix, (_STRING, Parameter("prefix", STRING))),
    Function("trimspace", _without_space, (_STRING,)),
    Function("trimsuffix", str.removesuffix, (_STRING, Parameter("suffix", STRING))),
    Function("upper", text.upper, (_STRING,)),
)
