"""A run configuration in full: estimators and runconfig files told as what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.azureml.from_runconfig import completed
from amlplan_schemas.run_config import RunConfig

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.diagnostics import Diagnostic
    from amlplan_schemas.base import ResourceInputs


def expanded(model: ResourceInputs, root: Path) -> tuple[RunConfig, tuple[Diagnostic, ...]]:
    """The run configuration that a block stands for, and what of its file is not used.

    Reads the runconfig file that it names; raises ConfigError for mistakes in it.
    """
    if isinstance(model, RunConfig):
        config = model
    else:
        # Most runs have none, and its models take long to import.
        from amlplan_schemas.estimator import Estimator, run_config_of

        if isinstance(model, Estimator):
            return run_config_of(model), ()
        config = RunConfig.model_validate(model)
    if config.from_runconfig is None:
        return config, ()
    from amlplan.config.azureml.runconfig import read_runconfig

    file = read_runconfig(root, config.from_runconfig)
    return completed(config, file), file.remarks


def told(remark: Diagnostic) -> str:
    """A remark on a file in one line, with its place."""
    if remark.range is None:
        return remark.detail
    line = remark.range.position_of(remark.range.start).line
    return f"{remark.range.source.filename}:{line}: {remark.detail}"
