"""Values of user code as JSON: numbers of any library, NaN, and text of any kind.

Nothing is imported to know a value: arrays and scalars are recognised by what they can do.
"""

import math
from json import JSONEncoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

LONGEST_LINE = 1024 * 1024
"""Bytes that an event may have."""

_SHOWN = 400
encode = JSONEncoder(allow_nan=False, separators=(",", ":")).encode
"""JSON on one line, in ASCII: any text survives, a lone surrogate too."""


class UnfitError(Exception):
    """A value cannot be recorded; the text says why and what to do."""


def special_of(number: float) -> str:
    """The word for a number that JSON has no literal for."""
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def metric_value(value: object) -> "Tuple[object, bool]":
    """A metric's value as JSON, and whether it is the word for a number that is not finite."""
    plain = _plain(value)
    if isinstance(plain, float) and not math.isfinite(plain):
        return special_of(plain), True
    if plain is None:
        raise UnfitError("None is no value; log a number, text or a truth value")
    if isinstance(plain, (list, dict)):
        raise UnfitError("it holds several values; use log_list or log_table")
    return plain, False


def is_several(value: object) -> bool:
    """Whether a value is a list or an array, and no scalar."""
    return isinstance(_plain(value), (list, tuple, dict))


def cell(value: object) -> object:
    """A value within a list or table as JSON; numbers that are not finite are marked."""
    plain = _plain(value)
    if isinstance(plain, float) and not math.isfinite(plain):
        return {"special": special_of(plain)}
    if isinstance(plain, (list, tuple)):
        return [cell(item) for item in plain]
    if isinstance(plain, dict):
        return {text(key): cell(item) for key, item in plain.items()}
    return plain


def list_of(values: object) -> "List[object]":
    """The cells of an array, a series or anything that can be iterated over."""
    plain = _plain(values)
    if isinstance(plain, (list, tuple)):
        return [cell(item) for item in plain]
    if isinstance(plain, (str, int, float)) or plain is None:
        return [cell(plain)]
    return [cell(item) for item in plain]  # type: ignore[attr-defined]


def table_of(columns: object) -> "Dict[str, List[object]]":
    """The columns of a mapping or of a data frame."""
    if not isinstance(columns, dict) and hasattr(columns, "to_dict"):
        columns = columns.to_dict("list")
    items = dict(columns)  # type: ignore[call-overload]
    return {text(name): list_of(values) for name, values in items.items()}


def text(value: object) -> str:
    """A name or a tag as text."""
    return str(value)


def step(value: object) -> "Optional[int]":
    """A step as an integer."""
    if value is None or type(value) is int:
        return value
    taken = _plain(value)
    if isinstance(taken, (int, float)) and taken == int(taken):
        return int(taken)
    raise UnfitError("a step is a whole number or None, and this is %.100r" % (value,))


def shown(event: "Dict[str, object]") -> str:
    """An event in one line, for people."""
    name = event.get("name") or event.get("path") or event.get("status") or event.get("text") or ""
    value = event.get("value", event.get("values", event.get("reason")))
    line = "%s %s" % (event["type"], name)
    if value is not None:
        line += " = %s" % (value if isinstance(value, (str, int, float)) else encode(value))
    if event.get("step") is not None:
        line += " (step %s)" % event["step"]
    line = line if len(line) <= _SHOWN else line[:_SHOWN] + "..."
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


def _plain(value: object) -> object:
    """What JSON can hold of a value, without looking into containers."""
    kind = type(value)
    if kind is float or kind is int or kind is str or kind is bool or value is None:
        return value
    if isinstance(value, (bool, list, tuple, dict)):
        return value
    if isinstance(value, float):  # a subclass, as numpy's float64
        return float.__pos__(value)
    if isinstance(value, int):  # as an IntEnum
        return int.__pos__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (set, frozenset, range)) or hasattr(value, "__next__"):
        return list(value)  # type: ignore[call-overload]
    return _from_library(value)


def _from_library(value: object) -> object:
    """A scalar or an array of numpy, torch, pandas and the like; others are asked for a number."""
    for way in ("item", "tolist"):
        take = getattr(value, way, None)
        if take is None:
            continue
        try:
            taken = take()
        except Exception:  # noqa: BLE001, S112 - item() of an array with several values
            continue
        if type(taken) is not type(value):
            return _plain(taken)
    if hasattr(type(value), "__float__"):
        return float(value)  # type: ignore[arg-type]
    if hasattr(type(value), "__iter__") and not isinstance(value, (bytes, bytearray)):
        return list(value)  # type: ignore[call-overload]
    return str(value)
