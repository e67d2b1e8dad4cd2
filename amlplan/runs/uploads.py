"""Outputs of a run that are copied into datastores when it completed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OUTPUTS = "outputs"
"""The folder in a working folder in which each such output has a folder of its name."""
VARIABLE = "AMLPLAN_OUTPUT_"


def output_variable(name: str) -> str:
    """The environment variable that tells a script where to put an output."""
    return VARIABLE + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def upload_variables(uploads: Mapping[str, str], work: Path) -> dict[str, str]:
    """What a script is told of its outputs."""
    return {output_variable(name): str(work / OUTPUTS / name) for name in uploads}
