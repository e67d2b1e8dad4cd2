"""Inputs under the names that scripts and files of Azure ML v1 know them by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from amlplan.runs.inputs import Input

PREFIX = "AZUREML_DATAREFERENCE_"
_REFERENCE = re.compile(rf"\$(?:({PREFIX}\w+)|\{{({PREFIX}\w+)\}})")


def reference_variables(
    inputs: Iterable[Input], work: Path, source: Path | None = None
) -> dict[str, str]:
    """The environment variables that hold the paths of data references, see `Input.place_in`."""
    return {
        PREFIX + re.sub(r"\W", "_", item.name): str(item.place_in(work, source)) for item in inputs
    }


def expanded(program: Sequence[str], references: Mapping[str, str]) -> tuple[str, ...]:
    """A command in which `$AZUREML_DATAREFERENCE_name` became the path; others are left."""

    def path(found: re.Match[str]) -> str:
        return references.get(found[1] or found[2], found[0])

    return tuple(_REFERENCE.sub(path, argument) for argument in program)
