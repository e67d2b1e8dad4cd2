"""Drift over every local kind leaves each file as it was, to the time of its last change."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from harness.folders import contents

if TYPE_CHECKING:
    from harness.deployments import Deployed

REPORTS = {
    "markdown": "page.md",
    "junit": "cases.xml",
    "sarif": "results.sarif",
    "gitlab-report": "counts.json",
    "github-output": "values",
    "github-annotations": "commands",
}
KINDS = {
    "workspace",
    "compute.local",
    "datastore.local",
    "environment",
    "model",
    "image",
    "deployment",
}
TRAIN = """
import os, amlplan_run
amlplan_run.log("score", 1)
os.makedirs("outputs", exist_ok=True)
open("outputs/weights.txt", "w").write("w")
"""
OF_A_RUN = 'run {\nhistory = "scores"\nselect = "last"\npath = "outputs/weights.txt"\n}'


def everything(deployed: Deployed) -> Deployed:
    """A project with each local kind, one of them made of a run, and all of it applied."""
    deployed.project.write("train.py", TRAIN)
    deployed.block('run_config "train"', 'script = "train.py"\nhistory = "scores"')
    deployed.block('datastore "local" "raw"', 'path = "data"\ncreate_if_missing = true')
    deployed.apply()
    done = subprocess.run(
        deployed.project.command("run", "train"),
        cwd=deployed.project.root,
        env=deployed.project.process_environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    deployed.block('model "trained"', OF_A_RUN)
    deployed.run("lock")
    deployed.apply()
    return deployed


def test_drift_changes_no_file_of_any_kind(deployed: Deployed) -> None:
    everything(deployed)
    project = deployed.project
    before = contents(project.root, project.data)
    quiet = json.loads(deployed.run("drift", "-json", "-unmanaged").out)
    assert {item["kind"] for item in quiet["resources"]} == KINDS
    assert contents(project.root, project.data) == before

    # The same where everything differs, and the configuration is another one.
    (project.root / "data").rmdir()
    project.write("model.txt", "other weights")
    deployed.serve("two", "replicas = 2")
    deployed.block('model "more"', 'source = "model.txt"')
    deployed.block('model "later"', OF_A_RUN.replace("weights", "others"))
    deployed.block('environment "py"', 'user_managed = true\ninterpreter = "/usr/bin/env"')
    path = deployed.folder / "keys.json"
    path.write_text('{"primary": "theirs"}')
    before = contents(project.root, project.data)
    loud = json.loads(deployed.run("drift", "-json", "-unmanaged", code=2).out)
    assert contents(project.root, project.data) == before
    assert {item["address"] for item in loud["drift"]} == {"datastore.raw", "deployment.prod"}
    pending = {item["address"]: item["action"] for item in loud["pending_config"]}
    assert pending["model.more"] == "create"
    assert pending["model.later"] == "deferred"
    for command in (["drift"], ["drift", "-markdown"]):
        deployed.run(*command, code=2)
        assert contents(project.root, project.data) == before

    # Of all files only those that were asked for are new.
    elsewhere = project.root.parent / "reports"
    elsewhere.mkdir()
    asked = [f"-{name}={elsewhere / file}" for name, file in REPORTS.items()]
    deployed.run("drift", *asked, code=2)
    assert contents(project.root, project.data) == before
    assert {path.name for path in elsewhere.iterdir()} == set(REPORTS.values())
