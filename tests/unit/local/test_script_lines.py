from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from amlplan_local.script_lines import LONGEST_LINE, NotAnEventError, encoded, event_of
from amlplan_state.runs.events import parse

RUN = "digits_17_0a1b2c3d"


def taken(told: object) -> dict[str, Any]:
    line = told if isinstance(told, bytes) else json.dumps(told).encode()
    event = event_of(line, RUN, "/runs/work")
    assert isinstance(event["t"], float)
    return {name: value for name, value in event.items() if name != "t"}


@pytest.mark.parametrize(
    ("told", "event"),
    [
        (
            {"metric": "loss", "value": 0.3, "step": 1},
            {"type": "metric", "name": "loss", "value": 0.3, "step": 1},
        ),
        (
            {"type": "metric", "name": "loss", "value": 2},
            {"type": "metric", "name": "loss", "value": 2},
        ),
        (
            {"metric": "loss", "value": 1, "step": 2.0},
            {"type": "metric", "name": "loss", "value": 1, "step": 2},
        ),
        (
            b'{"metric": "loss", "value": NaN}',
            {"type": "metric", "name": "loss", "value": "NaN", "special": True},
        ),
        (
            {"metric": "loss", "value": "Infinity"},
            {"type": "metric", "name": "loss", "value": "Infinity", "special": True},
        ),
        (
            {"metric": "loss", "value": "NaN", "special": False},
            {"type": "metric", "name": "loss", "value": "NaN", "special": False},
        ),
        (
            b'{"metric": "loss", "value": -1e999}',
            {"type": "metric", "name": "loss", "value": "-Infinity", "special": True},
        ),
        (
            {"parameter": "alpha", "value": 0.5},
            {"type": "parameter", "name": "alpha", "value": "0.5"},
        ),
        ({"tag": "kind", "value": True}, {"type": "tag", "name": "kind", "value": "true"}),
        ({"tag": "kind", "value": None}, {"type": "tag", "name": "kind", "value": None}),
        ({"property": "cut", "value": "x"}, {"type": "property", "name": "cut", "value": "x"}),
        (
            {"list": "weights", "values": [1, 2]},
            {"type": "list", "name": "weights", "values": [1, 2]},
        ),
        (
            {"row": "folds", "values": {"a": 1}},
            {"type": "row", "name": "folds", "values": {"a": 1}},
        ),
        (
            {"table": "all", "values": {"a": [1], "b": ["x"]}},
            {"type": "table", "name": "all", "values": {"a": [1], "b": ["x"]}},
        ),
        (
            {"artifact": "outputs/model"},
            {"type": "artifact", "name": "outputs/model", "path": "outputs/model"},
        ),
        (
            {"artifact": "model", "path": "/runs/work/m.bin"},
            {"type": "artifact", "name": "model", "path": "m.bin"},
        ),
        ({"image": "roc", "path": "roc.png"}, {"type": "image", "name": "roc", "path": "roc.png"}),
        ({"error": "it broke"}, {"type": "error", "text": "it broke"}),
        (
            {"metric": "loss", "value": 1, "run": f"{RUN}.1"},
            {"type": "metric", "name": "loss", "value": 1, "run": f"{RUN}.1"},
        ),
        (
            {"type": "status", "status": "Completed", "run": f"{RUN}.1"},
            {"type": "status", "status": "Completed", "run": f"{RUN}.1"},
        ),
    ],
)
def test_a_line_stands_for_an_event(told: object, event: dict[str, Any]) -> None:
    assert taken(told) == event


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "no JSON object"),
        (b'{"metric": "x", "value": ' + b"9" * 5000 + b"}", "no JSON"),
        (b"x" * (LONGEST_LINE + 1), "longer than"),
        ({}, "one of these is needed: metric, parameter"),
        ({"metric": "a", "tag": "b", "value": 1}, "one of these is needed"),
        ({"type": "status", "status": "Completed"}, "type is none of these"),
        ({"type": "outputs", "files": {}}, "type is none of these"),
        ({"type": ["metric"]}, "type is none of these"),
        ({"metric": "loss", "value": 1, "epoch": 3}, "metric has no field 'epoch'"),
        ({"metric": "loss"}, "metric needs value"),
        ({"metric": 3, "value": 1}, "name is no text"),
        ({"metric": "loss", "value": [1]}, "no number, text or truth value"),
        ({"metric": "loss", "value": {}}, "no number, text or truth value"),
        ({"metric": "loss", "value": None}, "no number, text or truth value"),
        ({"metric": "loss", "value": "x", "special": True}, "a special value is one of these"),
        ({"metric": "loss", "value": 1, "step": 1.5}, "step is no whole number"),
        ({"metric": "loss", "value": 1, "t": 1.7e12}, "no unix time"),
        ({"metric": "loss", "value": 1, "run": "another.1"}, "no child of this run"),
        ({"parameter": "a", "value": None}, "value is null"),
        ({"tag": "a", "value": [1]}, "several values"),
        ({"list": "a", "values": {}}, "no list"),
        ({"row": "a", "values": []}, "no object"),
        ({"table": "a", "values": {"b": 1}}, "no list"),
        ({"artifact": ""}, "no path"),
        ({"error": 1}, "no text"),
    ],
)
def test_garbage_is_refused_with_a_reason(told: object, why: str) -> None:
    with pytest.raises(NotAnEventError, match=why):
        taken(told)


def test_a_time_that_a_line_tells_is_kept() -> None:
    assert event_of(b'{"metric": "a", "value": 1, "t": 1700000000}', RUN, "")["t"] == 1.7e9


def test_history_takes_every_event_and_no_number_breaks_its_line() -> None:
    lines = [
        b'{"metric": "loss", "value": Infinity}',
        b'{"row": "r", "values": {"a": NaN, "b": [-Infinity]}}',
        b'{"tag": "\\ud800", "value": "x"}',
        b'{"artifact": "a", "path": "b"}',
    ]
    events = [encoded({"n": n, **event_of(line, RUN, "")}) for n, line in enumerate(lines)]
    part = parse(f"{RUN}/x.jsonl", 0, b"".join(events), 0.0)
    assert (part.events, part.skipped) == (4, 0)
    assert json.loads(events[1])["values"] == {
        "a": {"special": "NaN"},
        "b": [{"special": "-Infinity"}],
    }


def test_the_lines_that_the_documentation_shows_are_taken() -> None:
    page = (Path(__file__).parents[3] / "docs" / "runs.md").read_text()
    rows = re.findall(r"^\| `(\{.*?\})` \|", page, re.MULTILINE)
    printed = re.findall(r"^echo '(?:::amlplan::)?(\{.*\})'", page, re.MULTILINE)
    kinds = [taken(line.encode())["type"] for line in (*rows, *printed)]
    assert len(printed) == 2
    assert {"metric", "parameter", "tag", "property", "list", "row", "table"} <= set(kinds)
    assert {"image", "artifact", "error"} <= set(kinds)
