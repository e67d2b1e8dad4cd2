"""Azure ML's objects: the same runs as blocks and commands, as data."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import amlplan.azureml
from amlplan.azureml import (
    CNTK,
    Estimator,
    Experiment,
    PyTorch,
    RunConfiguration,
    ScriptRunConfig,
    TensorFlow,
    Workspace,
)
from amlplan.errors import ConfigError, RunError
from local_workbench import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.azureml.described import Described
    from command_line import CommandLine

SCRIPT = """
import sys, amlplan_run
print("began", sys.argv[1:], flush=True)
for step in range(3):
    amlplan_run.log("loss", 1 / (step + 1), step=step)
amlplan_run.log("accuracy", 0.5)
with amlplan_run.child_run("fold"):
    amlplan_run.log("part", 1)
open("outputs/model.txt", "w").write("model")
if "--fail" in sys.argv:
    sys.exit(3)
"""
BLOCKS = """
estimator "tensorflow" "train" {
  entry_script           = "train.py"
  worker_count           = 2
  parameter_server_count = 0
  pip_packages           = ["six"]
  script_params          = { "--rate" = 0.5 }
}
estimator "pytorch" "ranks" {
  source_directory       = "src"
  entry_script           = "train.py"
  distributed_backend    = "nccl"
  process_count_per_node = 2
  use_gpu                = true
}
estimator "cntk" "message" {
  entry_script           = "train.py"
  distributed_backend    = "mpi"
  process_count_per_node = 2
  node_count             = 2
}
run_config "script" {
  script           = "train.py"
  arguments        = ["--a", "b"]
  env              = { A = "1" }
  target           = compute.here
  environment      = environment.mine
  max_run_duration = "10m"
  resources {
    cpus = 1
  }
}
run_config "local" {
  from_runconfig = "aml_config/local.runconfig"
}
"""


@pytest.fixture
def line(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A folder that this process sees as the commands do; it is elsewhere itself."""
    for name in list(os.environ):
        if name.startswith(("AMLPLAN_", "PYTHON", "VIRTUAL_ENV")):
            monkeypatch.delenv(name)
    for name, value in line.environment.items():
        if name != "PYTHONPATH":
            monkeypatch.setenv(name, value)
    line.write("train.py", SCRIPT)
    line.write("aml_config/local.runconfig", "script: train.py\narguments: [--x]\n")
    return line


def test_objects_and_blocks_are_equal_as_json(line: CommandLine) -> None:
    line.configure(BLOCKS, apply=False)
    objects: dict[str, Described] = {
        "estimator.train": TensorFlow(
            entry_script="train.py",
            worker_count=2,
            parameter_server_count=0,
            pip_packages=["six"],
            script_params={"--rate": 0.5},
        ),
        "estimator.ranks": PyTorch(
            "src",
            entry_script="train.py",
            distributed_backend="nccl",
            process_count_per_node=2,
            use_gpu=True,
            name="ranks",
        ),
        "estimator.message": CNTK(
            entry_script="train.py",
            distributed_backend="mpi",
            process_count_per_node=2,
            node_count=2,
            name="message",
        ),
        "run_config.script": ScriptRunConfig(
            script="train.py",
            arguments=["--a", "b"],
            run_config=RunConfiguration(
                env={"A": "1"},
                target="compute.here",
                environment="environment.mine",
                max_run_duration="10m",
                resources={"cpus": 1},
                name="script",
            ),
        ),
        "run_config.local": RunConfiguration.load(line.root, "local"),
    }
    for address, item in objects.items():
        shown = json.loads(line.run("show", address, "-json").out)["run_config"]
        assert item.document(root=line.root) == shown, address


