"""Lines of an event file as rows of tables; what is no event is counted and left out."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.history import NEXT
from amlplan_state.runs.layout import EDGES
from amlplan_state.runs.texts import REMOVED, key_of, stored

if TYPE_CHECKING:
    from collections.abc import Callable

Row = tuple[Any, ...]
Event = dict[str, Any]

_RECORDS = frozenset({"list", "row", "table", "image", "artifact", "model", "error"})
_INTEGERS = 2**63
_EXACT = 2**53
"""Up to there a number in double precision is the integer itself."""
_LONGEST_ID = 600
_WORDS = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(slots=True)
class Part:
    """What some lines of one file say, from offset `start` to `end`.

    Each row begins with the id of its run, offset, time and moment; edges belong to no run. A
    moment is the latest time up to there in the file: it never runs backwards, as a clock may.
    `clock` is the moment at the end; `collected` has the runs whose outputs are told whole.
    """

    file: str
    run: str
    start: int
    end: int
    clock: float
    events: int = 0
    skipped: int = 0
    runs: list[Row] = field(default_factory=list)
    metrics: list[Row] = field(default_factory=list)
    records: list[Row] = field(default_factory=list)
    statuses: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    properties: list[Row] = field(default_factory=list)
    parameters: list[Row] = field(default_factory=list)
    outputs: list[Row] = field(default_factory=list)
    collected: set[str] = field(default_factory=set)
    edges: list[Row] = field(default_factory=list)


def parse(file: str, start: int, data: bytes, clock: float) -> Part:
    """The part of a file that these whole lines are; `clock` is the moment before them."""
    part = Part(file, file.partition("/")[0], start, start + len(data), clock)
    offset = start
    for line in data.split(b"\n")[:-1]:
        try:
            _take(part, offset, line)
            part.events += 1
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            part.skipped += 1
        offset += len(line) + 1
    return part


def _take(part: Part, offset: int, line: bytes) -> None:
    """Add the row of a line; whatever is not as it should be raises one of parse's exceptions."""
    event = _decode(line.decode())
    kind, time, run = event["type"], event["t"], event.get("run", part.run)
    if type(time) is not float or not math.isfinite(time):
        time = _seconds(time)
    part.clock = max(part.clock, time)
    if run != part.run and not _is_child(run, part.run):
        raise ValueError
    if kind == "metric":
        name, step = event["name"], event.get("step")
        if type(step) is not int or not -_INTEGERS <= step < _INTEGERS:
            step = None
        row = _value(event["value"], special=event.get("special") is True)
        part.metrics.append((run, offset, time, part.clock, stored(name), step, *row))
    else:
        _TAKERS[kind](part, (run, offset, time, part.clock), event)


def _seconds(value: object) -> float:
    if type(value) is not int:
        raise ValueError
    return float(value)


def _is_child(run: str, root: str) -> bool:
    return (
        run.startswith(root + ".") and len(run) <= _LONGEST_ID and run.isascii() and "\0" not in run
    )


def _decode(text: str) -> Event:
    event: Event
    event, end = _scan(text, 0)
    if end != len(text):
        raise ValueError
    return event


def _refuse(word: str) -> None:
    raise ValueError(word)


_scan = json.JSONDecoder(parse_constant=_refuse).raw_decode


def _value(value: object, *, special: bool) -> Row:
    """Kind, value as a number, and text of a metric."""
    if type(value) is float:
        return "number", value, None
    if type(value) is int:
        if -_EXACT <= value <= _EXACT:
            return "integer", value, None
        return "integer", _nearest(value), str(value)
    if type(value) is bool:
        return "bool", int(value), None
    if type(value) is str:
        return ("special", _WORDS[value], value) if special else ("text", None, stored(value))
    raise ValueError


def _nearest(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _take_run(part: Part, head: Row, event: Event) -> None:
    definition = event.get("definition")
    number = event.get("number")
    part.runs.append(
        (
            *head,
            number if type(number) is int and 0 < number < _INTEGERS else None,
            _key(event.get("history")),
            *(_text(event.get(field)) for field in ("name", "workspace")),
            _key(event.get("parent")),
            json.dumps(definition if isinstance(definition, dict) else {}),
            *(_text(event.get(field)) for field in ("by", "host")),
        )
    )


def _take_status(part: Part, head: Row, event: Event) -> None:
    status, code, attempt = event["status"], event.get("exit_code"), event.get("attempt")
    if status not in NEXT:
        raise ValueError
    part.statuses.append(
        (
            *head,
            status,
            _text(event.get("reason")),
            code if type(code) is int and abs(code) < _INTEGERS else None,
            attempt if type(attempt) is int and abs(attempt) < _INTEGERS else 1,
        )
    )


def _take_tag(part: Part, head: Row, event: Event) -> None:
    value = REMOVED if event.get("removed") is True else _text(event.get("value"))
    part.tags.append((*head, stored(event["name"]), value))


def _take_property(part: Part, head: Row, event: Event) -> None:
    part.properties.append((*head, stored(event["name"]), stored(event["value"])))


def _take_parameter(part: Part, head: Row, event: Event) -> None:
    part.parameters.append((*head, stored(event["name"]), stored(event["value"])))


def _take_outputs(part: Part, head: Row, event: Event) -> None:
    sizes = event.get("sizes", {})
    rows = [
        (*head, stored(path), stored(digest), _size(sizes.get(path)), None)
        for path, digest in event["files"].items()
    ]
    for path, why in event.get("left_out", {}).items():
        rows.append((*head, stored(path), None, None, stored(why)))
    part.outputs += rows
    if not event.get("more"):
        part.collected.add(head[0])


def _take_record(part: Part, head: Row, event: Event) -> None:
    name = event.get("name", "")
    data = {key: value for key, value in event.items() if key not in {"n", "t", "type", "run"}}
    part.records.append((*head, event["type"], stored(name), json.dumps(data)))


def _take_edge(part: Part, head: Row, event: Event) -> None:
    if part.file != EDGES:
        raise ValueError
    ends = (key_of(stored(event[end])) for end in ("source", "relation", "target"))
    part.edges.append((*ends, head[2]))


def _size(value: object) -> int:
    return value if type(value) is int and 0 <= value < _INTEGERS else 0


def _text(value: object) -> str | None:
    return stored(value) if isinstance(value, str) else None


def _key(value: object) -> str | None:
    return key_of(stored(value)) if isinstance(value, str) else None


_TAKERS: dict[str, Callable[[Part, Row, Event], None]] = {
    "run": _take_run,
    "status": _take_status,
    "tag": _take_tag,
    "property": _take_property,
    "parameter": _take_parameter,
    "outputs": _take_outputs,
    "edge": _take_edge,
    **dict.fromkeys(_RECORDS, _take_record),
}
