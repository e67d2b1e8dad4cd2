"""Data of datastores, lines before a script, notebooks, and targets that are asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import CommandLine

STORE = """
datastore "local" "raw" {
  path              = "store"
  create_if_missing = true
}
"""
BLOCK = """
run_config "train" {{
  script      = "train.py"
  target      = compute.here
  environment = environment.mine
  {0}
}}
"""
INPUT = """
  input "{0}" {{
    datastore = datastore.raw
    path      = "2026/{0}"
    mode      = "{0}"
  }}
"""
SHOW = """
import os
for name in ("DOWNLOAD", "MOUNT", "DIRECT"):
    path = os.environ["AMLPLAN_INPUT_" + name]
    print(name, os.path.relpath(path), os.path.islink(path), open(path + "/x").read())
open(os.environ["AMLPLAN_INPUT_DOWNLOAD"] + "/x", "w").write("changed")
"""
FILL = """
import os
folder = os.environ["AMLPLAN_OUTPUT_MODEL"]
os.makedirs(folder + "/deep")
open(folder + "/deep/weights", "w").write("w")
open(folder + "/replaced", "w").write("new")
"""


def test_inputs_of_a_datastore_come_by_their_mode(line: CommandLine) -> None:
    modes = ("download", "mount", "direct")
    line.configure(STORE + BLOCK.format("".join(INPUT.format(mode) for mode in modes)))
    line.write(".gitignore", "store/\n")
    for mode in modes:
        line.write(f"store/2026/{mode}/x", mode)
    line.write("train.py", SHOW)
    out = line.run("run", "train").out
    assert "DOWNLOAD inputs/download False download\n" in out
    assert "MOUNT inputs/mount True mount\n" in out
    assert " False direct\n" in out
    assert (line.root / "store/2026/download/x").read_text() == "download"
    run = line.last()
    assert run.definition["inputs"]["mount"]["path"] == str(line.root / "store/2026/mount")
    assert run.definition["inputs"]["mount"]["digest"].startswith("sha256:")
    assert "MOUNT inputs/mount True" in line.run("runs", "rerun", "latest").out


def test_outputs_go_into_a_datastore_when_the_run_completed(line: CommandLine) -> None:
    output = 'output "model" {\n    datastore = datastore.raw\n    path = "models/a"\n  }'
    line.configure(STORE + BLOCK.format(output))
    line.write(".gitignore", "store/\n")
    line.write("store/models/a/replaced", "old")
    line.write("store/models/a/other", "stays")
    line.write("train.py", FILL + "raise SystemExit(3)\n")
    line.run("run", "train", code=3)
    assert not (line.root / "store/models/a/deep").exists()
    line.write("train.py", FILL)
    line.run("run", "train")
    place = line.root / "store/models/a"
    assert (place / "deep/weights").read_text() == "w"
    assert ((place / "replaced").read_text(), (place / "other").read_text()) == ("new", "stays")
    assert "outputs/model/deep/weights" in line.last().outputs
    (place / "deep/weights").unlink()
    (place / "deep").rmdir()
    (place / "deep").touch()
    line.run("run", "train", code=125)
    summary = line.last().summary
    assert summary.status == "Failed"
    assert "outputs/model/deep/weights cannot be copied to" in str(summary.reason)


@pytest.mark.parametrize(
    ("block", "what"),
    [
        (INPUT.format("mount").replace("2026/mount", "../other"), "A path leaves its datastore"),
        (INPUT.format("mount"), "An input is missing"),
        ('input "a" {\n    path = "x"\n    mode = "mount"\n  }', "mode is for an input"),
        ('output "a" {\n    datastore = compute.here\n  }', "takes a datastore block"),
    ],
)
def test_slips_are_refused_before_anything_is_recorded(
    line: CommandLine, block: str, what: str
) -> None:
    line.configure(STORE + BLOCK.format(""))
    line.project.hcl(
        (line.root / "main.hcl").read_text().replace("mine\n  \n}", f"mine\n  {block}\n}}")
    )
    line.write("train.py", "")
    assert what in line.run("run", "train", code=125).err.replace("\n", " ")
    assert line.folders() == []


@pytest.mark.slow
def test_lines_before_the_script_prepare_it_or_end_it(line: CommandLine) -> None:
    line.configure(BLOCK.format('prologue = ["export COLOUR=blue", "cd jobs"]'))
    line.write("train.py", "")
    line.write("jobs/train.py", "import os, sys\nprint(os.environ['COLOUR'], sys.argv[1:])\n")
    out = line.run("run", "train", "-p", "a=x y").out
    assert "blue ['--a', 'x y']" in out
    assert "blue" in line.run("runs", "rerun", "latest").out
    line.change('"cd jobs"', '"false"')
    line.run("run", "train", code=1)


def test_a_notebook_is_run_as_its_code(line: CommandLine) -> None:
    cells = [{"cell_type": "code", "source": f"x = {number}\n"} for number in range(2)]
    cells.append({"cell_type": "code", "source": "import sys\nprint('x is', x, sys.argv[1:])"})
    line.write("train.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    out = line.run("run", "train.ipynb", "-p", "a=1").out
    assert "run 1 of train (train.ipynb)" in out
    assert "x is 1 ['--a', '1']" in out
    assert line.last().definition["program"][1] == "train.ipynb.py"
    assert "x is 1" in line.run("runs", "rerun", "1").out
    line.write("train.ipynb", json.dumps({"cells": [{**cells[0], "source": "!ls"}]}))
    assert "'!ls', which is for IPython" in line.run("run", "train.ipynb", code=125).err
    assert len(line.folders()) == 2


@pytest.mark.slow
def test_another_target_can_be_asked_for(line: CommandLine) -> None:
    line.configure(BLOCK.format("") + 'compute "local" "there" {}\n')
    line.write("train.py", "print('hi')\n")
    line.run("run", "train", "-on", "there")
    assert line.last().definition["target"] == "compute.there"
    line.run("run", "train.py", "-on=compute.here")
    assert line.last().definition["target"] == "compute.here"
    refused = line.run("run", "train", "-on=their", code=125).err.replace("\n", " ")
    assert "There is no compute target their; applied here: here, there." in refused
    assert 'Did you mean "there"?' in refused
