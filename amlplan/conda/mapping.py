"""Packages of conda under the names that the Python package index has them by."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.conda.files import broken
from amlplan.conda.pythons import python_of
from amlplan.conda.versions import NotConvertedError, read_spec, requirement_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.conda.files import CondaFile
    from amlplan.conda.versions import CondaSpec

LEFT_OUT = "left out: "
_OURS = re.compile(r"azureml(?:[-_.].*)?", re.IGNORECASE)
_OURS_WHY = f"{LEFT_OUT}amlplan takes the place of Azure ML's packages"
_PIP_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class NameTable:
    """The names that differ, and the packages to be left out, with why.

    A key of `dropped` that ends in a star stands for every name that begins so.
    """

    names: Mapping[str, str]
    dropped: Mapping[str, str]

    def reason_to_drop(self, name: str) -> str | None:
        """Why a package of conda is left out, None where it is not."""
        if name in self.dropped:
            return self.dropped[name]
        stars = (key for key in self.dropped if key.endswith("*") and name.startswith(key[:-1]))
        found = max(stars, key=len, default=None)
        return None if found is None else self.dropped[found]


@cache
def name_table() -> NameTable:
    """The table that comes with amlplan."""
    text = Path(__file__).with_name("names.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    dropped = {name: why for why, names in document["dropped"].items() for name in names}
    return NameTable(document["names"], dropped)


@dataclass(slots=True)
class Mapped:
    """What a conda file asks for, told as requirements.

    `told` has what became of each line that did not stay as it is. `pip` is what the file's list
    of pip has, as it is. `python` is "" where nobody says which.
    """

    python: str = ""
    requirements: list[str] = field(default_factory=list)
    pip: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)


def why_left_out(line: str) -> str:
    """What is told of a line that is left out, as this amlplan's table has it."""
    name = _PIP_NAME.match(line)
    if name is not None and _OURS.fullmatch(name[1]):
        return _OURS_WHY
    spec = read_spec(line).name
    if _OURS.fullmatch(spec):
        return _OURS_WHY
    return f"{LEFT_OUT}{name_table().reason_to_drop(spec) or 'it has no use here'}"


def mapped(file: CondaFile, path: Path, python: str | None, *, relax: bool) -> Mapped:
    """A conda file as requirements; `python` is what the block says.

    With `relax` a version that cannot be written as a requirement is left open. Raises
    ProviderError.
    """
    found = Mapped(python=python or "")
    for text in file.dependencies:
        try:
            spec = read_spec(text)
        except ValueError as failure:
            raise broken(path, f"{text!r} is no dependency of conda: {failure}") from failure
        if spec.name == "python":
            _take_python(spec, path, python, found, relax=relax)
        else:
            _take(spec, path, found, relax=relax)
    for text in file.pip:
        name = _PIP_NAME.match(text)
        if name is not None and _OURS.fullmatch(name[1]):
            found.told[text] = _OURS_WHY
        else:
            found.pip.append(text)
    return found


def _take_python(
    spec: CondaSpec, path: Path, given: str | None, found: Mapped, *, relax: bool
) -> None:
    try:
        found.python = python_of(spec.version, given)
    except ValueError as failure:
        if not relax or given is None:
            raise broken(path, str(failure)) from failure
        found.python = given
    if found.python and found.python != spec.version.lstrip("= "):
        found.told[spec.text] = f"Python {found.python}"


def _take(spec: CondaSpec, path: Path, found: Mapped, *, relax: bool) -> None:
    table = name_table()
    why = table.reason_to_drop(spec.name)
    if _OURS.fullmatch(spec.name):
        found.told[spec.text] = _OURS_WHY
        return
    if why is not None:
        found.told[spec.text] = LEFT_OUT + why
        return
    name = table.names.get(spec.name, spec.name)
    try:
        version = requirement_version(spec.version)
    except NotConvertedError as failure:
        if not relax:
            raise broken(
                path,
                f"the version of {spec.text!r} cannot be told to the package index: {failure}. "
                "Write it otherwise, or set relax = true, which leaves the version open",
            ) from failure
        version = ""
    requirement = name + version
    if requirement != spec.text:
        found.told[spec.text] = requirement
    found.requirements.append(requirement)
