"""`amlplan run` with files of Azure ML, with and without blocks of our own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from command_line import CommandLine

FILE = """\
script: jobs/train.py
arguments: [--size, 0.10, --data, $AZUREML_DATAREFERENCE_raw]
target: local
framework: PyTorch
maxRunDurationSeconds: 600
environment:
  environmentVariables:
    COLOUR: red
    SEED: 007
  python:
    userManagedDependencies: true
    interpreterPath: python
  docker:
    enabled: true
history:
  outputCollection: true
"""
DATA = "dataReferences:\n  raw:\n    dataStoreName: store\n    mode: download\n"
SCRIPT = """
import os, sys
print(sys.argv[1:], os.environ["COLOUR"], os.environ["SEED"])
print("data", os.environ.get("AZUREML_DATAREFERENCE_raw"))
"""


def prepare(line: CommandLine, text: str = FILE) -> None:
    line.write("aml_config/cloud.runconfig", text)
    line.write("jobs/train.py", SCRIPT)


def test_a_folder_without_configuration_runs_its_files(line: CommandLine) -> None:
    prepare(line, FILE.replace(", --data, $AZUREML_DATAREFERENCE_raw", ""))
    line.write("aml_config/project.json", json.dumps({"Id": "old-history", "Scope": "/x"}))
    result = line.run("run", "cloud", "-p", "alpha=1", "--", "more")
    assert "['--size', '0.10', 'more', '--alpha', '1'] red 007\n" in result.out
    note = "Note: aml_config/cloud.runconfig:14: environment.docker.enabled is not used: "
    assert note in result.out
    run = line.last()
    assert (run.summary.history, run.summary.name) == ("old-history", "cloud")
    assert run.definition["runconfig"] == "aml_config/cloud.runconfig"
    configuration = run.definition["configuration"]
    assert (configuration["framework"], configuration["max_run_duration"]) == ("pytorch", "600s")
    # The only one needs no name, a path will do, and a slip gets a suggestion.
    assert "red 007" in line.run("run").out
    assert "red 007" in line.run("run", "aml_config/cloud.runconfig", "-history=h").out
    assert line.last().summary.history == "h"
    assert 'Did you mean "cloud"?' in line.run("run", "clout", code=125).err


def test_a_block_completes_the_file_that_it_names(line: CommandLine) -> None:
    prepare(line, FILE + DATA)
    line.write("data/x", "in")
    line.configure(
        'run_config "train" {\n  from_runconfig = "aml_config/cloud.runconfig"\n'
        '  env = { COLOUR = "blue" }\n  input "raw" {\n    path = "data"\n  }\n}\n'
        'project {\n  history = "fraud"\n  default_run_config = run_config.train\n}\n'
    )
    result = line.run("run")
    place = str(line.root / "data")
    assert f"['--size', '0.10', '--data', '{place}'] blue 007\ndata {place}\n" in result.out
    run = line.last()
    assert (run.summary.history, run.summary.name) == ("fraud", "train")
    assert run.definition["configuration"]["env"]["SEED"] == "007"
    # Without the block the file lacks its data, and says so with its place.
    refused = line.run("run", "cloud", code=125).err
    assert "on aml_config/cloud.runconfig line 19" in refused
    assert 'Give a run_config block an input "raw"' in refused


def test_what_makes_no_run_is_told_with_its_place(line: CommandLine) -> None:
    prepare(line, "target: gpu-cluster\nnodeCount: 2\n")
    refused = line.run("run", "cloud", code=125).err
    assert "The file names no script." in refused
    assert 'The target "gpu-cluster" is of an Azure workspace' in refused
    prepare(line, "script: jobs/train.py\nnodeCount: 2\n")
    assert "needs 2 nodes, and its target is one machine" in line.run("run", "cloud", code=125).err
    prepare(line, "script: jobs/train.py\nenvironmentVariables: {AMLPLAN_RUN_ID: x}\n")
    assert "env cannot set AMLPLAN_RUN_ID" in line.run("run", "cloud", code=125).err
    python = "environment: {python: {interpreterPath: nowhere, userManagedDependencies: true}}\n"
    prepare(line, f"script: jobs/train.py\n{python}")
    assert "The runconfig file says to use nowhere" in line.run("run", "cloud", code=125).err
    line.write("aml_config/project.json", "{")
    assert "on aml_config/project.json line 1" in line.run("run", "cloud", code=125).err


def test_conda_dependencies_are_locked_and_built(line: CommandLine) -> None:
    packages = "dependencies:\n- python=3.6.2\n- pip:\n  - azureml-defaults\n"
    line.write("aml_config/conda_dependencies.yml", packages)
    line.write("train.py", "print('ran')\n")
    conda = "{python: {condaDependenciesFile: aml_config/conda_dependencies.yml}}"
    line.write("aml_config/local.runconfig", f"script: train.py\nenvironment: {conda}\n")
    result = line.run("run", "local")
    assert "\nran\n" in result.out
    assert "aml_config/conda_dependencies.yml: azureml-defaults is left out" in result.out
    assert not (line.root / "amlplan.lock").exists()
