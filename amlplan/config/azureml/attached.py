"""Which history a folder's runs go into where they say none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.azureml.project_file import read_project_file

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.config.blocks import Configuration


def attached_history(root: Path, configuration: Configuration | None = None) -> str | None:
    """The history of the project block, else that of project.json, None where neither says one.

    Raises ConfigError for a project.json that is broken.
    """
    block = None if configuration is None else configuration.project
    if block is not None and block.history is not None:
        return block.history
    attached = read_project_file(root)
    return None if attached is None else attached.history
