"""The `format` function: verbs as in Terraform."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import ConversionError, as_text, convert
from amlplan.config.expressions.functions.encoding import json_text
from amlplan.config.expressions.functions.function import FunctionFailure
from amlplan.config.expressions.numbers import EXACT
from amlplan.config.expressions.text import characters, length
from amlplan.config.expressions.typed_collections import strings
from amlplan.config.expressions.types import BOOL, NUMBER, STRING

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value

_VERB = re.compile(
    r"%(?P<flags>[-+ 0#]*)(?P<width>\d+)?(?:\.(?P<precision>\d*))?"
    r"(?:\[(?P<position>\d+)\])?(?P<verb>[a-zA-Z%])?"
)
_MAX_WIDTH: Final = 1000
_NUMERIC: Final = "bdoxXeEfgG"


def format_text(pattern: str, *values: Value) -> str:
    """Fill the verbs of a pattern in with the values, which must all be used."""
    used: set[int] = set()
    following = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal following
        verb = match["verb"]
        if verb is None:
            raise FunctionFailure("after % a verb is expected; to mean % itself, write %%.", 0)
        if match[0] == "%%":
            return "%"
        position = int(match["position"]) - 1 if match["position"] else following
        following = position + 1
        if not 0 <= position < len(values):
            raise FunctionFailure(
                f'not enough arguments for "{match[0]}": it uses argument {position + 1}, and '
                f"{len(values)} {'was' if len(values) == 1 else 'were'} given.",
                0,
            )
        used.add(position)
        return _filled(match, values[position], position + 1)

    text = _VERB.sub(fill, pattern)
    if values and (len(values) - 1) not in used:
        raise FunctionFailure("too many arguments; the format uses fewer.", len(values))
    return text


def format_list(pattern: str, *values: Value) -> Value:
    """Format once per element of the lists, which must be of one length; other values repeat."""
    lengths = {
        len(value): position for position, value in enumerate(values, 1) if isinstance(value, list)
    }
    if len(lengths) > 1:
        raise FunctionFailure(
            f"the lists must be of one length, and have {sorted(lengths)} elements.",
            max(lengths.values()),
        )
    count = next(iter(lengths), 1)
    return strings(
        format_text(
            pattern, *(value[index] if isinstance(value, list) else value for value in values)
        )
        for index in range(count)
    )


def _filled(match: re.Match[str], value: Value, position: int) -> str:
    verb, flags = match["verb"], match["flags"]
    width = int(match["width"] or 0)
    precision = int(match["precision"] or 0) if match["precision"] is not None else None
    if width > _MAX_WIDTH or (precision or 0) > _MAX_WIDTH:
        raise FunctionFailure(f"width and precision are at most {_MAX_WIDTH}.", 0)
    write = _VERBS.get(verb)
    if write is None:
        raise FunctionFailure(f'"%{verb}" is no verb. There are {", ".join(_VERBS)}.', 0)
    if value is None and verb != "v":
        raise FunctionFailure(f"null cannot be formatted with %{verb}.", position)
    try:
        text = write(value, flags, precision)
    except ConversionError as failure:
        raise FunctionFailure(f"for %{verb} {failure}.", position) from None
    return text if verb == "t" else _padded(text, flags, width, is_number=verb in _NUMERIC)


def _padded(text: str, flags: str, width: int, *, is_number: bool) -> str:
    missing = width - length(text)
    if "-" in flags:
        return text + " " * missing
    if "0" not in flags:
        return " " * missing + text
    return text.zfill(width) if is_number else "0" * missing + text


def _any(value: Value, flags: str, _precision: int | None) -> str:
    text = None if "#" in flags else as_text(value)
    return json_text(value) if text is None else text


def _cut(text: str, precision: int | None) -> str:
    return "".join(characters(text)[:precision]) if precision else text


def _string(value: Value, _flags: str, precision: int | None) -> str:
    text = str(convert(value, STRING))
    return _cut(text, precision)


def _quoted(value: Value, _flags: str, _precision: int | None) -> str:
    return json_text(convert(value, STRING))


def _bool(value: Value, _flags: str, _precision: int | None) -> str:
    return str(as_text(convert(value, BOOL)))


def _signed(text: str, flags: str) -> str:
    if text.startswith("-"):
        return text
    return f"+{text}" if "+" in flags else (f" {text}" if " " in flags else text)


def _whole(code: str) -> Callable[[Value, str, int | None], str]:
    def write(value: Value, flags: str, precision: int | None) -> str:
        number = convert(value, NUMBER)
        if not isinstance(number, int):
            raise ConversionError("a whole number is required")
        prefix = _PREFIXES.get(code, "") if "#" in flags else ""
        digits = format(abs(number), code).zfill(precision or 0)
        return _signed(f"{'-' * (number < 0)}{prefix}{digits}", flags)

    return write


def _fraction(code: str) -> Callable[[Value, str, int | None], str]:
    def write(value: Value, flags: str, precision: int | None) -> str:
        number = Decimal(str(convert(value, NUMBER)))
        if code in "gG":
            return _signed(_shortest(number, code, precision), flags)
        digits = 6 if precision is None else precision
        if not number and code in "eE":
            return _signed(f"{0:.{digits}f}{code}+00", flags)
        return _signed(_exponent(format(number, f".{digits}{code}")), flags)

    return write


def _shortest(number: Decimal, code: str, precision: int | None) -> str:
    """Give the fewest digits, with an exponent for large and small numbers."""
    digits = number.normalize(EXACT if precision is None else Context(prec=max(precision, 1)))
    limit = 6 if precision is None else min(precision or 1, max(len(digits.as_tuple().digits), 1))
    if precision is not None and digits.adjusted() < precision:
        limit = precision
    if -5 < digits.adjusted() < limit or not digits:  # noqa: PLR2004 - the bounds of Go's %g
        return format(digits, "f")
    return _exponent(format(digits, "e" if code == "g" else "E"))


def _exponent(text: str) -> str:
    """Write an exponent with two digits at least, as Go does."""
    return re.sub(r"([eE][+-])(\d)\Z", r"\g<1>0\2", text)


_PREFIXES: Final = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}
_VERBS: Final[dict[str, Callable[[Value, str, int | None], str]]] = {
    "v": _any,
    "s": _string,
    "q": _quoted,
    "t": _bool,
    "d": _whole("d"),
    "b": _whole("b"),
    "o": _whole("o"),
    "x": _whole("x"),
    "X": _whole("X"),
    "f": _fraction("f"),
    "e": _fraction("e"),
    "E": _fraction("E"),
    "g": _fraction("g"),
    "G": _fraction("G"),
}