def test_a_run_is_submitted_followed_and_looked_at(
    line: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.from_config(line.root)
    config = Estimator(entry_script="train.py", script_params={"rate": 1}, name="mine")
    run = workspace.submit(Estimator(entry_script="train.py"), history="h")
    pieces: list[str] = []
    detail = run.wait_for_completion(pieces.append)
    assert "began []\n" in "".join(pieces)
    assert (detail.summary.status, run.number, run.history) == ("Completed", 1, "h")
    assert run.get_metrics() == run.metrics == {"loss": [1.0, 0.5, 1 / 3], "accuracy": 0.5}
    assert [child.metrics for child in run.children] == [{"part": 1}]
    (copied,) = run.download(line.base / "there")
    assert copied.read_text() == "model"
    # The command line sees the same run, and a program sees that of the command line.
    assert json.loads(line.run("runs", "show", run.id, "-json").out)["status"] == "Completed"
    again = Experiment(workspace, "h").submit(config)
    assert capsys.readouterr().out == ""
    assert again.wait(show_output=True).definition["parameters"] == {"rate": "1"}
    assert capsys.readouterr().out == "began ['--rate', '1']\n"
    assert [item.id for item in Experiment(workspace, "h").get_runs()] == [again.id, run.id]
    assert workspace.run(run.id).status == "Completed"


def test_a_failure_and_a_cancellation_are_told(line: CommandLine) -> None:
    workspace = Workspace.from_config(line.root)
    failing = RunConfiguration("train.py", ["--fail"])
    run = workspace.submit(failing)
    with pytest.raises(RunError, match="is Failed"):
        run.wait_for_completion()
    kinds = [event.text for event in run.events() if event.kind == "status"]
    assert kinds[-1] == "Failed"
    assert run.wait_for_completion(raise_on_error=False).summary.exit_code == 3

    line.write("wait.py", "import time\nprint('ready', flush=True)\ntime.sleep(600)\n")
    run = workspace.submit(RunConfiguration("wait.py"))
    assert wait_until(lambda: run.status == "Running", 60)
    run.cancel()
    assert run.wait_for_completion(raise_on_error=False).summary.status == "Canceled"
    run.cancel()


def test_what_the_configuration_applied_is_used(line: CommandLine) -> None:
    line.configure(
        'project {\n  history = "fraud"\n}\n'
        'datastore "local" "raw" {\n  path              = "store"\n  create_if_missing = true\n}\n'
    )
    line.write("store/2026/x", "1")
    workspace = Workspace.from_config(line.root)
    raw = {"address": "datastore.raw", "kind": "datastore.local"}
    config = RunConfiguration(
        "train.py",
        environment="environment.mine",
        target="compute.here",
        input={"data": {"datastore": raw, "path": "2026"}},
    )
    run = workspace.submit(config)
    assert run.wait().definition["environment"].startswith("sha256:")
    assert run.detail().definition["inputs"]["data"]["path"] == str(line.root / "store" / "2026")
    assert (workspace.name, run.history) == ("main", "fraud")
    with pytest.raises(RunError, match=r"environment\.other, which was never applied"):
        workspace.submit(RunConfiguration("train.py", environment="environment.other"))


def test_files_are_saved_and_loaded(tmp_path: Path) -> None:
    config = RunConfiguration("a b.py", ["--x", "1.0"], env={"A": "yes"}, framework="pytorch")
    assert config.save(tmp_path, "mine") == tmp_path / ".azureml" / "mine.runconfig"
    loaded = RunConfiguration.load(tmp_path, "mine").document(root=tmp_path)
    for name in ("script", "arguments", "env", "framework", "distribution"):
        assert loaded[name] == config.document()[name]
    with pytest.raises(RunError, match=r"no other\.runconfig"):
        RunConfiguration.load(tmp_path, "other")
    (tmp_path / ".azureml" / "mine.runconfig").write_text("script: [\n")
    with pytest.raises(ConfigError):
        RunConfiguration.load(tmp_path, "mine").document(root=tmp_path)


def test_mistakes_are_told(tmp_path: Path) -> None:
    for wrong, text in (
        (lambda: Estimator(entry_script="a.py", colour="red"), "colour: Extra inputs"),
        (lambda: PyTorch(entry_script="a.py", process_count_per_node=2), "distributed_backend"),
        (lambda: RunConfiguration().document(), "exactly one of script and command"),
        (lambda: RunConfiguration("a.py", target="gpu"), "'gpu' is none"),
    ):
        with pytest.raises(RunError, match=text):
            wrong()
    with pytest.raises(RunError, match="42 is no configuration of a run"):
        Workspace.from_config(tmp_path).submit(42)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="There is no folder"):
        Workspace.from_config("/nowhere/at/all")


def test_everything_public_is_there() -> None:
    for name in amlplan.azureml.__all__:
        assert getattr(amlplan.azureml, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = amlplan.azureml.Nothing
