"""Every public name of the SDK can be imported, under every Python that training scripts use."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from interpreters import VERSIONS, interpreter

if TYPE_CHECKING:
    from azureml_workbench import AzureScript

ROOT = Path(__file__).resolve().parents[4]
NAMES = ROOT / "providers" / "amlplan_run" / "azureml" / "names.json"
IMPORT_ALL = """
import importlib, json, sys
with open(sys.argv[1]) as file:
    table = json.load(file)
count = 0
for module, entry in table.items():
    if any(part.startswith("_") for part in module.split(".")):
        continue
    names = list(entry.get("from", ())) + list(entry.get("error", ()))
    for kind in ("class", "function", "value"):
        names += entry.get(kind, "").split()
    imported = importlib.import_module(module)
    assert set(names) <= set(dir(imported)), module
    for name in names:
        exec("from %s import %s" % (module, name), {})
        count += 1
    exec("from %s import *" % module, {})
print(count)
"""
KNOWN = """
from azureml.core import Run, Workspace, Experiment, Datastore, Dataset, Model, Environment
from azureml.core import ScriptRunConfig, ComputeTarget, VERSION, __version__
from azureml.core.run import Run as R, _OfflineRun
from azureml.core.model import Model as M
from azureml.core.compute import AmlCompute, BatchAiCompute
from azureml.core.runconfig import RunConfiguration, DEFAULT_CPU_IMAGE
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.webservice import AciWebservice, Webservice
from azureml.data.data_reference import DataReference
from azureml.exceptions import UserErrorException
from azureml.train.dnn import TensorFlow, PyTorch, Chainer
from azureml.train.estimator import Estimator
from azureml.train.hyperdrive import RandomParameterSampling, PrimaryMetricGoal, uniform
from azureml.train.automl import AutoMLConfig
from azureml.train.sklearn import SKLearn
from azureml.telemetry import set_diagnostics_collection
from azureml.monitoring import ModelDataCollector
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse
from azureml.logging import get_azureml_logger
import azureml.core
assert R is Run and M is Model and azureml.core.Run is Run
assert azureml.core.runconfig.RunConfiguration is RunConfiguration
assert issubclass(UserErrorException, azureml.exceptions.AzureMLException)
assert not isinstance(Run.get_context(), _OfflineRun)
"""
CALLS = """
from azureml.core import Environment, Run, Workspace, Dataset, ComputeTarget, Experiment
from azureml.exceptions import UserErrorException
from azureml.train.dnn import TensorFlow
from azureml.train.hyperdrive import PrimaryMetricGoal, uniform
from azureml.core.runconfig import DEFAULT_CPU_IMAGE

goal, image, tables = PrimaryMetricGoal.MAXIMIZE, DEFAULT_CPU_IMAGE, Dataset.Tabular
submit, targets = Run.get_context().submit_child, Workspace.from_config().compute_targets

class Mine(TensorFlow):
    pass

calls = {
    "environment": lambda: Environment("x"),
    "run_config": lambda: TensorFlow(source_directory="."),
    "amlplan run": lambda: Mine(),
    "alpha=": lambda: uniform(0, 1),
    "child_run": lambda: submit(None),
    "input": lambda: tables.from_delimited_files("x"),
    "amlplan apply": lambda: ComputeTarget.create(None, "x"),
    "blocks": lambda: targets["cpu"],
    "a run_config block": lambda: Experiment(None, "x").submit(None),
}
for word, call in calls.items():
    try:
        call()
    except UserErrorException as failure:
        assert isinstance(failure, NotImplementedError)
        assert word in str(failure) and "docs/azureml.md" in str(failure), failure
    else:
        raise SystemExit(word)
for holder in (Run, Run.get_context()):
    try:
        holder.nothing
    except AttributeError:
        continue
    raise SystemExit("an attribute that nobody has")
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_name_of_the_list_is_imported(version: str, script: AzureScript) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    code = f"import sys; sys.argv = ['', {str(NAMES)!r}]\n" + IMPORT_ALL
    count = int(script.run(code, python=python, PYTHONWARNINGS="error").stdout)
    assert count > 1000
    script.run(KNOWN, python=python, PYTHONWARNINGS="error")


def test_what_is_not_supported_raises_when_it_is_called(script: AzureScript) -> None:
    script.run(CALLS)


def test_a_name_that_the_sdk_has_not_is_not_there(script: AzureScript) -> None:
    script.run(
        "try:\n    from azureml.core import Nothing\nexcept ImportError: pass\n"
        "else: raise SystemExit('there')\n"
        "try:\n    import azureml.core.nothing\nexcept ImportError: pass\n"
        "else: raise SystemExit('there')\n"
        "try:\n    import azureml.nothing\nexcept ImportError: pass\n"
        "else: raise SystemExit('there')\n"
    )


def test_importing_it_imports_nothing_slow(script: AzureScript) -> None:
    code = "import sys; from azureml.core import Run, Workspace, Model; Run.get_context()"
    done = script.run(code + "; print(*sys.modules)")
    bare = script.run("import sys; print(*sys.modules)", PYTHONPATH="")
    slow = {"typing", "logging", "shutil", "subprocess", "http", "socket", "ssl", "pandas"}
    assert not set(done.stdout.split()) & slow - set(bare.stdout.split())


@pytest.mark.slow
def test_the_list_is_that_of_the_wheels(tmp_path: Path) -> None:
    listing = _listing()
    try:
        generations = listing.downloaded(tmp_path)
    except subprocess.CalledProcessError as failure:
        pytest.skip(f"the wheels cannot be had: {failure.stderr.decode()[-300:]}")
    assert json.loads(listing.text_of(generations)) == json.loads(NAMES.read_text())


def _listing() -> Any:
    spec = importlib.util.spec_from_file_location(
        "azureml_names", ROOT / "scripts/azureml_names.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["azureml_names"] = module
    spec.loader.exec_module(module)
    return module
