"""Child runs, files that are kept, inputs, and scripts without amlplan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import amlplan_run
from run_workbench import RUN, Script, events_in

if TYPE_CHECKING:
    from pathlib import Path


def test_a_child_fails_with_what_left_its_block(script: Script) -> None:
    script.run("""
import amlplan_run
try:
    with amlplan_run.child_run():
        raise ValueError("no convergence")
except ValueError:
    pass
child = amlplan_run.child_run("explicit")
child.log("loss", 3)
child.fail("gave up")
child.complete()
grand = amlplan_run.current().child_run().child_run()
grand.complete()
""")
    ends = {
        event["run"]: (event["status"], event["reason"])
        for event in script.events("status")
        if event["status"] != "Running"
    }
    assert ends == {
        f"{RUN}.1": ("Failed", "ValueError: no convergence"),
        f"{RUN}.2": ("Failed", "gave up"),
        f"{RUN}.3.1": ("Completed", None),
    }
    (explicit,) = [event for event in script.events("run") if event["name"] == "explicit"]
    assert (explicit["id"], explicit["parent"], explicit["number"]) == (f"{RUN}.2", RUN, None)


def test_children_of_several_processes_have_different_ids(script: Script) -> None:
    script.run("""
import os, amlplan_run
amlplan_run.current()
for _ in range(4):
    if os.fork() == 0:
        for _ in range(50):
            amlplan_run.child_run().complete()
        os._exit(0)
for _ in range(4):
    os.wait()
""")
    ids = [event["id"] for event in script.events("run")]
    assert sorted(ids) == sorted(f"{RUN}.{number}" for number in range(1, 201))


def test_children_of_threads_and_tasks_do_not_mix(script: Script) -> None:
    script.run("""
import asyncio, amlplan_run
async def fold(number):
    with amlplan_run.child_run(str(number)) as child:
        await asyncio.sleep(0.01 * (number % 3))
        assert amlplan_run.current() is child
        amlplan_run.log("fold", number)
async def main():
    await asyncio.gather(*[fold(number) for number in range(9)])
asyncio.run(main())
""")
    names = {event["id"]: event["name"] for event in script.events("run")}
    logged = {names[event["run"]]: event["value"] for event in script.events("metric")}
    assert logged == {str(number): number for number in range(9)}


FIGURE = """
import amlplan_run

class Figure:
    def savefig(self, path, format):
        open(path, "w").write(format)

class Broken:
    def savefig(self, path, format):
        raise RuntimeError("no renderer")

amlplan_run.log_image("roc curve", figure=Figure())
amlplan_run.log_image("roc curve", figure=Figure())
amlplan_run.log_image("broken", figure=Broken())
amlplan_run.log_image("no figure", figure=5)
open("outside.svg", "w").write("svg")
open("outputs/inside.svg", "w").write("svg")
amlplan_run.log_image("outside", "outside.svg")
amlplan_run.log_image("inside", "outputs/inside.svg")
"""


def test_figures_and_images_are_kept_in_outputs(script: Script) -> None:
    script.run(FIGURE)
    paths = [event["path"] for event in script.events("image")]
    assert paths == [
        "outputs/figures/roc_curve.png",
        "outputs/figures/roc_curve-2.png",
        "outputs/figures/outside.svg",
        "outputs/inside.svg",
    ]
    assert (script.work / paths[0]).read_text() == "png"
    assert (script.work / paths[2]).read_text() == "svg"
    assert len(list((script.work / "outputs/figures").iterdir())) == 3
    told = [event["text"] for event in script.events("error")]
    assert "RuntimeError: no renderer" in told[0]
    assert "savefig" in told[1]


def test_a_figure_of_matplotlib(script: Script) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    script.run("""
import matplotlib
matplotlib.use("Agg")
from matplotlib import pyplot
import amlplan_run
figure, axes = pyplot.subplots()
axes.plot([1, 2])
amlplan_run.log_image("figure", figure=figure)
amlplan_run.log_image("module", figure=pyplot)
""")
    paths = [script.work / event["path"] for event in script.events("image")]
    assert [path.read_bytes()[:4] for path in paths] == [b"\x89PNG"] * 2


def test_artifacts_are_kept_as_they_were(script: Script) -> None:
    script.run("""
