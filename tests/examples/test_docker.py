"""`examples/docker`, from nothing to an update under load and back, on a real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from amlplan_docker.labels import LINEAGE
from docker_objects import remove_all
from harness.project import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project import Project
    from services.docker import Service

EXAMPLES = SOURCES / "examples"
REQUEST = "../digits/sample-request.json"


@pytest.fixture
def example(project: Project, docker: Service) -> Iterator[Project]:
    """A copy of the example beside what it refers to, on an engine's base image."""
    if not docker.base.endswith(":3.11"):
        pytest.skip(f"the example is for Python 3.11, and the base image here is {docker.base}")
    for name in ("docker", "digits", "quickstart"):
        shutil.copytree(EXAMPLES / name, project.root.parent / name, dirs_exist_ok=True)
    project.root = project.root.parent / "docker"
    project.environment |= {"DOCKER_HOST": docker.host, "AMLPLAN_VAR_base_image": docker.base}
    yield project
    state = project.root / "amlplan.state.json"
    if state.exists():
        remove_all(docker.engine, {LINEAGE: json.loads(state.read_text())["lineage"]})


class Load:
    """Asks the deployment again and again; `end` gives what was answered how often."""

    def __init__(self, project: Project, folder: Path) -> None:
        uri = project.run("output", "-raw", "scoring_uri").out.strip()
        keys = json.loads(project.run("deployment", "keys", "show", "prod", "-json").out)
        self._said = folder / "load.txt"
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, str(EXAMPLES / "digits/load.py"), uri, REQUEST],
                cwd=project.root,
                env={**os.environ, "SCORING_KEY": keys["primary"]},
                stdout=said,
                stderr=said,
            )

    def end(self) -> str:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        return self._said.read_text()


@pytest.mark.slow
def test_from_two_models_to_an_update_under_load_and_back(example: Project, tmp_path: Path) -> None:
    run = example.run
    run("init")
    assert "3 added" in run("apply", "-auto-approve").out
    run("run", "bayes")
    run("run", "svm")
    run("apply", "-auto-approve", "-update-lock")
    assert '"svm": [5, 5]' in run("deployment", "score", "prod", f"-request={REQUEST}").out
    assert "No changes" in run("plan").out

    load = Load(example, tmp_path)
    try:
        run("run", "svm", "-p", "penalty=10")
        run("lock", "-upgrade", "model.svm")
        planned = run("plan").out
        assert "model svm changed" in planned
        assert "revision 1 -> 2" in planned
        run("apply", "-auto-approve")
        run("deployment", "rollback", "prod")
        assert "held at revision 1" in run("plan").out
        run("deployment", "release", "prod")
        run("apply", "-auto-approve")
    finally:
        said = load.end()
    assert re.search(r"^\d+ requests, 0 failed$", said, re.MULTILINE), said
    assert '"svm": [5, 5]' in said
    assert '"svm": [0, 1]' in said
    assert "No drift" in run("drift").out
    run("destroy", "-auto-approve")
