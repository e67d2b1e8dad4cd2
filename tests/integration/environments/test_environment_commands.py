"""`amlplan environment`: what was applied, built here and entered by hand."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from command_line import CommandLine
from package_index import served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project import Project

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def line(project: Project, tmp_path: Path) -> Iterator[CommandLine]:
    found = CommandLine(project, tmp_path)
    project.environment["UV_CACHE_DIR"] = str(tmp_path / "uv-cache")
    found.environment["UV_CACHE_DIR"] = str(tmp_path / "uv-cache")
    for name in ("six", "torch"):
        wheel(tmp_path / "index" / "simple" / name, name, "1.0")
    with served(tmp_path / "index") as server:
        project.hcl(f"""
workspace "main" {{}}

environment "sk" {{
  conda_file = "conda.yml"
  index_url  = "http://{server.address}"
  variables = {{
    GREETING = "hello"
    KEY      = env_secret("THE_KEY")
  }}
}}

run_config "which" {{
  command     = ["python", "-c", "import six, torch; print(six.version, torch.version)"]
  environment = environment.sk
}}

environment "mine" {{
  user_managed = true
  interpreter  = "{sys.executable}"
}}
""")
        project.write(
            "conda.yml",
            f"dependencies:\n  - python={PYTHON}\n  - pytorch\n  - pip:\n    - six==1.0\n",
        )
        yield found
    found.end_all()


def test_an_environment_is_listed_built_and_entered(line: CommandLine) -> None:
    project = line.project
    assert "No environments yet" in project.run("environment", "list").out
    project.environment["THE_KEY"] = line.environment["THE_KEY"] = "secret"
    planned = project.run("lock")
    assert "environment.sk: pytorch is taken as torch" in planned.out
    assert '+ pytorch = "torch"' in project.run("plan").out
    project.apply()

    listed = project.run("environment", "list").out.splitlines()
    assert listed[0].split() == ["ENVIRONMENT", "PYTHON", "PACKAGES", "FROM", "BUILT", "DIGEST"]
    assert listed[1].split()[:5] == ["environment.mine", "-", "0", sys.executable, "by"]
    assert listed[2].split()[:5] == ["environment.sk", PYTHON, "2", "conda.yml", "no"]
    shown = project.run("environment", "show", "sk").out
    assert "  pytorch: torch\n" in shown
    assert "  KEY=(sensitive value)\n" in shown
    assert "  six==1.0\n  torch==1.0\n" in shown

    built = project.run("environment", "build", "sk", "-json")
    document = json.loads(built.out)
    assert (document["built_by"], document["packages"]) == ("uv", ["six==1.0", "torch==1.0"])
    assert document["variables"] == {"GREETING": "hello", "KEY": None}
    assert "environment.sk:  + torch==1.0" in built.err
    again = project.run("environment", "build", "environment.sk").out
    assert again.splitlines() == [f"environment.sk: {document['interpreter']}"]

    code = (
        "import os, sys, torch; print(torch.version, os.environ['GREETING'], os.environ['KEY'], "
        "os.environ['VIRTUAL_ENV'] == sys.prefix); sys.exit(7)"
    )
    entered = line.run("environment", "shell", "sk", "--", "python", "-c", code, code=7)
    assert entered.out == "1.0 hello secret True\n"
    assert "1.0 1.0\n" in line.run("run", "which").out  # its python is the environment's
    shell = {"SHELL": f"{line.base}/bin/own-shell"}
    program = line.base / "bin" / "own-shell"
    program.write_text("#!/bin/sh\npython -c 'import six; print(six.version)'\n")
    program.chmod(0o755)
    assert line.run("environment", "shell", "sk", environment=shell).out == "1.0\n"


def test_what_cannot_be_entered_is_explained(line: CommandLine) -> None:
    project = line.project
    project.environment["THE_KEY"] = "secret"
    project.run("apply", "-auto-approve", "-update-lock")
    wrong = project.run("environment", "show", "ks", code=1)
    assert 'Did you mean "environment.sk"?' in wrong.err
    missing = project.run("environment", "shell", "mine", "--", "no-such-command", code=1)
    assert "no-such-command is neither" in missing.err
    del project.environment["THE_KEY"]
    secret = project.run("environment", "shell", "sk", "--", "true", code=1)
    assert "environment.sk sets KEY by a secret that is not there" in secret.err
