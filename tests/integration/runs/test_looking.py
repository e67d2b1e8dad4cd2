"""`amlplan runs` list, best, compare, show, report, tag, export and gc, and why and impact."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import CommandLine

TRAIN = """
import argparse, amlplan_run
parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
alpha = parser.parse_args().alpha
for step in range(20):
    amlplan_run.log("loss", float("nan") if step == 3 else alpha / (step + 1), step=step)
amlplan_run.log("</script>", alpha)
amlplan_run.tag("kind", "svm")
with amlplan_run.child_run("fold"):
    amlplan_run.log("loss", alpha)
open("outputs/model.txt", "w").write("%s" % alpha)
print("done with", alpha)
"""


@pytest.fixture
def trained(line: CommandLine) -> CommandLine:
    """Two runs, between which a file changed."""
    line.write("train.py", TRAIN)
    line.run("run", "-p", "alpha=0.5", "train.py")
    line.write("more.py", "x = 1\n")
    line.run("run", "-p", "alpha=0.1", "train.py")
    return line


def numbers(line: CommandLine, *options: str) -> list[int | None]:
    return [run["number"] for run in line.json("runs", "list", *options)["runs"]]


def test_runs_are_found_compared_and_handed_on(trained: CommandLine) -> None:
    line = trained
    assert numbers(line, "-where", "metrics.loss < 0.01 and params.alpha = 0.1") == [2]
    assert numbers(line, "-sort=loss") == [2, 1]
    assert numbers(line, "-sort=loss", "-reverse") == [1, 2]
    assert numbers(line, "-reverse", "-tag=kind=svm", "-name=t*", "-since=1d") == [1, 2]
    assert numbers(line, "-tag=kind=tree") == []
    assert len(numbers(line, "-children")) == 4
    shown = line.json("runs", "list", "-columns=number,alpha,</script>", "-limit=1")["runs"][0]
    assert shown["values"] == {"number": 2, "alpha": "0.1", "</script>": 0.1}
    text = line.run("runs", "list", "-columns=number,alpha").out.splitlines()
    assert [row.split() for row in text] == [["number", "alpha"], ["2", "0.1"], ["1", "0.5"]]
    result = line.run("runs", "list", "-where=metrics.los < 1")
    assert 'Did you mean "loss"' in result.err
    assert "No such runs" in result.out
    assert "Unknown name" in line.run("runs", "list", "-where=los < 1", code=10).err

    best = line.json("runs", "best", "-metric=loss", "-goal=maximize", "-aggregate=max")
    assert (best["number"], best["best"]["value"]) == (1, 0.5)
    assert "run 2 of train: loss = 0.005" in line.run("runs", "best", "-metric", "loss").out
    assert 'mean "loss"' in line.run("runs", "best", "-metric=lss", code=1).err

    compared = line.json("runs", "compare", "1", "2")["sections"]
    assert compared["Parameters"]["alpha"] == {"values": ["0.5", "0.1"], "differs": True}
    assert list(compared["Files of the snapshots"]) == ["more.py"]
    assert not compared["Run"]["status"]["differs"]
    told = line.run("runs", "compare", "1", "2", "-plot=loss").out
    assert "more.py" in told
    assert "status" not in told
    assert "+ run 2: 20 values" in told
    assert "at least two" in line.run("runs", "compare", "1", code=1).err

    exported = json.loads(line.run("runs", "export", "1").out)["runs"]
    assert [run["number"] for run in exported] == [1, None]
    assert exported[0]["metrics"]["loss"][3]["value"] == "NaN"
    rows = list(csv.DictReader(io.StringIO(line.run("runs", "export", "-format=csv").out)))
    assert [row["param.alpha"] for row in rows] == ["0.5", "", "0.1", ""]
    line.run("runs", "export", "-format=tensorboard", "-to=logs")
    assert len(list((line.root / "logs").glob("*/events.out.tfevents.*"))) == 4
    assert "needs a folder" in line.run("runs", "export", "-format=tensorboard", code=1).err


def test_runs_are_drawn_reported_tagged_and_cleared_away(trained: CommandLine) -> None:
    line = trained
    assert "step" in line.run("runs", "show", "1", "-plot=loss").out
    series = line.json("runs", "show", "1", "-plot=loss")["series"]["loss"]
    assert [point["value"] for point in series[2:4]] == [pytest.approx(0.5 / 3), "NaN"]
    line.run("runs", "show", "-plot=loss", "-svg=loss.svg")
    assert (line.root / "loss.svg").read_text().startswith("<svg")
    assert 'mean "loss"' in line.run("runs", "show", "-plot=lss", code=1).err
    line.run("runs", "report", "1", "2", "-o", "x.html")
    page = (line.root / "x.html").read_text()
    assert "2 runs compared" in page
    assert "done with 0.1" in page
    assert page.count("</script>") == 1

    assert line.json("runs", "tag", "1", "good=yes", "-remove=kind")["tags"] == {"good": "yes"}
    assert numbers(line, "-tag=good") == [1]
    assert 'mean "good"' in line.run("runs", "tag", "1", "-remove=god", code=1).err

    tree = line.json("why", "run:1")
    assert {branch["relation"] for branch in tree["branches"]} >= {"snapshot"}
    (snapshot,) = [each for each in tree["branches"] if each["relation"] == "snapshot"]
    found = line.json("impact", snapshot["node"])
    assert [each["node"] for each in found["branches"]] == [tree["node"]]
    assert "run 1 of train" in line.run("impact", snapshot["node"]).out
    assert "Nothing is called so" in line.run("why", "model.none", code=1).err

    kept = line.json("runs", "gc", "-keep=1", "-dry-run")
    assert ([run["id"] for run in kept["runs"]], kept["done"]) == ([tree["node"][4:]], False)
    assert "no terminal to ask" in line.run("runs", "gc", "-keep=1", code=1).err
    assert numbers(line) == [2, 1]
    assert "1 run" in line.run("runs", "gc", "-keep=1", "-auto-approve").out
    assert numbers(line) == [2]
    line.run("run", "-p", "alpha=0.3", "train.py")
    assert numbers(line) == [3, 2]
    line.run("runs", "download", "2")
