"""What is told of an environment without building it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.abilities import EnvironmentFacts
from amlplan_local.built import found_built

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan_local.specification import EnvironmentSpec


def environment_facts(
    spec: EnvironmentSpec, data_folder: Path, derived: Mapping[str, Any]
) -> EnvironmentFacts:
    """The facts of a specification, with what was derived when it was applied."""
    packages = tuple(sorted({_told(package) for package in spec.packages}))
    told = derived.get("from_conda")
    from_conda = dict(told) if isinstance(told, dict) else {}
    if spec.user_managed:
        return EnvironmentFacts(spec.python, packages, spec.interpreter, "you", from_conda)
    built = found_built(spec, data_folder)
    if built is None:
        return EnvironmentFacts(spec.python, packages, from_conda=from_conda)
    return EnvironmentFacts(built.python, packages, str(built.interpreter), built.by, from_conda)


def _told(package: Mapping[str, Any]) -> str:
    name = str(package["name"])
    if "git" in package:
        return f"{name} @ {package['git']}@{package['commit']}"
    for place in ("url", "path"):
        if place in package:
            return f"{name} @ {package[place]}"
    return f"{name}=={package['version']}"
