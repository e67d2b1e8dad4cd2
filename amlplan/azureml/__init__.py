"""The objects of Azure ML's SDK v1 that ask for runs, over the models of our own blocks.

    from amlplan.azureml import TensorFlow, Workspace

    run = Workspace.from_config().submit(TensorFlow(entry_script="train.py"), history="fraud")
    run.wait_for_completion()
    print(run.get_metrics())

What is not asked for is not imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amlplan.azureml.configurations import RunConfiguration, ScriptRunConfig
    from amlplan.azureml.estimators import CNTK, Estimator, PyTorch, TensorFlow
    from amlplan.azureml.runs import Run
    from amlplan.azureml.workspaces import Experiment, Workspace

__all__ = [
    "CNTK",
    "Estimator",
    "Experiment",
    "PyTorch",
    "Run",
    "RunConfiguration",
    "ScriptRunConfig",
    "TensorFlow",
    "Workspace",
]
_MODULES = {
    "CNTK": "estimators",
    "Estimator": "estimators",
    "Experiment": "workspaces",
    "PyTorch": "estimators",
    "Run": "runs",
    "RunConfiguration": "configurations",
    "ScriptRunConfig": "configurations",
    "TensorFlow": "estimators",
    "Workspace": "workspaces",
}


def __getattr__(name: str) -> Any:
    """Give what is public here, importing it now."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
