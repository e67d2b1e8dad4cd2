"""The names of a project that a command line may hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.addresses import RUN_BLOCKS
from amlplan.config.azureml.project_file import runconfig_names
from amlplan.config.reading.load import load
from amlplan.errors import AmlplanError
from amlplan.project.folders import provider_context
from amlplan.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.config.blocks import Configuration


def names(kind: str) -> list[str]:
    """The names of a kind in the project of the current folder; none where it cannot be read."""
    root = Path.cwd()
    files = runconfig_names(root) if kind == "scripts" else []
    try:
        if kind == "recorded":
            return sorted(_recorded())
        written = _written(kind, load(root, Registry(provider_context(root)).block_types))
        return sorted({*files, *written})
    except (AmlplanError, OSError):
        return files


def _recorded() -> Iterable[str]:
    from amlplan.project.opening import read_state

    state = read_state()
    return state.records if state is not None else ()


def _written(kind: str, configuration: Configuration) -> Iterable[str]:
    if kind == "outputs":
        return configuration.outputs
    if kind == "variables":
        return [f"{name}=" for name in configuration.variables]
    if kind == "blocks":
        return [
            f"{module.prefix}{address}"
            for module in configuration.modules()
            for address in module.resources
        ]
    blocks = RUN_BLOCKS if kind == "scripts" else (kind,)
    return [item.label for item in configuration.resources.values() if item.block in blocks]
