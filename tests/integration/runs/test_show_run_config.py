"""`amlplan show` of run configurations: in full, as JSON, and as runconfig files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from command_line import CommandLine

FILE = "# Mine.\nscript: train.py  # it\nframework: PyTorch\nown: 1\nenvironmentVariables: {A: 1}\n"
BLOCKS = """
run_config "file" {
  from_runconfig = "aml_config/local.runconfig"
}
run_config "more" {
  from_runconfig = "aml_config/local.runconfig"
  parameters     = { alpha = 1 }
}
estimator "tensorflow" "mnist" {
  entry_script          = "train.py"
  worker_count          = 2
  pip_packages          = ["six==1.16.0"]
  script_params         = { alpha = 1 }
  environment_variables = { A = "1", KEY = env_secret("NOWHERE") }
}
run_config "same" {
  script     = "train.py"
  framework  = "tensorflow"
  parameters = { alpha = 1 }
  env        = { A = "1", KEY = env_secret("NOWHERE") }
  distribution {
    type         = "parameter_server"
    worker_count = 2
  }
}
"""


def test_what_stands_for_a_run_is_shown_without_running_or_applying(line: CommandLine) -> None:
    line.configure(BLOCKS, apply=False)
    line.write("aml_config/local.runconfig", FILE)
    shown = line.run("show", "estimator.mnist").out
    assert shown.startswith("# in an environment of Python 3.11 with: six==1.16.0\nrun_config")
    assert '  framework  = "tensorflow"\n' in shown

    def document(address: str) -> dict[str, object]:
        found = json.loads(line.run("show", address, "-json").out)["run_config"]
        assert isinstance(found, dict)
        return found

    estimator = document("estimator.mnist")
    assert estimator["env"] == {"A": "1", "KEY": None}
    assert estimator == {**document("run_config.same"), "name": "mnist"}


def test_files_are_written_with_nothing_changed_but_what_differs(line: CommandLine) -> None:
    line.configure(BLOCKS, apply=False)
    line.write("aml_config/local.runconfig", FILE)
    assert line.run("show", "aml_config/local.runconfig", "-runconfig").out == FILE
    assert line.run("show", "run_config.file", "-runconfig").out == FILE
    more = line.run("show", "run_config.more", "-runconfig").out
    assert more == FILE + 'arguments:\n- "--alpha"\n- "1"\n'

    result = line.run("show", "estimator.mnist", "-runconfig")
    assert "no field for env: KEY is a secret" in result.err
    line.write("aml_config/mnist.runconfig", result.out)
    shown = json.loads(line.run("show", "aml_config/mnist.runconfig", "-json").out)
    again = shown["run_config"]
    assert (again["script"], again["arguments"]) == ("train.py", ["--alpha", "1"])
    assert (again["framework"], again["env"]) == ("tensorflow", {"A": "1"})
    assert again["distribution"]["worker_count"] == 2
    assert shown["implied_environment"] == {"python": "3.11", "requirements": ["six==1.16.0"]}


def test_what_cannot_be_shown(line: CommandLine) -> None:
    line.configure(BLOCKS, apply=False)
    line.write("aml_config/local.runconfig", "script: [\n")
    assert "There is no run_config.nope" in line.run("show", "run_config.nope", code=1).err
    assert "This is not YAML" in line.run("show", "run_config.file", code=10).err
    assert "-runconfig takes a run" in line.run("show", "-runconfig", code=1).err
