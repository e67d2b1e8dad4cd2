"""Many `amlplan run` at once into one history: nothing is lost, twice there, or locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import CommandLine

LOG = """
import sys, amlplan_run
for point in range(int(sys.argv[1])):
    amlplan_run.log("point", point * 3, step=point)
"""


@pytest.mark.parametrize(
    ("processes", "points"),
    [(8, 1000), pytest.param(64, 10_000, marks=pytest.mark.slow)],
)
def test_runs_at_once_go_into_one_history(line: CommandLine, processes: int, points: int) -> None:
    line.write("train.py", LOG)
    started = [line.start("run", "train.py", str(points)) for _ in range(processes)]
    for process in started:
        out, err = process.communicate(timeout=900)
        assert process.returncode == 0, out + err
        assert err == ""
    runs = line.json("runs", "list", f"-limit={processes * 2}")["runs"]
    assert sorted(run["number"] for run in runs) == list(range(1, processes + 1))
    assert {run["status"] for run in runs} == {"Completed"}
    for run in runs:
        series = line.history.series(run["id"], "point")
        assert [(point.step, point.value) for point in series] == [
            (step, step * 3) for step in range(points)
        ]
        metric = line.history.run(run["id"]).metrics["point"]
        assert (metric.count, metric.least, metric.greatest) == (points, 0, (points - 1) * 3)
