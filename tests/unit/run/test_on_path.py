"""What lies on a script's path beside amlplan_run, under every Python that training scripts use."""

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

HOOK = "def apply(module): module.seen = module.here + 1\n"
SCRIPT = """
import sys
import mlflow
import mlflow.inner
from importlib import reload
assert (mlflow.seen, mlflow.inner.here) == (2, 5), vars(mlflow)
assert mlflow.__spec__.loader.get_data(mlflow.__file__)
assert reload(mlflow).here == 1
"""


class Placed:
    """A folder on the path, with packages that are found after it."""

    def __init__(self, folder: Path) -> None:
        self.ours = recorder_folder(folder / "data")
        self.installed = folder / "installed"
        self.write("mlflow/__init__.py", "here = 1\n")
        self.write("mlflow/inner.py", "here = 5\n")
        (self.ours / "amlplan_run" / "mlflow_hook.py").unlink(missing_ok=True)

    def write(self, name: str, text: str) -> None:
        path = self.installed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def hook(self, text: str) -> None:
        self.ours.joinpath("amlplan_run", "mlflow_hook.py").write_text(text)

    def run(self, code: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [python, "-c", code],
            env={
                "PYTHONPATH": os.pathsep.join([str(self.ours), str(self.installed)]),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture
def path(tmp_path: Path) -> Placed:
    return Placed(tmp_path)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_hook_sees_a_module_once_it_is_imported(version: str, path: Placed) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    path.hook(HOOK)
    path.write("sitecustomize.py", "import sys\nsys.hidden = __name__, __file__\n")
    code = SCRIPT + "import sitecustomize; assert sys.hidden[1] == sitecustomize.__file__\n"
    assert path.run(code, python).stderr == ""


def test_a_hook_that_is_not_there_is_skipped(path: Placed) -> None:
    assert path.run("import mlflow; print(mlflow.here)").stderr == ""


def test_a_hook_that_fails_is_told_and_breaks_nothing(path: Placed) -> None:
    path.hook("def apply(module): raise SystemError('no')\n")
    assert "mlflow_hook: SystemError: no" in path.run("import mlflow; print(mlflow.here)").stderr
    path.hook("import nowhere\n")
    assert "nowhere" in path.run("import mlflow; print(mlflow.here)").stderr


def test_a_module_that_cannot_be_imported_fails_as_ever(path: Placed) -> None:
    path.hook(HOOK)
    path.write("mlflow/__init__.py", "raise ImportError('broken')\n")
    code = "try:\n import mlflow\nexcept ImportError as failure: assert 'broken' in str(failure)\n"
    assert path.run(code).stderr == ""


def test_a_hidden_sitecustomize_that_fails_is_told_by_python_as_ever(path: Placed) -> None:
    path.hook(HOOK)
    path.write("sitecustomize.py", "1 / 0\n")
    done = path.run("import mlflow; print(mlflow.seen)")
    assert (done.stdout, "Error in sitecustomize" in done.stderr) == ("2\n", True)


def test_an_installed_package_comes_before_a_shim(path: Placed) -> None:
    path.write("azureml/__init__.py", "installed = True\n")
    code = "import azureml, sys; assert azureml.installed and sys.path[-1].endswith('shims')"
    assert path.run(code).stderr == ""


def test_python_2_reads_it_and_does_nothing(path: Placed) -> None:
    python = interpreter("2.7")
    if python is None:
        pytest.skip("Python 2.7 is not installed")
    assert path.run("import sys; assert not sys.path[-1].endswith('shims')", python).stderr == ""
