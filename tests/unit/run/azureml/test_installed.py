"""Where the SDK is installed, its own modules stay, and its run context is that of amlplan."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from interpreters import VERSIONS, interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from azureml_workbench import AzureScript

SDK = """
class Base:
    def __str__(self):
        raise SystemError("the SDK looked at its own parts")

class Run(Base):
    def __init__(self, experiment, run_id):
        raise SystemError("the SDK made a run")

    @classmethod
    def get_context(cls, allow_offline=True):
        return _OfflineRun()

    @classmethod
    def get_submitted_run(cls):
        return _OfflineRun()

    def log(self, name, value):
        raise SystemError("the SDK logged")

    def submit_child(self, config):
        raise SystemError("the SDK submitted")

class _SubmittedRun(Run):
    pass

class _OfflineRun(Base):
    id = "OfflineRun_1"
"""
EXTENDED = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
SCRIPT = """
from azureml.core.run import Run, _OfflineRun, _SubmittedRun
import azureml.core
assert azureml.core.installed
for run in (Run.get_context(), Run.get_submitted_run()):
    assert isinstance(run, Run) and isinstance(run, _SubmittedRun)
    assert not isinstance(run, _OfflineRun) and not run.id.startswith("OfflineRun")
    run.log("x", 1)
    assert run.id in str(run)
    with run.child_run("inner") as child:
        assert isinstance(child, Run)
    assert isinstance(next(run.get_children()), Run)
    try:
        run.submit_child(None)
    except NotImplementedError as failure:
        assert "child_run" in str(failure)
    else:
        raise SystemExit("submitted")
try:
    import azureml.telemetry
except ImportError:
    pass
else:
    raise SystemExit("a part that is not installed")
"""


def install(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / "azureml" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_installed_sdk_knows_the_run(version: str, script: AzureScript, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    files = {"__init__.py": EXTENDED, "core/__init__.py": "installed = True\n", "core/run.py": SDK}
    installed = install(tmp_path / "installed", files)
    path = os.pathsep.join([script.path, installed])
    script.run(SCRIPT, python=python, PYTHONPATH=path)
    assert script.values() == [("x", 1), ("x", 1)]


@pytest.mark.parametrize("version", VERSIONS)
def test_another_part_that_is_installed_stays_beside_the_shim(
    version: str, script: AzureScript, tmp_path: Path
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    files = {"__init__.py": EXTENDED, "dataprep/__init__.py": "installed = True\n"}
    path = os.pathsep.join([script.path, install(tmp_path / "installed", files)])
    code = (
        "import azureml.dataprep\nfrom azureml.core import Run\nimport azureml.train.dnn\n"
        "assert azureml.dataprep.installed\nRun.get_context().log('x', 1)\n"
    )
    script.run(code, python=python, PYTHONPATH=path)
    assert script.values() == [("x", 1)]
