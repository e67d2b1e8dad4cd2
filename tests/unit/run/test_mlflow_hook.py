"""MLflow in a script stays with the run, under every Python; a stand-in takes MLflow's place."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from amlplan.runs.recorder import recorder_folder
from interpreters import VERSIONS, interpreter

if TYPE_CHECKING:
    from pathlib import Path

OURS = "http://127.0.0.1:5"
FILES = {
    "__init__.py": "from mlflow.tracking import set_tracking_uri, set_registry_uri\n",
    "tracking/__init__.py": (
        "from mlflow.tracking._tracking_service.utils import set_tracking_uri\n"
        "from mlflow.tracking._model_registry.utils import set_registry_uri\n"
        "from mlflow.tracking.client import MlflowClient\n"
    ),
    "tracking/client.py": (
        "class MlflowClient(object):\n"
        "    def __init__(self, tracking_uri=None, registry_uri=None):\n"
        "        self.uris = (tracking_uri, registry_uri)\n"
    ),
    "tracking/_tracking_service/__init__.py": "",
    "tracking/_tracking_service/utils.py": "def set_tracking_uri(uri): print('tracking', uri)\n",
    "tracking/_model_registry/__init__.py": "",
    "tracking/_model_registry/utils.py": "def set_registry_uri(uri): print('registry', uri)\n",
    "tracking/request_header/__init__.py": "",
    "tracking/request_header/registry.py": (
        "class Registry(object):\n"
        "    found = []\n"
        "    def register(self, provider): self.found.append(provider())\n"
        "_request_header_provider_registry = Registry()\n"
    ),
}
SCRIPT = """
import mlflow
from mlflow.tracking import MlflowClient, set_tracking_uri
from mlflow.tracking.request_header.registry import Registry
mlflow.set_tracking_uri("https://me:secret@there.example/a")
set_tracking_uri("https://there.example/b")
mlflow.set_tracking_uri("http://127.0.0.1:5/")
mlflow.set_registry_uri("databricks")
print(MlflowClient("sqlite:///x").uris, MlflowClient(registry_uri="y").uris)
print(MlflowClient(tracking_uri="http://127.0.0.1:5").uris)
print([each.request_headers() for each in Registry.found if each.in_context()])
"""
NOT_FOLLOWED = 'is not followed; to follow it, write mlflow { tracking = "both" } in the run_config'


def run(folder: Path, python: str = sys.executable, **environment: str) -> tuple[str, list[str]]:
    """What the script prints, and the lines on its standard error."""
    ours = recorder_folder(folder / "data")
    for name, text in FILES.items():
        path = folder / "installed" / "mlflow" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    places = os.pathsep.join([str(ours), str(folder / "installed")])
    kept = {"PYTHONPATH": places, "PYTHONDONTWRITEBYTECODE": "1", "AMLPLAN_RUN_SERVICE": OURS}
    done = subprocess.run(
        [python, "-c", SCRIPT],
        env={**kept, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.splitlines()


@pytest.mark.parametrize("version", VERSIONS)
def test_no_server_but_ours_is_followed_and_that_is_told_once(version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")

    out, told = run(tmp_path, python, OMPI_COMM_WORLD_RANK="2")

    assert out.splitlines() == [
        "(None, None) (None, None)",
        f"('{OURS}', None)",
        "[{'X-Amlplan-Rank': '2'}]",
    ]
    head = "amlplan: MLflow records into this run, so"
    assert told == [
        f"{head} set_tracking_uri (https://there.example/a) {NOT_FOLLOWED}",
        f"{head} set_registry_uri (databricks) {NOT_FOLLOWED}",
        f"{head} MlflowClient (sqlite:///x) {NOT_FOLLOWED}",
    ]


@pytest.mark.parametrize(
    "environment", [{"AMLPLAN_MLFLOW": "leave"}, {"AMLPLAN_RUN_SERVICE": ""}], ids=str
)
def test_mlflow_does_as_the_script_says_where_it_is_left_alone(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    out, told = run(tmp_path, **environment)

    assert told == []
    assert "tracking https://me:secret@there.example/a" in out
    assert "('sqlite:///x', None)" in out


def test_an_address_that_the_environment_had_is_told_too(tmp_path: Path) -> None:
    _, told = run(tmp_path, AMLPLAN_MLFLOW_REPLACED="1")

    assert "MLFLOW_TRACKING_URI (another server)" in told[0]
