"""Lines of JSON that a script of any language records with, as events.

A line is an event, as in `{"type": "metric", "name": "loss", "value": 0.3}`, or shorter, its type
being the name of the field that names it: `{"metric": "loss", "value": 0.3, "step": 1}`.
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_LINE = 512 * 1024
"""Bytes that a line may have, so that its event fits a line of 1 MiB."""
_OF_ALL = frozenset({"type", "t", "run", "name"})
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "metric": ("value", "step", "special"),
    "parameter": ("value",),
    "tag": ("value",),
    "property": ("value",),
    "list": ("values",),
    "row": ("values",),
    "table": ("values",),
    "image": ("path",),
    "artifact": ("path",),
    "error": ("text",),
}
"""The fields of each type, beside its name; the first is needed."""
_OF_CHILDREN = frozenset({"run", "status"})
"""What only a child of the run may say of itself."""
_WORDS = ("NaN", "Infinity", "-Infinity")
_LATEST = 1e11
"""Seconds; a time in milliseconds is a mistake, and would come last in every order."""
_SHOWN = 80
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class NotAnEventError(ValueError):
    """A line records nothing; the text says why."""


def event_of(line: bytes, run_id: str, work: str) -> dict[str, Any]:
    """The event that a line of the run's script stands for; raises NotAnEventError.

    It has the time `t`, that of now where the line tells none. Paths in the working folder `work`
    are relative to it.
    """
    told = _object(line)
    kind = told.get("type")
    if "run" in told:
        _check_child(told["run"], run_id)
        if kind in _OF_CHILDREN:
            return {"t": time.time(), **told}
    fields = _spelled_out(told) if kind is None else dict(told)
    _check_fields(fields)
    _CHECKS[fields["type"]](fields)
    if isinstance(fields.get("path"), str):
        fields["path"] = fields["path"].removeprefix(f"{work}/")
    moment = fields.pop("t", None)
    return {"type": fields.pop("type"), "t": _moment(moment), **fields}


def encoded(event: Mapping[str, Any]) -> bytes:
    """An event as a line of an event file; numbers that are not finite are marked."""
    try:
        return _encode(event).encode() + b"\n"
    except ValueError:
        marked = {name: _marked(value) for name, value in event.items()}
        return _encode(marked).encode() + b"\n"


def shown(line: bytes) -> str:
    """A line as a complaint about it shows it."""
    return repr(line[:_SHOWN].decode(errors="replace")) + ("…" if len(line) > _SHOWN else "")


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise NotAnEventError(f"it is longer than {LONGEST_LINE} bytes")
    try:
        told = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise NotAnEventError("it is no JSON") from None
    if not isinstance(told, dict):
        raise NotAnEventError("it is no JSON object")
    return told


def _spelled_out(told: Mapping[str, Any]) -> dict[str, Any]:
    kinds = [name for name in told if name in _FIELDS]
    if len(kinds) != 1:
        raise NotAnEventError(f"one of these is needed: {', '.join(_FIELDS)}")
    kind = kinds[0]
    rest = {name: value for name, value in told.items() if name != kind}
    if kind == "error":
        return {"type": kind, **rest, "text": told[kind]}
    if kind == "artifact":
        rest.setdefault("path", told[kind])
    return {"type": kind, **rest, "name": told[kind]}


def _check_child(run: object, run_id: str) -> None:
    if not isinstance(run, str) or not run.startswith(f"{run_id}."):
        raise NotAnEventError("run is no child of this run")


def _check_fields(fields: Mapping[str, Any]) -> None:
    kind = fields["type"]
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise NotAnEventError(f"type is none of these: {', '.join(_FIELDS)}")
    known = _FIELDS[kind]
    odd = [name for name in fields if name not in known and name not in _OF_ALL]
    if odd:
        raise NotAnEventError(f"{kind} has no field {odd[0][:_SHOWN]!r}")
    if known[0] not in fields:
        raise NotAnEventError(f"{kind} needs {known[0]}")
    if kind != "error" and not isinstance(fields.get("name"), str):
        raise NotAnEventError("its name is no text")


def _check_metric(fields: dict[str, Any]) -> None:
    value = fields["value"]
    if isinstance(value, float) and not math.isfinite(value):
        fields["value"], fields["special"] = _word(value), True
    elif value in _WORDS and fields.get("special") is None:  # few languages have it in JSON
        fields["special"] = True
    elif not isinstance(value, str | int | float):  # a truth value is an int
        raise NotAnEventError("value is no number, text or truth value")
    elif fields.get("special") not in (None, False) and value not in _WORDS:
        raise NotAnEventError(f"a special value is one of these: {', '.join(_WORDS)}")
    step = fields.get("step")
    if isinstance(step, float) and step.is_integer():
        fields["step"] = int(step)
    elif step is not None and type(step) is not int:
        raise NotAnEventError("step is no whole number")


def _check_text(fields: dict[str, Any]) -> None:
    """Make the value text, as languages without types give it; null unsets a tag."""
    value = fields["value"]
    if isinstance(value, dict | list):
        raise NotAnEventError("value holds several values")
    if value is None and fields["type"] != "tag":
        raise NotAnEventError("value is null")
    if value is not None and not isinstance(value, str):
        fields["value"] = json.dumps(value)


def _check_list(fields: dict[str, Any]) -> None:
    if not isinstance(fields["values"], list):
        raise NotAnEventError("values is no list")


def _check_row(fields: dict[str, Any]) -> None:
    if not isinstance(fields["values"], dict):
        raise NotAnEventError("values is no object of columns")


def _check_table(fields: dict[str, Any]) -> None:
    _check_row(fields)
    if not all(isinstance(column, list) for column in fields["values"].values()):
        raise NotAnEventError("a column of values is no list")


def _check_path(fields: dict[str, Any]) -> None:
    if not isinstance(fields["path"], str) or not fields["path"] or "\0" in fields["path"]:
        raise NotAnEventError("path is no path")


def _check_error(fields: dict[str, Any]) -> None:
    if not isinstance(fields["text"], str):
        raise NotAnEventError("its text is no text")


_CHECKS = {
    "metric": _check_metric,
    "parameter": _check_text,
    "tag": _check_text,
    "property": _check_text,
    "list": _check_list,
    "row": _check_row,
    "table": _check_table,
    "image": _check_path,
    "artifact": _check_path,
    "error": _check_error,
}


def _moment(told: object) -> float:
    """The time that a line tells, where it is one."""
    if told is None:
        return time.time()
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told < _LATEST:
        raise NotAnEventError("t is no unix time in seconds")
    return float(told)


def _marked(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return {"special": _word(value)}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, dict):
        return {name: _marked(item) for name, item in value.items()}
    return value


def _word(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"