import os, amlplan_run
os.makedirs("parts/deep")
open("parts/deep/one", "w").write("1")
open("notes", "w").write("before")
os.symlink("nowhere", "parts/dangling")
open("outputs/model", "w").close()
os.chdir("parts")
amlplan_run.artifact("../notes")
amlplan_run.artifact("../parts", "data/v1")
amlplan_run.artifact("../outputs/model")
amlplan_run.artifact("..")
os.chdir("..")
open("notes", "w").write("after")
assert amlplan_run.current().outputs == os.path.abspath("outputs")
""")
    events = script.events("artifact")
    assert [event["path"] for event in events] == [
        "outputs/notes",
        "outputs/data/v1",
        "outputs/model",
    ]
    assert events[0]["from"] == str(script.work / "notes")
    assert (script.work / "outputs/notes").read_text() == "before"
    assert (script.work / "outputs/data/v1/deep/one").read_text() == "1"
    assert "holds outputs" in script.events("error")[0]["text"]


def test_inputs_are_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLPLAN_INPUT_RAW_DATA_2", "/data/raw")
    assert amlplan_run.input("raw-data.2") == "/data/raw"
    assert amlplan_run.input("other", "data/other") == "data/other"
    with pytest.raises(LookupError, match=r"no input named 'other'\. The inputs.*: raw_data_2"):
        amlplan_run.input("other")


def test_without_amlplan_it_is_printed_and_kept(script: Script) -> None:
    code = """
import amlplan_run
amlplan_run.log("mse", 0.25, step=3)
with amlplan_run.child_run("fold"):
    amlplan_run.log_row("rows", a=1)
"""
    first = script.run(code, alone=True).stdout.splitlines()
    path = script.work / "amlplan-run.jsonl"
    assert first == [
        f"amlplan_run: not started by amlplan, so this is recorded in {path}",
        "amlplan_run: metric mse = 0.25 (step 3)",
        "amlplan_run: run fold",
        "amlplan_run: status Running",
        'amlplan_run: row rows = {"a":1}',
        "amlplan_run: status Completed",
    ]
    script.run(code, alone=True)
    events = events_in(path)
    assert script.files() == []
    assert [event["type"] for event in events] == 2 * ["metric", "run", "status", "row", "status"]
    runs = {event["run"] for event in events if event["type"] == "metric"}
    assert len(runs) == 2
    assert {event["parent"] for event in events if event["type"] == "run"} == runs


@pytest.mark.parametrize("breaking", ["sys.stdout.close()", "sys.stdout = None", "os.close(1)"])
def test_without_amlplan_an_output_that_is_gone_is_no_failure(
    breaking: str, script: Script
) -> None:
    script.run(
        f"import os, sys, amlplan_run\n{breaking}\namlplan_run.log('a', 1)\nos._exit(0)",
        alone=True,
    )
    assert len(events_in(script.work / "amlplan-run.jsonl")) == 1


def test_every_function_of_the_module_is_a_method_of_a_run() -> None:
    functions: set[Any] = set(amlplan_run.__all__) - {"ChildRun", "Run", "current", "input"}
    assert functions <= set(dir(amlplan_run.Run))


def test_a_relative_folder_of_events_survives_a_change_of_folder(
    script: Script, tmp_path: Path
) -> None:
    script.run(
        "import os, amlplan_run; amlplan_run.log('a', 1); os.chdir('/'); amlplan_run.log('b', 2)",
        AMLPLAN_RUN_EVENTS="../events",
    )
    assert script.values() == [("a", 1), ("b", 2)]


def test_parameters_are_recorded_as_text(script: Script) -> None:
    script.run("""
import amlplan_run
amlplan_run.parameter("alpha", 0.1)
with amlplan_run.child_run():
    amlplan_run.parameter("fold", 3)
""")
    told = [(e.get("run"), e["name"], e["value"]) for e in script.events("parameter")]
    assert told == [(None, "alpha", "0.1"), (f"{RUN}.1", "fold", "3")]
