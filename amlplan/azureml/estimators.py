"""Estimators as objects, over the models of `estimator` blocks."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from amlplan.azureml.described import Described, environment_of, target_of
from amlplan.project.run_request import history_named_for
from amlplan_schemas.estimator import (
    CntkEstimator,
    GenericEstimator,
    PyTorchEstimator,
    TensorFlowEstimator,
)

if TYPE_CHECKING:
    from amlplan_schemas.base import ResourceInputs


class Estimator(Described):
    """A script of any kind: it takes the fields of `estimator "generic"`.

    `compute_target` and `environment` are addresses of applied blocks; "local" is this host.
    Packages are locked in `amlplan.lock` when it is submitted first.
    """

    kind = "estimator.generic"
    model: type[ResourceInputs] = GenericEstimator

    def __init__(
        self,
        source_directory: str = ".",
        *,
        entry_script: str,
        compute_target: str | None = None,
        environment: str | None = None,
        name: str | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(
            {
                **fields,
                "source_directory": source_directory,
                "entry_script": entry_script,
                "name": name or history_named_for(PurePath(entry_script)),
                "target": target_of(compute_target),
                "environment": environment_of(environment),
            }
        )


class TensorFlow(Estimator):
    """A script with TensorFlow: `worker_count`, `parameter_server_count`, …."""

    kind = "estimator.tensorflow"
    model = TensorFlowEstimator


class PyTorch(Estimator):
    """A script with PyTorch: `distributed_backend`, `process_count_per_node`, …."""

    kind = "estimator.pytorch"
    model = PyTorchEstimator


class CNTK(Estimator):
    """A script with CNTK."""

    kind = "estimator.cntk"
    model = CntkEstimator
