from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from amlplan.cli.style import rendered
from amlplan.cli.text.run_json import run_json
from amlplan.cli.text.runs import MANY, duration_text, run_text, size_text
from amlplan.cli.text.runs import ending_text as marked_ending
from amlplan.history import Metric, OutputFile, Point, RunDetail, RunSummary

SUMMARY = RunSummary("r_1", 1, "r", "t.py", "Completed", 0.0, 10.0, 12.5, 0)


def detail(**values: Any) -> RunDetail:
    empty: dict[str, Any] = {
        name: {} for name in ("definition", "metrics", "tags", "properties", "outputs", "left_out")
    }
    given = {"statuses": [], "children": [], "summary": SUMMARY, "workspace": "w", **empty}
    return RunDetail(**given | values)


def ending_text(run: RunDetail) -> str:
    return rendered(marked_ending(run), colours=False)


def metric(value: Any) -> Metric:
    return Metric(1, Point(value, None, 0.0))


def test_the_ending_is_short_whatever_was_measured() -> None:
    metrics = {f"m{number:04d}": metric(number) for number in range(1000)}
    lines = ending_text(detail(metrics=metrics)).splitlines()
    assert lines[0] == "run 1 of r: Completed after 2.5s"
    assert lines[1] == "  m0000 = 0"
    assert lines[-1] == "  … and 980 more (see: amlplan runs show r_1)"
    assert len(lines) == 1 + MANY + 1


def test_the_ending_tells_what_was_kept() -> None:
    files = {"a": OutputFile("a", "sha256:0", 1)}
    text = ending_text(detail(outputs=files, left_out={"b": "too large"}))
    assert "  1 output kept\n" in text
    assert "  1 not kept (see: amlplan runs show r_1)" in text


def test_a_run_that_never_ran_took_no_time() -> None:
    summary = RunSummary("r_1", 1, "r", "t.py", "Failed", 0.0, reason="no\x1b[31m room")
    text = ending_text(detail(summary=summary))
    assert text.startswith("run 1 of r: Failed (no")
    assert "after" not in text
    assert "\x1b" not in text


def test_names_and_values_of_a_script_stay_on_their_line() -> None:
    long = "b" * 99_999
    run = detail(
        tags={"a\nstatus  Failed": "x\ty", "b": long},
        metrics={"m\x1b[31m\n": metric("one\ntwo")},
        outputs={"o\n": OutputFile("o\n", "sha256:0", 1)},
        summary=replace(SUMMARY, name="t\x1b[31m\n.py"),
    )
    text = rendered(run_text(run), colours=False)
    lines = text.splitlines()
    assert lines[0] == r"# run 1 of r (t\x1b[31m\n.py)"
    assert r"  a\nstatus  Failed  x\ty" in lines
    assert r"  m\x1b[31m\n  one\ntwo" in lines
    assert max(map(len, lines)) < 300
    assert r"  m\x1b[31m\n = one\ntwo" in ending_text(run).splitlines()


def test_the_parameters_of_a_run_are_shown() -> None:
    text = rendered(run_text(detail(parameters={"alpha": "0.5"})), colours=False)
    assert "\nParameters\n  alpha  0.5" in text


def test_the_inputs_of_a_run_are_shown() -> None:
    item = {"path": "/data/x", "digest": "sha256:" + "0" * 64, "size": 2048}
    text = rendered(run_text(detail(definition={"inputs": {"images": item}})), colours=False)
    assert "  images  /data/x (2.0 KiB, sha256:000000000000)" in text.splitlines()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_has_no_number_that_json_lacks(value: float) -> None:
    series = Metric(2, Point(value, None, 0.0), value, value)
    json.loads(json.dumps(run_json(detail(metrics={"m": series})), allow_nan=False))


def test_names_from_scripts_cannot_steer_a_terminal() -> None:
    odd = detail(tags={"\x1b]0;x\x07": "\x1b[2J"}, metrics={"\x1b[1m": metric("\x1b[0m")})
    assert "\x1b" not in run_text(odd)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.04, "0.0s"), (59.94, "59.9s"), (61, "1m01s"), (3661, "1h01m")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024**4, "5.0 TiB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text
