"""A grid under `runs report` and `runs show -plot`: what its members measured is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from command_line import CommandLine

TRAIN = """
import argparse, amlplan_run
parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
alpha = parser.parse_args().alpha
for step in range(3):
    amlplan_run.log("loss", alpha / (step + 1), step=step)
"""


def test_a_grid_is_drawn_and_reported_by_its_members(line: CommandLine) -> None:
    line.write("train.py", TRAIN)
    told = line.json("run", "-p", "alpha=3,6", "-metric=loss", "train.py")
    line.run("runs", "report", told["id"], "-o", "grid.html")
    page = (line.root / "grid.html").read_text()
    assert "(alpha=3)</text>" in page
    assert "(alpha=6)</text>" in page
    best = page.partition('<tr class="differs">')[2].partition("</tr>")[0]
    assert f"<td>{told['best']}</td>" in best
    assert "<td>3</td><td>1</td>" in best

    shown = line.run("runs", "show", told["id"], "-plot=loss").out
    assert "(alpha=3): 3 values, last 1" in shown
    assert "(alpha=6): 3 values, last 2" in shown
    text = line.run("runs", "show", told["id"], "-plot=loss", "-json").out
    series = json.loads(text)["member_series"][told["best"]]["loss"]
    assert [point["value"] for point in series] == [3, 1.5, 1]
    for options in ([], ["-json"]):
        refused = line.run("runs", "show", told["id"], "-plot=lss", *options, code=1)
        assert 'mean "loss"' in refused.err
        assert not refused.out.startswith("{")

    nothing = line.run("runs", "download", told["id"], code=1).err
    assert "those of its members" in nothing
    assert told["best"] in nothing.replace("\n", "")

    assert "Each of its members has one" in line.run("runs", "logs", told["id"], code=1).err

    line.run("runs", "gc", "-keep=1", "-auto-approve")
    left = line.run("runs", "show", told["id"]).out
    assert "cleared away" in left
    assert "not started" not in left
    line.run("runs", "report", told["id"], "-o", "grid.html")
    assert "<td>cleared away</td>" in (line.root / "grid.html").read_text()
